/* grants.h - the grants of a user, made of the user's teams, their scoped user roles and the roles
 * (rules/permission.h says what they allow), and a cache of them.
 *
 * Everything that changes a team, a role, a scoped user role or who is in a team calls
 * grants_changed in its transaction: that raises a number in the database, which the cache compares
 * with each request, on every node. */
#ifndef API_GRANTS_H
#define API_GRANTS_H
#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"
#include "rules/permission.h"

/** Every user is in it; it cannot be changed. */
#define TEAM_EVERYONE "teams-everyone"
#define TEAM_ADMINISTRATORS "teams-administrators"

/** Reads them; in ${a}. */
int grants_load(struct db_tx *tx, const char *user_id, struct arena *a, struct grants *ret,
                struct error *e) MUST_USE;
/** What a team grants to its members; in ${a}. */
int grants_of_team(struct db_tx *tx, const char *team_id, struct arena *a, struct grants *ret,
                   struct error *e) MUST_USE;
/** Ids of the teams of a user, Everyone too. In ${a}. */
int grants_teams(struct db_tx *tx, const char *user_id, struct arena *a, struct ids *ret,
                 struct error *e) MUST_USE;
/** Makes every node read the grants of all users again. */
int grants_changed(struct db_tx *tx, struct error *e) MUST_USE;

/** What the stored ${role} grants to a team by the stored scoped user role ${scoped}: one in its
 * space (empty without one), and one for what is in no space. In ${a}. */
struct scoped_grants {
    struct grant space, system;
};
struct scoped_grants scoped_grants_of(const json_t *scoped, const json_t *role, struct arena *a);

/** Any thread. */
struct grant_cache;
struct grant_cache *grant_cache_new(void);
void grant_cache_free(struct grant_cache *c); /* NULL is fine */
/** The grants of a user as the database has them now; they stay as they are until let go. */
int grant_cache_get(struct grant_cache *c, struct db *db, const char *user_id,
                    const struct grants **ret, struct error *e) MUST_USE;
void grant_cache_let_go(struct grant_cache *c, const struct grants *grants); /* NULL is fine */
#endif
