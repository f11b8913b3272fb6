/* space.h - the task queues of spaces that are stopped, the default space, and what is left of
 * deleted spaces. The only home of the SQL of table space_stop. Spaces themselves are documents.
 *
 * Inside a transaction of db.h; texts live in the arena given. */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H
#include "base/arena.h"
#include "db/db.h"

/** The id of the default space; NULL when there is none. */
int space_default_get(struct db_tx *tx, struct arena *a, const char **ret,
                      struct error *e) MUST_USE;
/** NULL = from now on none is. */
int space_default_set(struct db_tx *tx, const char *space_id, struct error *e) MUST_USE;

/** Queued tasks of the space are held, and those that come, or are let go. Needs db_write_hot;
 * whoever queues a task at the same time waits, or is waited for. After the commit: engine_kick. */
int space_queue_stop(struct db_tx *tx, const char *space_id, bool stop, struct error *e) MUST_USE;

/** Notes that the space is deleted: its queue is stopped for ever, and space_purge may begin. */
int space_delete(struct db_tx *tx, const char *space_id, int64_t now_ms, struct error *e) MUST_USE;
struct deleted_space {
    const char *id;
    int64_t deleted_at; /* UTC ms */
};
/** The spaces that space_forget has not been called for. */
int space_deleted(struct db_tx *tx, struct arena *a, struct deleted_space **ret, size_t *ret_n,
                  struct error *e) MUST_USE;
/** Deletes at most ${limit} rows of what is left of the deleted space; events stay. 1 = call again,
 * 0 = nothing is left that may be deleted now: *${ret_kept} tasks wait for their clean-up.
 * ${force}: those too. */
int space_purge(struct db_tx *tx, const char *space_id, int64_t limit, bool force,
                int64_t *ret_kept, struct error *e) MUST_USE;
/** The deleted space has been empty for so long that no late request can bring something. */
int space_forget(struct db_tx *tx, const char *space_id, struct error *e) MUST_USE;

/** Every table with a column space_id, NULL at the end: a test holds the schema against it. */
extern const char *const space_tables[];
#endif
