/* runbook_run.c - a runbook's snapshot running in an environment. See resource.h. */
#include "model/resource.h"
#include "model/run_rows.h"

const struct field runbook_run_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Projects", .doc = "its project"},
    {"RunbookId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY, .ref_kind = "Runbooks",
     .doc = "its runbook"},
    {"RunbookSnapshotId", FIELD_STRING, FIELD_CREATE_ONLY | FIELD_WEAK,
     .ref_kind = "RunbookSnapshots", .doc = "what runs; null: the published one"},
    {"FrozenRunbookProcessId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the process as it was"},
    ROWS_OF_RUN,
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/runbookRuns/{Id}"},
    {"Task", "/api/tasks/{TaskId}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Runbook", "/api/{SpaceId}/runbooks/{RunbookId}"},
    {"RunbookSnapshot", "/api/{SpaceId}/runbookSnapshots/{RunbookSnapshotId}"},
    {"Environment", "/api/{SpaceId}/environments/{EnvironmentId}"},
    {"Artifacts", "/api/{SpaceId}/artifacts?regarding={Id}"},
    {"Interruptions", "/api/{SpaceId}/interruptions?regarding={Id}"},
    {"Web", "/app#/{SpaceId}/projects/{ProjectId}/operations/runbooks/{RunbookId}/runs/{Id}"},
    {NULL, NULL},
};

const struct resource runbook_run_resource = {
    .kind = "RunbookRuns",
    .item_type = "RunbookRun",
    .noun = "Runbook run",
    .route = "runbookRuns",
    .fields = runbook_run_fields,
    .links = links,
    .name_member = "Name",
    .owner_member = "RunbookId",
    .order = ORDER_NEWEST,
};
