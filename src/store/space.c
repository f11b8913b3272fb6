/* space.c - see space.h.
 *
 * Stopping holds the tasks of the space: a held task is not counted when the head of its tag is
 * looked for (task.c), so claims cost what they cost before. Who queues a task takes its number
 * first; stopping locks that counter, so no task slips in unheld.
 *
 * Purging goes task by task, rows that can be many before those that name them, so that whatever is
 * interrupted when, what is left is still found by the space's id. */
#include "store/space.h"

#include "store/task.h"

#include <string.h>

#include "base/str.h"
#include "store/counter.h"
#include "store/setting.h"

#define DEFAULT_SPACE "default-space"

int space_default_get(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    return setting_get(tx, DEFAULT_SPACE, a, ret, e);
}

int space_default_set(struct db_tx *tx, const char *space_id, struct error *e)
{
    if (space_id) return setting_put(tx, DEFAULT_SPACE, space_id, e);
    return setting_remove(tx, DEFAULT_SPACE, e) < 0 ? -1 : 0;
}

/* ---- stopping ---- */

static const char SQL_STOP[] =
    "insert into space_stop (space_id) values ($1) on conflict (space_id) do nothing";
static const char SQL_GO[] = "delete from space_stop where space_id = $1 and deleted_at = 0";
/* tags before tasks, as everywhere in the queue */
static const char SQL_LOCK_TAGS[] = "update task_tag set waiting = waiting where waiting > 0";
static const char SQL_HOLD[] =
    "update task set held = $2 where state = 'Queued' and held <> $2 and space_id = $1 and tag in "
    "(select tag from task_tag where waiting > 0)";
static const char SQL_HEADS[] =
    "update task_tag set head_rank = (select min(t.rank) from task t where t.tag = task_tag.tag "
    "and t.state = 'Queued' and t.held = 0 and t.due_at = 0) where waiting > 0";

int space_queue_stop(struct db_tx *tx, const char *space_id, bool stop, struct error *e)
{
    if (counter_lock(tx, "ServerTasks", e) < 0) return -1;
    if (db_exec(tx, stop ? SQL_STOP : SQL_GO, ARGS(TEXT(space_id)), e) < 0) return -1;
    if (db_exec(tx, SQL_LOCK_TAGS, NO_ARGS, e) < 0) return -1;
    if (db_exec(tx, SQL_HOLD, ARGS(TEXT(space_id), I64(stop)), e) < 0) return -1;
    return db_exec(tx, SQL_HEADS, NO_ARGS, e) < 0 ? -1 : 0;
}

/* ---- deleting ---- */

static const char SQL_DELETE[] =
    "insert into space_stop (space_id, deleted_at) values ($1, $2) on conflict (space_id) do "
    "update set deleted_at = excluded.deleted_at";
static const char SQL_DELETED[] =
    "select space_id, deleted_at from space_stop where deleted_at > 0 order by space_id";
static const char SQL_FORGET[] = "delete from space_stop where space_id = $1 and deleted_at > 0";

int space_delete(struct db_tx *tx, const char *space_id, int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_DELETE, ARGS(TEXT(space_id), I64(now_ms)), e) < 0 ? -1 : 0;
}

int space_deleted(struct db_tx *tx, struct arena *a, struct deleted_space **ret, size_t *ret_n,
                  struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct deleted_space) list = {0};
    int r;

    if (db_query(tx, SQL_DELETED, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) =
            (struct deleted_space){arena_strdup(a, db_text(rows, 0)), db_i64(rows, 1)};
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int space_forget(struct db_tx *tx, const char *space_id, struct error *e)
{
    return db_exec(tx, SQL_FORGET, ARGS(TEXT(space_id)), e) < 0 ? -1 : 0;
}

const char *const space_tables[] = {
    "document",   "task",  "artifact", "package", "build_information", "interruption",
    "space_stop", "event", /* stays */
    NULL};

/* $1: the space, $2: rows at most */
#define SOME(table) \
    "delete from " table " where id in (select id from " table " where space_id = $1 limit $2)"
static const char *const of_space[] = {SOME("artifact"), SOME("package"),
                                       SOME("build_information")};

static const char SQL_TASK[] =
    "select id from task where space_id = $1 and (cleanup = 0 or $2 = 1) "
    "order by rank limit 1";
static const char SQL_KEPT[] = "select count(*) from task where space_id = $1";
/* 1 and *${ret}: the id that ${sql} finds. */
static int find_id(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                   struct arena *a, const char **ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, args, n, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r > 0) *ret = arena_strdup(a, db_text(rows, 0));
    return r;
}

static int delete_tasks(struct db_tx *tx, const char *space_id, bool force, int64_t *left,
                        struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *id;
    int r = 0;

    while (*left > 0 &&
           (r = find_id(tx, SQL_TASK, ARGS(TEXT(space_id), I64(force)), &a, &id, e)) > 0)
        if (task_delete(tx, id, left, e) < 0) return -1;
    return r < 0 ? -1 : 0;
}

static const char SQL_DOCUMENT[] = "select id from document where space_id = $1 limit 1";
static const char SQL_UNREFER[] = "delete from reference where from_id = $1";
static const char SQL_DOCUMENT_DELETE[] = "delete from document where id = $1";

static int delete_documents(struct db_tx *tx, const char *space_id, int64_t *left, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *id;
    int r = 0;

    while (*left > 0 && (r = find_id(tx, SQL_DOCUMENT, ARGS(TEXT(space_id)), &a, &id, e)) > 0) {
        if (db_exec(tx, SQL_UNREFER, ARGS(TEXT(id)), e) < 0 ||
            db_exec(tx, SQL_DOCUMENT_DELETE, ARGS(TEXT(id)), e) < 0)
            return -1;
        --*left;
    }
    return r < 0 ? -1 : 0;
}

static int delete_owned(struct db_tx *tx, const char *space_id, int64_t *left, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(of_space) && *left > 0; i++) {
        int rows = db_exec(tx, of_space[i], ARGS(TEXT(space_id), I64(*left)), e);
        if (rows < 0) return -1;
        *left -= rows;
    }
    return 0;
}

int space_purge(struct db_tx *tx, const char *space_id, int64_t limit, bool force,
                int64_t *ret_kept, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int64_t left = limit;

    if (delete_owned(tx, space_id, &left, e) < 0 ||
        delete_tasks(tx, space_id, force, &left, e) < 0 ||
        delete_documents(tx, space_id, &left, e) < 0)
        return -1;
    if (db_query(tx, SQL_KEPT, ARGS(TEXT(space_id)), &rows, e) < 0 || db_next(rows, e) < 0)
        return -1;
    *ret_kept = db_i64(rows, 0);
    return left <= 0;
}
