/* runbooks.c - runbooks and their snapshots; a new runbook comes with an empty process. Facts:
 * rest.md 2.14. Runs: runbook_runs.c. */
#include <string.h>

#include "api/copy.h"
#include "api/permit.h"
#include "api/executions.h"
#include "api/library.h"
#include "api/promotion.h"
#include "api/release_packages.h"
#include "model/command.h"

/* ---- runbooks ---- */

static int add_process(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                       struct error *e)
{
    json_auto_t *process = json_object();

    (void)stored;
    jv_set_str(process, "Id", text(doc, "RunbookProcessId"));
    jv_set_str(process, "ProjectId", text(doc, "ProjectId"));
    jv_set_str(process, "RunbookId", text(doc, "Id"));
    jv_set_i64(process, "Version", 0);
    jv_set(process, "Steps", json_array());
    return resource_insert_made(tx, c, &runbook_process_resource, process, e);
}

/* Nothing of a new runbook can be published yet. */
static int begin_unpublished(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                             struct error *e)
{
    (void)tx, (void)c, (void)stored, (void)e;
    jv_set_str(doc, "PublishedRunbookSnapshotId", NULL);
    return 0;
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {begin_unpublished, add_process};

    return call_query(c, "clone") ? copy_runbook(c, e) : resource_create_with(c, &hooks, e);
}

/* Publishing by changing the runbook: the snapshot must be one of its own. */
static int check_published(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                           struct error *e)
{
    const char *id = text(doc, "PublishedRunbookSnapshotId");
    json_auto_t *snapshot = NULL;

    if (*id == '\0' || strcmp(id, text(stored, "PublishedRunbookSnapshotId")) == 0) return 0;
    return execution_find(tx, c, &runbook_snapshot_resource, text(doc, "Id"),
                          "PublishedRunbookSnapshotId", id, &snapshot, e);
}

static int update(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.before = check_published};

    return resource_update_with(c, &hooks, e);
}

/* ---- where a runbook may run ---- */

/* 1 = a lifecycle of the project or of one of its channels allows the environment. */
static int project_allows(struct db_tx *tx, struct call *c, const json_t *project,
                          const char *environment_id, struct error *e)
{
    struct document_query q = {
        .kind = channel_resource.kind, .owner_id = text(project, "Id"), .take = -1};
    json_auto_t *channels = NULL;
    const json_t *one;
    size_t i;

    if (resource_documents(tx, c, &q, &channels, e) < 0) return -1;
    json_array_foreach (channels, i, one) {
        json_auto_t *lifecycle = NULL;
        const char *id = jv_str(one, "LifecycleId", text(project, "LifecycleId"));
        if (resource_read(tx, c, &lifecycle_resource, NULL, id, &lifecycle, e) < 0) return -1;
        if (lifecycle_allows(lifecycle, environment_id)) return 1;
    }
    return 0;
}

int runbook_may_run_in(struct db_tx *tx, struct call *c, const json_t *project,
                       const json_t *runbook, const json_t *environment, struct error *e)
{
    const char *scope = text(runbook, "EnvironmentScope"), *id = text(environment, "Id");

    if (str_same(scope, "Specified")) return jv_has(jv_get(runbook, "Environments"), id);
    if (str_same(scope, "FromProjectLifecycles")) return project_allows(tx, c, project, id, e);
    return 1;
}

static bool project_in_path(const struct call *c)
{
    return strstr(c->route->path, "{project}") != NULL;
}

/* The runbook of {id}, and the project of the path when it has one. */
static int find_runbook(struct db_tx *tx, struct call *c, json_t **ret, struct error *e)
{
    json_auto_t *project = NULL;

    if (project_in_path(c) &&
        resource_read(tx, c, &project_resource, NULL, call_param(c, "project"), &project, e) < 0)
        return -1;
    return resource_read(tx, c, &runbook_resource, project ? text(project, "Id") : NULL,
                         call_param(c, "id"), ret, e);
}

struct environments {
    struct call *c;
    json_t *items;
};

static int environments_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct environments *x = ctx;
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = x->c->space_id,
                               .visible =
                                   permit_visible_by(x->c, "EnvironmentView", x->c->space_id),
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};
    json_auto_t *runbook = NULL, *project = NULL, *all = NULL;
    const json_t *one;
    size_t i;

    json_decref(x->items);
    x->items = json_array();
    if (find_runbook(tx, x->c, &runbook, e) < 0 ||
        resource_read(tx, x->c, &project_resource, NULL, text(runbook, "ProjectId"), &project, e) <
            0 ||
        resource_documents(tx, x->c, &q, &all, e) < 0)
        return -1;
    json_array_foreach (all, i, one) {
        int allowed = runbook_may_run_in(tx, x->c, project, runbook, one, e);
        if (allowed < 0) return -1;
        if (allowed) jv_push(x->items, resource_answer(&environment_resource, one));
    }
    return 0;
}

