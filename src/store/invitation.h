/* invitation.h - codes with which people may make themselves users: the only home of the SQL of
 * table invitation. Kept as hashes (crypt/token.h), good for one use. Inside a transaction of db.h;
 * texts live in the arena given. */
#ifndef STORE_INVITATION_H
#define STORE_INVITATION_H
#include "base/arena.h"
#include "db/db.h"

struct invitation {
    const char *id; /* "Invitations-3" */
    const char *hash;
    const char *team_ids;   /* JSON array: teams that the new user comes into */
    const char *created_by; /* id of a user */
    int64_t created_at, expires_at;
};
/** Makes the id. */
int invitation_insert(struct db_tx *tx, const struct invitation *v, struct arena *a,
                      const char **ret_id, struct error *e) MUST_USE;
/** One that has not expired at ${now_ms}; ERR_NOT_FOUND. */
int invitation_get(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                   struct invitation *ret, struct error *e) MUST_USE;
/** The same, and takes it away. */
int invitation_take(struct db_tx *tx, const char *hash, int64_t now_ms, struct arena *a,
                    struct invitation *ret, struct error *e) MUST_USE;
/** Removes those that have expired at ${now_ms}. */
int invitation_sweep(struct db_tx *tx, int64_t now_ms, struct error *e) MUST_USE;
#endif
