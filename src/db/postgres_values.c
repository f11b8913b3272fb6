/* postgres_values.c - see postgres_values.h. */
#include "db/postgres_values.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

static Oid type_of(const struct db_value *v)
{
    switch (v->type) {
    case DB_TEXT: return OID_TEXT;
    case DB_I64: return OID_INT8;
    case DB_BLOB: return OID_BYTEA;
    case DB_NULL: break;
    }
    return 0; /* as the statement says */
}

void pg_values_make(struct pg_values *v, const struct db_value *args, size_t n)
{
    size_t one = sizeof(*v->p) + sizeof(*v->numbers) + 2 * sizeof(int) + sizeof(Oid);

    v->p = xmalloc(size_mul(n + 1, one));
    v->numbers = (void *)(v->p + n);
    v->lengths = (int *)(v->numbers + n);
    v->formats = v->lengths + n;
    v->types = (Oid *)(v->formats + n);
    v->salt = n;
    for (size_t i = 0; i < n; i++) {
        v->types[i] = type_of(&args[i]);
        v->salt = (v->salt ^ v->types[i]) * 1099511628211u;
        v->formats[i] = args[i].type == DB_BLOB;
        v->lengths[i] = (int)args[i].n;
        v->p[i] = args[i].p;
        if (args[i].type != DB_I64) continue;
        snprintf(v->numbers[i], sizeof(v->numbers[i]), "%lld", (long long)args[i].i64);
        v->p[i] = v->numbers[i];
    }
}

void pg_values_done(struct pg_values *v) { free(v->p); }

bool pg_values_terminated(const struct db_value *args, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (args[i].type == DB_TEXT && args[i].p && args[i].p[args[i].n] != '\0') return false;
    return true;
}