static int list_environments(struct call *c, struct error *e)
{
    struct environments x = {.c = c};

    if (db_read(call_app(c)->db, environments_tx, &x, e) < 0) {
        json_decref(x.items);
        return -1;
    }
    c->out = x.items;
    return 0;
}

/* ---- snapshots ---- */

struct snapshot {
    struct call *c;
    const char *project_id, *runbook_id, *name;
    bool publish;
    json_t *packages; /* of a template */
};

/* "Snapshot 3", the first number that is free. */
static int next_name(struct db_tx *tx, struct call *c, const char *runbook_id, const char **ret,
                     struct error *e)
{
    struct document_query q = {
        .kind = runbook_snapshot_resource.kind, .owner_id = runbook_id, .take = 0};
    struct document_page page;

    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    for (int64_t n = page.total + 1;; n++) {
        struct document_query same = {.kind = q.kind, .owner_id = runbook_id, .take = 1};
        same.name = *ret = arena_fmt(c->arena, "Snapshot %lld", (long long)n);
        if (document_list(tx, &same, c->arena, &page, e) < 0) return -1;
        if (page.n == 0) return 0;
    }
}

static void set_variables(json_t *snapshot, const char *frozen_id)
{
    jv_set_str(snapshot, "FrozenProjectVariableSetId", frozen_id);
    jv_set_str(snapshot, "ProjectVariableSetSnapshotId", frozen_id);
}

static int read_process(struct db_tx *tx, struct call *c, const json_t *runbook, json_t **ret,
                        struct error *e)
{
    struct document d;

    return document_get(tx, runbook_process_resource.kind, text(runbook, "RunbookProcessId"),
                        c->arena, &d, e) < 0
               ? -1
               : document_json(&d, ret, e);
}

static int choose_packages(struct db_tx *tx, struct call *c, const json_t *runbook, json_t *doc,
                           struct error *e)
{
    struct package_wish wish = {.selected = jv_get(doc, "SelectedPackages")};
    json_auto_t *process = NULL, *chosen = NULL;

    if (read_process(tx, c, runbook, &process, e) < 0 ||
        packages_choose(tx, c, process, NULL, &wish, &chosen, e) < 0)
        return -1;
    json_object_set(doc, "SelectedPackages", chosen);
    return 0;
}

static int freeze(struct db_tx *tx, struct call *c, const json_t *runbook, json_t *doc,
                  struct error *e)
{
    json_auto_t *project = NULL;
    const char *process, *variables;

    if (resource_read(tx, c, &project_resource, NULL, text(runbook, "ProjectId"), &project, e) <
            0 ||
        choose_packages(tx, c, runbook, doc, e) < 0 ||
        execution_freeze(tx, c, &runbook_process_resource, text(runbook, "RunbookProcessId"),
                         &process, e) < 0 ||
        execution_freeze(tx, c, &variable_set_resource, text(project, "VariableSetId"), &variables,
                         e) < 0)
        return -1;
    jv_set_str(doc, "FrozenRunbookProcessId", process);
    set_variables(doc, variables);
    return library_freeze(tx, c, project, doc, e);
}

/* The project of the path, else of the body; NULL when neither names one. */
static int find_project(struct db_tx *tx, struct snapshot *x, json_t **ret, struct error *e)
{
    if (project_in_path(x->c))
        return resource_read(tx, x->c, &project_resource, NULL, call_param(x->c, "project"), ret,
                             e);
    if (str_blank(x->project_id)) return 0;
    return execution_find(tx, x->c, &project_resource, NULL, "ProjectId", x->project_id, ret, e);
}

