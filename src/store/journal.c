/* journal.c - see journal.h. */
#include "store/journal.h"

#include <string.h>

static const char SQL_APPEND[] = "insert into journal (task_id, seq, kind, version, at_ms, body) "
                                 "values ($1, $2, $3, $4, $5, $6)";
static const char SQL_READ[] = "select seq, kind, version, at_ms, body from journal where task_id "
                               "= $1 and seq > $2 order by seq";

int journal_append(struct db_tx *tx, const char *task_id, const struct journal_row *row,
                   struct error *e)
{
    return db_exec(tx, SQL_APPEND,
                   ARGS(TEXT(task_id), I64(row->seq), TEXT(row->kind), I64(row->version),
                        I64(row->at_ms), TEXT(row->body)),
                   e) < 0
               ? -1
               : 0;
}

int journal_read(struct db_tx *tx, const char *task_id, int64_t after_seq, struct arena *a,
                 struct journal_row **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct journal_row) list = {0};
    int r;

    if (db_query(tx, SQL_READ, ARGS(TEXT(task_id), I64(after_seq)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        *ARENA_ADD(a, &list) = (struct journal_row){.seq = db_i64(rows, 0),
                                                    .kind = arena_strdup(a, db_text(rows, 1)),
                                                    .version = db_i64(rows, 2),
                                                    .at_ms = db_i64(rows, 3),
                                                    .body = arena_strdup(a, db_text(rows, 4))};
    }
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
