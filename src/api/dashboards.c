/* dashboards.c - which release of each project stands where. Facts: rest.md 2.17. */
#include <string.h>

#include "api/dashboard_item.h"
#include "api/permit.h"
#include "api/promotion.h"
#include "model/command.h"

enum { PROJECTS_MAX = 500 };

/* What is shown; lists of documents in the order of the dashboard. */
struct view {
    struct call *c;
    struct dashboard_query q;
    bool previous;
    const char *release_id; /* only deployments of this one; NULL = all */
    int64_t limit;          /* projects at most; 0 = all that are asked for */
    json_t *projects, *environments;
};

static void view_done(struct view *v)
{
    json_decref(v->projects);
    json_decref(v->environments);
}

static int read_kind(struct db_tx *tx, struct call *c, const struct resource *r,
                     const char *const *ids, size_t n, int64_t take, json_t **ret, struct error *e)
{
    struct document_query q = {.kind = r->kind,
                               .space_id = c->space_id,
                               .ids = ids,
                               .n_ids = n,
                               .visible = permit_visible(c, c->space_id),
                               .order =
                                   r == &environment_resource ? DOCUMENT_BY_SORT : DOCUMENT_BY_NAME,
                               .take = take};

    return resource_documents(tx, c, &q, ret, e);
}

static const char **ids_of(struct call *c, const json_t *documents)
{
    const char **ids = ARENA_NEW(c->arena, const char *, json_array_size(documents) + 1);
    const json_t *one;
    size_t i;

    json_array_foreach (documents, i, one) ids[i] = text(one, "Id");
    return ids;
}

/* ---- the parts of the answer ---- */

static json_t *project_item(const json_t *project, const json_t *environments)
{
    static const char *const same[] = {"Id",
                                       "Name",
                                       "Slug",
                                       "Description",
                                       "IsDisabled",
                                       "ProjectGroupId",
                                       "TenantedDeploymentMode"};
    json_auto_t *answer = resource_answer(&project_resource, project);
    json_t *o = json_object(), *ids = json_array(), *one;
    size_t i;

    for (size_t k = 0; k < ARRAY_LEN(same); k++)
        json_object_set(o, same[k], json_object_get(answer, same[k]));
    json_array_foreach (environments, i, one) jv_push(ids, jv_string(text(one, "Id")));
    jv_set(o, "EnvironmentIds", ids);
    jv_set_bool(o, "CanPerformUntenantedDeployment",
                strcmp(text(answer, "TenantedDeploymentMode"), "Tenanted") != 0);
    json_object_set(o, "Links", json_object_get(answer, "Links"));
    return o;
}

static int add_projects(struct db_tx *tx, struct view *v, json_t *out, struct error *e)
{
    json_t *list = json_array(), *groups = json_array(), *one;
    json_auto_t *all = NULL, *used = json_object(), *environments = json_array();
    size_t i;

    jv_set(out, "Projects", list);
    jv_set(out, "ProjectGroups", groups);
    json_array_foreach (v->projects, i, one) {
        jv_push(list, project_item(one, v->environments));
        jv_set_bool(used, text(one, "ProjectGroupId"), true);
    }
    if (read_kind(tx, v->c, &project_group_resource, NULL, 0, -1, &all, e) < 0) return -1;
    json_array_foreach (v->environments, i, one) jv_push(environments, jv_string(text(one, "Id")));
    json_array_foreach (all, i, one) {
        if (!json_object_get(used, text(one, "Id"))) continue;
        json_t *o = reference_item(text(one, "Id"), text(one, "Name"));
        json_object_set(o, "EnvironmentIds", environments);
        jv_set(o, "Links", resource_links(&project_group_resource, one));
        jv_push(groups, o);
    }
    return 0;
}

static void add_environments(const struct view *v, json_t *out)
{
    json_t *list = json_array();
    const json_t *one;
    size_t i;

    json_array_foreach (v->environments, i, one) {
        json_t *o = reference_item(text(one, "Id"), text(one, "Name"));
        jv_set(o, "Links", resource_links(&environment_resource, one));
        jv_push(list, o);
    }
    jv_set(out, "Environments", list);
}

static json_t *items_of(const struct view *v, const struct dashboard_rows *rows, bool previous)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rows->n; i++)
        if (v->release_id == NULL || strcmp(rows->items[i].release_id, v->release_id) == 0)
            jv_push(list, dashboard_item(call_app(v->c), &rows->items[i], previous));
    return list;
}

