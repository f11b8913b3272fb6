/* route_tree.h - inside api/: templates as a tree of segments. Immutable once built: any thread. */
#ifndef API_ROUTE_TREE_H
#define API_ROUTE_TREE_H
#include "api/call.h"

struct route_tree;
struct route_match {
    const struct route *route; /* NULL: none for the method */
    const char *values[CALL_PARAMS_MAX];
    size_t n_values;
    unsigned allowed; /* bits of all methods that match the path; see route_method_bit */
};

struct route_tree *route_tree_new(void);
void route_tree_free(struct route_tree *t);
/** Adds ${route} at ${template} (segments behind a '/', "" is the root). ERR_INVALID: another row
 * has this method and place, a segment is empty, or there are too many parameters. */
int route_tree_add(struct route_tree *t, const struct route *route, const char *template,
                   struct error *e) MUST_USE;
/** Finds the row for ${method} (bit) at ${segments}; literals win over parameters, level by level.
 * Adds to
 *  ${m}->allowed; ${m} is otherwise untouched when nothing matches. */
bool route_tree_find(const struct route_tree *t, const char *const *segments, size_t n,
                     unsigned method, struct route_match *m);
/** True when some template's first segment is this literal. */
bool route_tree_starts_with(const struct route_tree *t, const char *segment);

/** 1, 2, 4, ... for GET POST PUT DELETE PATCH; 0 for others. */
unsigned route_method_bit(const char *method);
/** "GET, HEAD, POST, OPTIONS" of the bits. In ${a}. */
const char *route_methods_text(unsigned bits, struct arena *a);
#endif
