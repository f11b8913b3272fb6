/* build_information.c - see build_information.h. */
#include "store/build_information.h"

#include <stdlib.h>

#include "store/counter.h"
#include "store/package_query.h"

#define TABLE "build_information"
#define KIND "BuildInformation"
#define COLUMNS "id, number, space_id, package_id, version, version_key, created_at, body"

static const char SQL_INSERT[] =
    "insert into build_information (id, number, space_id, package_id, package_fold, version, "
    "version_key, created_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "on conflict do nothing";
static const char SQL_REPLACE[] =
    "update build_information set created_at = $2, body = $3 where id = $1";
static const char SQL_GET[] =
    "select " COLUMNS " from build_information where id = $1 and space_id = $2";
static const char SQL_FIND[] = "select " COLUMNS " from build_information where space_id = $1 and "
                               "package_fold = $2 and version_key = $3";

int build_information_insert(struct db_tx *tx, struct build_information *b, struct arena *a,
                             struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(b->package_id);

    if (counter_next(tx, KIND, &b->number, e) < 0) return -1;
    b->id = arena_fmt(a, KIND "-%lld", (long long)b->number);
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(b->id), I64(b->number), TEXT(b->space_id), TEXT(b->package_id),
                        TEXT(fold), TEXT(b->version), TEXT(b->version_key), I64(b->created_at),
                        TEXT(b->body)),
                   e);
}

int build_information_replace(struct db_tx *tx, const struct build_information *b, struct error *e)
{
    int n = db_exec(tx, SQL_REPLACE, ARGS(TEXT(b->id), I64(b->created_at), TEXT(b->body)), e);

    return n < 0 ? -1 : 0;
}

static void read_row(struct db_rows *r, struct arena *a, struct build_information *b)
{
    *b = (struct build_information){.id = arena_strdup(a, db_text(r, 0)),
                                    .number = db_i64(r, 1),
                                    .space_id = arena_strdup(a, db_text(r, 2)),
                                    .package_id = arena_strdup(a, db_text(r, 3)),
                                    .version = arena_strdup(a, db_text(r, 4)),
                                    .version_key = arena_strdup(a, db_text(r, 5)),
                                    .created_at = db_i64(r, 6),
                                    .body = arena_strdup(a, db_text(r, 7))};
}

/* 1 = there is a row, 0 = there is none. */
static int read_one(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                    struct arena *a, struct build_information *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, args, n, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r > 0) read_row(rows, a, ret);
    return r;
}

int build_information_get(struct db_tx *tx, const char *space_id, const char *id, struct arena *a,
                          struct build_information *ret, struct error *e)
{
    int r = read_one(tx, SQL_GET, ARGS(TEXT(id), TEXT(space_id)), a, ret, e);

    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    return r < 0 ? -1 : 0;
}

int build_information_find(struct db_tx *tx, const char *space_id, const char *package_id,
                           const char *version_key, struct arena *a, struct build_information *ret,
                           struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(package_id);

    return read_one(tx, SQL_FIND, ARGS(TEXT(space_id), TEXT(fold), TEXT(version_key)), a, ret, e);
}

int build_information_delete(struct db_tx *tx, const char *id, struct error *e)
{
    return db_exec(tx, "delete from build_information where id = $1", ARGS(TEXT(id)), e) < 0 ? -1
                                                                                             : 0;
}

int build_information_list(struct db_tx *tx, const struct package_query *w, struct arena *a,
                           struct build_information **ret, size_t *ret_n, int64_t *ret_total,
                           struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(package_patterns_done) struct package_patterns p = {0};
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct build_information) list = {0};
    int r;

    if (package_count(tx, TABLE, w, ret_total, e) < 0) return -1;
    query_add(&q, "select " COLUMNS);
    package_conditions(&q, TABLE, w, &p);
    package_order(&q);
    query_add1(&q, " limit ?", I64(w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}
