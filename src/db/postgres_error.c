/* postgres_error.c - see postgres_error.h. */
#include "db/postgres_error.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool state_is(const char *state, const char *prefix) { return str_starts(state, prefix); }

static enum error_kind kind_of(const char *state)
{
    static const struct {
        const char *prefix;
        enum error_kind kind;
    } kinds[] = {
        {"08P01", ERR_INTERNAL},  {"23505", ERR_CONFLICT},    {"40", ERR_BUSY},
        {"55P03", ERR_BUSY},      {"57014", ERR_TIMEOUT},     {"25P03", ERR_TIMEOUT},
        {"53100", ERR_NO_SPACE},  {"53300", ERR_UNREACHABLE}, {"08", ERR_UNREACHABLE},
        {"57P", ERR_UNREACHABLE}, {"22021", ERR_INVALID},     {"22P05", ERR_INVALID},
        {"XX001", ERR_CORRUPT},   {"XX002", ERR_CORRUPT},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (state_is(state, kinds[i].prefix)) return kinds[i].kind;
    return ERR_INTERNAL;
}

const char *pg_line(const char *message, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)strcspn(message, "\n"), message);
    return out;
}

int pg_fail_away(PGconn *h, struct error *e)
{
    char line[200];

    return fail(e, ERR_UNREACHABLE, "the database is away: %s",
                pg_line(PQerrorMessage(h), line, sizeof(line)));
}

int pg_fail(PGconn *h, const PGresult *result, const char *sql, struct error *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (PQstatus(h) != CONNECTION_OK || state == NULL) return pg_fail_away(h, e);
    enum error_kind kind = kind_of(state);
    switch (kind) {
    case ERR_CONFLICT:
        return fail(e, kind, "there is one like it already: %s", constraint ? constraint : text);
    case ERR_BUSY: return fail(e, kind, "the database is busy: %s", text);
    case ERR_NO_SPACE: return fail(e, kind, "no space left for the database");
    case ERR_UNREACHABLE: return fail(e, kind, "the database is away: %s", text);
    case ERR_TIMEOUT: return fail(e, kind, "the database took too long: %s", text);
    default: return fail(e, kind, "%s (%s) in: %.200s", text, state, sql);
    }
}

bool pg_may_repeat(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0);
}
