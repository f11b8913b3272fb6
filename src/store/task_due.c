/* task_due.c - tasks that are planned for later, and those that must not start too late. See
 * task.h.
 *
 * A planned task waits among those of its tag and is not its head before it is due; then it has the
 * rank that it got when it was made. As everywhere, the tag's row is locked before the task's. */
#include "base/time.h"
#include "store/task.h"

static const char SQL_DUE[] =
    "select id from task where due_at > 0 and state = 'Queued' and due_at "
    "<= $1 order by due_at, rank limit $2";
static const char SQL_EXPIRED[] = "select id from task where expires_at > 0 and state = 'Queued' "
                                  "and expires_at <= $1 order by expires_at, rank limit $2";
enum { AT_ONCE = 100 };

static int ids(struct db_tx *tx, const char *sql, int64_t now_ms, struct arena *a,
               const char ***ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(const char *) list = {0};
    int r;

    if (db_query(tx, sql, ARGS(I64(now_ms), I64(AT_ONCE)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &list) = arena_strdup(a, db_text(rows, 0));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

static const char SQL_TAG_LOCK[] =
    "update task_tag set waiting = waiting where tag = (select tag from task where id = $1)";
static const char SQL_ENTER[] =
    "update task set due_at = 0, updated_at = $2 where id = $1 and due_at > 0 and state = 'Queued'";
static const char SQL_TAG_HEAD[] =
    "update task_tag set head_rank = (select min(t.rank) from task t where t.tag = task_tag.tag "
    "and t.state = 'Queued' and t.held = 0 and t.due_at = 0) where tag = (select tag from task "
    "where id = $1)";

int task_due(struct db_tx *tx, int64_t now_ms, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char **list;
    size_t n;

    if (ids(tx, SQL_DUE, now_ms, &a, &list, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        if (db_exec(tx, SQL_TAG_LOCK, ARGS(TEXT(list[i])), e) < 0) return -1;
        int entered = db_exec(tx, SQL_ENTER, ARGS(TEXT(list[i]), I64(now_ms)), e);
        if (entered < 0) return -1;
        if (entered && db_exec(tx, SQL_TAG_HEAD, ARGS(TEXT(list[i])), e) < 0) return -1;
    }
    return (int)n;
}

int task_expire(struct db_tx *tx, int64_t now_ms, struct arena *a, struct task **ret, size_t *ret_n,
                struct error *e)
{
    ARENA_LIST(struct task) list = {0};
    const char **found;
    size_t n;

    if (ids(tx, SQL_EXPIRED, now_ms, a, &found, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        struct task t;
        if (task_get(tx, found[i], a, &t, e) < 0) return -1;
        const struct task_leave leave = {"TimedOut", NULL, task_expired_why(&t, a), now_ms};
        int left = task_leave_queue(tx, t.id, &leave, e);
        if (left < 0) return -1;
        if (left) *ARENA_ADD(a, &list) = t;
    }
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

const char *task_expired_why(const struct task *t, struct arena *a)
{
    char at[TIME_TEXT_SIZE];

    return arena_fmt(a, "it had not started by %s and must not start after that",
                     time_iso(t->expires_at, at));
}

static const char SQL_NEXT[] =
    "select cast(coalesce(min(x.at_ms), 0) as bigint) from ("
    "select min(due_at) as at_ms from task where due_at > 0 and state = 'Queued' union all "
    "select min(expires_at) from task where expires_at > 0 and state = 'Queued') x";

int task_next_due(struct db_tx *tx, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_NEXT, NO_ARGS, &rows, e) < 0 || db_next(rows, e) < 0) return -1;
    *ret = db_i64(rows, 0);
    return 0;
}
