/* progression.c - how far releases are in their lifecycles, and dashboards. See command.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field reference_item_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    {.name = NULL},
};

const struct field dashboard_item_fields[] = {
    {"Id", FIELD_STRING, .doc = "the deployment"},
    {"ProjectId", FIELD_STRING, .doc = "its project"},
    {"EnvironmentId", FIELD_STRING, .doc = "where it went"},
    {"ReleaseId", FIELD_STRING, .doc = "what it deployed"},
    {"DeploymentId", FIELD_STRING, .doc = "the deployment"},
    {"TaskId", FIELD_STRING, .doc = "its task"},
    {"TenantId", FIELD_STRING, .doc = "its tenant; always null"},
    {"ChannelId", FIELD_STRING, .doc = "channel of the release"},
    {"ReleaseVersion", FIELD_STRING, .doc = "version of the release"},
    {"Created", FIELD_TIME, .doc = "when it was asked for"},
    {"QueueTime", FIELD_TIME, .doc = "not before this time"},
    {"StartTime", FIELD_TIME, .doc = "when its task started"},
    {"CompletedTime", FIELD_TIME, .doc = "when its task ended"},
    {"State", FIELD_STRING, .doc = "state of its task"},
    {"HasPendingInterruptions", FIELD_BOOL, .doc = "true: it waits for a person"},
    {"PendingInterruptionTypes", FIELD_LIST, .item = FIELD_STRING, .doc = "what it waits for"},
    {"HasWarningsOrErrors", FIELD_BOOL, .doc = "true: its log has some"},
    {"ErrorMessage", FIELD_STRING, .doc = "why it failed"},
    {"Duration", FIELD_STRING, .doc = "how long it took, for people"},
    {"IsCurrent", FIELD_BOOL, .doc = "true: the newest one there"},
    {"IsPrevious", FIELD_BOOL, .doc = "true: the last success before the newest one"},
    {"IsCompleted", FIELD_BOOL, .doc = "true: its task has ended"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field phase_deployment_fields[] = {
    {"Task", FIELD_OBJECT, FIELD_REQUIRED, .fields = task_fields, .doc = "the task"},
    {"Deployment", FIELD_OBJECT, FIELD_REQUIRED, .fields = deployment_fields,
     .doc = "the deployment"},
    {.name = NULL},
};

static const struct field phase_fields[] = {
    {"Id", FIELD_STRING, .doc = "the phase"},
    {"Name", FIELD_STRING, .doc = "its name"},
    {"Blocked", FIELD_BOOL, .doc = "true: the release may not go there now"},
    {"Progress", FIELD_STRING, .doc = "Pending, Current or Complete"},
    {"Deployments", FIELD_LIST, .item = FIELD_OBJECT, .fields = phase_deployment_fields,
     .doc = "the newest in each of its environments"},
    {"AutomaticDeploymentTargets", FIELD_LIST, .item = FIELD_STRING,
     .doc = "environments where the release goes by itself"},
    {"OptionalDeploymentTargets", FIELD_LIST, .item = FIELD_STRING,
     .doc = "environments where it goes when it is asked to"},
    {"MinimumEnvironmentsBeforePromotion", FIELD_INT, .max = INT32_MAX,
     .doc = "how many must succeed; 0: all"},
    {"IsOptionalPhase", FIELD_BOOL, .doc = "true: may be skipped"},
    {"IsPriorityPhase", FIELD_BOOL, .doc = "kept; the queue does not look at it"},
    {.name = NULL},
};

const struct field lifecycle_progression_fields[] = {
    {"Phases", FIELD_LIST, .item = FIELD_OBJECT, .fields = phase_fields, .doc = "in order"},
    {"NextDeployments", FIELD_LIST, .item = FIELD_STRING,
     .doc = "environments where it may go now and has not succeeded"},
    {"NextDeploymentsMinimumRequired", FIELD_INT, .max = INT32_MAX,
     .doc = "how many of them the phase wants; 0: all"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field release_progression_fields[] = {
    {"Release", FIELD_OBJECT, FIELD_REQUIRED, .fields = release_fields, .doc = "the release"},
    {"Channel", FIELD_OBJECT, FIELD_REQUIRED, .fields = channel_fields, .doc = "its channel"},
    {"Deployments", FIELD_MAP, .item = FIELD_ANY, .doc = "the newest, by environment"},
    {"NextDeployments", FIELD_LIST, .item = FIELD_STRING, .doc = "where it may go now"},
    {"HasUnresolvedDefect", FIELD_BOOL, .doc = "true: it may not enter further phases"},
    {"ReleaseRetentionPeriod", FIELD_OBJECT, FIELD_NULLABLE, .fields = retention_fields,
     .doc = "how long it is kept"},
    {"TentacleRetentionPeriod", FIELD_OBJECT, FIELD_NULLABLE, .fields = retention_fields,
     .doc = "how long its files are kept"},
    {.name = NULL},
};

const struct field progression_fields[] = {
    {"Environments", FIELD_LIST, .item = FIELD_OBJECT, .fields = reference_item_fields,
     .doc = "environments that a channel reaches, in order"},
    {"ChannelEnvironments", FIELD_MAP, .item = FIELD_ANY, .doc = "the same for each channel"},
    {"Releases", FIELD_LIST, .item = FIELD_OBJECT, .fields = release_progression_fields,
     .doc = "newest first"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field dashboard_project_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    {"Slug", FIELD_STRING, .doc = "its name in addresses"},
    {"Description", FIELD_STRING, .doc = "what it is for"},
    {"IsDisabled", FIELD_BOOL, .doc = "true: nothing of it can be deployed"},
    {"ProjectGroupId", FIELD_STRING, .doc = "group it is shown in"},
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .doc = "environments that are shown"},
    {"TenantedDeploymentMode", FIELD_STRING, .doc = "whether deployments have tenants"},
    {"CanPerformUntenantedDeployment", FIELD_BOOL, .doc = "true: they need none"},
    ROW_LINKS,
    {.name = NULL},
};
static const struct field dashboard_group_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .doc = "environments that are shown"},
    ROW_LINKS,
    {.name = NULL},
};
static const struct field dashboard_environment_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field dashboard_fields[] = {
    {"Projects", FIELD_LIST, .item = FIELD_OBJECT, .fields = dashboard_project_fields,
     .doc = "by name"},
    {"ProjectGroups", FIELD_LIST, .item = FIELD_OBJECT, .fields = dashboard_group_fields,
     .doc = "their groups"},
    {"Environments", FIELD_LIST, .item = FIELD_OBJECT, .fields = dashboard_environment_fields,
     .doc = "in order"},
    {"Tenants", FIELD_LIST, .item = FIELD_ANY, .doc = "none"},
    {"Items", FIELD_LIST, .item = FIELD_OBJECT, .fields = dashboard_item_fields,
     .doc = "the newest deployment of each project in each environment"},
    {"PreviousItems", FIELD_LIST, .item = FIELD_OBJECT, .fields = dashboard_item_fields,
     .doc = "the last success before each of them"},
    {"ProjectLimit", FIELD_ANY, .doc = "how many projects are shown at most; null: all"},
    {"IsFiltered", FIELD_BOOL, .doc = "true: more could be shown"},
    {.name = NULL},
};
