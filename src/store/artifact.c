/* artifact.c - see artifact.h. */
#include "store/artifact.h"

#include <string.h>

#define COLUMNS                                                                                   \
    "id, number, space_id, task_id, invocation, node, path, filename, source, created_at, size, " \
    "content, failure"

static const char SQL_INSERT[] = "insert into artifact (id, number, space_id, task_id, invocation, "
                                 "node, path, filename, source, created_at) "
                                 "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char SQL_COLLECTED[] =
    "update artifact set content = $2, size = $3, failure = $4 where id = $1";
static const char SQL_GET[] = "select " COLUMNS " from artifact where id = $1";
#define OF_SPACE " from artifact where space_id = $1"
#define OF_TASK OF_SPACE " and task_id = $2"
#define NEWEST_FIRST " order by number desc limit "
static const char SQL_LIST[] = "select " COLUMNS OF_SPACE NEWEST_FIRST "$2 offset $3";
static const char SQL_COUNT[] = "select count(*)" OF_SPACE;
static const char SQL_LIST_TASK[] = "select " COLUMNS OF_TASK NEWEST_FIRST "$3 offset $4";
static const char SQL_COUNT_TASK[] = "select count(*)" OF_TASK;
static const char SQL_UNFETCHED[] =
    "select " COLUMNS
    " from artifact where task_id = $1 and invocation = $2 and content is null and failure is null "
    "order by number limit $3";
static const char SQL_DELETE[] = "delete from artifact where id = $1";

int artifact_insert(struct db_tx *tx, const struct artifact *x, struct error *e)
{
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(x->id), I64(x->number), TEXT(x->space_id), TEXT(x->task_id),
                        TEXT(x->invocation), TEXT(x->node), TEXT(x->path), TEXT(x->filename),
                        TEXT(x->source), I64(x->created_at)),
                   e) < 0
               ? -1
               : 0;
}

int artifact_collected(struct db_tx *tx, const char *id, const char *content, int64_t size,
                       const char *failure, struct error *e)
{
    return db_exec(tx, SQL_COLLECTED, ARGS(TEXT(id), TEXT(content), I64(size), TEXT(failure)), e) <
                   0
               ? -1
               : 0;
}

static void read_row(struct db_rows *r, struct arena *a, struct artifact *x)
{
    *x = (struct artifact){.id = arena_strdup(a, db_text(r, 0)),
                           .number = db_i64(r, 1),
                           .space_id = arena_strdup(a, db_text(r, 2)),
                           .task_id = arena_strdup(a, db_text(r, 3)),
                           .invocation = arena_strdup(a, db_text(r, 4)),
                           .node = arena_strdup(a, db_text(r, 5)),
                           .path = arena_strdup(a, db_text(r, 6)),
                           .filename = arena_strdup(a, db_text(r, 7)),
                           .source = arena_strdup(a, db_text(r, 8)),
                           .created_at = db_i64(r, 9),
                           .size = db_i64(r, 10),
                           .content = arena_strdup(a, db_text(r, 11)),
                           .failure = arena_strdup(a, db_text(r, 12))};
}

int artifact_get(struct db_tx *tx, const char *id, struct arena *a, struct artifact *ret,
                 struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    if (r > 0) read_row(rows, a, ret);
    return r < 0 ? -1 : 0;
}

static int take_all(struct db_rows *rows_in, struct arena *a, struct artifact **ret, size_t *ret_n,
                    struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    ARENA_LIST(struct artifact) list = {0};
    int r;

    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static int count(struct db_tx *tx, const char *space_id, const char *task_id, int64_t *ret,
                 struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    int r = task_id ? db_query(tx, SQL_COUNT_TASK, ARGS(TEXT(space_id), TEXT(task_id)), &rows, e)
                    : db_query(tx, SQL_COUNT, ARGS(TEXT(space_id)), &rows, e);
    if (r < 0 || db_next(rows, e) < 0) return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

int artifact_list(struct db_tx *tx, const char *space_id, const char *task_id, int64_t skip,
                  int64_t take, struct arena *a, struct artifact **ret, size_t *ret_n,
                  int64_t *ret_total, struct error *e)
{
    struct db_rows *rows = NULL;

    if (count(tx, space_id, task_id, ret_total, e) < 0) return -1;
    int r = task_id ? db_query(tx, SQL_LIST_TASK,
                               ARGS(TEXT(space_id), TEXT(task_id), I64(take), I64(skip)), &rows, e)
                    : db_query(tx, SQL_LIST, ARGS(TEXT(space_id), I64(take), I64(skip)), &rows, e);
    return r < 0 ? -1 : take_all(rows, a, ret, ret_n, e);
}

int artifact_unfetched(struct db_tx *tx, const char *task_id, const char *invocation, int64_t take,
                       struct arena *a, struct artifact **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_UNFETCHED, ARGS(TEXT(task_id), TEXT(invocation), I64(take)), &rows, e) < 0)
        return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int artifact_delete(struct db_tx *tx, const char *id, struct error *e)
{
    int n = db_exec(tx, SQL_DELETE, ARGS(TEXT(id)), e);

    if (n == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    return n < 0 ? -1 : 0;
}
