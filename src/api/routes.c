/* routes.c - see routes.h. The order is the order of the documentation. */
#include "api/routes.h"

#include "api/resource.h"

static const struct route space_rows[] = {
    RESOURCE_LIST_ROUTE("/api/spaces", resource_list, "Space", space_fields, PERM_AUTHENTICATED,
                        "spaces by name"),
    {"GET", "/api/spaces/all", resource_all, PERM_AUTHENTICATED, .out = space_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Space", .doc = "all spaces"},
    RESOURCE_GET_ROUTE("/api/spaces", "Space", space_fields, PERM_AUTHENTICATED),
};
const struct route_table space_routes = {space_rows, ARRAY_LEN(space_rows)};

const struct route_table *const api_tables[] = {
    &server_routes,  &user_routes,        &space_routes,   &task_routes,    &artifact_routes,
    &worker_routes,  &environment_routes, &project_routes, &channel_routes, &process_routes,
    &release_routes, &deployment_routes,  &preview_routes, &runbook_routes, &runbook_run_routes,
};
const size_t api_tables_n = ARRAY_LEN(api_tables);
