/* library.c - library variable sets and script modules: see library.h. A set comes with its
 * variables and goes with them. Facts: rest.md 2.15. */
#include "api/library.h"

#include <string.h>

#include "api/executions.h"
#include "api/paging.h"
#include "crypt/digest.h"
#include "model/command.h"

#define SNAPSHOTS "LibraryVariableSetSnapshotIds"

/* ---- frozen ---- */

static const char *set_of(struct call *c, const json_t *library_id)
{
    return arena_fmt(c->arena, "variableset-%s", json_string_value(library_id));
}

int library_freeze(struct db_tx *tx, struct call *c, const json_t *project, json_t *doc,
                   struct error *e)
{
    json_t *ids = json_array(), *one;
    size_t i;

    jv_set(doc, SNAPSHOTS, ids);
    json_array_foreach (jv_get(project, "IncludedLibraryVariableSetIds"), i, one) {
        const char *frozen;
        if (execution_freeze(tx, c, &variable_set_resource, set_of(c, one), &frozen, e) < 0)
            return -1;
        jv_push(ids, jv_string(frozen));
    }
    return 0;
}

static int read_set(struct db_tx *tx, struct call *c, const char *id, json_t **ret, struct error *e)
{
    struct document d;

    return document_get(tx, variable_set_resource.kind, id, c->arena, &d, e) < 0
               ? -1
               : document_json(&d, ret, e);
}

/* Adds the variables of the set ${id}. */
static int append(struct db_tx *tx, struct call *c, const char *id, json_t *variables,
                  struct error *e)
{
    json_auto_t *set = NULL;

    if (read_set(tx, c, id, &set, e) < 0) return -1;
    ASSERT(json_array_extend(variables, jv_get(set, "Variables")) == 0);
    return 0;
}

int library_append(struct db_tx *tx, struct call *c, const json_t *snapshot, const json_t *project,
                   json_t *set, struct error *e)
{
    const json_t *ids =
        snapshot ? jv_get(snapshot, SNAPSHOTS) : jv_get(project, "IncludedLibraryVariableSetIds");
    json_t *variables = jv_get(set, "Variables");
    const json_t *one;
    size_t i;

    json_array_foreach (ids, i, one) {
        const char *id = snapshot ? json_string_value(one) : set_of(c, one);
        if (append(tx, c, id, variables, e) < 0) return -1;
    }
    return 0;
}

/* The same parts have the same manifest. */
static const char *manifest_id(struct call *c, const char *own, const json_t *ids)
{
    char hex[DIGEST_HEX_SIZE];
    struct digest d;
    const json_t *one;
    size_t i;

    digest_begin(&d);
    json_array_foreach (ids, i, one)
        digest_add(&d, json_string_value(one), json_string_length(one) + 1);
    digest_end(&d, hex);
    return arena_fmt(c->arena, "%s-with-%.16s", own, hex);
}

int library_manifest(struct db_tx *tx, struct call *c, const json_t *snapshot, const char *own,
                     const char **ret, struct error *e)
{
    const json_t *ids = jv_get(snapshot, SNAPSHOTS);
    json_auto_t *set = NULL;

    *ret = arena_strdup(c->arena, own);
    if (json_array_size(ids) == 0) return 0;
    const char *id = manifest_id(c, own, ids);
    if (read_set(tx, c, own, &set, e) < 0 || library_append(tx, c, snapshot, NULL, set, e) < 0)
        return -1;
    *ret = id;
    return resource_freeze_as(tx, c, &variable_set_resource, set, id, e);
}

int library_is_changed(struct db_tx *tx, struct call *c, const json_t *project,
                       const json_t *release, struct error *e)
{
    const json_t *included = jv_get(project, "IncludedLibraryVariableSetIds"),
                 *frozen = jv_get(release, SNAPSHOTS), *one;
    size_t i;

    if (json_array_size(included) != json_array_size(frozen)) return 1;
    json_array_foreach (included, i, one) {
        json_auto_t *set = NULL;
        if (read_set(tx, c, set_of(c, one), &set, e) < 0) return -1;
        const char *now = resource_frozen_id(c, set);
        if (strcmp(now, json_string_value(json_array_get(frozen, i))) != 0) return 1;
    }
    return 0;
}

/* ---- the sets ---- */

static int add_variables(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    json_auto_t *set = json_pack("{ss ss si s[]}", "Id", text(doc, "VariableSetId"), "OwnerId",
                                 text(doc, "Id"), "Version", 0, "Variables");

    (void)stored;
    return resource_insert_made(tx, c, &variable_set_resource, set, e);
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.after = add_variables};

    return resource_create_with(c, &hooks, e);
}

/* ---- who uses one ---- */

static json_t *usage_of(json_t *projects, const char *project_id)
{
    json_t *one;
    size_t i;

    json_array_foreach (projects, i, one)
        if (strcmp(text(one, "ProjectId"), project_id) == 0) return one;
    one = json_object();
    jv_set_str(one, "ProjectId", project_id);
    jv_set_bool(one, "IsCurrentlyBeingUsedInProject", false);
    jv_set(one, "Releases", json_array());
    jv_set(one, "RunbookSnapshots", json_array());
    jv_push(projects, one);
    return one;
}

static void add_frozen(json_t *list, const char *noun, const json_t *doc, const char *name_member)
{
    json_t *o = json_object();
    CLEANUP(freep) char *id = xasprintf("%sId", noun);
    CLEANUP(freep) char *name = xasprintf("%s%s", noun, name_member);

    jv_set_str(o, id, text(doc, "Id"));
    jv_set_str(o, name, text(doc, name_member));
    if (jv_get(doc, "RunbookId")) jv_set_str(o, "RunbookId", text(doc, "RunbookId"));
    jv_push(list, o);
}

