/* runbook_process.c - the steps of a runbook. See resource.h, step.h. */
#include "model/resource.h"
#include "model/shape.h"
#include "model/step.h"

const struct field runbook_process_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Projects", .doc = "its project"},
    {"RunbookId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Runbooks", .doc = "its runbook"},
    {"Version", FIELD_INT, FIELD_READ_ONLY, .fallback = "0",
     .doc = "rises with each change; send back the one you have read"},
    {"LastSnapshotId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its latest snapshot"},
    {"Steps", FIELD_LIST, .item = FIELD_OBJECT, .fields = step_fields, .max = STEPS_MAX,
     .doc = "in order"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/runbookProcesses/{Id}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Runbook", "/api/{SpaceId}/runbooks/{RunbookId}"},
    {"RunbookSnapshotTemplate", "/api/{SpaceId}/runbooks/{RunbookId}/runbookSnapshotTemplate"},
    {NULL, NULL},
};

const struct resource runbook_process_resource = {
    .kind = "RunbookProcess",
    .item_type = "RunbookProcess",
    .noun = "Runbook process",
    .route = "runbookProcesses",
    .fields = runbook_process_fields,
    .links = links,
    .owner_member = "RunbookId",
    .order = ORDER_OLDEST,
    .complete = process_normalise,
    .check = process_check,
    .refer = process_refer,
};
