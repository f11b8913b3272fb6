/* release.c - a version of a project with the process, variables and packages it was made with. See
 * resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field selected_package_fields[] = {
    {"ActionName", FIELD_STRING, .doc = "name of the action"},
    {"PackageReferenceName", FIELD_STRING, .fallback = "\"\"",
     .doc = "name of its package; empty: the main one"},
    {"StepName", FIELD_STRING, .doc = "name of the step, for old clients"},
    {"Version", FIELD_STRING, .doc = "version that is used"},
    {.name = NULL},
};

const struct field git_reference_fields[] = {
    {"GitRef", FIELD_STRING, .doc = "branch or tag"},
    {"GitCommit", FIELD_STRING, .doc = "commit"},
    {.name = NULL},
};

const struct field selected_git_fields[] = {
    {"ActionName", FIELD_STRING, .doc = "name of the action"},
    {"GitResourceReferenceName", FIELD_STRING, .fallback = "\"\"", .doc = "name of its repository"},
    {"GitReferenceResource", FIELD_OBJECT, FIELD_NULLABLE, .fields = git_reference_fields,
     .doc = "what is used of it"},
    {.name = NULL},
};

const struct field release_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_PROJECT,
    {"Version", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "version, unique in the project"},
    {"ChannelId", FIELD_STRING, .ref_kind = "Channels", .doc = "its channel"},
    {"ReleaseNotes", FIELD_STRING, .doc = "notes, in Markdown"},
    {"Assembled", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was made"},
    {"IgnoreChannelRules", FIELD_BOOL, .doc = "true: it may break the channel's rules"},
    {"ProjectDeploymentProcessSnapshotId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its process"},
    {"ProjectVariableSetSnapshotId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its variables"},
    {"LibraryVariableSetSnapshotIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .ref_kind = "variableset", .doc = "library variables"},
    {"SelectedPackages", FIELD_LIST, .item = FIELD_OBJECT, .fields = selected_package_fields,
     .doc = "versions of packages"},
    {"SelectedGitResources", FIELD_LIST, .item = FIELD_OBJECT, .fields = selected_git_fields,
     .doc = "versions of repositories"},
    {"BuildInformation", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_ANY,
     .doc = "how its packages were built"},
    {"VersionControlReference", FIELD_OBJECT, FIELD_NULLABLE, .fields = git_reference_fields,
     .doc = "where the process came from"},
    {"CustomFields", FIELD_MAP, .item = FIELD_STRING, .doc = "fields that its channel asks for"},
    ROW_LINKS,
    {.name = NULL},
};

#define RELEASE "/api/{SpaceId}/releases/{Id}"
static const struct link_template links[] = {
    {"Self", RELEASE},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Channel", "/api/{SpaceId}/channels/{ChannelId}"},
    {"Deployments", RELEASE "/deployments{?skip,take}"},
    {"DeploymentTemplate", RELEASE "/deployments/template"},
    {"DeploymentPreviews", RELEASE "/deployments/previews"},
    {"Artifacts", "/api/{SpaceId}/artifacts?regarding={Id}"},
    {"Progression", RELEASE "/progression"},
    {"SnapshotVariables", RELEASE "/snapshot-variables"},
    {"ProjectVariableSnapshot", "/api/{SpaceId}/variables/{ProjectVariableSetSnapshotId}"},
    {"ProjectDeploymentProcessSnapshot",
     "/api/{SpaceId}/deploymentprocesses/{ProjectDeploymentProcessSnapshotId}"},
    {"Defects", RELEASE "/defects"},
    {"ReportDefect", RELEASE "/defects"},
    {"ResolveDefect", RELEASE "/defects/resolve"},
    {"Web", "/app#/{SpaceId}/releases/{Id}"},
    {NULL, NULL},
};

const struct resource release_resource = {
    .kind = "Releases",
    .item_type = "Release",
    .noun = "Release",
    .route = "releases",
    .fields = release_fields,
    .links = links,
    .name_member = "Version",
    .unique_names = true,
    .owner_member = "ProjectId",
    .order = ORDER_NEWEST,
};
