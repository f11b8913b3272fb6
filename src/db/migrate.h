/* migrate.h - schema steps: numbered, forward only, each in a transaction of its own, recorded with
 * their checksum in table schema_migration(number, name, checksum, applied_at, tool_version). */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H
#include "db/db.h"

struct migration {
    int64_t number;                                /* 1, 2, 3, ... without gaps */
    const char *name;                              /* "0001_initial" */
    const char *sql;                               /* run when not NULL */
    int (*run)(struct db_tx *tx, struct error *e); /* then this, when not NULL */
    const char *checksum;                          /* of the text; never changes once released */
};
/** Applies what is missing. ERR_CONFLICT: an applied step is unknown here (the database is newer)
 * or has another checksum. Nodes that call it at once wait for each other. Any thread. */
int db_migrate(struct db *db, const struct migration *steps, size_t n, const char *tool_version,
               struct error *e) MUST_USE;
/** How many of the steps the database has; nothing is changed. Errors as db_migrate. */
int db_migrated(struct db *db, const struct migration *steps, size_t n, const char *tool_version,
                size_t *ret, struct error *e) MUST_USE;
#endif
