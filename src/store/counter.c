/* counter.c - see counter.h. */
#include "store/counter.h"

static const char SQL_LAST[] = "select value from counter where name = $1";
static const char SQL_TAKE[] =
    "insert into counter (name, value) values ($1, $2) on conflict (name) do update set "
    "value = counter.value + $2 returning value";
static const char SQL_LOCK[] = "insert into counter (name, value) values ($1, 0) on conflict "
                               "(name) do update set value = counter.value";

int counter_take(struct db_tx *tx, const char *name, int64_t count, int64_t *ret_first,
                 struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    ASSERT(count > 0);
    if (db_query(tx, SQL_TAKE, ARGS(TEXT(name), I64(count)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    ASSERT(r == 1);
    *ret_first = db_i64(rows, 0) - count + 1;
    return 0;
}

int counter_next(struct db_tx *tx, const char *name, int64_t *ret, struct error *e)
{
    return counter_take(tx, name, 1, ret, e);
}

int counter_lock(struct db_tx *tx, const char *name, struct error *e)
{
    return db_exec(tx, SQL_LOCK, ARGS(TEXT(name)), e) < 0 ? -1 : 0;
}

int counter_last(struct db_tx *tx, const char *name, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_LAST, ARGS(TEXT(name)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    *ret = r ? db_i64(rows, 0) : 0;
    return 0;
}
