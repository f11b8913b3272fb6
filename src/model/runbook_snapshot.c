/* runbook_snapshot.c - a runbook's process, variables and packages as they were at one time. See
 * resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field runbook_snapshot_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its runbook"),
    ROW_PROJECT,
    {"RunbookId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY, .ref_kind = "Runbooks",
     .doc = "its runbook"},
    {"Notes", FIELD_STRING, .doc = "notes, in Markdown"},
    {"Assembled", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was made"},
    {"FrozenRunbookProcessId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its process"},
    {"FrozenProjectVariableSetId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its variables"},
    {"ProjectVariableSetSnapshotId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the same"},
    {"LibraryVariableSetSnapshotIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .ref_kind = "variableset", .doc = "library variables"},
    {"SelectedPackages", FIELD_LIST, .item = FIELD_OBJECT, .fields = selected_package_fields,
     .doc = "versions of packages"},
    {"SelectedGitResources", FIELD_LIST, .item = FIELD_OBJECT, .fields = selected_git_fields,
     .doc = "versions of repositories"},
    {"GitReference", FIELD_OBJECT, FIELD_NULLABLE, .fields = git_reference_fields,
     .doc = "where the process came from"},
    ROW_LINKS,
    {.name = NULL},
};

#define SNAPSHOT "/api/{SpaceId}/runbookSnapshots/{Id}"
static const struct link_template links[] = {
    {"Self", SNAPSHOT},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Runbook", "/api/{SpaceId}/runbooks/{RunbookId}"},
    {"RunbookRuns", SNAPSHOT "/runbookRuns{?skip,take}"},
    {"RunbookRunTemplate", SNAPSHOT "/runbookRuns/template"},
    {"RunbookRunPreview", SNAPSHOT "/runbookRuns/preview/{environment}{?includeDisabledSteps}"},
    {"SnapshotVariables", SNAPSHOT "/snapshot-variables"},
    {"ProjectVariableSnapshot", "/api/{SpaceId}/variables/{FrozenProjectVariableSetId}"},
    {"RunbookProcessSnapshot", "/api/{SpaceId}/runbookProcesses/{FrozenRunbookProcessId}"},
    {"Artifacts", "/api/{SpaceId}/artifacts?regarding={Id}"},
    {"Web", "/app#/{SpaceId}/projects/{ProjectId}/operations/runbooks/{RunbookId}/snapshots/{Id}"},
    {NULL, NULL},
};

const struct resource runbook_snapshot_resource = {
    .kind = "RunbookSnapshots",
    .item_type = "RunbookSnapshot",
    .noun = "Runbook snapshot",
    .route = "runbookSnapshots",
    .fields = runbook_snapshot_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .owner_member = "RunbookId",
    .order = ORDER_NEWEST,
};
