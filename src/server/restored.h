/* restored.h - a database that comes from a backup is a new incarnation: nothing that ran or waited
 * when the backup was made is known to be still to do. Any thread. */
#ifndef SERVER_RESTORED_H
#define SERVER_RESTORED_H
#include "db/db.h"

struct restored {
    bool keep_queue;        /* tasks that waited run; otherwise they end as Canceled */
    int64_t lost, canceled; /* set by restored_end */
};
/** Makes the running tasks of all nodes end as Failed ("lost by restore") and the waiting ones as
 * Canceled, in one transaction. ERR_CONFLICT: a node runs on the (PostgreSQL) database. */
int restored_end(struct db *db, struct restored *r, struct error *e) MUST_USE;
#endif