static int snapshot_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct snapshot *x = ctx;
    struct call *c = x->c;
    json_auto_t *project = NULL, *runbook = NULL, *doc = NULL, *in = json_copy(c->body);
    const char *name = x->name;

    if (find_project(tx, x, &project, e) < 0 ||
        execution_find(tx, c, &runbook_resource, project ? text(project, "Id") : NULL, "RunbookId",
                       x->runbook_id, &runbook, e) < 0)
        return -1;
    if (str_blank(name) && next_name(tx, c, text(runbook, "Id"), &name, e) < 0) return -1;
    jv_set_str(in, "Name", name);
    jv_set_str(in, "RunbookId", text(runbook, "Id"));
    jv_set_str(in, "ProjectId", text(runbook, "ProjectId"));
    if (resource_decode(c, &runbook_snapshot_resource, in, NULL, &doc, e) < 0) return -1;
    jv_set_time(doc, "Assembled", clock_now(call_app(c)->clock));
    if (freeze(tx, c, runbook, doc, e) < 0 ||
        resource_insert(tx, c, &runbook_snapshot_resource, doc, e) < 0)
        return -1;
    if (x->publish) {
        jv_set_str(runbook, "PublishedRunbookSnapshotId", text(doc, "Id"));
        if (resource_replace(tx, c, &runbook_resource, runbook, -1, e) < 0) return -1;
    }
    resource_reply(c, &runbook_snapshot_resource, doc);
    return 0;
}

static int create_snapshot(struct call *c, struct error *e)
{
    struct snapshot x = {.c = c};

    if (call_text_required(c, "RunbookId", &x.runbook_id, e) < 0 ||
        call_text(c, "ProjectId", NULL, &x.project_id, e) < 0 ||
        call_text(c, "Name", NULL, &x.name, e) < 0 ||
        call_query_flag(c, "publish", false, &x.publish, e) < 0)
        return -1;
    return execution_prepare(c, snapshot_tx, &x, e);
}

/* The snapshot takes the project's variables as they are now. */
static int variables_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *snapshot = NULL, *project = NULL;
    const char *variables;
    struct document d;

    if (resource_find(tx, c, &d, &snapshot, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, text(snapshot, "ProjectId"), &project, e) <
            0 ||
        execution_freeze(tx, c, &variable_set_resource, text(project, "VariableSetId"), &variables,
                         e) < 0)
        return -1;
    set_variables(snapshot, variables);
    if (library_freeze(tx, c, project, snapshot, e) < 0 ||
        resource_replace(tx, c, &runbook_snapshot_resource, snapshot, d.row_version, e) < 0)
        return -1;
    resource_reply(c, &runbook_snapshot_resource, snapshot);
    return 0;
}

static int snapshot_variables(struct call *c, struct error *e)
{
    return execution_prepare(c, variables_tx, c, e);
}

/* What a client needs to make the next snapshot. */
static int read_newest(struct db_tx *tx, struct call *c, const char *runbook_id, json_t **ret,
                       struct error *e)
{
    struct document_query q = {.kind = runbook_snapshot_resource.kind,
                               .owner_id = runbook_id,
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = 1};
    json_auto_t *list = NULL;

    if (resource_documents(tx, c, &q, &list, e) < 0) return -1;
    *ret = json_incref(json_array_get(list, 0));
    return 0;
}

static int template_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct snapshot *x = ctx;
    json_auto_t *runbook = NULL, *process = NULL, *newest = NULL;

    if (find_runbook(tx, x->c, &runbook, e) < 0) return -1;
    x->runbook_id = arena_strdup(x->c->arena, text(runbook, "Id"));
    json_decref(x->packages);
    x->packages = NULL;
    if (read_process(tx, x->c, runbook, &process, e) < 0 ||
        read_newest(tx, x->c, x->runbook_id, &newest, e) < 0 ||
        packages_template(tx, x->c, process, NULL, jv_get(newest, "SelectedPackages"), &x->packages,
                          e) < 0)
        return -1;
    return next_name(tx, x->c, x->runbook_id, &x->name, e);
}

static int snapshot_template(struct call *c, struct error *e)
{
    struct snapshot x = {.c = c};

    if (db_read(call_app(c)->db, template_tx, &x, e) < 0) {
        json_decref(x.packages);
        return -1;
    }
    c->out = json_object();
    jv_set_str(c->out, "RunbookId", x.runbook_id);
    jv_set_str(c->out, "NextNameIncrement", x.name);
    jv_set(c->out, "Packages", x.packages);
    jv_set(c->out, "GitResources", json_array());
    return 0;
}

static const struct route_query publish_query[] = {
    {"publish", QUERY_FLAG, "make it the published snapshot"}, {NULL, 0, NULL}};

static const struct route_query clone_query[] = {
    {"clone", QUERY_TEXT, "a runbook: it is copied with its process"}, {NULL, 0, NULL}};
