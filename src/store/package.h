/* package.h - packages of the built-in feeds: the only home of the SQL of table package. A space
 * has one built-in feed, so a package belongs to its space. Inside a transaction of db.h; texts
 * live in the arena given. Ids of packages are compared without case, versions as versions. */
#ifndef STORE_PACKAGE_H
#define STORE_PACKAGE_H
#include "base/arena.h"
#include "db/db.h"
#include "packages/name.h"
#include "packages/tag.h"

struct package {
    const char *id, *space_id;
    const char *package_id, *version, *version_key;
    const char *extension;                             /* ".zip" */
    const char *content;                               /* SHA-256 of the blob */
    const char *title, *summary, *description, *notes; /* "" = none */
    bool prerelease;
    int64_t number, size, published_at;
};

/** Gives ${p} its id and stores it: 1 = done, 0 = there is one of that id and version. */
int package_insert(struct db_tx *tx, struct package *p, struct arena *a, struct error *e) MUST_USE;
/** Stores all but the identity of ${p} over the row of ${p}->id. */
int package_replace(struct db_tx *tx, const struct package *p, struct error *e) MUST_USE;
/** By its id, or by "packages-" and package id and version. ERR_NOT_FOUND as clients expect it. */
int package_get(struct db_tx *tx, const char *space_id, const char *id, struct arena *a,
                struct package *ret, struct error *e) MUST_USE;
/** 1 = there is this version, 0 = there is none. */
int package_find(struct db_tx *tx, const char *space_id, const char *package_id,
                 const char *version_key, struct arena *a, struct package *ret,
                 struct error *e) MUST_USE;
/** Takes the row away; the blob is removed later (engine/blob.h). */
int package_delete(struct db_tx *tx, const char *id, struct error *e) MUST_USE;

struct package_query { /* NULL, false and 0 = any */
    const char *space_id;
    const char *package_id;
    const char *partial_id, *partial_version;
    const char *const *ids; /* of rows */
    size_t n_ids;
    const struct version_range *range;
    const struct version_tag *tag; /* together with package_id: every version of it is looked at */
    bool only_latest;              /* of each package id */
    bool without_prerelease;
    int64_t skip, take;
};
/** By package id, the highest version first. */
int package_list(struct db_tx *tx, const struct package_query *q, struct arena *a,
                 struct package **ret, size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
/** The highest version of ${package_id} in the space's built-in feed within ${range} and ${tag},
 * as rules of channels write them (NULL or "" = any): 1, or 0 when there is none. ERR_INVALID:
 * range or tag. */
int package_latest(struct db_tx *tx, const char *space_id, const char *package_id,
                   const char *range, const char *tag, struct arena *a, struct package *ret,
                   struct error *e) MUST_USE;
#endif
