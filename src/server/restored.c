/* restored.c - see restored.h. */
#include "server/restored.h"

#include <string.h>

#include "base/clock.h"
#include "store/node.h"
#include "store/task.h"

#define LOST                                                                                  \
    "lost by restore: the database comes from a backup, and the task's scripts may have run " \
    "since"
#define PAGE 500

static int mark_lost(struct db_tx *tx, struct restored *r, struct arena *a, struct error *e)
{
    struct task_counts counts;
    struct node *nodes;
    size_t n;

    if (task_count(tx, NULL, NULL, &counts, e) < 0 || node_list(tx, a, &nodes, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (task_mark_lost(tx, nodes[i].id, LOST, e) < 0) return -1;
    r->lost = counts.executing + counts.cancelling;
    return 0;
}

/* Each round finds fewer, since a canceled task waits no more. */
static int cancel_page(struct db_tx *tx, struct restored *r, struct error *e)
{
    static const char *const queued[] = {"Queued"};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct task_query q = {.states = queued, .n_states = 1, .take = PAGE};
    const char *state;
    struct task *list;
    int64_t total;
    size_t n;

    if (task_list(tx, &q, &a, &list, &n, &total, e) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (task_cancel(tx, list[i].id, "restore", clock_now(&system_clock), &state, e) < 0)
            return -1;
    r->canceled += (int64_t)n;
    return (int)n;
}

static int end_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct restored *r = ctx;
    struct node *alive;
    size_t n;
    int more = 1;

    r->canceled = 0;
    if (strcmp(db_tx_engine(tx), "postgres") == 0) {
        if (node_alive(tx, &a, &alive, &n, e) < 0) return -1;
        if (n) return fail(e, ERR_CONFLICT, "node %s runs on this database", alive->name);
    }
    if (mark_lost(tx, r, &a, e) < 0) return -1;
    while (!r->keep_queue && more > 0) more = cancel_page(tx, r, e);
    return more < 0 ? -1 : 0;
}

int restored_end(struct db *db, struct restored *r, struct error *e)
{
    return db_write(db, end_tx, r, e) < 0 ? -1 : 0;
}
