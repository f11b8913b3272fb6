/* machine_policy.c - how workers are checked, reached, updated and cleaned up. See resource.h. */
#include "base/time.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const check_types[] = {"RunScript", "OnlyConnectivity", NULL};
static const char *const run_types[] = {"InheritFromDefault", "Inline", "OnlyConnectivity", NULL};
static const char *const behaviours[] = {"ExpectedToBeOnline", "MayBeOfflineAndCanBeSkipped", NULL};
static const char *const deletions[] = {"DoNotDelete", "DeleteUnavailableMachines", NULL};
static const char *const calamari_updates[] = {"UpdateOnDeployment", "UpdateOnNewMachine",
                                               "UpdateAlways", NULL};
static const char *const agent_updates[] = {"NeverUpdate", "Update", NULL};
static const char *const kubernetes_updates[] = {"Update", "NeverUpdate", "Block", NULL};
static const char *const cache_strategies[] = {"Default", "Quantities", NULL};
static const char *const items[] = {"Items", NULL};

static const struct field script_fields[] = {
    {"RunType", FIELD_STRING, .choices = run_types, .fallback = "\"InheritFromDefault\"",
     .doc = "which script checks"},
    {"ScriptBody", FIELD_STRING, .doc = "the script of Inline"},
    {.name = NULL},
};

static const struct field health_fields[] = {
    {"HealthCheckType", FIELD_STRING, .choices = check_types, .fallback = "\"RunScript\"",
     .doc = "what a health check does"},
    {"HealthCheckInterval", FIELD_SPAN, .doc = "time between checks; null: no schedule"},
    {"HealthCheckCron", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the same, as a cron expression"},
    {"HealthCheckCronTimezone", FIELD_STRING, .fallback = "\"UTC\"", .doc = "its time zone"},
    {"BashHealthCheckPolicy", FIELD_OBJECT, .fields = script_fields, .doc = "check by Bash"},
    {"PowerShellHealthCheckPolicy", FIELD_OBJECT, .fields = script_fields,
     .doc = "check by PowerShell"},
    {.name = NULL},
};

static const struct field machine_connectivity_fields[] = {
    {"MachineConnectivityBehavior", FIELD_STRING, .choices = behaviours,
     .fallback = "\"ExpectedToBeOnline\"", .doc = "what it means when one is away"},
    {.name = NULL},
};

static const struct field cleanup_fields[] = {
    {"DeleteMachinesBehavior", FIELD_STRING, .choices = deletions, .fallback = "\"DoNotDelete\"",
     .doc = "what happens with those that stay away"},
    {"DeleteMachinesElapsedTimeSpan", FIELD_SPAN, .fallback = "\"1.00:00:00\"",
     .doc = "how long they may stay away"},
    {.name = NULL},
};

static const struct field update_fields[] = {
    {"CalamariUpdateBehavior", FIELD_STRING, .choices = calamari_updates,
     .fallback = "\"UpdateOnDeployment\"", .doc = "when the step executor is updated"},
    {"TentacleUpdateBehavior", FIELD_STRING, .choices = agent_updates,
     .fallback = "\"NeverUpdate\"", .doc = "whether the agent is updated"},
    {"KubernetesAgentUpdateBehavior", FIELD_STRING, .choices = kubernetes_updates,
     .fallback = "\"Update\"", .doc = "whether agents in Kubernetes are updated"},
    {"TentacleUpdateAccountId", FIELD_STRING, .ref_kind = "Accounts",
     .doc = "account that may update"},
    {.name = NULL},
};

static const struct field retry_fields[] = {
    {"Enabled", FIELD_BOOL, .fallback = "true", .doc = "true: calls to agents are tried again"},
    {"RetryDuration", FIELD_SPAN, .fallback = "\"00:02:30\"", .doc = "for this long"},
    {"HealthCheckRetryDuration", FIELD_SPAN, .fallback = "\"00:02:30\"",
     .doc = "for this long in health checks"},
    {.name = NULL},
};

static const struct field cache_fields[] = {
    {"Strategy", FIELD_STRING, .choices = cache_strategies, .fallback = "\"Default\"",
     .doc = "which packages stay in the cache"},
    {"QuantityOfPackagesToKeep", FIELD_INT, FIELD_OMIT_NULL, .max = INT32_MAX,
     .doc = "packages to keep"},
    {"PackageUnit", FIELD_STRING, FIELD_OMIT_NULL, .choices = items, .doc = "what is counted"},
    {"QuantityOfVersionsToKeep", FIELD_INT, FIELD_OMIT_NULL, .max = INT32_MAX,
     .doc = "versions of each to keep"},
    {"VersionUnit", FIELD_STRING, FIELD_OMIT_NULL, .choices = items, .doc = "what is counted"},
    {.name = NULL},
};

const struct field machine_policy_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_DESCRIPTION,
    {"IsDefault", FIELD_BOOL, FIELD_KEEP | FIELD_FILTER,
     .doc = "true: for workers that name no policy"},
    {"MachineHealthCheckPolicy", FIELD_OBJECT, .fields = health_fields,
     .fallback = "{\"HealthCheckInterval\":\"01:00:00\"}", .doc = "health checks"},
    {"MachineConnectivityPolicy", FIELD_OBJECT, .fields = machine_connectivity_fields,
     .doc = "being away"},
    {"MachineCleanupPolicy", FIELD_OBJECT, .fields = cleanup_fields, .doc = "cleaning up"},
    {"MachineUpdatePolicy", FIELD_OBJECT, .fields = update_fields, .doc = "updates"},
    {"MachineRpcCallRetryPolicy", FIELD_OBJECT, .fields = retry_fields,
     .doc = "trying again when an agent is lost"},
    {"MachinePackageCacheRetentionPolicy", FIELD_OBJECT, .fields = cache_fields,
     .doc = "the package cache"},
    {"PollingRequestQueueTimeout", FIELD_SPAN, .fallback = "\"00:02:00\"",
     .doc = "how long a request waits for a polling agent"},
    {"PollingRequestMaximumMessageProcessingTimeout", FIELD_SPAN, .fallback = "\"00:10:00\"",
     .doc = "how long a polling agent may take"},
    {"ConnectionConnectTimeout", FIELD_SPAN, .fallback = "\"00:01:00\"",
     .doc = "how long connecting may take"},
    {"ConnectionRetryCountLimit", FIELD_INT, .min = 2, .max = INT32_MAX, .fallback = "5",
     .doc = "how often connecting is tried again"},
    {"ConnectionRetrySleepInterval", FIELD_SPAN, .fallback = "\"00:00:01\"",
     .doc = "time between two tries"},
    {"ConnectionRetryTimeLimit", FIELD_SPAN, .fallback = "\"00:05:00\"",
     .doc = "how long connecting is tried again"},
    ROW_LINKS,
    {.name = NULL},
};

