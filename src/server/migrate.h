/* migrate.h - bringing the schema of the database to this program's version. */
#ifndef SERVER_MIGRATE_H
#define SERVER_MIGRATE_H
#include "db/db.h"

/** Applies the steps that are missing. ERR_CONFLICT: the database is newer than this program, or
 * nodes of an older version run on it and would not understand it any more. */
int migrate(struct db *db, struct error *e) MUST_USE;
#endif
