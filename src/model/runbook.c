/* runbook.c - a named process of a project that is run without a release. See resource.h. */
#include <string.h>

#include "model/resource.h"
#include "model/shape.h"

static const char *const scopes[] = {"All", "Specified", "FromProjectLifecycles", NULL};

#define KEEP_HUNDRED                                                       \
    "{\"Strategy\":\"Default\",\"Unit\":\"Items\",\"QuantityToKeep\":100," \
    "\"ShouldKeepForever\":false}"

const struct field runbook_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its project"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    ROW_PROJECT,
    {"RunbookProcessId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its process"},
    {"PublishedRunbookSnapshotId", FIELD_STRING, FIELD_WEAK, .ref_kind = "RunbookSnapshots",
     .doc = "the snapshot that runs unless another is named; null: none"},
    {"MultiTenancyMode", FIELD_STRING, FIELD_BLANK_NULL, .choices = tenancy_choices,
     .fallback = "\"Untenanted\"", .doc = "whether runs have tenants"},
    {"EnvironmentScope", FIELD_STRING, .choices = scopes, .fallback = "\"All\"",
     .doc = "which environments it may run in"},
    {"Environments", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "those of the scope Specified"},
    {"DefaultGuidedFailureMode", FIELD_STRING, .choices = guided_failure_choices,
     .fallback = "\"EnvironmentDefault\"", .doc = "whether a failed step asks a person"},
    {"ConnectivityPolicy", FIELD_OBJECT, .fields = connectivity_fields,
     .fallback = "{\"AllowDeploymentsToNoTargets\":true}",
     .doc = "what happens with unavailable targets"},
    {"RunRetentionPolicy", FIELD_OBJECT, .fields = retention_fields, .fallback = KEEP_HUNDRED,
     .doc = "runs to keep, per environment"},
    {"ForcePackageDownload", FIELD_BOOL, .doc = "true: packages are fetched again each time"},
    {"RunbookTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags"},
    {"FailTargetDiscovery", FIELD_BOOL, .doc = "true: finding no target fails"},
    {"CancelQueuedTasks", FIELD_BOOL, .doc = "true: a new run cancels those that wait"},
    {"CancelRunningTasks", FIELD_BOOL, .doc = "true: a new run cancels those that run"},
    ROW_LINKS,
    {.name = NULL},
};

static void complete(json_t *doc)
{
    jv_set(doc, "RunbookProcessId", json_sprintf("RunbookProcess-%s", jv_str(doc, "Id", "")));
    retention_complete(jv_get(doc, "RunRetentionPolicy"));
}

static void check(const json_t *doc, struct problems *p)
{
    bool specified = strcmp(jv_str(doc, "EnvironmentScope", ""), "Specified") == 0;

    if (!specified && json_array_size(jv_get(doc, "Environments")))
        problems_add(p, "/Environments",
                     "environments can be named only with the environment scope Specified");
}

#define RUNBOOK "/api/{SpaceId}/runbooks/{Id}"
static const struct link_template links[] = {
    {"Self", RUNBOOK},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"RunbookProcesses", "/api/{SpaceId}/runbookProcesses/{RunbookProcessId}"},
    {"RunbookSnapshots",
     "/api/{SpaceId}/projects/{ProjectId}/runbooks/{Id}/runbookSnapshots{/name}{?skip,take,"
     "searchByName}"},
    {"RunbookSnapshotTemplate", RUNBOOK "/runbookSnapshotTemplate"},
    {"RunbookRunTemplate", RUNBOOK "/runbookRunTemplate"},
    {"RunbookRunPreview", RUNBOOK "/runbookRuns/preview/{environment}{?includeDisabledSteps}"},
    {"CreateRunbookRun", RUNBOOK "/runbookRuns/create"},
    {"RunbookEnvironments", "/api/{SpaceId}/projects/{ProjectId}/runbooks/{Id}/environments"},
    {"Web", "/app#/{SpaceId}/projects/{ProjectId}/operations/runbooks/{Id}"},
    {NULL, NULL},
};

const struct resource runbook_resource = {
    .kind = "Runbooks",
    .item_type = "Runbook",
    .noun = "Runbook",
    .route = "runbooks",
    .fields = runbook_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .owner_member = "ProjectId",
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
    .check = check,
};
