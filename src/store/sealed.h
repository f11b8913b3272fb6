/* sealed.h - the sealed texts of all tables: which master key they need, and sealing them anew.
 *
 * A sealed text may stand anywhere within a text column: in a member of a document, in a journal
 * entry, alone. It names its key and is authenticated, so that no other file has to know where they
 * are; the table of sealed.c names the columns. Inside a transaction of db.h. */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H
#include "base/arena.h"
#include "crypt/seal.h"
#include "db/db.h"

/** Keeps the key of this database for the rest of the transaction: nodes that register take it
 * shared, whoever seals everything anew takes it alone. */
int sealed_lock(struct db_tx *tx, bool shared, struct error *e) MUST_USE;
/** The sealed text that tells the key of this database, in ${a}; NULL = it has no key yet. */
int sealed_canary(struct db_tx *tx, struct arena *a, const char **ret, struct error *e) MUST_USE;
/** ERR_DENIED names both keys when ${key} is not that of the database. */
int sealed_check_key(struct db_tx *tx, const struct secret_key *key, struct error *e) MUST_USE;
/** Makes ${key} that of a database that has none yet, by a canary; checks it otherwise. */
int sealed_claim_key(struct db_tx *tx, const struct secret_key *key, struct error *e) MUST_USE;
struct sealed_count {
    int64_t opened, closed; /* closed: changed by somebody, or sealed with another key */
};
/** Seals everything with ${to} that ${from} opens; what it does not open stays as it is. */
int sealed_rotate(struct db_tx *tx, const struct secret_key *from, const struct secret_key *to,
                  struct sealed_count *ret, struct error *e) MUST_USE;
/** Opens everything; tells ${told} each row with a text that does not open, and why. */
int sealed_verify(struct db_tx *tx, const struct secret_key *key,
                  void (*told)(void *ctx, const char *row, const char *why), void *ctx,
                  struct sealed_count *ret, struct error *e) MUST_USE;
/** True when the texts of ${table} are looked at. */
bool sealed_covers(const char *table);
#endif
