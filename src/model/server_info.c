/* server_info.c - what the server says of itself. See command.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

#define FLAG(member, text)              \
    {                                   \
        member, FIELD_BOOL, .doc = text \
    }
#define COUNT(member, text)                            \
    {                                                  \
        member, FIELD_INT, FIELD_REQUIRED, .doc = text \
    }

const struct field space_root_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "the space"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field capabilities_fields[] = {
    {"Capabilities", FIELD_LIST, .item = FIELD_STRING, .doc = "names of requests"},
    {.name = NULL},
};

static const struct field toggle_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    FLAG("IsEnabled", "true: on"),
    {.name = NULL},
};
const struct field feature_toggles_fields[] = {
    {"FeatureToggles", FIELD_LIST, .item = FIELD_OBJECT, .fields = toggle_fields,
     .doc = "toggles; none is known"},
    {.name = NULL},
};

const struct field server_status_fields[] = {
    FLAG("IsDatabaseEncrypted", "true: secrets are sealed"),
    FLAG("IsMajorMinorUpgrade", "true: just upgraded"),
    FLAG("IsInMaintenanceMode", "true: only administrators may work"),
    FLAG("IsPotentialClone", "true: may be a copy of another installation"),
    FLAG("IsUpgradeAvailable", "true: there is a newer version"),
    {"MaintenanceExpires", FIELD_TIME, .doc = "end of the maintenance"},
    {"MaximumAvailableVersion", FIELD_STRING, .doc = "newest version known"},
    {"MaximumAvailableVersionCoveredByLicense", FIELD_STRING, .doc = "the same"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field server_health_fields[] = {
    FLAG("IsOperatingNormally", "true: all is well"),
    FLAG("IsEntireClusterReadOnly", "true: nothing can be changed"),
    FLAG("IsEntireClusterDrainingTasks", "true: no new tasks are taken"),
    FLAG("IsCompliantWithLicense", "always true"),
    {"Description", FIELD_STRING, FIELD_REQUIRED, .doc = "the same, in words"},
    {.name = NULL},
};

const struct field time_zone_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "name, like UTC"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "the same, for people"},
    FLAG("IsLocal", "true: the server's own"),
    {.name = NULL},
};

#define HOW_MANY(member)                                                        \
    {                                                                           \
        member, FIELD_INT, .fallback = "0", .doc = "how many of them there are" \
    }
static const struct field global_fields[] = {
    HOW_MANY("Spaces"), HOW_MANY("Teams"), HOW_MANY("Users"), {.name = NULL}};
static const struct field infrastructure_fields[] = {
    HOW_MANY("DeploymentTargets"), HOW_MANY("Environments"), HOW_MANY("Tenants"),
    HOW_MANY("WorkerPools"),       HOW_MANY("Workers"),      {.name = NULL}};
static const struct field library_fields[] = {
    HOW_MANY("Certificates"), HOW_MANY("Packages"), HOW_MANY("VariableSets"), {.name = NULL}};
static const struct field project_counts[] = {HOW_MANY("Deployments"), HOW_MANY("Projects"),
                                              HOW_MANY("Releases"),    HOW_MANY("RunbookRuns"),
                                              HOW_MANY("Runbooks"),    {.name = NULL}};
const struct field server_counts_fields[] = {
    {"Global", FIELD_OBJECT, .fields = global_fields, .doc = "of the whole server"},
    {"Infrastructure", FIELD_OBJECT, .fields = infrastructure_fields, .doc = "to run on"},
    {"Library", FIELD_OBJECT, .fields = library_fields, .doc = "to share"},
    {"Project", FIELD_OBJECT, .fields = project_counts, .doc = "to do"},
    {.name = NULL},
};

const struct field system_info_fields[] = {
    {"Version", FIELD_STRING, FIELD_REQUIRED, .doc = "version of the program"},
    {"OSVersion", FIELD_STRING, FIELD_REQUIRED, .doc = "operating system"},
    {"ClrVersion", FIELD_STRING, FIELD_REQUIRED, .doc = "always none"},
    {"Uptime", FIELD_SPAN, FIELD_REQUIRED, .doc = "time since the start"},
    COUNT("WorkingSetBytes", "memory in use"),
    COUNT("ThreadCount", "threads"),
    COUNT("MinThreadPoolCount", "always 1"),
    {.name = NULL},
};

const struct field server_log_fields[] = {
    {"Category", FIELD_STRING, FIELD_REQUIRED, .doc = "Error, Warning, Info or Verbose"},
    {"OccurredAt", FIELD_TIME, .doc = "when"},
    {"MessageText", FIELD_STRING, FIELD_REQUIRED, .doc = "the line"},
    {"Detail", FIELD_STRING, .doc = "the part of the server that wrote it"},
    COUNT("Number", "number of the line since the start"),
    {.name = NULL},
};

const struct field node_details_fields[] = {
    COUNT("RunningTasks", "tasks that it runs"),
    {.name = NULL},
};

static const struct field node_summary_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "the node"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "its name"},
    COUNT("MaxConcurrentTasks", "tasks it runs at once"),
    FLAG("IsInMaintenanceMode", "true: takes no new task"),
    {"LastSeen", FIELD_TIME, .doc = "when it was last alive"},
    {"Rank", FIELD_STRING, FIELD_REQUIRED, .doc = "always Follower: nodes are equal"},
    FLAG("IsLeader", "always false: nodes are equal"),
    FLAG("IsOffline", "true: not alive"),
    COUNT("RunningTaskCount", "tasks that it runs"),
    {.name = NULL},
};
const struct field cluster_summary_fields[] = {
    {"Nodes", FIELD_LIST, .item = FIELD_OBJECT, .fields = node_summary_fields, .doc = "nodes"},
    {.name = NULL},
};
