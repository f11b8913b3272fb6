/* journal.h - the only home of the SQL of table journal: a task's append-only history. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H
#include "base/arena.h"
#include "db/db.h"

struct journal_row {
    int64_t seq, version, at_ms;
    const char *kind, *body; /* body: JSON text */
};
/** Appends; ERR_CONFLICT-free because the caller holds the task's row (task_advance). */
int journal_append(struct db_tx *tx, const char *task_id, const struct journal_row *row,
                   struct error *e) MUST_USE;
/** All entries after ${after_seq}, in order. */
int journal_read(struct db_tx *tx, const char *task_id, int64_t after_seq, struct arena *a,
                 struct journal_row **ret, size_t *ret_n, struct error *e) MUST_USE;
#endif
