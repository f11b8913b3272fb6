/* query.h - builds the text of a list query: the only place where SQL is put together at run time.
 *
 * Pieces are constants of the program; `?` in a piece becomes the next placeholder, its value comes
 * beside it. User input is only ever a value. Values point to the caller's memory until query_done.
 * One thread at a time. */
#ifndef DB_QUERY_H
#define DB_QUERY_H
#include "base/buf.h"
#include "base/vec.h"
#include "db/db.h"

struct query {
    struct buf sql;
    VEC(struct db_value) args;
};
#define QUERY_INIT                 \
    {                              \
        .sql = BUF_INIT(256 * KiB) \
    }
/** Adds ${piece}, whose only `?` (if any) stands for ${value}. */
void query_add(struct query *q, const char *piece);
void query_add1(struct query *q, const char *piece, struct db_value value);
/** Adds "${piece} ($1, $2, ...)"; the count is rounded up by repeating a value, so that few texts
 * are made. No values at all match nothing. */
void query_add_in(struct query *q, const char *piece, const char *const *values, size_t n);
void query_done(struct query *q);

/** A LIKE pattern (escape '!') that finds the folded ${part} anywhere; caller frees. */
char *query_like(const char *part);

int query_rows(struct db_tx *tx, const struct query *q, struct db_rows **ret,
               struct error *e) MUST_USE;
/** The number in the only column of the only row. */
int query_i64(struct db_tx *tx, const struct query *q, int64_t *ret, struct error *e) MUST_USE;
#endif
