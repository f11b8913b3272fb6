/* retention.c - see retention.h. Everything is removed in transactions of a bounded size, each of
 * which leaves a state that the next run goes on from. */
#include "engine/retention.h"

#include "store/task.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define SYSTEM_DAYS 30
#define ROWS_AT_ONCE 500
#define TASKS_AT_ONCE 50

struct old_tasks {
    struct system_task *task;
    int64_t before_ms, removed;
    bool more;
};

static int old_tasks_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct old_tasks *o = ctx;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    int64_t left = ROWS_AT_ONCE;
    const char **ids;
    size_t n, i;

    o->removed = 0;
    if (task_system_ended(tx, o->before_ms, TASKS_AT_ONCE, &a, &ids, &n, e) < 0) return -1;
    for (i = 0; i < n && left > 0; i++) {
        if (task_delete(tx, ids[i], &left, e) < 0) return -1;
        o->removed += left > 0;
    }
    o->more = n == TASKS_AT_ONCE || left <= 0;
    return 0;
}

static int remove_system_tasks(struct system_task *t, struct error *e)
{
    struct old_tasks o = {.task = t, .before_ms = system_task_now(t) - SYSTEM_DAYS * DAY_MS};
    int64_t removed = 0;

    do {
        if (system_task_checkpoint(t, e) < 0 ||
            db_write(system_task_db(t), old_tasks_tx, &o, e) < 0)
            return -1;
        removed += o.removed;
    } while (o.more);
    system_task_say(t, LOG_CAT_INFO, "Removed %lld tasks of the server that ended %d days ago",
                    (long long)removed, SYSTEM_DAYS);
    return 0;
}

int retention_run(struct system_task *t, struct error *e) { return remove_system_tasks(t, e); }
