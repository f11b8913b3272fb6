/* scope.h - which variables apply in a context, and which of several values of one name wins
 * (execution.md 5.1).
 *
 * A value applies when every field of its scope matches the context (AND between fields, OR among
 * the ids of one field); a field that the context does not have never matches. The most specific
 * value wins, fields adding up as in CSS: an action weighs more than all of machine, roles, tenant,
 * environment, channel and process owner together. Among equals the earlier set wins (the project's
 * own before included library sets), then the earlier variable. Names ignore case. Pure; any
 * thread. */
#ifndef RULES_SCOPE_H
#define RULES_SCOPE_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

struct scope_ids {
    const char *const *items;
    size_t n;
};
struct scope_context { /* ids; NULL or empty where the context has none */
    const char *environment, *channel;
    const char *action; /* the action whose variables are asked for; NULL for the run as a whole */
    const char *process_owner; /* the project, or the runbook */
    const char *project;
    const char *machine;           /* the deployment target on whose behalf a step runs */
    struct scope_ids roles;        /* of the machine */
    struct scope_ids target_roles; /* of the machine and targeted by the step */
    const char *tenant;
    struct scope_ids tenant_tags;
    const char *user, *trigger;
};

struct scope_variable {
    const char *name, *value; /* borrowed from the document; value NULL when null */
    const char *type;         /* "String", "Sensitive", "WorkerPool", ... */
    bool sensitive;
    const json_t
        *document;  /* borrowed: for what the caller keeps in it, such as the sealed value */
    int64_t weight; /* of the scope that matched; 0 = unscoped */
};

/** The weight of the scope ${scope} (an object of id lists, may be NULL) in ${context}; -1 when it
 * does not apply. */
int64_t scope_weight(const json_t *scope, const struct scope_context *context);

/** Chooses among the variables of ${sets} (${n} arrays of variable documents {Name, Value, Type,
 * IsSensitive, Scope}, in order of precedence) one per name, in order of first appearance, into
 * ${a}. Documents without a name are left out. */
void scope_select(const json_t *const *sets, size_t n, const struct scope_context *context,
                  struct arena *a, struct scope_variable **ret, size_t *ret_n);
#endif
