/* routes.h - THE table: every route of the API, in the tables of its areas. */
#ifndef API_ROUTES_H
#define API_ROUTES_H
#include "api/route.h"

extern const struct route_table server_routes, monitoring_routes, node_routes, sign_in_routes,
    user_routes, user_permission_routes, user_role_routes, team_routes, space_routes, task_routes,
    artifact_routes, worker_routes, environment_routes, project_routes, channel_routes,
    process_routes, release_routes, defect_routes, progression_routes, dashboard_routes,
    deployment_routes, preview_routes, runbook_routes, runbook_run_routes, api_key_routes,
    invitation_routes, machine_routes, account_routes, feed_routes, variable_routes, library_routes;
extern const struct route_table *const api_tables[];
extern const size_t api_tables_n;
/** A number of /proc/self/status: "VmRSS:" in KiB, "Threads:". 0 = unknown. */
int64_t process_number(const char *name);
#endif
