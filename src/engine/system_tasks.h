/* system_tasks.h - the threads that run system tasks (system_task.h). For the engine's files. */
#ifndef ENGINE_SYSTEM_TASKS_H
#define ENGINE_SYSTEM_TASKS_H
#include "store/task.h"

struct engine;
struct system_tasks;
/** An empty pool: what is adopted waits for system_tasks_start. */
struct system_tasks *system_tasks_new(struct engine *g);
/** Starts the threads `system-N`; the node must be registered. They claim when they are kicked. */
int system_tasks_start(struct system_tasks *s, struct error *e) MUST_USE;
void system_tasks_kick(struct system_tasks *s);
/** Runs a task that this node has claimed or taken over: only its id and epoch are read. */
void system_tasks_adopt(struct system_tasks *s, const struct task *t);
/** Task ${id} was asked to stop; nothing when it does not run here. */
void system_tasks_cancelled(struct system_tasks *s, const char *id);
/** Ends the threads; what runs stops at its next checkpoint. Kicks and cancels stay allowed until
 * system_tasks_free. NULL is fine, for both. */
void system_tasks_stop(struct system_tasks *s);
void system_tasks_free(struct system_tasks *s);
#endif
