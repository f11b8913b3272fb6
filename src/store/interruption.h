/* interruption.h - what tasks ask people. The only home of the SQL of table interruption.
 *
 * A task's row says which kinds of questions are pending (task.h), so that lists of tasks need not
 * look here. Inside a transaction of db.h; texts live in the arena given. */
#ifndef STORE_INTERRUPTION_H
#define STORE_INTERRUPTION_H
#include "base/arena.h"
#include "db/db.h"
#include "store/visible.h"

struct interruption {
    const char *id, *space_id, *task_id;
    const char *correlation_id; /* node of the task's activity tree that asks */
    const char *kind;           /* ManualIntervention, GuidedFailure */
    const char *title;
    const char *form;    /* JSON: {"Values": {}, "Elements": [...]} */
    const char *teams;   /* JSON list of ids: who may answer; empty: whoever may answer at all */
    const char *user_id; /* who has taken it; NULL: nobody */
    const char *answers; /* JSON: the submitted values; NULL while pending */
    int64_t number, created_at;
    bool is_pending;
};

/** Asks: sets id and number of ${x}, whose other members are filled. */
int interruption_add(struct db_tx *tx, struct interruption *x, struct arena *a,
                     struct error *e) MUST_USE;
/** ERR_NOT_FOUND names the id. */
int interruption_get(struct db_tx *tx, const char *id, struct arena *a, struct interruption *ret,
                     struct error *e) MUST_USE;
/** ${user_id} is who answers from now on, whoever did so far. ERR_CONFLICT: it is not pending. */
int interruption_take(struct db_tx *tx, const char *id, const char *user_id,
                      struct error *e) MUST_USE;
/** Answers it with ${answers}. ERR_CONFLICT: it is not pending, or ${user_id} does not have it. */
int interruption_submit(struct db_tx *tx, const char *id, const char *user_id, const char *answers,
                        struct error *e) MUST_USE;

struct interruption_query { /* NULL = any */
    const char *space_id;
    const char *regarding; /* a task, or what a task is about */
    const char *const *ids;
    size_t n_ids;
    bool pending_only;
    struct visible_parts visible; /* tasks that ask */
    int64_t skip, take;
};
/** Newest first. */
int interruption_list(struct db_tx *tx, const struct interruption_query *q, struct arena *a,
                      struct interruption **ret, size_t *ret_n, int64_t *ret_total,
                      struct error *e) MUST_USE;
#endif
