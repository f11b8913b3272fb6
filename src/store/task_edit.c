/* task_edit.c - see task_edit.h. Order of locks as in task.c: the tag's row, then the task's. */
#include "store/task_edit.h"

#include "store/counter.h"

static const char SQL_TAG_LOCK[] =
    "update task_tag set waiting = waiting where tag = (select tag from task where id = $1)";
static const char SQL_FIRST[] =
    "update task set rank = (select min(rank) from task) - 1 where id = "
    "$1 and state = 'Queued'";
static const char SQL_HEAD[] = "update task_tag set head_rank = (select min(t.rank) from task t "
                               "where t.tag = task_tag.tag and "
                               "t.state = 'Queued' and t.held = 0 and t.due_at = 0) where tag = "
                               "(select tag from task where id "
                               "= $1)";
static const char SQL_STATE[] = "update task set state = $2, error = $3, updated_at = $4 where id "
                                "= $1 and state in ('Success', "
                                "'Failed', 'Canceled', 'TimedOut')";

int task_prioritize(struct db_tx *tx, const char *id, struct error *e)
{
    if (counter_lock(tx, "ServerTasks", e) < 0 || db_exec(tx, SQL_TAG_LOCK, ARGS(TEXT(id)), e) < 0)
        return -1;
    int n = db_exec(tx, SQL_FIRST, ARGS(TEXT(id)), e);
    if (n <= 0) return n;
    return db_exec(tx, SQL_HEAD, ARGS(TEXT(id)), e) < 0 ? -1 : 1;
}

int task_set_state(struct db_tx *tx, const char *id, const char *state, const char *error,
                   int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_STATE, ARGS(TEXT(id), TEXT(state), TEXT(error), I64(now_ms)), e);
}
