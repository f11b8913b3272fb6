/* packages.c - packages of the built-in feeds: pushed, listed, read, deleted. Facts: rest.md 2.16.
 *
 * A push names its blob first, then the row that points to it is written: a kill in between leaves
 * a blob without a row, which is swept, never a row without its blob. Which push of a version wins
 * is decided in that transaction. */
#include "api/packages.h"

#include <string.h>

#include "api/build_information.h"
#include "api/download.h"
#include "api/paging.h"
#include "api/upload.h"

/* ---- answers ---- */

json_t *package_answer(const struct call *c, const struct package *p)
{
    json_auto_t *o = json_object();
    const char *feed = feed_builtin_id(c->arena, p->space_id);

    jv_set_str(o, "Id", p->id);
    jv_set_str(o, "SpaceId", p->space_id);
    jv_set_str(o, "PackageId", p->package_id);
    jv_set_str(o, "NuGetPackageId", p->package_id);
    jv_set_str(o, "Version", p->version);
    jv_set_str(o, "FeedId", feed);
    jv_set_str(o, "NuGetFeedId", feed);
    jv_set_str(o, "FileExtension", p->extension);
    jv_set_i64(o, "PackageSizeBytes", p->size);
    jv_set_i64(o, "SizeBytes", p->size);
    jv_set_str(o, "Hash", p->content);
    jv_set_str(o, "Title", p->title);
    jv_set_str(o, "Summary", p->summary);
    jv_set_str(o, "Description", p->description);
    jv_set_str(o, "ReleaseNotes", p->notes);
    jv_set_time(o, "Published", p->published_at);
    return resource_answer(&package_resource, o);
}

/* ---- lists ---- */

struct page {
    struct call *c;
    struct package_query *q;
    struct package *list;
    size_t n;
    int64_t total;
};

static int page_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    return package_list(tx, p->q, p->c->arena, &p->list, &p->n, &p->total, e);
}

int package_page(struct call *c, struct package_query *q, const char *item_type,
                 json_t *(*item)(const struct call *c, const struct package *p), struct error *e)
{
    struct page p = {.c = c, .q = q};
    struct paging paging;

    if (paging_read(c, &paging, e) < 0) return -1;
    q->space_id = c->space_id;
    q->skip = paging.skip;
    q->take = paging.take;
    if (db_read(call_app(c)->db, page_tx, &p, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < p.n; i++) jv_push(items, item(c, &p.list[i]));
    c->out = paging_envelope(c, &paging, item_type, p.total, items);
    return 0;
}

/* A list without notes is short: they come when they are asked for. */
static json_t *without_notes(const struct call *c, const struct package *p)
{
    struct package copy = *p;

    copy.notes = "";
    return package_answer(c, &copy);
}

static int list(struct call *c, struct error *e)
{
    struct package_query q = {.package_id = call_query(c, "nuGetPackageId"),
                              .partial_id = call_query(c, "filter")};
    struct http_strings ids = call_query_list(c, "ids");
    bool notes;

    if (call_query_flag(c, "latest", false, &q.only_latest, e) < 0) return -1;
    if (call_query_flag(c, "includeNotes", true, &notes, e) < 0) return -1;
    q.ids = ids.n ? ids.items : NULL;
    q.n_ids = ids.n;
    return package_page(c, &q, package_resource.item_type, notes ? package_answer : without_notes,
                        e);
}

/* ---- one ---- */

struct one {
    struct call *c;
    struct package package;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    return package_get(tx, x->c->space_id, call_param(x->c, "id"), x->c->arena, &x->package, e);
}

/* The package with how it was built. */
static int get_built_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    struct call *c = x->c;
    json_t *build = NULL;

    if (get_tx(tx, ctx, e) < 0) return -1;
    int r = build_information_of(tx, c, x->package.package_id, x->package.version, &build, e);
    if (r < 0) return -1;
    json_decref(c->out);
    c->out = package_answer(c, &x->package);
    if (r) jv_set(c->out, "PackageVersionBuildInformation", build);
    return 0;
}

