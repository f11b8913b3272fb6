/* setting.c - see setting.h. */
#include "store/setting.h"

static const char SQL_GET[] = "select value from setting where name = $1";
static const char SQL_PUT[] =
    "insert into setting (name, value) values ($1, $2) on conflict (name) do update set "
    "value = excluded.value";
static const char SQL_ONCE[] =
    "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing";
static const char SQL_REMOVE[] = "delete from setting where name = $1";

int setting_get(struct db_tx *tx, const char *key, struct arena *a, const char **ret,
                struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(key)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    *ret = r ? arena_strdup(a, db_text(rows, 0)) : NULL;
    return 0;
}

int setting_put(struct db_tx *tx, const char *key, const char *value, struct error *e)
{
    return db_exec(tx, SQL_PUT, ARGS(TEXT(key), TEXT(value)), e) < 0 ? -1 : 0;
}

int setting_once(struct db_tx *tx, const char *key, const char *value, struct arena *a,
                 const char **ret, struct error *e)
{
    int stored = db_exec(tx, SQL_ONCE, ARGS(TEXT(key), TEXT(value)), e);

    if (stored < 0 || setting_get(tx, key, a, ret, e) < 0) return -1;
    return stored;
}

int setting_remove(struct db_tx *tx, const char *key, struct error *e)
{
    return db_exec(tx, SQL_REMOVE, ARGS(TEXT(key)), e);
}
