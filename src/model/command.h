/* command.h - bodies and answers of requests that are no resources. Field tables; constants: any
 * thread. Clients send these names in mixed case, the answers are as written here. */
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H
#include "schema/field.h"

/* POST releases/create/v1, deployments/create/untenanted/v1, runbook-runs/create/v1 */
extern const struct field create_release_fields[], create_release_answer_fields[];
extern const struct field create_deployment_fields[], create_deployment_answer_fields[];
extern const struct field create_runbook_run_fields[], create_runbook_run_answer_fields[];
/* POST tasks, POST tasks/{id}/state, GET tasks/{id}/details */
extern const struct field create_task_fields[], task_state_fields[], task_details_fields[];
/* API keys */
extern const struct field create_api_key_fields[], created_api_key_fields[], api_key_fields[];
/* GET /api, POST /api/users/login */
extern const struct field root_fields[], login_fields[];

struct named_table {
    const char *name; /* schema name: "CreateReleaseCommandV1" */
    const struct field *fields;
};
extern const struct named_table command_tables[]; /* all of the above; ends with {NULL, NULL} */
#endif
