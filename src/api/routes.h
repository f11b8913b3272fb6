/* routes.h - THE table: every route of the API, in the tables of its areas. */
#ifndef API_ROUTES_H
#define API_ROUTES_H
#include "api/route.h"

extern const struct route_table server_routes;
extern const struct route_table server_log_routes;
extern const struct route_table maintenance_routes;
extern const struct route_table certificate_routes;
extern const struct route_table monitoring_routes;
extern const struct route_table node_routes;
extern const struct route_table sign_in_routes;
extern const struct route_table user_routes;
extern const struct route_table user_permission_routes;
extern const struct route_table user_role_routes;
extern const struct route_table team_routes;
extern const struct route_table api_key_routes;
extern const struct route_table invitation_routes;
extern const struct route_table space_routes;
extern const struct route_table task_routes;
extern const struct route_table event_routes;
extern const struct route_table interruption_routes;
extern const struct route_table artifact_routes;
extern const struct route_table worker_routes;
extern const struct route_table environment_routes;
extern const struct route_table project_routes;
extern const struct route_table channel_routes;
extern const struct route_table process_routes;
extern const struct route_table release_routes;
extern const struct route_table defect_routes;
extern const struct route_table progression_routes;
extern const struct route_table dashboard_routes;
extern const struct route_table deployment_routes;
extern const struct route_table preview_routes;
extern const struct route_table runbook_routes;
extern const struct route_table runbook_run_routes;
extern const struct route_table machine_routes;
extern const struct route_table account_routes;
extern const struct route_table feed_routes;
extern const struct route_table variable_routes;
extern const struct route_table library_routes;
extern const struct route_table trigger_routes;
extern const struct route_table retention_policy_routes;
extern const struct route_table server_certificate_routes;
extern const struct route_table package_routes;
extern const struct route_table feed_package_routes;
extern const struct route_table build_information_routes;
extern const struct route_table release_package_routes;
extern const struct route_table *const api_tables[];
extern const size_t api_tables_n;
/** A number of /proc/self/status: "VmRSS:" in KiB, "Threads:". 0 = unknown. */
int64_t process_number(const char *name);
#endif
