/* task_edit.h - what people change in tasks: their place in the queue, their state. Needs
 * db_write_hot. */
#ifndef STORE_TASK_EDIT_H
#define STORE_TASK_EDIT_H
#include "store/task.h"

/** The queued task ${id} is the first of all that wait, also of its tag. 0 = it does not wait. */
int task_prioritize(struct db_tx *tx, const char *id, struct error *e) MUST_USE;
/** Gives a task that has ended another end: ${state} (of task_state_ended) and ${error}. 0 = it has
 * not ended. */
int task_set_state(struct db_tx *tx, const char *id, const char *state, const char *error,
                   int64_t now_ms, struct error *e) MUST_USE;
#endif
