/* deployment.c - a release on its way to an environment. See resource.h. */
#include "model/resource.h"
#include "model/run_rows.h"

const struct field deployment_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Projects", .doc = "its project"},
    {"ReleaseId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY, .ref_kind = "Releases",
     .doc = "what is deployed"},
    {"ChannelId", FIELD_STRING, FIELD_READ_ONLY | FIELD_WEAK, .ref_kind = "Channels",
     .doc = "channel of the release"},
    {"DeploymentProcessId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the process as it was"},
    ROWS_OF_RUN,
    {"ForcePackageRedeployment", FIELD_BOOL, FIELD_CREATE_ONLY,
     .doc = "true: packages that are there already are deployed again"},
    {"Changes", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_ANY,
     .doc = "releases since the one before"},
    {"ChangesMarkdown", FIELD_STRING, FIELD_READ_ONLY, .doc = "their notes"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/deployments/{Id}"},
    {"Task", "/api/tasks/{TaskId}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Release", "/api/{SpaceId}/releases/{ReleaseId}"},
    {"Environment", "/api/{SpaceId}/environments/{EnvironmentId}"},
    {"Artifacts", "/api/{SpaceId}/artifacts?regarding={Id}"},
    {"Interruptions", "/api/{SpaceId}/interruptions?regarding={Id}"},
    {"Web", "/app#/{SpaceId}/deployments/{Id}"},
    {NULL, NULL},
};

const struct resource deployment_resource = {
    .kind = "Deployments",
    .item_type = "Deployment",
    .noun = "Deployment",
    .route = "deployments",
    .fields = deployment_fields,
    .links = links,
    .name_member = "Name",
    .owner_member = "ReleaseId",
    .order = ORDER_NEWEST,
};
