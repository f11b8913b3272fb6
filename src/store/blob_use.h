/* blob_use.h - which blobs the rows of all tables name, in columns called content. Each belongs to
 * the list in blob_use.c. Inside a transaction of db.h. */
#ifndef STORE_BLOB_USE_H
#define STORE_BLOB_USE_H
#include "base/arena.h"
#include "db/db.h"

struct blob_column {
    const char *table, *column, *select; /* select: the hashes that are there */
};
extern const struct blob_column blob_columns[]; /* ends with a row of NULLs */

/** The hashes (64 hexadecimal digits), sorted, each once. */
int blob_use_list(struct db_tx *tx, struct arena *a, const char ***ret, size_t *ret_n,
                  struct error *e) MUST_USE;
/** Puts ${n} hashes in order, each once; returns how many are left. */
size_t blob_use_sort(const char **hashes, size_t n);
#endif
