/* sqlite_log.h - keeps the write-ahead log of an SQLite database small; for src/db only. One thread
 * at a time, the one that commits. */
#ifndef DB_SQLITE_LOG_H
#define DB_SQLITE_LOG_H
#include <pthread.h>
#include <sqlite3.h>

#include "db/db_priv.h"

struct sqlite_log {
    const char *path; /* of the database; the owner's */
    sqlite3 *writer;
    int pages, next, limit;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wanted;
    bool copying, due, stop;
    pthread_t copier;
};
void sqlite_log_setup(struct sqlite_log *g, const char *path);
/** Makes room in the log's file; ${writer} is the connection that commits. A failed fsync is told
 * to the owner of ${db}. */
int sqlite_log_open(struct sqlite_log *g, struct db *db, sqlite3 *writer, struct error *e) MUST_USE;
/** To be called after commits: copies the log into the database, here or beside, when it is time.
 */
void sqlite_log_tend(struct sqlite_log *g);
void sqlite_log_done(struct sqlite_log *g);
#endif
