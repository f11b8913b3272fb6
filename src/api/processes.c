/* processes.c - deployment and runbook processes and variable sets: read, and replaced as a whole
 * under their version. What was frozen for a release or a snapshot can be read under its id, never
 * changed. Facts: rest.md 2.12, 2.15. */
#include <string.h>

#include "api/executions.h"
#include "api/paging.h"
#include "api/permit.h"
#include "api/release_packages.h"
#include "api/release_version.h"
#include "api/variables.h"
#include "engine/masker.h"
#include "model/command.h"

/* The document that a route means: by its own id, or as the one of its project. */
static int find(struct db_tx *tx, struct call *c, const struct resource *r, struct document *ret,
                struct error *e)
{
    json_auto_t *project = NULL, *doc = NULL;
    bool by_id = strstr(c->route->path, "{id}") != NULL,
         of_project = strstr(c->route->path, "{project}") != NULL;
    const char *id = by_id ? call_param(c, "id") : NULL;
    struct error why = {0};

    if (of_project &&
        resource_read(tx, c, &project_resource, NULL, call_param(c, "project"), &project, e) < 0)
        return -1;
    if (id == NULL) id = arena_strdup(c->arena, text(project, "DeploymentProcessId"));
    if (document_get(tx, r->kind, id, c->arena, ret, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return call_not_found(e, id);
        *e = why;
        return -1;
    }
    if (document_json(ret, &doc, e) < 0) return -1;
    if (strcmp(ret->space_id, c->space_id) == 0 &&
        (!of_project || strcmp(text(doc, "ProjectId"), text(project, "Id")) == 0))
        return permit_document(tx, c, r, doc, id, r == &variable_set_resource, e);
    return call_not_found(e, id);
}

static const struct resource *resource_meant(const struct call *c)
{
    if (strstr(c->route->path, "/variables")) return &variable_set_resource;
    return strstr(c->route->path, "/runbookProcesses") ? &runbook_process_resource
                                                       : &deployment_process_resource;
}

static int reply(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                 struct error *e)
{
    if (r == &variable_set_resource &&
        (variables_show(tx, c, doc, e) < 0 || variable_scopes(tx, c, doc, e) < 0))
        return -1;
    resource_reply(c, r, doc);
    return 0;
}

/* ---- get and put ---- */

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    const struct resource *r = resource_meant(c);
    json_auto_t *doc = NULL;
    struct document d;

    if (find(tx, c, r, &d, e) < 0 || document_json(&d, &doc, e) < 0) return -1;
    return reply(tx, c, r, doc, e);
}

static int get(struct call *c, struct error *e) { return db_read(call_app(c)->db, get_tx, c, e); }

struct listing {
    struct call *c;
    struct paging paging;
    int64_t total;
    json_t *items;
};

/* Those with the ids asked for; otherwise all as they are now, without what was frozen. */
static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listing *x = ctx;
    struct call *c = x->c;
    const struct resource *r = resource_meant(c);
    struct http_strings ids = call_query_list(c, "ids");
    struct document_query q = {.kind = r->kind,
                               .space_id = c->space_id,
                               .ids = ids.n ? ids.items : NULL,
                               .n_ids = ids.n,
                               .id_without = ids.n ? NULL : RESOURCE_FROZEN,
                               .visible = permit_visible(c, c->space_id),
                               .order = DOCUMENT_BY_ID,
                               .skip = x->paging.skip,
                               .take = x->paging.take};
    struct document_page page;

    json_decref(x->items);
    x->items = json_array();
    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    x->total = page.total;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *doc = NULL;
        if (document_json(&page.items[i], &doc, e) < 0) return -1;
        if (r == &variable_set_resource &&
            (variables_show(tx, c, doc, e) < 0 || variable_scopes(tx, c, doc, e) < 0))
            return -1;
        jv_push(x->items, resource_answer(r, doc));
    }
    return 0;
}

static int read_list(struct listing *x, struct error *e)
{
    if (db_read(call_app(x->c)->db, list_tx, x, e) >= 0) return 0;
    json_decref(x->items);
    return -1;
}

static int list(struct call *c, struct error *e)
{
    struct listing x = {.c = c};

    if (paging_read(c, &x.paging, e) < 0 || read_list(&x, e) < 0) return -1;
    c->out = paging_envelope(c, &x.paging, resource_meant(c)->item_type, x.total, x.items);
    return 0;
}

static int list_sets(struct call *c, struct error *e)
{
    struct listing x = {.c = c, .paging = {.take = -1}};

    if (read_list(&x, e) < 0) return -1;
    c->out = x.items;
    return 0;
}

