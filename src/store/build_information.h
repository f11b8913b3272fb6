/* build_information.h - how versions of packages were built: the only home of the SQL of table
 * build_information. Inside a transaction of db.h; texts live in the arena given. Package ids are
 * compared without case, versions as versions. */
#ifndef STORE_BUILD_INFORMATION_H
#define STORE_BUILD_INFORMATION_H
#include "store/package.h"

struct build_information {
    const char *id, *space_id, *package_id, *version, *version_key;
    const char *body; /* JSON text of the build */
    int64_t number, created_at;
};

/** Gives ${b} its id and stores it: 1 = done, 0 = there is one of that package and version. */
int build_information_insert(struct db_tx *tx, struct build_information *b, struct arena *a,
                             struct error *e) MUST_USE;
/** Stores time and body of ${b} over the row of ${b}->id. */
int build_information_replace(struct db_tx *tx, const struct build_information *b,
                              struct error *e) MUST_USE;
/** ERR_NOT_FOUND as clients expect it. */
int build_information_get(struct db_tx *tx, const char *space_id, const char *id, struct arena *a,
                          struct build_information *ret, struct error *e) MUST_USE;
/** 1 = there is some for this version, 0 = there is none. */
int build_information_find(struct db_tx *tx, const char *space_id, const char *package_id,
                           const char *version_key, struct arena *a, struct build_information *ret,
                           struct error *e) MUST_USE;
int build_information_delete(struct db_tx *tx, const char *id, struct error *e) MUST_USE;
/** By package id, the highest version first; of ${q} neither tag nor without_prerelease. */
int build_information_list(struct db_tx *tx, const struct package_query *q, struct arena *a,
                           struct build_information **ret, size_t *ret_n, int64_t *ret_total,
                           struct error *e) MUST_USE;
#endif
