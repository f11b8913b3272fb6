/* seed.h - what an empty database gets: installation id, the default space with all it needs, the
 * first user. */
#ifndef SERVER_SEED_H
#define SERVER_SEED_H
#include "db/db.h"
#include "server/options.h"

/** The installation's UUID, made once. */
int seed_installation(struct db *db, struct arena *a, const char **ret, struct error *e) MUST_USE;
/** Space, project group, lifecycle, worker pool, machine policy and feed, where they are missing.
 */
int seed_space(struct db *db, struct error *e) MUST_USE;
/** Are the first user's password and API key readable and well-formed? */
int seed_check(const struct options *o, struct error *e) MUST_USE;
/** The password that the options give for a user, "" when none is. In ${a}. */
int seed_given_password(const struct options *o, struct arena *a, const char **ret,
                        struct error *e) MUST_USE;
/** The first user, when there is none; prints once the password and the API key that were not
 * given and so were made. */
int seed_admin(struct db *db, const struct options *o, struct error *e) MUST_USE;
/** Makes another administrator in the same way (command create-admin). ERR_INVALID when the name is
 * taken. */
int seed_create_admin(struct db *db, const struct options *o, struct error *e) MUST_USE;
#endif
