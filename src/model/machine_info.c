/* machine_info.c - what is told of machines beside the machines themselves: numbers, connections,
 * kinds of pools. See command.h. */
#include "model/command.h"

#include "model/endpoint.h"
#include "model/resource.h"
#include "model/shape.h"

#define COUNT(member, text)                            \
    {                                                  \
        member, FIELD_INT, FIELD_REQUIRED, .doc = text \
    }

#define ROWS_OF_MACHINES                                                                        \
    COUNT("TotalMachines", "machines"), COUNT("TotalDisabledMachines", "of them off"),          \
        {"MachineHealthStatusSummaries", FIELD_MAP, .item = FIELD_INT, .doc = "by health"},     \
        {"MachineEndpointSummaries", FIELD_MAP, .item = FIELD_INT, .doc = "by kind"},           \
        COUNT("TentacleUpgradesRequired", "agents that need an update"),                        \
        {"MachineIdsForCalamariUpgrade", FIELD_LIST, .item = FIELD_STRING, .doc = "to update"}, \
    {                                                                                           \
        "MachineIdsForTentacleUpgrade", FIELD_LIST, .item = FIELD_STRING, .doc = "to update"    \
    }

static const struct field environment_summary_fields[] = {
    {"Environment", FIELD_OBJECT, FIELD_REQUIRED, .fields = environment_fields,
     .doc = "the environment"},
    ROWS_OF_MACHINES,
    {.name = NULL},
};
const struct field environments_summary_fields[] = {
    ROWS_OF_MACHINES,
    {"EnvironmentSummaries", FIELD_LIST, .item = FIELD_OBJECT, .fields = environment_summary_fields,
     .doc = "one by one"},
    {.name = NULL},
};

static const struct field worker_pool_summary_fields[] = {
    {"WorkerPool", FIELD_OBJECT, FIELD_REQUIRED, .fields = worker_pool_fields, .doc = "the pool"},
    ROWS_OF_MACHINES,
    {.name = NULL},
};
const struct field worker_pools_summary_fields[] = {
    ROWS_OF_MACHINES,
    {"WorkerPoolSummaries", FIELD_LIST, .item = FIELD_OBJECT, .fields = worker_pool_summary_fields,
     .doc = "one by one"},
    {.name = NULL},
};

static const struct field connection_log_fields[] = {
    {"Category", FIELD_STRING, .doc = "how serious it is"},
    {"OccurredAt", FIELD_TIME, .doc = "when it was"},
    {"MessageText", FIELD_STRING, .doc = "what happened"},
    {"Detail", FIELD_STRING, .doc = "more of it"},
    {.name = NULL},
};
const struct field machine_connection_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "the machine"},
    {"MachineId", FIELD_STRING, FIELD_REQUIRED, .doc = "the machine"},
    {"Status", FIELD_STRING, FIELD_REQUIRED, .choices = machine_status_choices, .doc = "how it is"},
    {"CurrentTentacleVersion", FIELD_STRING, .doc = "version of its agent"},
    {"LastChecked", FIELD_TIME, .doc = "when it was last checked; null: never"},
    {"Logs", FIELD_LIST, .item = FIELD_OBJECT, .fields = connection_log_fields,
     .doc = "lines of the last check"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field dynamic_worker_types_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "always DynamicWorkerTypes"},
    {"WorkerTypes", FIELD_LIST, .item = FIELD_ANY, .doc = "kinds; none"},
    {.name = NULL},
};

const struct field supported_pool_types_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "always SupportedWorkerPoolTypes"},
    {"SupportedPoolTypes", FIELD_LIST, .item = FIELD_STRING, .doc = "kinds of worker pools"},
    {.name = NULL},
};
