/* trigger.c - see trigger.h. */
#include "store/trigger.h"

static const char SQL_SET[] = "insert into trigger_due (trigger_id, due_at) values ($1, $2) "
                              "on conflict (trigger_id) do update set due_at = excluded.due_at";
static const char SQL_UNSET[] = "delete from trigger_due where trigger_id = $1";

int trigger_set_due(struct db_tx *tx, const char *id, int64_t due_ms, struct error *e)
{
    int r = due_ms ? db_exec(tx, SQL_SET, ARGS(TEXT(id), I64(due_ms)), e)
                   : db_exec(tx, SQL_UNSET, ARGS(TEXT(id)), e);

    return r < 0 ? -1 : 0;
}

static const char SQL_FIRST[] =
    "select trigger_id, due_at from trigger_due order by due_at, trigger_id limit 1";

int trigger_first_due(struct db_tx *tx, struct arena *a, const char **ret_id, int64_t *ret_due_ms,
                      struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_FIRST, NO_ARGS, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r <= 0) return r;
    *ret_id = arena_strdup(a, db_text(rows, 0));
    *ret_due_ms = db_i64(rows, 1);
    return 1;
}

static const char SQL_MOVE[] =
    "update trigger_due set due_at = $3 where trigger_id = $1 and due_at = $2";
static const char SQL_END[] = "delete from trigger_due where trigger_id = $1 and due_at = $2";

int trigger_move_due(struct db_tx *tx, const char *id, int64_t from_ms, int64_t to_ms,
                     struct error *e)
{
    return to_ms ? db_exec(tx, SQL_MOVE, ARGS(TEXT(id), I64(from_ms), I64(to_ms)), e)
                 : db_exec(tx, SQL_END, ARGS(TEXT(id), I64(from_ms)), e);
}
