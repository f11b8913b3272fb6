/* context_priv.h - the inside of struct context, for the context*.c files only. */
#ifndef ENGINE_CONTEXT_PRIV_H
#define ENGINE_CONTEXT_PRIV_H
#include "base/json.h"
#include "base/map.h"
#include "engine/context.h"
#include "rules/scope.h"
#include "store/document.h"
#include "store/user.h"

struct output_value {
    char *value; /* owned */
    bool sensitive;
};

struct context {
    struct arena arena;
    const struct secret_key *key;
    const char *server_uri;
    struct task task; /* texts in arena */
    bool is_runbook;
    json_t *subject; /* the deployment or the runbook run */
    json_t *project, *group, *environment, *space, *release, *channel, *runbook, *snapshot,
        *process, *variables;
    json_t *named;     /* id -> account or certificate that a variable names */
    bool asks_history; /* one of these documents has a name of what follows */
    json_t *previous, *current_here, *previous_here; /* releases */
    const char *previous_deployment;
    struct user creator; /* of the subject; texts in arena, NULL when that user is gone */
    struct map *outputs; /* full name of the variable -> struct output_value */
    size_t output_bytes;
    ARENA_LIST(const char *) skips;
    ARENA_LIST(struct document) pools;
    const char *default_pool;
    const struct state *state; /* NULL until it is known */
    struct masker *masker;     /* NULL: secrets are nobody's concern */
    ARENA_LIST(const char *) short_secrets;
    bool masks_lost;
    struct map *built; /* action id ("" = the run) -> struct variables, until something changes */
};

static inline const char *context_text(const json_t *object, const char *name)
{
    return jv_str(object, name, "");
}

/* context.c */
/** Reads a document into *${ret}, a new reference; nothing when ${id} is NULL or "". */
int context_read_document(struct db_tx *tx, struct context *c, const char *kind, const char *id,
                          json_t **ret, struct error *e) MUST_USE;

/* context_history.c */
/** True when a document's text may ask for what was deployed before. */
bool context_asks_history(const char *document);
int context_read_history(struct db_tx *tx, struct context *c, struct error *e) MUST_USE;

/* context_variables.c */
/** A new dictionary for ${action_id}, or for the run as a whole (NULL). */
struct variables *context_build(struct context *c, const char *action_id);
/** Sets what is known of an action once the run is planned. */
void context_set_planned(const struct plan *plan, const struct plan_action *p, struct variables *v);

/* context_named.c */
/** Reads the accounts and certificates that the run's variables name. */
int context_read_named(struct db_tx *tx, struct context *c, struct error *e) MUST_USE;
/** Sets what a variable of such a type stands for, beside the variable itself. */
void context_set_named(struct context *c, struct variables *v,
                       const struct scope_variable *variable, struct arena *scratch);
/** Masks the secrets among them. */
void context_learn_named(struct context *c, struct arena *scratch);

/* context_secrets.c */
/** The plain value of a variable document in ${a}: opened when it is sealed, NULL when it has none.
 */
const char *context_plain_value(const struct context *c, const json_t *document, struct arena *a);
/** The plain value of {"Sealed": ...}, or of the sealed text itself; NULL when it is neither. */
const char *context_opened(const struct context *c, const json_t *value, struct arena *a);
/** Masks ${plain} (may be NULL), a value of the variable ${name}. */
void context_learn_secret(struct context *c, const char *name, const char *plain);

/* context_outputs.c */
int context_read_outputs(struct db_tx *tx, struct context *c, struct error *e) MUST_USE;
void context_free_outputs(struct context *c);
#endif