/* The version that the client has seen must be the stored one; it counts up. */
static int check_version(struct call *c, const json_t *stored, struct error *e)
{
    int64_t seen, is = jv_i64(stored, "Version", 0);

    if (call_number(c, "Version", is, &seen, e) < 0) return -1;
    if (seen == is) return 0;
    return fail(e, ERR_CONFLICT, "%s has version %lld, you changed version %lld; read it again",
                text(stored, "Id"), (long long)is, (long long)seen);
}

static bool has_variable(const json_t *set, const char *name)
{
    const json_t *v;
    size_t i;

    json_array_foreach (jv_get(set, "Variables"), i, v)
        if (str_same(text(v, "Name"), name)) return true;
    return false;
}

/* A step may name the pool by a variable: the project must have it. */
static int check_pool_variables(struct db_tx *tx, struct call *c, const json_t *process,
                                struct error *e)
{
    json_auto_t *set = NULL;
    json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(process, "Steps"), i, step)
        json_array_foreach (jv_get(step, "Actions"), k, action) {
            const char *name = text(action, "WorkerPoolVariable");
            if (*name == '\0') continue;
            if (set == NULL && variables_of_project(tx, c, text(process, "ProjectId"), &set, e) < 0)
                return -1;
            if (!has_variable(set, name))
                call_problem(c,
                             "/Steps/%zu/Actions/%zu/WorkerPoolVariable: there is no variable '%s' "
                             "in the project",
                             i, k, name);
        }
    return call_problems(c, e);
}

/* Adds what is to be said about the secrets of a set that is being saved: ${sent} still has their
 * values, ${doc} says which ones they are. */
static void warn_of_short_secrets(struct call *c, const json_t *sent, json_t *doc)
{
    const json_t *list = jv_get(sent, "Variables"), *v;
    json_t *warnings = NULL;
    size_t i;

    json_array_foreach (jv_get(doc, "Variables"), i, v) {
        const char *value = jv_str(json_array_get(list, i), "Value", NULL);
        if (!jv_bool(v, "IsSensitive", false) || str_blank(value) || masker_can(str_of(value)))
            continue;
        if (warnings == NULL) jv_set(doc, "Warnings", warnings = json_array());
        jv_push(warnings, jv_string(arena_fmt(c->arena,
                                              "The value of %s is not masked in logs: it has "
                                              "fewer than %d characters.",
                                              text(v, "Name"), MASKER_CHARACTERS_MIN)));
    }
}

static int put_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    const struct resource *r = resource_meant(c);
    json_auto_t *stored = NULL, *doc = NULL;
    struct document d;

    if (find(tx, c, r, &d, e) < 0 || document_json(&d, &stored, e) < 0) return -1;
    if (resource_is_frozen(d.id))
        return fail(e, ERR_INVALID, "%s is a snapshot and cannot be changed", d.id);
    if (check_version(c, stored, e) < 0 || resource_decode(c, r, c->body, stored, &doc, e) < 0)
        return -1;
    if (r != &variable_set_resource && check_pool_variables(tx, c, doc, e) < 0) return -1;
    jv_set_str(doc, "Id", d.id);
    jv_set_i64(doc, "Version", jv_i64(stored, "Version", 0) + 1);
    if (resource_replace(tx, c, r, doc, d.row_version, e) < 0) return -1;
    if (r == &variable_set_resource) warn_of_short_secrets(c, c->body, doc);
    return reply(tx, c, r, doc, e);
}

static int put(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, put_tx, c, e) < 0 ? -1 : 0;
}

/* ---- what the next release needs ---- */

static int channel_of(struct db_tx *tx, struct call *c, const json_t *project, json_t **ret,
                      struct error *e)
{
    const char *wanted = call_query(c, "channel");

    if (wanted == NULL) return channel_default(tx, c, project, ret, e);
    return resource_read(tx, c, &channel_resource, text(project, "Id"), wanted, ret, e);
}

/* SelectedPackages of the newest release, and its version. */
static int read_last(struct db_tx *tx, struct call *c, const json_t *project, json_t **ret,
                     struct error *e)
{
    struct document_query q = {.kind = release_resource.kind,
                               .owner_id = text(project, "Id"),
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = 1};
    json_auto_t *list = NULL;

    if (resource_documents(tx, c, &q, &list, e) < 0) return -1;
    *ret = json_incref(json_array_get(list, 0));
    return 0;
}

