/* query.c - see query.h. */
#include "db/query.h"

#include <stdio.h>
#include <string.h>

static void add_placeholder(struct query *q, struct db_value value)
{
    VEC_PUSH(&q->args, value);
    buf_addf(&q->sql, "$%zu", q->args.n);
}

void query_add(struct query *q, const char *piece) { buf_adds(&q->sql, piece); }

void query_add1(struct query *q, const char *piece, struct db_value value)
{
    const char *mark = strchr(piece, '?');

    ASSERT(mark != NULL);
    buf_add(&q->sql, piece, (size_t)(mark - piece));
    add_placeholder(q, value);
    buf_adds(&q->sql, mark + 1);
}

static size_t rounded_up(size_t n)
{
    size_t power = 1;

    while (power < n) power *= 2;
    return power;
}

void query_add_in(struct query *q, const char *piece, const char *const *values, size_t n)
{
    buf_adds(&q->sql, piece);
    buf_adds(&q->sql, " (");
    if (n == 0) buf_adds(&q->sql, "null");
    for (size_t i = 0, wanted = n ? rounded_up(n) : 0; i < wanted; i++) {
        if (i) buf_adds(&q->sql, ", ");
        add_placeholder(q, TEXT(values[i < n ? i : n - 1]));
    }
    buf_addc(&q->sql, ')');
}

void query_done(struct query *q)
{
    buf_done(&q->sql);
    VEC_DONE(&q->args);
}

char *query_like(const char *part)
{
    CLEANUP(freep) char *folded = str_fold(part);
    struct buf b = BUF_INIT(BUF_UNBOUNDED);

    buf_addc(&b, '%');
    for (const char *p = folded; *p; p++) {
        if (*p == '%' || *p == '_' || *p == '!') buf_addc(&b, '!');
        buf_addc(&b, *p);
    }
    buf_addc(&b, '%');
    return buf_take(&b);
}

int query_rows(struct db_tx *tx, const struct query *q, struct db_rows **ret, struct error *e)
{
    if (q->sql.overflow) return fail(e, ERR_TOO_LARGE, "the query has too many values");
    return db_query(tx, buf_str(&q->sql), q->args.items, q->args.n, ret, e);
}

int query_i64(struct db_tx *tx, const struct query *q, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (query_rows(tx, q, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    ASSERT(r == 1);
    *ret = db_i64(rows, 0);
    return 0;
}
