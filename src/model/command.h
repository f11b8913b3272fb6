/* command.h - bodies and answers of requests that are no resources. Field tables; constants: any
 * thread. Clients send these names in mixed case, the answers are as written here. */
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H
#include "schema/field.h"

/* POST releases/create/v1, deployments/create/untenanted/v1, runbook-runs/create/v1 */
extern const struct field create_release_fields[], create_release_answer_fields[];
extern const struct field create_deployment_fields[], create_deployment_answer_fields[];
extern const struct field create_runbook_run_fields[], create_runbook_run_answer_fields[];
/* GET tasks/{id}/details, tasks/taskTypes; members beside the envelope of GET tasks */
extern const struct field retention_policy_fields[];
extern const struct field task_details_fields[], task_type_fields[], task_page_fields[],
    task_command_fields[];
/* GET /api, /api/{space} and what the server says of itself */
extern const struct field root_fields[], space_root_fields[], capabilities_fields[],
    feature_toggles_fields[], server_status_fields[], server_health_fields[], time_zone_fields[],
    server_counts_fields[], system_info_fields[], node_details_fields[], server_log_fields[],
    cluster_summary_fields[];
/* GET and PUT projects/{id}/deploymentsettings */
extern const struct field deployment_settings_fields[], project_summary_fields[];
/* what clients show before something is made or starts */
extern const struct field release_template_fields[], deployment_template_fields[],
    deployment_preview_fields[], deployment_previews_fields[], missing_packages_fields[],
    snapshot_template_fields[], runbook_run_template_fields[];
/* GET feeds/{id}/packages/search and notes; POST build-information */
extern const struct field package_description_fields[], package_notes_fields[],
    package_notes_list_fields[], build_information_command_fields[];
/* POST tasks/{id}/state */
extern const struct field task_state_fields[];
/* channels/rule-test */
extern const struct field channel_rule_test_fields[];
/* GET {space}/search */
extern const struct field search_result_fields[];
/* GET releases/{id}/progression, projects/{id}/progression */
extern const struct field lifecycle_progression_fields[], progression_fields[];
/* GET dashboard, dashboard/dynamic */
extern const struct field dashboard_fields[];
extern const struct field environments_summary_fields[], dynamic_worker_types_fields[],
    supported_pool_types_fields[], worker_pools_summary_fields[], machine_connection_fields[];
/* how people come in */
extern const struct field login_fields[], access_token_fields[], user_authentication_fields[],
    identity_metadata_fields[];
/* API keys */
extern const struct field create_api_key_fields[], created_api_key_fields[], api_key_fields[],
    api_key_settings_fields[];
extern const struct field invitation_fields[], register_fields[];
/* what uses an account, a library variable set, a certificate */
extern const struct field account_usage_fields[], library_usage_fields[],
    certificate_usage_fields[];
/* POST certificates/{id}/replace */
extern const struct field replace_certificate_fields[];

struct named_table {
    const char *name; /* schema name: "CreateReleaseCommandV1" */
    const struct field *fields;
};
extern const struct named_table command_tables[]; /* all of the above; ends with {NULL, NULL} */
#endif
