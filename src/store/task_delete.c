/* task_delete.c - removing a task with all that belongs to it, some rows at a time. See task.h. */
#include "store/task.h"

/* $1: the task, $2: rows at most */
#define SOME(table, key, of)                                                                     \
    "delete from " table " where (" key ") in (select " key " from " table " where " of " = $1 " \
    "limit $2)"
static const char *const of_task[] = {
    SOME("interruption", "id", "task_id"),
    SOME("log_chunk", "task_id, first_line", "task_id"),
    SOME("log_mask", "task_id, invocation, part", "task_id"),
    SOME("log_cursor", "task_id, invocation", "task_id"),
    SOME("output_variable", "task_id, action, name_fold", "task_id"),
    SOME("journal", "task_id, seq", "task_id"),
    SOME("artifact", "id", "task_id"),
};

static const char SQL_TAG_LOCK[] =
    "update task_tag set waiting = waiting where tag = (select tag from task where id = $1)";
static const char SQL_TAG_UNWAIT[] =
    "update task_tag set waiting = waiting - 1 where tag = (select tag from task where id = $1 and "
    "state = 'Queued')";
static const char SQL_TAG_DROP[] = "delete from task_tag where tag = (select tag from task where "
                                   "id = $1) and running_task is null and waiting = 0";
static const char SQL_TASK_DELETE[] = "delete from task where id = $1";

/* Runs statements that delete some rows each until ${left} is used up. */
static int delete_some(struct db_tx *tx, const char *const *sql, size_t n, const char *id,
                       int64_t *left, struct error *e)
{
    for (size_t i = 0; i<n && * left> 0; i++) {
        int rows = db_exec(tx, sql[i], ARGS(TEXT(id), I64(*left)), e);
        if (rows < 0) return -1;
        *left -= rows;
    }
    return 0;
}

/* A task that waits was held: it is not the head of its tag. */
int task_delete(struct db_tx *tx, const char *id, int64_t *left, struct error *e)
{
    if (delete_some(tx, of_task, ARRAY_LEN(of_task), id, left, e) < 0) return -1;
    if (*left <= 0) return 0;
    static const char *const sql[] = {SQL_TAG_LOCK, SQL_TAG_UNWAIT, SQL_TAG_DROP, SQL_TASK_DELETE};
    for (size_t i = 0; i < ARRAY_LEN(sql); i++)
        if (db_exec(tx, sql[i], ARGS(TEXT(id)), e) < 0) return -1;
    --*left;
    return 0;
}

static const char SQL_SYSTEM_ENDED[] =
    "select id from task where space_id = '' and completed_at > 0 and completed_at < $1 and "
    "cleanup = 0 order by rank limit $2";

int task_system_ended(struct db_tx *tx, int64_t before_ms, int64_t take, struct arena *a,
                      const char ***ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(const char *) list = {0};
    int r;

    if (db_query(tx, SQL_SYSTEM_ENDED, ARGS(I64(before_ms), I64(take)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &list) = arena_strdup(a, db_text(rows, 0));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}
