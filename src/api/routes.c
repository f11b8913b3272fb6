/* routes.c - see routes.h. The order is the order of the documentation; a line each, so that what
 * is added at the same time does not meet. */
#include "api/routes.h"

/* clang-format off */
const struct route_table *const api_tables[] = {
    &server_routes,
    &monitoring_routes,
    &node_routes,
    &sign_in_routes,
    &user_routes,
    &user_permission_routes,
    &user_role_routes,
    &team_routes,
    &api_key_routes,
    &invitation_routes,
    &space_routes,
    &task_routes,
    &artifact_routes,
    &worker_routes,
    &environment_routes,
    &project_routes,
    &channel_routes,
    &process_routes,
    &release_routes,
    &defect_routes,
    &progression_routes,
    &dashboard_routes,
    &deployment_routes,
    &preview_routes,
    &runbook_routes,
    &runbook_run_routes,
    &machine_routes,
    &account_routes,
    &feed_routes,
    &variable_routes,
    &library_routes,
    &trigger_routes,
    &retention_policy_routes,
    &release_package_routes,
};
/* clang-format on */
const size_t api_tables_n = ARRAY_LEN(api_tables);
