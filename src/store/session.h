/* session.h - who is signed in: sessions of people and short-lived access tokens. The only home of
 * the SQL of table session.
 *
 * Kept as hashes (crypt/token.h). Inside a transaction of db.h; texts live in the arena given.
 * Callers write the audit event. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H
#include "base/arena.h"
#include "db/db.h"

#define SESSION_IDLE_MS ((int64_t)24 * 3600 * 1000)            /* until the browser is closed */
#define SESSION_REMEMBERED_MS ((int64_t)20 * 24 * 3600 * 1000) /* "remember me" */
#define SESSION_MAX_MS ((int64_t)180 * 24 * 3600 * 1000)       /* however much it is used */
#define ACCESS_TOKEN_MS ((int64_t)3600 * 1000)

struct session {
    const char *hash; /* token_hash */
    const char *user_id;
    int64_t idle_ms; /* lives so long unused; 0 = an access token */
    int64_t created_at, expires_at;
    int64_t keys_until; /* API keys made with it end by then; 0 = no limit */
};

int session_insert(struct db_tx *tx, const struct session *s, struct error *e) MUST_USE;
/** One that has not expired at ${now_ms}; ERR_UNAUTHENTICATED. */
int session_get(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                struct session *ret, struct error *e) MUST_USE;
/** When ${s} would expire if it is used at ${now_ms}, once that is worth a write (a twentieth of
 * its idle time has passed); 0 = not yet, or never. Pure. */
int64_t session_renewal(const struct session *s, int64_t now_ms);
/** Moves its end to ${expires_at}, never back. One that is gone stays gone. */
int session_renew(struct db_tx *tx, const char *hash, int64_t expires_at, struct error *e) MUST_USE;
/** Ends one; nothing happens when it is gone. */
int session_remove(struct db_tx *tx, const char *hash, struct error *e) MUST_USE;
/** Ends all of a user, but not ${except} (a hash; NULL = all). */
int session_remove_of(struct db_tx *tx, const char *user_id, const char *except,
                      struct error *e) MUST_USE;
/** Removes those that have expired at ${now_ms}. */
int session_sweep(struct db_tx *tx, int64_t now_ms, struct error *e) MUST_USE;
#endif