static int template_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *project = NULL, *channel = NULL, *last = NULL, *process = NULL, *packages = NULL;
    const char *next = NULL;
    struct document d;

    if (resource_read(tx, c, &project_resource, NULL, call_param(c, "project"), &project, e) < 0 ||
        channel_of(tx, c, project, &channel, e) < 0 || read_last(tx, c, project, &last, e) < 0 ||
        document_get(tx, deployment_process_resource.kind, text(project, "DeploymentProcessId"),
                     c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0 ||
        packages_template(tx, c, process, text(channel, "Id"), jv_get(last, "SelectedPackages"),
                          &packages, e) < 0)
        return -1;
    json_decref(c->out);
    c->out = json_object();
    jv_set_str(c->out, "DeploymentProcessId", text(project, "DeploymentProcessId"));
    jv_set_str(c->out, "ChannelId", text(channel, "Id"));
    jv_set_str(c->out, "LastReleaseVersion", jv_str(last, "Version", NULL));
    packages_name_donor(c, project, process, c->out);
    /* a package gives the version: the client asks for it */
    if (jv_str(c->out, "VersioningPackageStepName", NULL) == NULL &&
        release_version_next(tx, c, project, channel, &next, e) < 0)
        return -1;
    jv_set_str(c->out, "NextVersionIncrement", next);
    jv_set(c->out, "Packages", json_incref(packages));
    jv_set(c->out, "GitResources", json_array());
    return 0;
}

static int release_template(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, template_tx, c, e);
}

static const struct route_query list_query[] = {
    {"ids", QUERY_LIST, "only those with these ids, also frozen ones"}, {NULL, 0, NULL}};
static const struct route_query template_query[] = {
    {"channel", QUERY_TEXT, "the channel; the default one unless given"}, {NULL, 0, NULL}};
#define GET_PUT(path, res, table, view, edit)                                                 \
    {"GET",                                                                                   \
     path,                                                                                    \
     get,                                                                                     \
     view,                                                                                    \
     .out = table,                                                                            \
     .out_name = res,                                                                         \
     .doc = "the " res " as it is now or was frozen"},                                        \
    {                                                                                         \
        "PUT", path, put, edit, .in = table, .out = table, .in_name = res, .out_name = res,   \
                                .doc = "replaces the " res "; Version must be the stored one" \
    }
#define LIST(path, handler, kind_of_list, res, table, view)                                   \
    {                                                                                         \
        "GET", path, handler, view, .out = table, .query = list_query, .shape = kind_of_list, \
                                    .out_name = res, .doc = "those of all projects"           \
    }
static const struct route rows[] = {
    LIST("/api/{space}/deploymentprocesses", list, ROUTE_PAGE, "DeploymentProcess",
         deployment_process_fields, "ProcessView"),
    LIST("/api/{space}/runbookProcesses", list, ROUTE_PAGE, "RunbookProcess",
         runbook_process_fields, "RunbookView"),
    LIST("/api/{space}/variables", list_sets, ROUTE_ARRAY, "VariableSet", variable_set_fields,
         "VariableView"),
    LIST("/api/{space}/variables/all", list_sets, ROUTE_ARRAY, "VariableSet", variable_set_fields,
         "VariableView"),
    GET_PUT("/api/{space}/deploymentprocesses/{id}", "DeploymentProcess", deployment_process_fields,
            "ProcessView", "ProcessEdit"),
    GET_PUT("/api/{space}/projects/{project}/deploymentprocesses", "DeploymentProcess",
            deployment_process_fields, "ProcessView", "ProcessEdit"),
    GET_PUT("/api/{space}/projects/{project}/deploymentprocesses/{id}", "DeploymentProcess",
            deployment_process_fields, "ProcessView", "ProcessEdit"),
    {"GET", "/api/{space}/projects/{project}/deploymentprocesses/template", release_template,
     "ProcessView", .out = release_template_fields, .query = template_query,
     .out_name = "ReleaseTemplate", .doc = "what the next release needs: its version and packages"},
    GET_PUT("/api/{space}/runbookProcesses/{id}", "RunbookProcess", runbook_process_fields,
            "RunbookView", "RunbookEdit"),
    GET_PUT("/api/{space}/projects/{project}/runbookProcesses/{id}", "RunbookProcess",
            runbook_process_fields, "RunbookView", "RunbookEdit"),
    GET_PUT("/api/{space}/variables/{id}", "VariableSet", variable_set_fields, "VariableView",
            "VariableEdit"),
};
const struct route_table process_routes = {rows, ARRAY_LEN(rows)};
