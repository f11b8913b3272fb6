/* invitation.c - see invitation.h. */
#include "store/invitation.h"

#include "store/counter.h"

#define COLUMNS "id, hash, team_ids, created_by, created_at, expires_at"

static const char SQL_INSERT[] =
    "insert into invitation (" COLUMNS ") values ($1, $2, $3, $4, $5, $6)";
static const char SQL_GET[] =
    "select " COLUMNS " from invitation where hash = $1 and expires_at > $2";
static const char SQL_TAKE[] =
    "delete from invitation where hash = $1 and expires_at > $2 returning " COLUMNS;
static const char SQL_SWEEP[] = "delete from invitation where expires_at <= $1";

int invitation_insert(struct db_tx *tx, const struct invitation *v, struct arena *a,
                      const char **ret_id, struct error *e)
{
    int64_t n;

    if (counter_next(tx, "Invitations", &n, e) < 0) return -1;
    *ret_id = arena_fmt(a, "Invitations-%lld", (long long)n);
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(*ret_id), TEXT(v->hash), TEXT(v->team_ids), TEXT(v->created_by),
                        I64(v->created_at), I64(v->expires_at)),
                   e) < 0
               ? -1
               : 0;
}

static int one(struct db_tx *tx, const char *sql, const char *hash, int64_t now_ms, struct arena *a,
               struct invitation *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, ARGS(TEXT(hash), I64(now_ms)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0)
        return fail(e, ERR_NOT_FOUND, "the invitation is not known, was used or has expired");
    if (r < 0) return -1;
    *ret = (struct invitation){.id = arena_strdup(a, db_text(rows, 0)),
                               .hash = arena_strdup(a, db_text(rows, 1)),
                               .team_ids = arena_strdup(a, db_text(rows, 2)),
                               .created_by = arena_strdup(a, db_text(rows, 3)),
                               .created_at = db_i64(rows, 4),
                               .expires_at = db_i64(rows, 5)};
    return 0;
}

int invitation_get(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                   struct invitation *ret, struct error *e)
{
    return one(tx, SQL_GET, hash, now_ms, a, ret, e);
}

int invitation_take(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                    struct invitation *ret, struct error *e)
{
    return one(tx, SQL_TAKE, hash, now_ms, a, ret, e);
}

int invitation_sweep(struct db_tx *tx, int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_SWEEP, ARGS(I64(now_ms)), e) < 0 ? -1 : 0;
}
