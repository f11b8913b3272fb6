/* step.h - steps and actions as members of a document: the field tables that deployment and runbook
 * processes share, and what the server fills in. (process.h is what the rules read.) Any thread. */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H
#include "schema/schema.h"

/** Steps of a process, and actions of a step: what a person can still read. */
#define STEPS_MAX 1000
#define ACTIONS_MAX 100

extern const struct field step_fields[], action_fields[];

/** Gives steps, actions and packages of a process without Id ("" or null) a new one, and steps and
 * actions without Slug one made of their name, unique in the process. */
void process_normalise(json_t *doc);
/** Names, types, conditions and pools of steps and actions; pointers like /Steps/0/Actions/1/Name.
 */
void process_check(const json_t *doc, struct problems *p);
/** External feeds that packages and containers of a process come from: they restrict. The built-in
 * feed cannot be deleted, and a feed may be an expression: neither is a reference. */
void process_refer(const json_t *doc, struct references *out);
#endif
