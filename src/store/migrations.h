/* migrations.h - the steps that make the schema, in order; their texts are inside the program. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H
#include "db/db.h"

/** Brings the schema to this program's version. ERR_CONFLICT: the database is newer than the
 * program, or a step that was applied has another text than here. Several nodes may call it at
 * once. */
int store_migrate(struct db *db, struct error *e) MUST_USE;
#endif
