/* task_view.h - what people see of a task's run: the activity tree with its lines, the raw log, the
 * live stream.
 *
 * Everything is read from the database, so any node can answer, also while the task runs elsewhere.
 * Any thread. */
#ifndef ENGINE_TASK_VIEW_H
#define ENGINE_TASK_VIEW_H
#include "base/json.h"
#include "rules/state.h"
#include "store/task.h"

#define TASK_VIEW_ALL INT64_MAX
struct task_view {
    struct task task;
    bool verbose; /* Verbose and Trace lines too */
    int64_t tail; /* newest lines of each node; TASK_VIEW_ALL = as many as an answer may hold */
    const char *waiting; /* sentence for the root node, or NULL */
};
/** ActivityLogs and the percentage of the task's details. */
int task_view_tree(struct db_tx *tx, const struct task_view *v, struct arena *a, json_t **ret_logs,
                   int *ret_percent, struct error *e) MUST_USE;

/** Reads the lines after ${*after} in order, up to about 256 KiB of text, and calls ${line} for
 * each; moves *${after}. 1 = there was something, 0 = nothing more now. */
struct task_line {
    int64_t number, at_ms;
    const char *node; /* Id in the activity tree */
    const char *category;
    struct str text;
};
int task_view_lines(struct db_tx *tx, const struct task *t, int64_t *after,
                    void (*line)(void *ctx, const struct task_line *l), void *ctx,
                    struct error *e) MUST_USE;
/** The fold of the journal of a task: a new state for the caller. ERR_CORRUPT names the entry. */
int task_view_fold(struct db_tx *tx, const char *task_id, struct arena *a, struct state **ret,
                   struct error *e) MUST_USE;
#endif
