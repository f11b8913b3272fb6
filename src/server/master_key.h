/* master_key.h - the master key of an installation: where it is, and that it is the one that the
 * database was sealed with. One thread. */
#ifndef SERVER_MASTER_KEY_H
#define SERVER_MASTER_KEY_H
#include "crypt/secret_key.h"
#include "db/db.h"
#include "server/options.h"

/** The path of the key file in ${a}; it need not be there. */
const char *master_key_path(const struct options *o, struct arena *a);
/** Reads the key that the settings name, whatever a database says. ERR_NOT_FOUND. */
int master_key_read(const struct options *o, struct secret_key *ret, struct error *e) MUST_USE;
/** Reads the key of a migrated database; makes the file for a database that has no key yet. Ends a
 * rotation that was cut off. ERR_NOT_FOUND, ERR_DENIED: the database has a key, and it is not there
 * or another one; the message says what to do. */
int master_key_open(const struct options *o, struct db *db, struct secret_key *ret,
                    struct error *e) MUST_USE;
#endif