#define RUNBOOK_ROUTES(path)                                                                      \
    RESOURCE_LIST_ROUTE(path, resource_list, "Runbook", runbook_fields, runbook_query,            \
                        "RunbookView", "runbooks by name"),                                       \
        {"POST",                                                                                  \
         path,                                                                                    \
         create,                                                                                  \
         "RunbookEdit",                                                                           \
         .in = runbook_fields,                                                                    \
         .out = runbook_fields,                                                                   \
         .query = clone_query,                                                                    \
         .status = 201,                                                                           \
         .in_name = "Runbook",                                                                    \
         .out_name = "Runbook",                                                                   \
         .doc = "creates a runbook with an empty process, or copies one"},                        \
        RESOURCE_GET_ROUTE(path, "Runbook", runbook_fields, "RunbookView"),                       \
        RESOURCE_PUT_ROUTE(path "/{id}", update, "Runbook", runbook_fields, "RunbookEdit",        \
                           "replaces a runbook"),                                                 \
        RESOURCE_DELETE_ROUTE(path, "RunbookEdit"),                                               \
        {"GET",                                                                                   \
         path "/{id}/environments",                                                               \
         list_environments,                                                                       \
         "RunbookView",                                                                           \
         .out = environment_fields,                                                               \
         .shape = ROUTE_ARRAY,                                                                    \
         .out_name = "Environment",                                                               \
         .doc = "environments where the runbook may run"},                                        \
        {"GET",                                                                                   \
         path "/{id}/runbookSnapshotTemplate",                                                    \
         snapshot_template,                                                                       \
         "RunbookView",                                                                           \
         .out = snapshot_template_fields,                                                         \
         .out_name = "RunbookSnapshotTemplate",                                                   \
         .doc = "what the next snapshot needs"},                                                  \
        RESOURCE_LIST_ROUTE(path "/{runbook}/runbookSnapshots", resource_list, "RunbookSnapshot", \
                            runbook_snapshot_fields, snapshot_query, "RunbookView",               \
                            "snapshots of a runbook, newest first"),                              \
        RESOURCE_GET_ROUTE(path "/{runbook}/runbookSnapshots", "RunbookSnapshot",                 \
                           runbook_snapshot_fields, "RunbookView")
#define SNAPSHOT_ROUTES(path)                                                                 \
    RESOURCE_LIST_ROUTE(path, resource_list, "RunbookSnapshot", runbook_snapshot_fields,      \
                        snapshot_query, "RunbookView", "snapshots, newest first"),            \
        {"POST",                                                                              \
         path,                                                                                \
         create_snapshot,                                                                     \
         "RunbookEdit",                                                                       \
         .in = runbook_snapshot_fields,                                                       \
         .out = runbook_snapshot_fields,                                                      \
         .query = publish_query,                                                              \
         .status = 201,                                                                       \
         .in_name = "RunbookSnapshot",                                                        \
         .out_name = "RunbookSnapshot",                                                       \
         .doc = "freezes a runbook's process and variables"},                                 \
        RESOURCE_GET_ROUTE(path, "RunbookSnapshot", runbook_snapshot_fields, "RunbookView"),  \
        RESOURCE_PUT_ROUTE(path "/{id}", resource_update, "RunbookSnapshot",                  \
                           runbook_snapshot_fields, "RunbookEdit", "changes name and notes"), \
        RESOURCE_DELETE_ROUTE(path, "RunbookEdit")
static const struct route rows[] = {
    RUNBOOK_ROUTES("/api/{space}/runbooks"),
    RUNBOOK_ROUTES("/api/{space}/projects/{project}/runbooks"),
    {"GET", "/api/{space}/runbooks/all", resource_all, "RunbookView", .out = runbook_fields,
     .query = runbook_query, .shape = ROUTE_ARRAY, .out_name = "Runbook", .doc = "all runbooks"},
    SNAPSHOT_ROUTES("/api/{space}/runbookSnapshots"),
    {"POST", "/api/{space}/runbookSnapshots/{id}/snapshot-variables", snapshot_variables,
     "RunbookEdit", .out = runbook_snapshot_fields, .flags = ROUTE_OPTIONAL_BODY,
     .out_name = "RunbookSnapshot",
     .doc = "gives the snapshot the project's variables as they are now"},
    SNAPSHOT_ROUTES("/api/{space}/projects/{project}/runbookSnapshots"),
};
const struct route_table runbook_routes = {rows, ARRAY_LEN(rows)};
