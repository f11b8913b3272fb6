/* system_tasks.c - see system_tasks.h. */
#include "server/system_tasks.h"

#include "engine/retention.h"

#define HOUR_MS ((int64_t)3600 * 1000)

const struct system_task_kind system_tasks[] = {
    {"Retention", "Apply retention policies", retention_run, 4 * HOUR_MS},
    {.kind = NULL},
};
