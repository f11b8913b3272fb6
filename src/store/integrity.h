/* integrity.h - does the database hold together? Inside a transaction of db.h; reads whole tables.
 */
#ifndef STORE_INTEGRITY_H
#define STORE_INTEGRITY_H
#include "db/db.h"

/** Hears of one thing that is wrong. */
typedef void integrity_told(void *ctx, const char *text);

/** What the database itself says of its file (SQLite; PostgreSQL checks its pages as it reads
 * them).
 */
int integrity_database(struct db_tx *tx, integrity_told *told, void *ctx, struct error *e) MUST_USE;
/** References of documents that point to nothing. */
int integrity_references(struct db_tx *tx, integrity_told *told, void *ctx,
                         struct error *e) MUST_USE;
#endif
