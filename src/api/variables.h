/* variables.h - the variables of projects: what they can be scoped to, which ones count where. One
 * thread: the handler's. */
#ifndef API_VARIABLES_H
#define API_VARIABLES_H
#include "api/resource.h"

/** Takes the variables that the caller may not see out of the variable set ${set}. */
int variables_show(struct db_tx *tx, struct call *c, json_t *set, struct error *e) MUST_USE;
/** Sets ScopeValues of the variable set ${set}: what its variables can be scoped to now. */
int variable_scopes(struct db_tx *tx, struct call *c, json_t *set, struct error *e) MUST_USE;
/** The variable set of a project as it is now, with the variables of the library sets that it
 * includes. New reference. */
int variables_of_project(struct db_tx *tx, struct call *c, const char *project_id, json_t **ret,
                         struct error *e) MUST_USE;
#endif
