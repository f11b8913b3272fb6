/* package_query.h - inside store/: the conditions of lists of what has a package id and a version.
 */
#ifndef STORE_PACKAGE_QUERY_H
#define STORE_PACKAGE_QUERY_H
#include "db/query.h"
#include "store/package.h"

/** The texts that a query's values point to. */
struct package_patterns {
    char *fold, *id, *version;
};
void package_patterns_done(struct package_patterns *p); /* for CLEANUP */

/** Adds " from ${table} where ..." of all but the tag and the page. ${table}: a constant. */
void package_conditions(struct query *q, const char *table, const struct package_query *w,
                        struct package_patterns *p);
/** The rows that match without the page. */
int package_count(struct db_tx *tx, const char *table, const struct package_query *w, int64_t *ret,
                  struct error *e) MUST_USE;
/** Adds the order: by package id, the highest version first. */
void package_order(struct query *q);
#endif
