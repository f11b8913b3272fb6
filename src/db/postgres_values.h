/* postgres_values.h - the values of a statement in libpq's form, with declared types, so that one
 * text means the same in both engines; for src/db only. */
#ifndef DB_POSTGRES_VALUES_H
#define DB_POSTGRES_VALUES_H
#include <postgresql/libpq-fe.h>

#include "db/db.h"

enum { /* the fixed numbers of these types, from the database's pg_type.dat */
       OID_BOOL = 16,
       OID_BYTEA = 17,
       OID_INT8 = 20,
       OID_INT2 = 21,
       OID_INT4 = 23,
       OID_TEXT = 25,
};

struct pg_values { /* one block of memory */
    const char **p;
    int *lengths, *formats;
    Oid *types;
    char (*numbers)[24];
    uint64_t salt; /* differs when the types differ */
};
/** ${args} must outlive ${v}. */
void pg_values_make(struct pg_values *v, const struct db_value *args, size_t n);
void pg_values_done(struct pg_values *v);
/** Has each text an end mark, as libpq wants it? */
bool pg_values_terminated(const struct db_value *args, size_t n);
#endif
