/* feed_packages.c - what clients ask a feed: versions of a package, packages by name, notes. Only
 * built-in feeds can be asked; others are refused. Facts: rest.md 2.16. */
#include <string.h>

#include "api/packages.h"
#include "api/paging.h"
#include "model/command.h"

struct feed {
    struct call *c;
    const char *id;
};

static int feed_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct feed *f = ctx;
    json_auto_t *doc = NULL;

    if (resource_read(tx, f->c, &feed_resource, NULL, f->id, &doc, e) < 0) return -1;
    const char *type = text(doc, "FeedType");
    if (strcmp(type, "BuiltIn") == 0) return 0;
    return fail_at(e, "FeedType",
                   "%s is a feed of type %s: only built-in feeds can be searched here so far",
                   text(doc, "Name"), type);
}

/* ERR_INVALID when the feed ${id} cannot be asked. */
static int check_feed(struct call *c, const char *id, struct error *e)
{
    struct feed f = {c, id};

    return db_read(call_app(c)->db, feed_tx, &f, e);
}

static json_t *version_item(const struct call *c, const struct package *p)
{
    bool notes;

    if (call_query_flag(c, "includeReleaseNotes", true, &notes, NULL) < 0) notes = true;
    struct package copy = *p;
    if (!notes) copy.notes = "";
    return package_answer(c, &copy);
}

static int versions(struct call *c, struct error *e)
{
    struct package_query q = {.package_id = call_query(c, "packageId"),
                              .partial_version = call_query(c, "filter")};
    CLEANUP(version_tag_freep) struct version_tag *tag = NULL;
    const char *range = call_query(c, "versionRange");
    struct version_range r;
    bool prerelease;

    if (check_feed(c, call_param(c, "id"), e) < 0) return -1;
    if (q.package_id == NULL && call_query(c, "preReleaseTag")) /* each version is looked at */
        return fail_at(e, "packageId", "query parameter packageId is required with preReleaseTag");
    if (call_query_flag(c, "includePreRelease", true, &prerelease, e) < 0) return -1;
    if (call_query_flag(c, "includeReleaseNotes", true, &(bool){0}, e) < 0) return -1;
    if (version_range_parse(c->arena, range ? range : "", &r, e) < 0 ||
        version_tag_parse(call_query(c, "preReleaseTag"), &tag, e) < 0)
        return -1;
    q.range = &r;
    q.tag = tag;
    q.without_prerelease = !prerelease;
    return package_page(c, &q, "PackageVersion", version_item, e);
}

static json_t *description(const struct call *c, const struct package *p)
{
    json_t *o = json_object(), *links = json_object();
    CLEANUP(buf_done) struct buf path = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&path, "/api/%s/feeds/%s/packages/versions?packageId=", p->space_id,
             feed_builtin_id(c->arena, p->space_id));
    buf_add_encoded(&path, p->package_id);
    buf_adds(&path, "{&take,skip,includePreRelease,versionRange,preReleaseTag,filter,"
                    "includeReleaseNotes}");
    jv_set_str(links, "SearchPackageVersionsTemplate", buf_str(&path));
    jv_set_str(o, "Id", p->package_id);
    jv_set_str(o, "Name", p->package_id);
    jv_set_str(o, "Description", p->description);
    jv_set_str(o, "LatestVersion", p->version);
    jv_set(o, "Links", links);
    return o;
}

static int search(struct call *c, struct error *e)
{
    struct package_query q = {.partial_id = call_query(c, "term"), .only_latest = true};

    if (check_feed(c, call_param(c, "id"), e) < 0) return -1;
    return package_page(c, &q, "PackageDescription", description, e);
}

/* ---- notes ---- */

struct wanted {
    struct call *c;
    const char *package_id, *version;
    bool found;
    struct package package;
};

static int find_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct wanted *w = ctx;
    struct version v;

    if (version_parse(w->c->arena, w->version, &v, e) < 0) return -1;
    int r = package_find(tx, w->c->space_id, w->package_id, v.key, w->c->arena, &w->package, e);
    w->found = r > 0;
    return r < 0 ? -1 : 0;
}

/* {"Succeeded": ..., "Notes": ...} */
static int notes_of(struct call *c, const char *package_id, const char *version, json_t **ret,
                    struct error *e)
{
    struct wanted w = {c, package_id, version, false, {0}};

