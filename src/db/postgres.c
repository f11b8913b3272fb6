/* postgres.c - the PostgreSQL engine of db.h, and the only file that knows libpq.
 *
 * Connections are made when needed, at most `connections` of them; one serves one transaction at a
 * time. A connection that broke is thrown away with the call that saw it (ERR_UNREACHABLE); when it
 * turns out broken at `begin`, where nothing has happened yet, a new one is tried once in the same
 * call, so that a restart of the database costs only those who were in it.
 *
 * db_write is SERIALIZABLE, db_write_hot READ COMMITTED, db_read REPEATABLE READ READ ONLY.
 * Serialization failures and deadlocks run the function again. From the second attempt on, those of
 * this process go one after the other
 * (`again`), so that they do not fail each other for ever.
 *
 * Values have declared types, so that one text means the same in both engines; integers travel as
 * text, bytes as bytes. Results are text, except those with a column of bytes, which are binary. */
#include <endian.h>
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/rand.h"
#include "db/db_priv.h"
#include "db/pool.h"
#include "db/postgres_error.h"
#include "db/postgres_values.h"
#include "db/statements.h"

enum {
    CONNECTIONS_DEFAULT = 8,
    STATEMENT_DEFAULT_MS = 30000,
    ATTEMPTS_MAX = 60,
    STATEMENTS_MAX = 128,
};

/* A process that was stopped within a transaction loses its locks before another node takes its
 * tasks over. */
#define IDLE_MS FAULT_NUMBER("BOBTAIL_FAULT_IDLE_MS", 10000)

struct pg {
    struct db db; /* first */
    char *url;
    int statement_ms;
    struct pool pool;
    pthread_mutex_t again; /* held by whoever repeats a transaction */
};
struct pg_connection {
    PGconn *h;
    struct statements statements;
    unsigned prepared; /* how many so far: names them */
};
struct pg_statement {
    struct statement base; /* first */
    char name[16];
    bool binary; /* results come in binary form */
};
struct pg_tx {
    struct db_tx tx; /* first */
    struct pg_connection *conn;
    bool repeat; /* failed in a way that another attempt may not */
};
struct pg_rows {
    struct db_rows rows; /* first */
    PGresult *result;
    int at, n;
    bool binary;
};

/* ---- connections ---- */

static void silent(void *ctx, const char *message) { (void)ctx, (void)message; }

static void connection_free(struct pg_connection *c)
{
    struct statement *st;

    while ((st = statements_take(&c->statements)) != NULL) {
        free(st->sql);
        free(st);
    }
    PQfinish(c->h);
    free(c);
}

static int prepare_session(struct pg *pg, struct pg_connection *c, struct error *e)
{
    CLEANUP(freep)
    char *sql = xasprintf(
        "set statement_timeout = %d; set lock_timeout = %d; set jit = off; set timezone = 'UTC';"
        "set idle_in_transaction_session_timeout = %d; set client_min_messages = error",
        pg->statement_ms, pg->statement_ms / 2, (int)IDLE_MS);
    PGresult *result = PQexec(c->h, sql);
    int r = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : pg_fail(c->h, result, "set", e);

    PQclear(result);
    return r;
}

/* Ours first: what the URL says goes over it, except the encoding. */
static PGconn *connect_to(const char *url)
{
    const char *const names[] = {"application_name", "connect_timeout", "tcp_user_timeout",
                                 "dbname",           "client_encoding", NULL};
    const char *const values[] = {"bobtail", "10", "30000", url, "UTF8", NULL};

    return PQconnectdbParams(names, values, 1);
}

static int connection_make(void *owner, void **ret, struct error *e)
{
    struct pg *pg = owner;
    struct pg_connection *c = xcalloc(1, sizeof(*c));

    c->statements.max = STATEMENTS_MAX;
    c->h = connect_to(pg->url);
    if (c->h) PQsetNoticeProcessor(c->h, silent, NULL);
    int r = 0;
    if (PQstatus(c->h) != CONNECTION_OK) r = pg_fail_away(c->h, e);
    else if (PQserverVersion(c->h) < 120000)
        r = fail(e, ERR_INVALID, "PostgreSQL %d is too old, 12 is needed",
                 PQserverVersion(c->h) / 10000);
    else r = prepare_session(pg, c, e);
    if (r < 0) connection_free(c);
    else *ret = c;
    return r;
}

static int take(struct pg *pg, struct pg_connection **ret, struct error *e)
{
    void *c;

    if (pool_take(&pg->pool, connection_make, pg, &c, e) < 0) return -1;
    *ret = c;
    return 0;
}

