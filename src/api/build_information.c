/* build_information.c - how versions of packages were built: pushed by build servers, shown with
 * the package and its releases. The package itself may come later, or never. Facts: rest.md 2.16.
 */
#include "api/build_information.h"

#include <string.h>

#include "api/packages.h"
#include "api/paging.h"
#include "model/command.h"
#include "store/build_information.h"

/* The answer for a row; ERR_CORRUPT names it. New reference. */
static int answer(const struct build_information *b, json_t **ret, struct error *e)
{
    json_auto_t *o = NULL;

    if (jv_parse(b->body, strlen(b->body), &o, e) < 0) {
        e->kind = ERR_CORRUPT;
        return fail_wrap(e, "%s", b->id);
    }
    jv_set_str(o, "Id", b->id);
    jv_set_str(o, "SpaceId", b->space_id);
    jv_set_str(o, "PackageId", b->package_id);
    jv_set_str(o, "Version", b->version);
    jv_set_time(o, "Created", b->created_at);
    *ret = resource_answer(&build_information_resource, o);
    return 0;
}

int build_information_of(struct db_tx *tx, struct call *c, const char *package_id,
                         const char *version, json_t **ret, struct error *e)
{
    struct build_information b;
    struct version v;

    if (version_parse(c->arena, version, &v, NULL) < 0) return 0;
    int r = build_information_find(tx, c->space_id, package_id, v.key, c->arena, &b, e);
    return r > 0 && answer(&b, ret, e) < 0 ? -1 : r;
}

/* ---- push ---- */

struct push {
    struct call *c;
    enum overwrite mode;
    struct build_information row;
};

static int audit(struct db_tx *tx, struct call *c, const struct build_information *b,
                 const char *category, const char *verb, struct error *e)
{
    return resource_audit(tx, c, &build_information_resource, b->space_id, category, verb, b->id,
                          arena_fmt(c->arena, "of %s %s", b->package_id, b->version), NULL, e);
}

static int push_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct push *x = ctx;
    struct build_information *b = &x->row, old;

    int made = build_information_insert(tx, b, x->c->arena, e);
    if (made < 0) return -1;
    if (made) return audit(tx, x->c, b, "Created", "pushed", e);
    if (build_information_find(tx, b->space_id, b->package_id, b->version_key, x->c->arena, &old,
                               e) < 0)
        return -1;
    if (x->mode == FAIL_IF_EXISTS)
        return fail(e, ERR_CONFLICT,
                    "Metadata for the specified Package ID and version already exists. It is that "
                    "of %s %s.",
                    old.package_id, old.version);
    b->id = old.id;
    if (x->mode == OVERWRITE_EXISTING)
        return build_information_replace(tx, b, e) < 0
                   ? -1
                   : audit(tx, x->c, b, "Modified", "replaced", e);
    *b = old;
    return 0;
}

/* What a client sent, checked. */
static int read_command(struct call *c, struct build_information *ret, struct error *e)
{
    struct problems p = PROBLEMS_INIT(c->arena);
    json_auto_t *doc = NULL;
    struct version v;

    if (schema_decode(build_information_command_fields, c->body, NULL, NULL, &doc, &p) < 0) {
        c->errors = problems_json(&p);
        return problems_fail(&p, e);
    }
    const char *id = arena_strdup(c->arena, text(doc, "PackageId"));
    if (package_id_check(id, e) < 0 || version_parse(c->arena, text(doc, "Version"), &v, e) < 0)
        return -1;
    CLEANUP(freep) char *body = jv_text(jv_get(doc, "OctopusBuildInformation"));
    *ret = (struct build_information){.space_id = c->space_id,
                                      .package_id = id,
                                      .version = v.text,
                                      .version_key = v.key,
                                      .body = arena_strdup(c->arena, body),
                                      .created_at = clock_now(call_app(c)->clock)};
    return 0;
}

static int push(struct call *c, struct error *e)
{
    struct push x = {.c = c};

    if (overwrite_mode(c, &x.mode, e) < 0 || read_command(c, &x.row, e) < 0) return -1;
    if (db_write(call_app(c)->db, push_tx, &x, e) < 0) return -1;
    return answer(&x.row, &c->out, e);
}

