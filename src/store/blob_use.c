/* blob_use.c - see blob_use.h. */
#include "store/blob_use.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN(table, column)                                                                   \
    {                                                                                           \
        table, column, "select distinct " column " from " table " where " column " is not null" \
    }
const struct blob_column blob_columns[] = {
    COLUMN("artifact", "content"),
    COLUMN("package", "content"),
    {NULL, NULL, NULL},
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t blob_use_sort(const char **hashes, size_t n)
{
    size_t kept = 0;

    if (n) qsort(hashes, n, sizeof(*hashes), by_text);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(hashes[kept - 1], hashes[i]) != 0) hashes[kept++] = hashes[i];
    return kept;
}

struct hash_list {
    const char **items;
    size_t n, cap;
};

static int add_column(struct db_tx *tx, const struct blob_column *c, struct arena *a,
                      struct hash_list *list, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (db_query(tx, c->select, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, list) = arena_strdup(a, db_text(rows, 0));
    return r;
}

int blob_use_list(struct db_tx *tx, struct arena *a, const char ***ret, size_t *ret_n,
                  struct error *e)
{
    struct hash_list list = {0};

    for (const struct blob_column *c = blob_columns; c->table; c++)
        if (add_column(tx, c, a, &list, e) < 0) return -1;
    *ret = list.items;
    *ret_n = blob_use_sort(list.items, list.n);
    return 0;
}