static int add_items(struct db_tx *tx, struct view *v, json_t *out, struct error *e)
{
    struct dashboard_rows newest = {0}, previous = {0};
    bool any = v->q.n_projects && v->q.n_environments;

    if (any && dashboard_newest(tx, &v->q, v->c->arena, &newest, e) < 0) return -1;
    if (any && v->previous && dashboard_previous(tx, &v->q, v->c->arena, &previous, e) < 0)
        return -1;
    if (dashboard_permit(tx, v->c, &newest, e) < 0 || dashboard_permit(tx, v->c, &previous, e) < 0)
        return -1;
    jv_set(out, "Items", items_of(v, &newest, false));
    jv_set(out, "PreviousItems", items_of(v, &previous, true));
    return 0;
}

static int view_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(view_done) struct view v = *(struct view *)ctx;
    struct call *c = v.c;
    json_t *out = json_object();

    json_decref(c->out);
    c->out = out;
    bool filtered = v.q.projects != NULL || v.q.environments != NULL || v.release_id != NULL;
    if (read_kind(tx, c, &project_resource, v.q.projects, v.q.n_projects, v.limit ? v.limit : -1,
                  &v.projects, e) < 0 ||
        read_kind(tx, c, &environment_resource, v.q.environments, v.q.n_environments, -1,
                  &v.environments, e) < 0)
        return -1;
    v.q = (struct dashboard_query){.space_id = c->space_id,
                                   .projects = ids_of(c, v.projects),
                                   .environments = ids_of(c, v.environments),
                                   .n_projects = json_array_size(v.projects),
                                   .n_environments = json_array_size(v.environments)};
    if (add_projects(tx, &v, out, e) < 0 || add_items(tx, &v, out, e) < 0) return -1;
    add_environments(&v, out);
    jv_set(out, "Tenants", json_array());
    if (v.limit) jv_set_i64(out, "ProjectLimit", v.limit);
    else jv_set(out, "ProjectLimit", json_null());
    jv_set_bool(out, "IsFiltered", filtered);
    return 0;
}

/* ---- what is asked for ---- */

/* Tenants are none here: naming one shows nothing of it. */
static int dashboard(struct call *c, struct error *e)
{
    struct http_strings projects = call_query_list(c, "projectId");
    struct view v = {
        .c = c,
        .previous = true,
        .release_id = call_query(c, "releaseId"),
        .q = {.projects = projects.n ? projects.items : NULL, .n_projects = projects.n}};
    bool all;

    if (call_query_flag(c, "showAll", false, &all, e) < 0) return -1;
    v.limit = all || projects.n ? 0 : PROJECTS_MAX;
    return db_read(call_app(c)->db, view_tx, &v, e);
}

static int dynamic(struct call *c, struct error *e)
{
    struct http_strings projects = call_query_list(c, "projects"),
                        environments = call_query_list(c, "environments");
    struct view v = {.c = c,
                     .q = {.projects = projects.n ? projects.items : NULL,
                           .environments = environments.n ? environments.items : NULL,
                           .n_projects = projects.n,
                           .n_environments = environments.n}};

    if (call_query_flag(c, "includePrevious", false, &v.previous, e) < 0) return -1;
    v.limit = projects.n ? 0 : PROJECTS_MAX;
    return db_read(call_app(c)->db, view_tx, &v, e);
}

static const struct route_query dashboard_query[] = {
    {"projectId", QUERY_LIST, "only these projects"},
    {"releaseId", QUERY_TEXT, "only where this release is the newest"},
    {"showAll", QUERY_FLAG, "more than the first 500 projects"},
    {NULL, 0, NULL}};
static const struct route_query dynamic_query[] = {
    {"projects", QUERY_LIST, "only these projects"},
    {"environments", QUERY_LIST, "only these environments"},
    {"includePrevious", QUERY_FLAG, "the last successes before the newest too"},
    {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/dashboard", dashboard, "DeploymentView", .out = dashboard_fields,
     .query = dashboard_query, .out_name = "Dashboard",
     .doc = "the newest deployment of each project in each environment"},
    {"GET", "/api/{space}/dashboard/dynamic", dynamic, "DeploymentView", .out = dashboard_fields,
     .query = dynamic_query, .out_name = "Dashboard",
     .doc = "the same for some projects and environments"},
};
const struct route_table dashboard_routes = {rows, ARRAY_LEN(rows)};
