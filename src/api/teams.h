/* teams.h - who may change who can do what, and the teams that the server itself keeps. Inside a
 * transaction of db.h.
 *
 * Nobody grants more than it has: whoever puts a user into a team, gives a team a role or changes a
 * role must hold all that is granted by it, where it is granted. */
#ifndef API_TEAMS_H
#define API_TEAMS_H
#include "api/resource.h"

/** May the caller store ${role}, given what teams have it? ERR_DENIED names a permission. */
int team_may_change_role(struct db_tx *tx, struct call *c, const json_t *role,
                         struct error *e) MUST_USE;
/** Takes a user that is deleted out of all teams. */
int team_forget_user(struct db_tx *tx, const struct document_change *by, const char *user_id,
                     struct error *e) MUST_USE;
/** ERR_INVALID when no administrator is left that may sign in: what was done must not be. */
int team_keep_administrator(struct db_tx *tx, struct error *e) MUST_USE;
/** May the caller invite somebody into the team (AddToTeamIds)? ERR_INVALID: there is none, or its
 * members are fixed; ERR_DENIED. */
int team_may_add_member(struct db_tx *tx, struct call *c, const char *team_id,
                        struct error *e) MUST_USE;
/** Puts a user into a team; nothing is asked. */
int team_add_member(struct db_tx *tx, const struct document_change *by, const char *team_id,
                    const char *user_id, struct error *e) MUST_USE;

/** The built-in roles, the teams Everyone and Octopus Administrators, and the managers' team of
 * every space: made when they are missing, roles brought to what this version knows. */
int team_keep_built_in(struct db_tx *tx, const struct document_change *by,
                       struct error *e) MUST_USE;
/** Every space has a hidden team, whose members manage it; it is in no list. A space and its team
 * say the same about its managers: the writer of the one tells the other. ${space}, ${team}: the
 * stored documents. */
#define TEAM_MANAGERS "teams-spacemanagers-" /* and the id of the space */
int team_hear_space(struct db_tx *tx, const struct document_change *by, const json_t *space,
                    struct error *e) MUST_USE;
/** Takes the teams of a space that is deleted, and what teams were granted in it. */
int team_leave_space(struct db_tx *tx, const struct document_change *by, const char *space_id,
                     struct error *e) MUST_USE;
int team_tell_space(struct db_tx *tx, const struct document_change *by, const json_t *team,
                    struct error *e) MUST_USE;
#endif