    if (db_read(call_app(c)->db, find_tx, &w, e) < 0) return -1;
    json_t *o = json_object();
    jv_set_bool(o, "Succeeded", w.found);
    jv_set_str(o, "Notes", w.found ? w.package.notes : NULL);
    jv_set_str(o, "DisplayMessage", w.found && w.package.notes[0] ? NULL : "There are no notes.");
    if (!w.found)
        jv_set_str(o, "FailureReason",
                   arena_fmt(c->arena, "There is no package %s %s.", package_id, version));
    *ret = o;
    return 0;
}

static int notes(struct call *c, struct error *e)
{
    const char *package_id = call_query(c, "packageId"), *version = call_query(c, "version");

    if (check_feed(c, call_param(c, "id"), e) < 0) return -1;
    if (package_id == NULL || version == NULL) {
        c->out = json_object();
        jv_set_bool(c->out, "Succeeded", false);
        jv_set_str(c->out, "FailureReason", "Query parameters packageId and version are required.");
    } else if (notes_of(c, package_id, version, &c->out, e) < 0) {
        return -1;
    }
    jv_set_str(c->out, "PackageId", package_id);
    jv_set_str(c->out, "Version", version);
    return 0;
}

/* One "feed:package:version". */
static int listed(struct call *c, const char *which, json_t **ret, struct error *e)
{
    struct str rest = str_of(which), feed, package;
    json_t *found;

    if (!str_cut(&rest, ':', &feed) || !str_cut(&rest, ':', &package) || rest.n == 0)
        return fail_at(e, "packageIds",
                       "query parameter packageIds has \"%s\", want FEED:PACKAGE:VERSION", which);
    const char *feed_id = arena_strndup(c->arena, feed.p, feed.n);
    const char *id = arena_strndup(c->arena, package.p, package.n);
    if (check_feed(c, feed_id, e) < 0 || notes_of(c, id, rest.p, &found, e) < 0) return -1;
    *ret = json_object();
    jv_set_str(*ret, "FeedId", feed_id);
    jv_set_str(*ret, "PackageId", id);
    jv_set_str(*ret, "Version", rest.p);
    jv_set(*ret, "Notes", found);
    return 0;
}

static int notes_list(struct call *c, struct error *e)
{
    struct http_strings ids = call_query_list(c, "packageIds");
    json_auto_t *list = json_array();
    json_t *one = NULL;

    for (size_t i = 0; i < ids.n; i++) {
        if (listed(c, ids.items[i], &one, e) < 0) return -1;
        jv_push(list, one);
    }
    c->out = json_object();
    jv_set(c->out, "Packages", TAKE(list));
    return 0;
}

static const struct route_query versions_query[] = {
    {"packageId", QUERY_TEXT, "what the package is called; without it: all"},
    {"includePreRelease", QUERY_FLAG, "false: no versions with a tag"},
    {"versionRange", QUERY_TEXT, "only versions in this range, in NuGet's or Maven's notation"},
    {"preReleaseTag", QUERY_TEXT, "regular expression that the tag must match"},
    {"filter", QUERY_TEXT, "part of the version"},
    {"includeReleaseNotes", QUERY_FLAG, "false: without release notes"},
    {NULL, 0, NULL}};
static const struct route_query search_query[] = {
    {"term", QUERY_TEXT, "part of what they are called"}, {NULL, 0, NULL}};
static const struct route_query notes_query[] = {
    {"packageId", QUERY_TEXT, "what the package is called"},
    {"version", QUERY_TEXT, "its version"},
    {NULL, 0, NULL}};
static const struct route_query notes_list_query[] = {
    {"packageIds", QUERY_LIST, "packages as FEED:PACKAGE:VERSION"}, {NULL, 0, NULL}};
#define FEED_PACKAGES "/api/{space}/feeds/{id}/packages"
static const struct route rows[] = {
    {"GET", FEED_PACKAGES "/versions", versions, "FeedView", .out = package_fields,
     .query = versions_query, .shape = ROUTE_PAGE, .out_name = "Package",
     .doc = "versions of a package, the highest first"},
    {"GET", FEED_PACKAGES "/search", search, "FeedView", .out = package_description_fields,
     .query = search_query, .shape = ROUTE_PAGE, .out_name = "PackageDescription",
     .doc = "packages of the feed by name, each with its highest version"},
    {"GET", FEED_PACKAGES "/notes", notes, "FeedView", .out = package_notes_fields,
     .query = notes_query, .out_name = "PackageNotes", .doc = "release notes of one version"},
    {"GET", "/api/{space}/packages/notes", notes_list, "FeedView", .out = package_notes_list_fields,
     .query = notes_list_query, .out_name = "PackageNotesList",
     .doc = "release notes of several versions, as a list Packages"},
};
const struct route_table feed_package_routes = {rows, ARRAY_LEN(rows)};
