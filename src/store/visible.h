/* visible.h - what somebody may see of what is in spaces, as conditions of list queries. */
#ifndef STORE_VISIBLE_H
#define STORE_VISIBLE_H
#include "db/query.h"

/** A part of it: in a space, and about one of these projects (or a project of one of these groups)
 * and one of these environments. */
struct visible {
    const char *space_id; /* NULL = any; "" = in none */
    const char *const *projects, *const *groups, *const *environments; /* no projects and no groups,
                                                                          no environments: any */
    size_t n_projects, n_groups, n_environments;
};
struct visible_parts {
    const struct visible
        *items; /* NULL = everything; n = 0 with a list that is not NULL: nothing */
    size_t n;
};

/** Adds " and (...)" to a query of the table document, called d: only those of that kind in one of
 * the parts. Nothing when that is everything. An environment is about no project and a project
 * about no environment: such a restriction does not count for them. */
void visible_add_documents(struct query *q, const char *kind, const struct visible_parts *v);
/** The same to a query of the table task, which has no other name. ${v} may be NULL: everything. */
void visible_add_tasks(struct query *q, const struct visible_parts *v);
#endif
