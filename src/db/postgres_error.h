/* postgres_error.h - what PostgreSQL says when it refuses, as errors of ours; for src/db only. */
#ifndef DB_POSTGRES_ERROR_H
#define DB_POSTGRES_ERROR_H
#include <postgresql/libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"

/** The first line of a message of libpq, without its end; returns ${out}. */
const char *pg_line(const char *message, char *out, size_t size);
/** ERR_UNREACHABLE with the connection's own words. Returns -1. */
int pg_fail_away(PGconn *h, struct error *e);
/** The refusal of ${sql} by its SQLSTATE; as pg_fail_away when the connection broke. Returns -1. */
int pg_fail(PGconn *h, const PGresult *result, const char *sql, struct error *e);
/** Did the transaction fail only because of others? */
bool pg_may_repeat(const PGresult *result);
#endif
