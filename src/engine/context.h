/* context.h - what a run knows: the frozen documents it refers to, and the variables that its
 * actions see.
 *
 * Loaded once per claim or resume from the database; output variables are added as scripts set
 * them. Belongs to the thread that handles the run's turn. Secrets are opened here and are in
 * memory only while the task runs. */
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H
#include "base/arena.h"
#include "crypt/seal.h"
#include "db/db.h"
#include "engine/masker.h"
#include "rules/state.h"
#include "store/task.h"
#include "template/variables.h"

/* Longest text that is sealed and unsealed: a cursor whose every byte is written as six. */
#define CONTEXT_SEALED_MAX ((size_t)512 * MiB)

struct context;
struct context_options {
    const struct task *task;
    const struct secret_key *key;
    const char *server_uri; /* NULL = unknown */
};

/** Reads the documents of a deployment or runbook run and its output variables. Inside a
 * transaction; ERR_NOT_FOUND names a document that is gone. */
int context_load(struct db_tx *tx, const struct context_options *o, struct context **ret,
                 struct error *e) MUST_USE;
void context_free(struct context *c);
void context_freep(struct context **c);
/** Where the run stands; once it has a plan, the variables of its actions can be asked for.
 * ${state} must outlive ${c}. */
void context_set_state(struct context *c, const struct state *state);
/** Forgets the dictionaries that were built: something has changed that they tell. */
void context_forget(struct context *c);
/** From now on ${m}, which must outlive ${c}, masks every secret that the context knows or learns.
 */
void context_mask(struct context *c, struct masker *m);
/** A sentence that names the secrets known so far that are not masked, in ${a}; NULL when all are.
 */
const char *context_unmasked(const struct context *c, struct arena *a);

/** Input of plan_make, without pools; valid as long as ${c}. */
void context_plan_input(struct context *c, struct plan_input *ret);
/** Answers the rules' questions; valid as long as ${c}. */
struct evaluator context_evaluator(struct context *c);
/** The worker pools of the run's space, read now. */
int context_load_pools(struct db_tx *tx, struct context *c, struct error *e) MUST_USE;
struct pool_finder context_pools(struct context *c);

/** The variables of plan action ${action}: system variables, scoped project variables, output
 * variables, the action's properties. Borrowed until the next output variable is set. */
const struct variables *context_variables(struct context *c, size_t action);
/** A flag variable as the action sees it. */
bool context_flag(const struct context *c, size_t action, const char *name, bool otherwise);
/** The evaluated text of a variable of the run as a whole, in ${a}; NULL when there is none. */
const char *context_value(struct context *c, const char *name, struct arena *a);

#define CONTEXT_OUTPUTS_MAX 10000
#define CONTEXT_OUTPUT_BYTES_MAX (64 * MiB) /* of their names and values */
/** A script of action ${action_name} has set an output variable. False: the task has as many as it
 * may have, and this value is not kept. */
bool context_output_variable(struct context *c, const char *action_name, const char *name,
                             const char *value, bool sensitive);
/** The form in which it is stored: sealed when it is sensitive. */
const char *context_stored_value(const struct context *c, const char *value, bool sensitive,
                                 struct arena *a);
/** Sealed with the master key, and back (ERR_DENIED, ERR_CORRUPT). */
const char *context_seal(const struct context *c, const char *plain, struct arena *a);
int context_unseal(const struct context *c, const char *sealed, struct arena *a, const char **ret,
                   struct error *e) MUST_USE;
#endif