static void give_back(struct pg *pg, struct pg_connection *c)
{
    if (PQstatus(c->h) == CONNECTION_OK && PQtransactionStatus(c->h) == PQTRANS_IDLE) {
        pool_return(&pg->pool, c);
        return;
    }
    connection_free(c);
    pool_forget(&pg->pool);
}

/* ---- statements ---- */

static int note_failure(struct pg_tx *tx, PGresult *result, const char *sql, struct error *e)
{
    if (pg_may_repeat(result)) tx->repeat = true;
    pg_fail(tx->conn->h, result, sql, e);
    PQclear(result);
    return -1;
}

static int make_room(struct pg_tx *tx, struct error *e)
{
    struct pg_statement *old = (struct pg_statement *)statements_evict(&tx->conn->statements);
    char sql[40];

    if (old == NULL) return 0;
    snprintf(sql, sizeof(sql), "deallocate %s", old->name);
    free(old->base.sql);
    free(old);
    PGresult *result = PQexec(tx->conn->h, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) return note_failure(tx, result, sql, e);
    PQclear(result);
    return 0;
}

static int describe(struct pg_tx *tx, struct pg_statement *st, struct error *e)
{
    PGresult *result = PQdescribePrepared(tx->conn->h, st->name);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return note_failure(tx, result, st->base.sql, e);
    for (int i = 0; i < PQnfields(result); i++)
        if (PQftype(result, i) == OID_BYTEA) st->binary = true;
    PQclear(result);
    return 0;
}

static int prepare(struct pg_tx *tx, struct pg_statement *st, const struct pg_values *v, size_t n,
                   struct error *e)
{
    CLEANUP(freep) char *text = sql_expand(tx->tx.db->engine, st->base.sql);
    PGresult *result = PQprepare(tx->conn->h, st->name, text, (int)n, v->types);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return note_failure(tx, result, st->base.sql, e);
    PQclear(result);
    return describe(tx, st, e);
}

static int get_statement(struct pg_tx *tx, const char *sql, const struct pg_values *v, size_t n,
                         struct pg_statement **ret, struct error *e)
{
    struct pg_connection *c = tx->conn;
    uint64_t hash = statement_hash(sql, v->salt);
    struct statement *known = statements_find(&c->statements, sql, hash);

    if (known) {
        *ret = (struct pg_statement *)known;
        return 0;
    }
    if (make_room(tx, e) < 0) return -1;
    struct pg_statement *st = xcalloc(1, sizeof(*st));
    st->base.sql = xstrdup(sql);
    st->base.hash = hash;
    snprintf(st->name, sizeof(st->name), "s%u", ++c->prepared);
    if (prepare(tx, st, v, n, e) < 0) {
        free(st->base.sql);
        free(st);
        return -1;
    }
    statements_keep(&c->statements, &st->base); /* there is room: none is busy here */
    *ret = st;
    return 0;
}

/* Runs a statement; the caller clears *${ret}. */
static int run_values(struct pg_tx *tx, const char *sql, const struct db_value *args, size_t n,
                      PGresult **ret, bool *ret_binary, struct error *e)
{
    CLEANUP(pg_values_done) struct pg_values v;
    struct pg_statement *st;

    pg_values_make(&v, args, n);
    if (get_statement(tx, sql, &v, n, &st, e) < 0) return -1;
    PGresult *result =
        PQexecPrepared(tx->conn->h, st->name, (int)n, v.p, v.lengths, v.formats, st->binary);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return note_failure(tx, result, sql, e);
    *ret = result;
    *ret_binary = st->binary;
    return 0;
}

static int run_terminated(struct pg_tx *tx, const char *sql, const struct db_value *args, size_t n,
                          PGresult **ret, bool *ret_binary, struct error *e)
{
    struct db_value *copy = memcpy(xmalloc(size_mul(n, sizeof(*copy))), args, n * sizeof(*copy));

    for (size_t i = 0; i < n; i++)
        if (copy[i].type == DB_TEXT && copy[i].p) copy[i].p = xstrndup(copy[i].p, copy[i].n);
    int r = run_values(tx, sql, copy, n, ret, ret_binary, e);
    for (size_t i = 0; i < n; i++)
        if (copy[i].type == DB_TEXT) free((char *)copy[i].p);
    free(copy);
    return r;
}

static int run(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
               PGresult **ret, bool *ret_binary, struct error *e)
{
    if (n > 65535) return fail(e, ERR_TOO_LARGE, "%zu values in one statement", n);
    for (size_t i = 0; i < n; i++)
        if (args[i].n > 1 * GiB - 1)
            return fail(e, ERR_TOO_LARGE, "a value of %zu bytes cannot be stored", args[i].n);
    if (pg_values_terminated(args, n))
        return run_values((struct pg_tx *)tx, sql, args, n, ret, ret_binary, e);
    return run_terminated((struct pg_tx *)tx, sql, args, n, ret, ret_binary, e);
}