/* ---- list, get, delete ---- */

struct page {
    struct call *c;
    struct package_query q;
    struct build_information *list;
    size_t n;
    int64_t total;
};

static int page_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    return build_information_list(tx, &p->q, p->c->arena, &p->list, &p->n, &p->total, e);
}

static int list(struct call *c, struct error *e)
{
    struct page p = {.c = c,
                     .q = {.space_id = c->space_id,
                           .package_id = call_query(c, "packageId"),
                           .partial_id = call_query(c, "filter")}};
    json_auto_t *items = json_array();
    struct paging paging;
    json_t *one = NULL;

    if (paging_read(c, &paging, e) < 0 ||
        call_query_flag(c, "latest", false, &p.q.only_latest, e) < 0)
        return -1;
    p.q.skip = paging.skip;
    p.q.take = paging.take;
    if (db_read(call_app(c)->db, page_tx, &p, e) < 0) return -1;
    for (size_t i = 0; i < p.n; i++) {
        if (answer(&p.list[i], &one, e) < 0) return -1;
        jv_push(items, one);
    }
    c->out =
        paging_envelope(c, &paging, build_information_resource.item_type, p.total, TAKE(items));
    return 0;
}

struct one {
    struct call *c;
    struct build_information row;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    return build_information_get(tx, x->c->space_id, call_param(x->c, "id"), x->c->arena, &x->row,
                                 e);
}

static int get(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    return db_read(call_app(c)->db, get_tx, &x, e) < 0 ? -1 : answer(&x.row, &c->out, e);
}

static int delete_one(struct db_tx *tx, struct one *x, struct error *e)
{
    if (build_information_delete(tx, x->row.id, e) < 0) return -1;
    return audit(tx, x->c, &x->row, "Deleted", "deleted", e);
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
        int r = build_information_get(tx, x->c->space_id, ids.items[i], x->c->arena, &x->row, &why);
        if (r < 0 && why.kind == ERR_NOT_FOUND) continue;
        if (r < 0) *e = why;
        if (r < 0 || delete_one(tx, x, e) < 0) return -1;
    }
    return 0;
}

static int delete_many(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (call_query_list(c, "ids").n == 0)
        return fail_at(e, "ids", "query parameter ids is empty, want ids of build information");
    if (db_write(call_app(c)->db, delete_many_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

static const struct route_query list_query[] = {
    {"packageId", QUERY_TEXT, "only that of packages called so"},
    {"filter", QUERY_TEXT, "part of what they are called"},
    {"latest", QUERY_FLAG, "true: only that of the highest version of each"},
    {NULL, 0, NULL}};
static const struct route_query push_query[] = {
    {"overwriteMode", QUERY_TEXT,
     "when there is some: FailIfExists, OverwriteExisting or IgnoreIfExists"},
    {NULL, 0, NULL}};
static const struct route_query ids_query[] = {{"ids", QUERY_LIST, "ids of build information"},
                                               {NULL, 0, NULL}};
#define BUILDS "/api/{space}/build-information"
#define NAMED .out = build_information_fields, .out_name = "OctopusPackageVersionBuildInformation"
static const struct route rows[] = {
    {"GET", BUILDS, list, "FeedView", NAMED, .query = list_query, .shape = ROUTE_PAGE,
     .doc = "how packages were built, by name, the highest version first"},
    {"POST", BUILDS, push, "BuildInformationPush", NAMED, .in = build_information_command_fields,
     .in_name = "BuildInformationCommand", .query = push_query,
     .doc = "says how a version of a package was built"},
    {"GET", BUILDS "/{id}", get, "FeedView", NAMED, .doc = "how one version was built"},
    {"DELETE", BUILDS "/bulk", delete_many, "BuildInformationAdminister",
     .flags = ROUTE_OPTIONAL_BODY, .query = ids_query, .doc = "forgets several of them"},
    {"DELETE", BUILDS "/{id}", delete, "BuildInformationAdminister", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "forgets how one version was built"},
};
const struct route_table build_information_routes = {rows, ARRAY_LEN(rows)};
