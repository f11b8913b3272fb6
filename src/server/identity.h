/* identity.h - the certificate by which this installation shows itself to its agents; the commands
 * about it are in command.h.
 *
 * The private key lies sealed in the database, so that all nodes show the same certificate. The
 * commands work on a running server's database too: what they change counts at once on all nodes.
 */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H
#include "crypt/seal.h"
#include "db/db.h"

/** Makes the certificate when there is none yet. ERR_DENIED: the key of the current one does not
 * open with this master key. */
int identity_ensure(struct db *db, const struct secret_key *key, struct error *e) MUST_USE;
#endif
