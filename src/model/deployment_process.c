/* deployment_process.c - the steps of a project's deployments. Its version rises with each change;
 * a writer sends back the one it has read. See resource.h, step.h. */
#include "model/resource.h"
#include "model/shape.h"
#include "model/step.h"

const struct field deployment_process_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Projects", .doc = "its project"},
    {"Version", FIELD_INT, FIELD_READ_ONLY, .fallback = "0",
     .doc = "rises with each change; send back the one you have read"},
    {"LastSnapshotId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its latest snapshot"},
    {"Steps", FIELD_LIST, .item = FIELD_OBJECT, .fields = step_fields, .max = STEPS_MAX,
     .doc = "in order"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/deploymentprocesses/{Id}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Template", "/api/{SpaceId}/projects/{ProjectId}/deploymentprocesses/template{?channel}"},
    {NULL, NULL},
};

const struct resource deployment_process_resource = {
    .kind = "deploymentprocess",
    .item_type = "DeploymentProcess",
    .noun = "Deployment process",
    .route = "deploymentprocesses",
    .fields = deployment_process_fields,
    .links = links,
    .owner_member = "ProjectId",
    .order = ORDER_OLDEST,
    .complete = process_normalise,
    .check = process_check,
    .refer = process_refer,
};
