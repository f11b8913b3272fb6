/* evaluator.h - how the rules ask for the values of variables, without knowing where they come
 * from.
 *
 * A variable may be scoped to an action, so each question names the action it is asked for: its id,
 * or NULL for the run as a whole. The callbacks must not fail: what cannot be evaluated is false,
 * left as it stands, or absent. */
#ifndef RULES_EVALUATOR_H
#define RULES_EVALUATOR_H
#include <stdbool.h>

#include "base/arena.h"

struct evaluator {
    /** Is this text true once evaluated? (empty, 0, False, No, and what holds unresolved tokens are
     * not) */
    bool (*truthy)(void *ctx, const char *action_id, const char *expression);
    /** The text with its #{...} evaluated, in ${a}; unresolved tokens stay as they are. */
    char *(*evaluate)(void *ctx, const char *action_id, const char *text, struct arena *a);
    /** The evaluated value of the variable ${name}, in ${a}; NULL when there is no such variable.
     */
    char *(*value)(void *ctx, const char *action_id, const char *name, struct arena *a);
    void *ctx;
};
#endif
