/* summary.h - how much a database holds: for backups, reports and the person who looks. Inside a
 * transaction of db.h; reads whole tables. */
#ifndef STORE_SUMMARY_H
#define STORE_SUMMARY_H
#include "db/db.h"

struct summary {
    int64_t documents, tasks, users, events, nodes;
};
int summary_read(struct db_tx *tx, struct summary *ret, struct error *e) MUST_USE;
#endif