/* Clients insist on these when they read a policy, so nobody may store less. */
static void check(const json_t *doc, struct problems *p)
{
    static const struct {
        const char *member;
        int64_t min_ms;
    } spans[] = {{"ConnectionConnectTimeout", 10000},
                 {"ConnectionRetryTimeLimit", 10000},
                 {"ConnectionRetrySleepInterval", 0},
                 {"PollingRequestQueueTimeout", 1},
                 {"PollingRequestMaximumMessageProcessingTimeout", 1}};
    int64_t ms;

    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        const char *value = jv_str(doc, spans[i].member, "");
        if (time_parse_span(value, &ms) && ms >= spans[i].min_ms) continue;
        problems_add(p, arena_fmt(p->arena, "/%s", spans[i].member),
                     "\"%s\" is not a time span of at least %g seconds", value,
                     (double)spans[i].min_ms / 1000);
    }
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/machinepolicies/{Id}"},
    {"Machines", "/api/{SpaceId}/machinepolicies/{Id}/machines{?skip,take,partialName,isDisabled,"
                 "healthStatuses,commStyles,tenantIds,tenantTags,environmentIds,shellNames}"},
    {"Workers", "/api/{SpaceId}/machinepolicies/{Id}/workers{?skip,take,partialName,isDisabled,"
                "healthStatuses,commStyles,shellNames}"},
    {NULL, NULL},
};

const struct resource machine_policy_resource = {
    .kind = "MachinePolicies",
    .item_type = "MachinePolicy",
    .noun = "Machine policy",
    .route = "machinepolicies",
    .fields = machine_policy_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .order = ORDER_BY_NAME,
    .check = check,
};
