/* variables.c - which variables there are and which of them count where; see variables.h. Variable
 * sets themselves: processes.c. Facts: rest.md 1.6, 2.15. */
#include "api/variables.h"

#include <string.h>

#include "api/library.h"
#include "api/permit.h"
#include "model/command.h"
#include "rules/scope.h"

int variables_of_project(struct db_tx *tx, struct call *c, const char *project_id, json_t **ret,
                         struct error *e)
{
    json_auto_t *project = NULL, *set = NULL;
    struct document d;

    if (resource_read(tx, c, &project_resource, NULL, project_id, &project, e) < 0 ||
        document_get(tx, variable_set_resource.kind, text(project, "VariableSetId"), c->arena, &d,
                     e) < 0 ||
        document_json(&d, &set, e) < 0 || library_append(tx, c, NULL, project, set, e) < 0)
        return -1;
    *ret = TAKE(set);
    return 0;
}

/* ---- who sees which variables ---- */

/* A value for some environments is seen by whoever may view variables in one of them. A value for
 * all is seen by whoever may view them in all, or those of no environment. */
static int may_see(struct db_tx *tx, struct call *c, const json_t *set, const json_t *v,
                   struct error *e)
{
    const json_t *environments = jv_get(jv_get(v, "Scope"), "Environment");
    json_auto_t *about =
        json_pack("{s:s,s:O?}", "ProjectId", text(set, "OwnerId"), "EnvironmentIds", environments);

    jv_set_str(about, "SpaceId", c->space_id);
    int may = permit_may(tx, c, permission_find("VariableView"), &variable_set_resource, about, e);
    if (may != 0 || json_array_size(environments)) return may;
    return permit_may(tx, c, permission_find("VariableViewUnscoped"), &variable_set_resource, about,
                      e);
}

int variables_show(struct db_tx *tx, struct call *c, json_t *set, struct error *e)
{
    json_t *list = jv_get(set, "Variables");

    for (size_t i = json_array_size(list); i-- > 0 && !c->caller.grants->all;) {
        int may = may_see(tx, c, set, json_array_get(list, i), e);
        if (may < 0) return -1;
        if (!may) json_array_remove(list, i);
    }
    return 0;
}

/* ---- names ---- */

static void add_name(json_t *names, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach (names, i, one)
        if (str_same(json_string_value(one), name)) return;
    jv_push(names, jv_string(name));
}

/* The sets of the project asked for, else of all that own one. */
static int read_sets(struct db_tx *tx, struct call *c, json_t *sets, struct error *e)
{
    const char *project = call_query(c, "project");
    struct document_query q = {.kind = variable_set_resource.kind,
                               .space_id = c->space_id,
                               .id_without = RESOURCE_FROZEN,
                               .visible = permit_visible(c, c->space_id),
                               .order = DOCUMENT_BY_ID,
                               .take = -1};
    json_t *one;

    if (project) {
        if (variables_of_project(tx, c, project, &one, e) < 0) return -1;
        jv_push(sets, one);
        return 0;
    }
    json_auto_t *all = NULL;
    if (resource_documents(tx, c, &q, &all, e) < 0) return -1;
    ASSERT(json_array_extend(sets, all) == 0);
    return 0;
}

static int names_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *sets = json_array();
    json_t *set, *v;
    size_t i, k;

    json_decref(c->out);
    c->out = json_array();
    if (read_sets(tx, c, sets, e) < 0) return -1;
    json_array_foreach (sets, i, set) {
        if (variables_show(tx, c, set, e) < 0) return -1;
        json_array_foreach (jv_get(set, "Variables"), k, v) add_name(c->out, text(v, "Name"));
    }
    return 0;
}

static int names(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, names_tx, c, e);
}

/* ---- all sets of a project ---- */

static int add_set(struct db_tx *tx, struct call *c, const char *id, struct error *e)
{
    json_auto_t *set = NULL;
    struct document d;

    if (document_get(tx, variable_set_resource.kind, id, c->arena, &d, e) < 0 ||
        document_json(&d, &set, e) < 0 || variable_scopes(tx, c, set, e) < 0)
        return -1;
    jv_push(c->out, resource_answer(&variable_set_resource, set));
    return 0;
}

static int all_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *project = NULL;
    const json_t *one;
    size_t i;

    json_decref(c->out);
    c->out = json_array();
    if (resource_read(tx, c, &project_resource, NULL, call_param(c, "project"), &project, e) < 0 ||
        add_set(tx, c, text(project, "VariableSetId"), e) < 0)
        return -1;
    json_array_foreach (jv_get(project, "IncludedLibraryVariableSetIds"), i, one)
        if (add_set(tx, c, arena_fmt(c->arena, "variableset-%s", json_string_value(one)), e) < 0)
            return -1;
    return 0;
}

