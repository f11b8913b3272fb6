/* environments.c - environments: plain resources in an order of their own. Facts: rest.md 2.11. */
#include "api/paging.h"
#include "api/resource.h"
#include "model/command.h"

/* The ids of the body, in their new order. Those not named keep their place number. */
static int sort_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_t *one;
    size_t i;

    json_array_foreach (c->body, i, one) {
        json_auto_t *doc = NULL;
        if (resource_read(tx, c, &environment_resource, NULL, json_string_value(one), &doc, e) < 0)
            return -1;
        jv_set_i64(doc, "SortOrder", (int64_t)i);
        if (resource_replace(tx, c, &environment_resource, doc, -1, e) < 0) return -1;
    }
    return 0;
}

static int sort(struct call *c, struct error *e)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(c->body)) return fail(e, ERR_INVALID, "request body: want a list of ids");
    json_array_foreach (c->body, i, one)
        if (!json_is_string(one))
            return fail(e, ERR_INVALID, "request body: item %zu is not a text", i);
    if (db_write(call_app(c)->db, sort_tx, c, e) < 0) return -1;
    return resource_all(c, e);
}

/* Clients ask for kinds of environments: all of ours are Static. */
static int list_v2(struct call *c, struct error *e)
{
    struct http_strings types = call_query_list(c, "type");
    struct paging paging;

    for (size_t i = 0; i < types.n; i++)
        if (str_same(types.items[i], "Static")) return resource_list(c, e);
    if (types.n == 0) return resource_list(c, e);
    if (paging_read(c, &paging, e) < 0) return -1;
    c->out = paging_envelope(c, &paging, environment_resource.item_type, 0, json_array());
    return 0;
}

/* There are no deployment targets; who asks for those of an environment or policy is told so. */
static int no_machines(struct call *c, struct error *e)
{
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 || resource_get(c, e) < 0) return -1;
    json_decref(c->out);
    c->out = paging_envelope(c, &paging, "Machine", 0, json_array());
    return 0;
}

static json_t *count_machines(void)
{
    static const char *const numbers[] = {"TotalMachines", "TotalDisabledMachines",
                                          "TentacleUpgradesRequired"},
                             *const objects[] = {"MachineHealthStatusSummaries",
                                                 "MachineEndpointSummaries"},
                             *const lists[] = {"MachineIdsForCalamariUpgrade",
                                               "MachineIdsForTentacleUpgrade"};
    json_t *o = json_object();

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) jv_set_i64(o, numbers[i], 0);
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) jv_set(o, objects[i], json_object());
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) jv_set(o, lists[i], json_array());
    return o;
}

static int summary(struct call *c, struct error *e)
{
    if (resource_all(c, e) < 0) return -1;
    json_t *all = c->out, *list = json_array(), *one;
    size_t i;
    json_array_foreach (all, i, one) {
        json_t *o = count_machines();
        json_object_set(o, "Environment", one);
        jv_push(list, o);
    }
    c->out = count_machines();
    jv_set(c->out, "EnvironmentSummaries", list);
    json_decref(all);
    return 0;
}

static const struct route_query v2_query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"name", QUERY_TEXT, "exact name, in any case"},
    {"partialName", QUERY_TEXT, "part of the name, in any case"},
    {"type", QUERY_LIST, "Static, Parent or Ephemeral; there are only Static ones"},
    {NULL, 0, NULL}};
static const struct route rows[] = {
    RESOURCE_READ_ROUTES("environments", "Environment", environment_fields, resource_query,
                         "EnvironmentView"),
    RESOURCE_WRITE_ROUTES("environments", "Environment", environment_fields, "EnvironmentCreate",
                          "EnvironmentEdit", "EnvironmentDelete"),
    {"GET", "/api/{space}/environments/v2", list_v2, "EnvironmentView", .out = environment_fields,
     .query = v2_query, .shape = ROUTE_PAGE, .out_name = "Environment",
     .doc = "environments by kind"},
    {"GET", "/api/{space}/environments/summary", summary, "EnvironmentView",
     .out = environments_summary_fields, .query = resource_query, .out_name = "EnvironmentsSummary",
     .doc = "environments with the numbers of their targets"},
    {"GET", "/api/{space}/environments/{id}/machines", no_machines, "MachineView",
     .shape = ROUTE_PAGE, .doc = "deployment targets of an environment: none"},
    {"GET", "/api/{space}/machinepolicies/{id}/machines", no_machines, "MachineView",
     .shape = ROUTE_PAGE, .doc = "deployment targets under a policy: none"},
    {"PUT", "/api/{space}/environments/sortorder", sort, "EnvironmentEdit",
     .out = environment_fields, .shape = ROUTE_ARRAY, .out_name = "Environment",
     .doc = "puts environments into the order of the ids in the body"},
};
const struct route_table environment_routes = {rows, ARRAY_LEN(rows)};
