/* session.c - see session.h. */
#include "store/session.h"

static const char SQL_INSERT[] =
    "insert into session (hash, user_id, idle, created_at, expires_at, keys_until) "
    "values ($1, $2, $3, $4, $5, $6)";
static const char SQL_GET[] = "select user_id, idle, created_at, expires_at, keys_until "
                              "from session where hash = $1 and expires_at > $2";
static const char SQL_RENEW[] =
    "update session set expires_at = $2 where hash = $1 and expires_at < $2";
static const char SQL_REMOVE[] = "delete from session where hash = $1";
static const char SQL_REMOVE_OF[] = "delete from session where user_id = $1 and hash <> $2";
static const char SQL_SWEEP[] = "delete from session where expires_at <= $1";

int session_insert(struct db_tx *tx, const struct session *s, struct error *e)
{
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(s->hash), TEXT(s->user_id), I64(s->idle_ms), I64(s->created_at),
                        I64(s->expires_at), I64(s->keys_until)),
                   e) < 0
               ? -1
               : 0;
}

int session_get(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                struct session *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(hash), I64(now_ms)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0)
        return fail(e, ERR_UNAUTHENTICATED, "the session or access token has ended; sign in again");
    if (r < 0) return -1;
    *ret = (struct session){.hash = arena_strdup(a, hash),
                            .user_id = arena_strdup(a, db_text(rows, 0)),
                            .idle_ms = db_i64(rows, 1),
                            .created_at = db_i64(rows, 2),
                            .expires_at = db_i64(rows, 3),
                            .keys_until = db_i64(rows, 4)};
    return 0;
}

int64_t session_renewal(const struct session *s, int64_t now_ms)
{
    int64_t end = s->created_at + SESSION_MAX_MS, next = now_ms + s->idle_ms;

    if (s->idle_ms == 0) return 0;
    if (next > end) next = end;
    return next - s->expires_at >= s->idle_ms / 20 ? next : 0;
}

int session_renew(struct db_tx *tx, const char *hash, int64_t expires_at, struct error *e)
{
    return db_exec(tx, SQL_RENEW, ARGS(TEXT(hash), I64(expires_at)), e) < 0 ? -1 : 0;
}

int session_remove(struct db_tx *tx, const char *hash, struct error *e)
{
    return db_exec(tx, SQL_REMOVE, ARGS(TEXT(hash)), e) < 0 ? -1 : 0;
}

int session_remove_of(struct db_tx *tx, const char *user_id, const char *except, struct error *e)
{
    const char *kept = except ? except : "";

    return db_exec(tx, SQL_REMOVE_OF, ARGS(TEXT(user_id), TEXT(kept)), e) < 0 ? -1 : 0;
}

int session_sweep(struct db_tx *tx, int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_SWEEP, ARGS(I64(now_ms)), e) < 0 ? -1 : 0;
}
