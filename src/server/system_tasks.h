/* system_tasks.h - the kinds of tasks that this server does for itself. */
#ifndef SERVER_SYSTEM_TASKS_H
#define SERVER_SYSTEM_TASKS_H
#include "engine/system_task.h"

extern const struct system_task_kind system_tasks[]; /* a row without kind ends them */
#endif