static int pg_exec(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                   struct error *e)
{
    PGresult *result;
    bool binary;
    int64_t changed = 0;

    if (run(tx, sql, args, n, &result, &binary, e) < 0) return -1;
    if (!str_starts(PQcmdStatus(result), "SELECT"))
        (void)str_i64(PQcmdTuples(result), 0, INT32_MAX, &changed);
    PQclear(result);
    return (int)changed;
}

static int pg_query(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                    struct db_rows **ret, struct error *e)
{
    struct pg_rows *rows = xcalloc(1, sizeof(*rows));

    if (run(tx, sql, args, n, &rows->result, &rows->binary, e) < 0) {
        free(rows);
        return -1;
    }
    rows->at = -1;
    rows->n = PQntuples(rows->result);
    *ret = &rows->rows;
    return 0;
}

static int pg_script(struct db_tx *base, const char *sql, struct error *e)
{
    struct pg_tx *tx = (struct pg_tx *)base;
    CLEANUP(freep) char *text = sql_expand(base->db->engine, sql);
    PGresult *result = PQexec(tx->conn->h, text);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        return note_failure(tx, result, "a script", e);
    PQclear(result);
    return 0;
}

/* ---- rows ---- */

static int pg_next(struct db_rows *base, struct error *e)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    if (rows->at < rows->n) rows->at++;
    return rows->at < rows->n;
}

static bool pg_is_null(struct db_rows *base, int i)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    return PQgetisnull(rows->result, rows->at, i) != 0;
}

static const char *pg_text(struct db_rows *base, int i)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    return pg_is_null(base, i) ? NULL : PQgetvalue(rows->result, rows->at, i);
}

static int64_t binary_number(const PGresult *result, int at, int i)
{
    const char *p = PQgetvalue(result, at, i);
    uint64_t u8;
    uint32_t u4;
    uint16_t u2;

    switch (PQftype(result, i)) {
    case OID_INT8: memcpy(&u8, p, sizeof(u8)); return (int64_t)be64toh(u8);
    case OID_INT4: memcpy(&u4, p, sizeof(u4)); return (int32_t)be32toh(u4);
    case OID_INT2: memcpy(&u2, p, sizeof(u2)); return (int16_t)be16toh(u2);
    case OID_BOOL: return *p != 0;
    default: ASSERT(!"a number beside bytes is an integer"); return 0;
    }
}

static int64_t pg_i64(struct db_rows *base, int i)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    if (pg_is_null(base, i)) return 0;
    if (rows->binary) return binary_number(rows->result, rows->at, i);
    const char *text = PQgetvalue(rows->result, rows->at, i);
    if (PQftype(rows->result, i) == OID_BOOL) return *text == 't';
    return strtoll(text, NULL, 10);
}

static struct str pg_blob(struct db_rows *base, int i)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    if (pg_is_null(base, i)) return (struct str){NULL, 0};
    return (struct str){PQgetvalue(rows->result, rows->at, i),
                        (size_t)PQgetlength(rows->result, rows->at, i)};
}

static void pg_rows_free(struct db_rows *base)
{
    struct pg_rows *rows = (struct pg_rows *)base;

    PQclear(rows->result);
    free(rows);
}

/* ---- transactions ---- */

/* begin, commit or rollback. */
static int control(struct pg_tx *tx, const char *sql, struct error *e)
{
    PGresult *result = PQexec(tx->conn->h, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) return note_failure(tx, result, sql, e);
    PQclear(result);
    return 0;
}

/* Begins on a connection of the pool, or on a new one when that is broken. */
static int begin(struct pg *pg, struct pg_tx *tx, const char *sql, struct error *e)
{
    for (int attempt = 0;; attempt++) {
        if (take(pg, &tx->conn, e) < 0) return -1;
        if (control(tx, sql, e) == 0) return 0;
        bool broken = PQstatus(tx->conn->h) != CONNECTION_OK;
        give_back(pg, tx->conn);
        if (!broken || attempt >= pg->pool.max) return -1;
    }
}

static int commit(struct pg_tx *tx, struct error *e)
{
    PGresult *result = PQexec(tx->conn->h, "commit");
    char line[200];

    if (PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0) {
        PQclear(result);
        return 0;
    }
    if (PQresultStatus(result) == PGRES_COMMAND_OK) {
        PQclear(result);
        return fail(e, ERR_INTERNAL, "the database rolled back instead of committing");
    }
    if (PQstatus(tx->conn->h) == CONNECTION_OK) return note_failure(tx, result, "commit", e);
    PQclear(result);
    return fail(e, ERR_UNREACHABLE, "outcome unknown, the database went away during the commit: %s",
                pg_line(PQerrorMessage(tx->conn->h), line, sizeof(line)));
}

