/* migrations.h - the steps that make the schema, in order; their texts are inside the program. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H
#include "db/db.h"

/** Brings the schema to this program's version. ERR_CONFLICT: the database is newer than the
 * program, or a step that was applied has another text than here. Several nodes may call it at
 * once. */
int store_migrate(struct db *db, struct error *e) MUST_USE;

struct schema_state {
    const char *names[64]; /* the steps of this program, in order; constants */
    size_t n, applied;     /* the database has the first ${applied} of them */
};
/** What store_migrate would find; nothing is changed. Errors as there. */
int store_schema(struct db *db, struct schema_state *ret, struct error *e) MUST_USE;
#endif