static int get(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    return db_read(call_app(c)->db, get_built_tx, &x, e);
}

static int raw(struct call *c, struct error *e)
{
    struct one x = {.c = c};
    const struct package *p = &x.package;

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    return download_reply(
        c, p->content, arena_fmt(c->arena, "%s.%s%s", p->package_id, p->version, p->extension), e);
}

static int audit(struct db_tx *tx, struct call *c, const struct package *p, const char *category,
                 const char *verb, struct error *e)
{
    return resource_audit(tx, c, &package_resource, p->space_id, category, verb, p->id,
                          arena_fmt(c->arena, "%s %s", p->package_id, p->version), NULL, e);
}

static int delete_one(struct db_tx *tx, struct one *x, struct error *e)
{
    if (package_delete(tx, x->package.id, e) < 0) return -1;
    return audit(tx, x->c, &x->package, "Deleted", "deleted", e);
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return get_tx(tx, ctx, e) < 0 ? -1 : delete_one(tx, ctx, e);
}

static int delete (struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_write(call_app(c)->db, delete_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

/* Those that are there; an id that is not is no mistake, so that a repeated request is none. */
static int delete_many_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    struct http_strings ids = call_query_list(x->c, "ids");

    for (size_t i = 0; i < ids.n; i++) {
        struct error why = {0};
        if (package_get(tx, x->c->space_id, ids.items[i], x->c->arena, &x->package, &why) == 0) {
            if (delete_one(tx, x, e) < 0) return -1;
        } else if (why.kind != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
    }
    return 0;
}

static int delete_many(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (call_query_list(c, "ids").n == 0)
        return fail_at(e, "ids", "query parameter ids is empty, want ids of packages");
    if (db_write(call_app(c)->db, delete_many_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

/* Clients fall back to sending the whole file. */
static int delta(struct call *c, struct error *e)
{
    return fail(e, ERR_NOT_FOUND, "delta signature of %s %s", call_param(c, "packageId"),
                call_param(c, "version"));
}

/* ---- push ---- */

int overwrite_mode(const struct call *c, enum overwrite *ret, struct error *e)
{
    static const char *const modes[] = {"FailIfExists", "OverwriteExisting", "IgnoreIfExists"};
    const char *text = call_query(c, "overwriteMode");
    bool replace;

    if (call_query_flag(c, "replace", false, &replace, e) < 0) return -1;
    *ret = replace ? OVERWRITE_EXISTING : FAIL_IF_EXISTS;
    if (text == NULL) return 0;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (!str_same(text, modes[i])) continue;
        *ret = (enum overwrite)i;
        return 0;
    }
    return fail_at(e, "overwriteMode",
                   "query parameter overwriteMode is \"%s\", want FailIfExists, OverwriteExisting "
                   "or IgnoreIfExists",
                   text);
}

static int check_name(const char *filename, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct package_name name;

    return package_name_parse(&a, filename, &name, e);
}

static int take_push(struct call *c, struct error *e)
{
    enum overwrite mode;

    return overwrite_mode(c, &mode, e) < 0 ? -1 : upload_take(c, check_name, e);
}

struct push {
    struct call *c;
    enum overwrite mode;
    struct package package;
    bool written; /* otherwise what was there stays */
};

static int push_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct push *x = ctx;
    struct package *p = &x->package, old;

    int made = package_insert(tx, p, x->c->arena, e);
    if (made < 0) return -1;
    x->written = made || x->mode == OVERWRITE_EXISTING;
    if (made) return audit(tx, x->c, p, "Created", "pushed", e);
    if (package_find(tx, p->space_id, p->package_id, p->version_key, x->c->arena, &old, e) < 0)
        return -1;
    if (x->mode == FAIL_IF_EXISTS)
        return fail(e, ERR_CONFLICT,
                    "A package with the same name and version already exists: %s %s. Push it with "
                    "overwriteMode=OverwriteExisting to replace it.",
                    old.package_id, old.version);
    p->id = old.id;
    if (x->mode == OVERWRITE_EXISTING)
        return package_replace(tx, p, e) < 0 ? -1 : audit(tx, x->c, p, "Modified", "replaced", e);
    *p = old;
    return 0;
}

static int push(struct call *c, struct error *e)
{
    struct push x = {.c = c};
    struct package_name name;
    struct upload u;

    if (overwrite_mode(c, &x.mode, e) < 0 || upload_finish(c, &u, e) < 0) return -1;
    if (package_name_parse(c->arena, u.filename, &name, e) < 0) return -1;
    if (u.size == 0) return fail(e, ERR_INVALID, "the file \"%s\" is empty", u.filename);
    x.package = (struct package){.space_id = c->space_id,
                                 .package_id = name.id,
                                 .version = name.version.text,
                                 .version_key = name.version.key,
                                 .prerelease = name.version.tag[0] != '\0',
                                 .extension = name.extension,
                                 .content = u.content,
                                 .size = u.size,
                                 .title = "",
                                 .summary = "",
                                 .description = "",
                                 .notes = "",
                                 .published_at = clock_now(call_app(c)->clock)};
    if (db_write(call_app(c)->db, push_tx, &x, e) < 0) return -1;
    c->status = x.written ? 201 : 200;
    c->out = package_answer(c, &x.package);
    return 0;
}

static const struct route_query list_query[] = {
    {"nuGetPackageId", QUERY_TEXT, "only those called so"},
    {"filter", QUERY_TEXT, "part of what they are called"},
    {"latest", QUERY_FLAG, "true: only the highest version of each"},
    {"includeNotes", QUERY_FLAG, "false: without release notes"},
    {"ids", QUERY_LIST, "only those with these ids"},
    {NULL, 0, NULL}};
static const struct route_query push_query[] = {
    {"replace", QUERY_FLAG, "true: as OverwriteExisting"},
    {"overwriteMode", QUERY_TEXT,
     "when the version is there: FailIfExists, OverwriteExisting or IgnoreIfExists"},
    {NULL, 0, NULL}};
static const struct route_query ids_query[] = {{"ids", QUERY_LIST, "ids of packages"},
                                               {NULL, 0, NULL}};
#define PACKAGES "/api/{space}/packages"
static const struct route rows[] = {
    {"GET", PACKAGES, list, "FeedView", .out = package_fields, .query = list_query,
     .shape = ROUTE_PAGE, .out_name = "Package",
     .doc = "packages of the built-in feed by name, the highest version first"},
    {"POST", PACKAGES "/raw", push, "BuiltInFeedPush", .take_body = take_push,
     .flags = ROUTE_FORM_BODY, .query = push_query, .out = package_fields, .status = 201,
     .out_name = "Package",
     .doc = "pushes a file that is called ID.VERSION and an extension, as multipart/form-data"},
    {"GET", PACKAGES "/{id}", get, "FeedView", .out = package_fields, .out_name = "Package",
     .doc = "one package"},
    {"GET", PACKAGES "/{id}/raw", raw, "BuiltInFeedDownload", .shape = ROUTE_BYTES,
     .doc = "the file itself, or the part of it that Range asks for"},
    {"DELETE", PACKAGES "/bulk", delete_many, "BuiltInFeedAdminister", .flags = ROUTE_OPTIONAL_BODY,
     .query = ids_query, .doc = "deletes several packages"},
    {"DELETE", PACKAGES "/{id}", delete, "BuiltInFeedAdminister", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "deletes a package"},
    {"GET", PACKAGES "/{packageId}/{version}/delta-signature", delta, "BuiltInFeedPush",
     .doc = "is not found: deltas of packages are not supported"},
};
const struct route_table package_routes = {rows, ARRAY_LEN(rows)};