/* One attempt; *${ret_repeat}: another may succeed. */
static int attempt_write(struct pg *pg, db_fn *fn, void *ctx, bool hot, bool *ret_repeat,
                         struct error *e)
{
    struct pg_tx tx = {.tx.db = &pg->db};
    struct error ignored;

    *ret_repeat = false;
    if (begin(pg, &tx,
              hot ? "begin isolation level read committed" : "begin isolation level serializable",
              e) < 0)
        return -1;
    int r = tx_run(&tx.tx, fn, ctx, e);
    if (r >= 0 && commit(&tx, e) < 0) r = -1;
    if (PQstatus(tx.conn->h) == CONNECTION_OK && PQtransactionStatus(tx.conn->h) != PQTRANS_IDLE)
        (void)control(&tx, "rollback", &ignored); /* give_back sees when it did not work */
    give_back(pg, tx.conn);
    *ret_repeat = r < 0 && tx.repeat;
    return r;
}

/* Lets those who are in each other's way part: up to 1, 2, 4, ... 64 ms. */
static void stand_back(int attempt)
{
    uint32_t most_us = 1000u << (attempt < 6 ? attempt : 6);
    struct timespec t = {.tv_nsec = (long)rand_below(most_us) * 1000};

    nanosleep(&t, NULL);
}

static int repeat_write(struct pg *pg, db_fn *fn, void *ctx, bool hot, struct error *e)
{
    bool repeat = true;
    int r = -1;

    pthread_mutex_lock(&pg->again);
    for (int attempt = 0; repeat && attempt < ATTEMPTS_MAX; attempt++) {
        if (attempt) stand_back(attempt);
        r = attempt_write(pg, fn, ctx, hot, &repeat, e);
    }
    pthread_mutex_unlock(&pg->again);
    if (repeat)
        return fail(e, ERR_BUSY, "the database is busy: %d attempts collided with others",
                    ATTEMPTS_MAX);
    return r;
}

static int pg_write(struct db *db, db_fn *fn, void *ctx, bool hot, struct error *e)
{
    struct pg *pg = (struct pg *)db;
    bool repeat;
    int r = attempt_write(pg, fn, ctx, hot, &repeat, e);

    return repeat ? repeat_write(pg, fn, ctx, hot, e) : r;
}

static int pg_read(struct db *db, db_fn *fn, void *ctx, struct error *e)
{
    struct pg *pg = (struct pg *)db;
    struct pg_tx tx = {.tx.db = db};
    struct error ignored;

    if (begin(pg, &tx, "begin isolation level repeatable read read only", e) < 0) return -1;
    int r = tx_run(&tx.tx, fn, ctx, e);
    if (PQstatus(tx.conn->h) == CONNECTION_OK)
        (void)control(&tx, "rollback", &ignored); /* give_back sees when it did not work */
    give_back(pg, tx.conn);
    return r;
}

/* ---- opening ---- */

static void pg_close(struct db *db)
{
    struct pg *pg = (struct pg *)db;
    struct pg_connection *c;

    while ((c = pool_drain(&pg->pool)) != NULL) connection_free(c);
    pool_done(&pg->pool);
    pthread_mutex_destroy(&pg->again);
    free(pg->url);
    pg->db.magic = 0;
    free(pg);
}

static const struct engine postgres_engine = {
    .name = "postgres",
    .now_ms = "(extract(epoch from clock_timestamp()) * 1000)::bigint",
    .blob = "bytea",
    .bytewise = "collate \"C\"",
    .close = pg_close,
    .write = pg_write,
    .read = pg_read,
    .exec = pg_exec,
    .query = pg_query,
    .script = pg_script,
    .next = pg_next,
    .text = pg_text,
    .i64 = pg_i64,
    .is_null = pg_is_null,
    .blob_of = pg_blob,
    .rows_free = pg_rows_free,
};

int postgres_open(const struct db_options *o, struct db **ret, struct error *e)
{
    struct pg *pg = xcalloc(1, sizeof(*pg));
    struct pg_connection *c;

    pg->db.magic = DB_MAGIC;
    pg->db.engine = &postgres_engine;
    pg->db.clock = o->clock ? o->clock : &system_clock;
    pg->url = xstrdup(o->url);
    pg->statement_ms = o->statement_ms ? o->statement_ms : STATEMENT_DEFAULT_MS;
    pool_setup(&pg->pool, o->connections ? o->connections : CONNECTIONS_DEFAULT);
    pthread_mutex_init(&pg->again, NULL);
    if (take(pg, &c, e) < 0) {
        pg_close(&pg->db);
        return -1;
    }
    give_back(pg, c);
    *ret = &pg->db;
    return 0;
}
