/* task.h - the only home of the SQL of tables task and task_tag: queue, claim, state, fencing.
 *
 * All functions run inside a transaction of db.h; texts live in the arena given. A write on behalf
 * of a running task names its epoch and fails with ERR_FENCED when another node has claimed the
 * task since. */
#ifndef STORE_TASK_H
#define STORE_TASK_H
#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"
#include "store/visible.h"

struct task {
    const char *id, *space_id, *kind, *description, *state, *tag;
    const char *node_id;   /* NULL while queued */
    const char *cancel_by; /* user name; NULL = not asked to stop */
    const char *error;     /* of an unfinished task: it is to end as Failed, this is why */
    const char *project_id, *environment_id, *runbook_id,
        *subject_id;       /* NULL when not of that kind */
    const char *arguments; /* JSON object */
    int64_t rank, epoch, journal_seq, log_lines, log_bytes;
    int64_t queued_at, started_at, completed_at, updated_at; /* UTC ms, 0 = not yet */
    int64_t due_at;     /* planned: enters the queue then; 0 = it is in it, or was */
    int64_t expires_at; /* must not start after that; 0 = whenever */
    bool has_warnings, cleanup;
    bool system; /* of the server itself; only task_enqueue reads it */
    const char
        *interruptions; /* kinds of those that are pending, with commas; see interruption.h */
    bool held;          /* the task queue of its space is stopped; set by the store */
};

/** Queued, Executing, Cancelling are the states of a task that has not ended. */
bool task_state_ended(const char *state);

/** Puts ${t} (id, rank, space, kind, description, tag, subjects, arguments, queued_at, due_at,
 * expires_at filled) at the end of its tag's queue; a planned one is passed over until it is due.
 */
int task_enqueue(struct db_tx *tx, const struct task *t, struct error *e) MUST_USE;
/** Claims the first task whose tag is free for ${node_id}, raising its epoch. 1 = *${ret} is
 * claimed, or has ended as TimedOut instead, as its state says; 0 = nothing is ready. */
int task_claim(struct db_tx *tx, const char *node_id, int64_t now_ms, struct arena *a,
               struct task *ret, struct error *e) MUST_USE;
/** The same for tasks of the server itself, which task_claim passes over. */
int task_claim_system(struct db_tx *tx, const char *node_id, int64_t now_ms, struct arena *a,
                      struct task *ret, struct error *e) MUST_USE;
/** Takes over a task that ran on ${from_node}, raising its epoch; 0 = it is no longer there to be
 * taken. */
int task_adopt(struct db_tx *tx, const char *id, const char *from_node, const char *node_id,
               struct arena *a, struct task *ret, struct error *e) MUST_USE;
/** Ids of unfinished or uncleaned tasks of ${node_id}, oldest first. */
int task_of_node(struct db_tx *tx, const char *node_id, struct arena *a, const char ***ret,
                 size_t *ret_n, struct error *e) MUST_USE;
/** The same of all nodes. */
int task_open_ids(struct db_tx *tx, struct arena *a, const char ***ret, size_t *ret_n,
                  struct error *e) MUST_USE;
/** Ids of tasks of ${node_id} that were asked to stop and have not ended. */
int task_cancelling(struct db_tx *tx, const char *node_id, struct arena *a, const char ***ret,
                    size_t *ret_n, struct error *e) MUST_USE;
/** The unfinished tasks of ${node_id} are to end as Failed with the sentence ${why}: their error is
 * set before they have ended. */
int task_mark_lost(struct db_tx *tx, const char *node_id, const char *why,
                   struct error *e) MUST_USE;

/** What one turn of a run changes in its task row. */
struct task_turn {
    const char *task_id;
    int64_t epoch;
    bool cancel_seen;    /* the run knows that it was asked to stop */
    int64_t journal_seq; /* last entry after this turn */
    int64_t log_lines, log_bytes;
    const char *state; /* NULL = unchanged; an end state frees the tag */
    const char *error;
    bool has_warnings, cleanup;
    int64_t now_ms;
};
/** Applies a turn. ERR_FENCED: another node owns the task. ERR_CONFLICT: someone asked to cancel
 * and this run has not seen it: nothing was written, fold again. */
int task_advance(struct db_tx *tx, const struct task_turn *turn, struct error *e) MUST_USE;

/** Asks a task to stop: a queued one ends as Canceled at once (*${ret_state} says so), a running
 * one becomes Cancelling. ERR_CONFLICT when it has ended already, naming its state. */
