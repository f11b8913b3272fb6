/* environments.c - environments: plain resources in an order of their own. Facts: rest.md 2.11. */
#include "api/machines.h"
#include "api/paging.h"
#include "api/resource.h"
#include "model/command.h"

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

static int summary(struct call *c, struct error *e)
{
    static const struct machine_summary about = {&machine_resource, &environment_resource,
                                                 "EnvironmentIds", "Environment"};

    return machine_summary(c, &about, e);
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
     .out = environments_summary_fields, .query = environments_summary_query,
     .out_name = "EnvironmentsSummary", .doc = "environments with the numbers of their targets"},
    {"PUT", "/api/{space}/environments/sortorder", resource_sort, "EnvironmentEdit",
     .out = environment_fields, .shape = ROUTE_ARRAY, .out_name = "Environment",
     .doc = "puts environments into the order of the ids in the body"},
};
const struct route_table environment_routes = {rows, ARRAY_LEN(rows)};