static int all_of_project(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, all_tx, c, e);
}

/* ---- which ones count ---- */

/* The id of what the query names, by id, slug or name; NULL when it names nothing. */
static int named_id(struct db_tx *tx, struct call *c, const struct resource *r, const char *owner,
                    const char *query, const char **ret, struct error *e)
{
    const char *wanted = call_query(c, query);
    json_auto_t *doc = NULL;

    *ret = NULL;
    if (wanted == NULL) return 0;
    if (resource_read(tx, c, r, owner, wanted, &doc, e) < 0) return -1;
    *ret = arena_strdup(c->arena, text(doc, "Id"));
    return 0;
}

static int read_where(struct db_tx *tx, struct call *c, const char *project,
                      struct scope_context *ret, struct error *e)
{
    struct http_strings roles = call_query_list(c, "role");
    const char *runbook;

    *ret = (struct scope_context){.project = project,
                                  .action = call_query(c, "action"),
                                  .roles = {roles.items, roles.n},
                                  .target_roles = {roles.items, roles.n},
                                  .tenant = call_query(c, "tenant")};
    if (named_id(tx, c, &environment_resource, NULL, "environment", &ret->environment, e) < 0 ||
        named_id(tx, c, &channel_resource, project, "channel", &ret->channel, e) < 0 ||
        named_id(tx, c, &machine_resource, NULL, "machine", &ret->machine, e) < 0 ||
        named_id(tx, c, &runbook_resource, project, "runbook", &runbook, e) < 0)
        return -1;
    ret->process_owner = runbook ? runbook : project;
    return 0;
}

static int preview_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *set = NULL;
    const char *project = call_query(c, "project");
    struct scope_context where;
    struct scope_variable *chosen;
    size_t n;

    if (project == NULL) return fail_at(e, "project", "query parameter project is missing");
    if (variables_of_project(tx, c, project, &set, e) < 0 || variables_show(tx, c, set, e) < 0 ||
        read_where(tx, c, arena_strdup(c->arena, text(set, "OwnerId")), &where, e) < 0)
        return -1;
    const json_t *list = jv_get(set, "Variables");
    scope_select(&list, 1, &where, c->arena, &chosen, &n);
    json_auto_t *variables = json_array();
    for (size_t i = 0; i < n; i++)
        ASSERT(json_array_append(variables, (json_t *)chosen[i].document) == 0);
    jv_set(set, "Variables", TAKE(variables));
    if (variable_scopes(tx, c, set, e) < 0) return -1;
    resource_reply(c, &variable_set_resource, set);
    return 0;
}

static int preview(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, preview_tx, c, e);
}

static const struct route_query names_query[] = {
    {"project", QUERY_TEXT, "only those of this project and of what it includes"},
    {"runbook", QUERY_TEXT, "a runbook of it: has the same"},
    {"projectEnvironmentsFilter", QUERY_TEXT, "not used: names do not depend on environments"},
    {NULL, 0, NULL}};
static const struct route_query preview_query[] = {
    {"project", QUERY_TEXT, "the project"},
    {"runbook", QUERY_TEXT, "in a run of this runbook, not in a deployment"},
    {"environment", QUERY_TEXT, "in this environment"},
    {"channel", QUERY_TEXT, "for releases of this channel"},
    {"tenant", QUERY_TEXT, "for this tenant"},
    {"action", QUERY_TEXT, "for the action of this id"},
    {"machine", QUERY_TEXT, "for this deployment target"},
    {"role", QUERY_LIST, "for targets of these roles"},
    {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/variables/names", names, "VariableView", .query = names_query,
     .shape = ROUTE_ARRAY, .doc = "names of variables"},
    {"GET", "/api/{space}/projects/{project}/variables/all", all_of_project, "VariableView",
     .out = variable_set_fields, .shape = ROUTE_ARRAY, .out_name = "VariableSet",
     .doc = "the variable set of a project and those of the library that it includes"},
    {"GET", "/api/{space}/variables/preview", preview, "VariableView", .query = preview_query,
     .out = variable_set_fields, .out_name = "VariableSet",
     .doc = "the variables of a project that count somewhere, one of each name"},
};
const struct route_table variable_routes = {rows, ARRAY_LEN(rows)};