int task_cancel(struct db_tx *tx, const char *id, const char *by, int64_t now_ms,
                const char **ret_state, struct error *e) MUST_USE;

/** How a task ends that has not started. */
struct task_leave {
    const char *state, *by, *error; /* by: who canceled it, NULL = nobody */
    int64_t now_ms;
};
/** Ends a task that is planned or queued: 1 = it has ended so, 0 = it was neither. */
int task_leave_queue(struct db_tx *tx, const char *id, const struct task_leave *leave,
                     struct error *e) MUST_USE;

/* task_due.c: planned tasks, and those that must not start too late; some at a time. */

/** Planned tasks whose time has come enter the queue; how many did. */
int task_due(struct db_tx *tx, int64_t now_ms, struct error *e) MUST_USE;
/** Ends those that have not started in time as TimedOut; says which. */
int task_expire(struct db_tx *tx, int64_t now_ms, struct arena *a, struct task **ret, size_t *ret_n,
                struct error *e) MUST_USE;
/** The sentence for such a task. */
const char *task_expired_why(const struct task *t, struct arena *a);
/** The next time at which one of the two has something to do; 0 = never. */
int task_next_due(struct db_tx *tx, int64_t *ret, struct error *e) MUST_USE;

/** ERR_NOT_FOUND names the id. */
int task_get(struct db_tx *tx, const char *id, struct arena *a, struct task *ret,
             struct error *e) MUST_USE;

/* task_delete.c */

/** Deletes the task with its journal, log, artifacts and all else, at most ${*left} rows, which it
 * counts down: at 0 there may be more, call again with a new transaction. A task that waits must be
 * held; one that runs must not be deleted. */
int task_delete(struct db_tx *tx, const char *id, int64_t *left, struct error *e) MUST_USE;
/** Ids of at most ${take} tasks of the server itself that ended before ${before_ms}, oldest first.
 */
int task_system_ended(struct db_tx *tx, int64_t before_ms, int64_t take, struct arena *a,
                      const char ***ret, size_t *ret_n, struct error *e) MUST_USE;

/** The state of that name, in any case; NULL when there is none. */
const char *task_state_named(const char *name);

struct task_query {
    const char *space_id;      /* NULL = all */
    const char *const *spaces; /* n_spaces of them; NULL = any */
    const char *const *ids;    /* likewise; at most 5000 */
    const char *const *states; /* likewise */
    size_t n_spaces, n_ids, n_states;
    const char *kind, *project_id, *environment_id, *runbook_id, *node_id; /* NULL = any */
    const char *partial_name; /* part of the description in any case */
    const char *about; /* a document that what they are about points to: a release, a snapshot */
    const bool *has_warnings, *is_interrupted; /* NULL = any */
    bool without_system;                       /* nothing of no space */
    struct visible_parts visible;
    int64_t skip, take;
};
/** Newest first. */
int task_list(struct db_tx *tx, const struct task_query *q, struct arena *a, struct task **ret,
              size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
/** Queued tasks that run before ${t}: those of its tag, the running one first. */
int task_queued_behind(struct db_tx *tx, const struct task *t, const struct visible_parts *visible,
                       int64_t skip, int64_t take, struct arena *a, struct task **ret,
                       size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
/** The task that holds ${tag}, NULL when it is free. */
int task_tag_holder(struct db_tx *tx, const char *tag, struct arena *a, const char **ret,
                    struct error *e) MUST_USE;
/** Tasks that wait in all queues; costs as much as there are tags that wait or run. */
int task_count_waiting(struct db_tx *tx, int64_t *ret, struct error *e) MUST_USE;
/** Counts of tasks per state, for the task list; reads every task. ${space_id}: NULL = all. */
struct task_counts {
    int64_t queued, executing, cancelling, success, failed, canceled, timed_out;
};
int task_count(struct db_tx *tx, const char *space_id, const struct visible_parts *visible,
               struct task_counts *ret, struct error *e) MUST_USE;
/** Ids of the environments where a task has ended with Success whose subject points to ${id}, a
 * release. */
int task_environments_reached(struct db_tx *tx, const char *id, struct arena *a, const char ***ret,
                              size_t *ret_n, struct error *e) MUST_USE;
/** Queued tasks with a smaller rank. */
int task_place(struct db_tx *tx, const struct task *t, int64_t *ret, struct error *e) MUST_USE;
#endif