/* Notes that the document ${use} uses the set. */
static int add_use(struct db_tx *tx, struct call *c, const struct document_use *use,
                   json_t *projects, struct error *e)
{
    const struct resource *r = resource_by_kind(use->kind);
    json_auto_t *doc = NULL;

    if (r != &project_resource && r != &release_resource && r != &runbook_snapshot_resource)
        return 0;
    if (resource_read(tx, c, r, NULL, use->id, &doc, e) < 0) return -1;
    json_t *usage = usage_of(projects, text(doc, r == &project_resource ? "Id" : "ProjectId"));
    if (r == &project_resource) jv_set_bool(usage, "IsCurrentlyBeingUsedInProject", true);
    else if (r == &release_resource)
        add_frozen(jv_get(usage, "Releases"), "Release", doc, "Version");
    else add_frozen(jv_get(usage, "RunbookSnapshots"), "Snapshot", doc, "Name");
    return 0;
}

static int add_users(struct db_tx *tx, struct call *c, const char *id, json_t *projects,
                     struct error *e)
{
    struct document_use *uses;
    size_t n;

    if (document_used_by(tx, id, true, c->arena, &uses, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (add_use(tx, c, &uses[i], projects, e) < 0) return -1;
    return 0;
}

static int name_projects(struct db_tx *tx, struct call *c, json_t *projects, struct error *e)
{
    json_t *one;
    size_t i;

    json_array_foreach (projects, i, one) {
        json_auto_t *project = NULL;
        if (resource_read(tx, c, &project_resource, NULL, text(one, "ProjectId"), &project, e) < 0)
            return -1;
        jv_set_str(one, "ProjectName", text(project, "Name"));
        jv_set_str(one, "ProjectSlug", text(project, "Slug"));
    }
    return 0;
}

static int usages_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    static const char *const unseen[] = {"CountOfProjectsUserCannotSee",
                                         "CountOfReleasesUserCannotSee",
                                         "CountOfRunbookSnapshotsUserCannotSee"};
    struct call *c = ctx;
    json_auto_t *doc = NULL;
    json_t *projects = json_array(), *links = json_object();
    struct document_query frozen = {
        .kind = variable_set_resource.kind, .take = -1, .without_body = true};
    struct document_page page;
    struct document d;

    json_decref(c->out);
    c->out = json_object();
    jv_set(c->out, "Projects", projects);
    jv_set(c->out, "Links", links);
    if (resource_find(tx, c, &d, &doc, e) < 0 || add_users(tx, c, d.id, projects, e) < 0) return -1;
    frozen.owner_id = d.id;
    if (document_list(tx, &frozen, c->arena, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++)
        if (add_users(tx, c, page.items[i].id, projects, e) < 0) return -1;
    jv_set_str(c->out, "Id", d.id);
    for (size_t i = 0; i < ARRAY_LEN(unseen); i++) jv_set_i64(c->out, unseen[i], 0);
    jv_set_str(links, "Self",
               arena_fmt(c->arena, "/api/%s/libraryvariablesets/%s/usages", c->space_id, d.id));
    return name_projects(tx, c, projects, e);
}

static int library_usages(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, usages_tx, c, e);
}

/* ---- step templates: none yet ---- */

static int no_templates(struct call *c, struct error *e)
{
    struct paging paging;

    if (paging_read(c, &paging, e) < 0) return -1;
    c->out = paging_envelope(c, &paging, "ActionTemplate", 0, json_array());
    return 0;
}

static int all_templates(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    return 0;
}

static const struct route_query library_query[] = {
    QUERY_PLAIN, {"contentType", QUERY_LIST, "Variables or ScriptModule"}, QUERY_END};

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("libraryvariablesets", "LibraryVariableSet", library_variable_set_fields,
                         library_query, "LibraryVariableSetView"),
    RESOURCE_POST_ROUTE("/api/{space}/libraryvariablesets", create, "LibraryVariableSet",
                        library_variable_set_fields, "LibraryVariableSetCreate",
                        "creates one with an empty set of variables"),
    RESOURCE_PUT_ROUTE("/api/{space}/libraryvariablesets/{id}", resource_update,
                       "LibraryVariableSet", library_variable_set_fields, "LibraryVariableSetEdit",
                       "replaces one"),
    RESOURCE_DELETE_ROUTE("/api/{space}/libraryvariablesets", "LibraryVariableSetDelete"),
    {"GET", "/api/{space}/libraryvariablesets/{id}/usages", library_usages,
     "LibraryVariableSetView", .out = library_usage_fields, .out_name = "LibraryVariableSetUsage",
     .doc = "projects, releases and snapshots that use one"},
    RESOURCE_READ_ROUTES("tagsets", "TagSet", tag_set_fields, resource_query, PERM_AUTHENTICATED),
    RESOURCE_WRITE_ROUTES("tagsets", "TagSet", tag_set_fields, "TagSetCreate", "TagSetEdit",
                          "TagSetDelete"),
    {"PUT", "/api/{space}/tagsets/sortorder", resource_sort, "TagSetEdit", .out = tag_set_fields,
     .shape = ROUTE_ARRAY, .out_name = "TagSet",
     .doc = "puts tag sets into the order of the ids in the body"},
    {"GET", "/api/{space}/actiontemplates", no_templates, PERM_AUTHENTICATED, .shape = ROUTE_PAGE,
     .doc = "step templates: none"},
    {"GET", "/api/{space}/actiontemplates/all", all_templates, PERM_AUTHENTICATED,
     .shape = ROUTE_ARRAY, .doc = "step templates: none"},
};
const struct route_table library_routes = {rows, ARRAY_LEN(rows)};
