/* retention.h - what is removed since nobody needs it any more: the task Retention. */
#ifndef ENGINE_RETENTION_H
#define ENGINE_RETENTION_H
#include "engine/system_task.h"

/** Applies all retention policies. For struct system_task_kind. */
int retention_run(struct system_task *t, struct error *e);

/* retention_packages.c */
int retention_packages(struct system_task *t, struct error *e) MUST_USE;
#endif
