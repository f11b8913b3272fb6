/* db.c - see db.h: what both engines have in common.
 *
 * Here the values are checked (so that both engines refuse the same texts), a transaction that saw
 * a failed statement is made to fail as a whole (PostgreSQL does that by itself, SQLite would go
 * on), rows are counted, and misuse is made loud: a transaction inside a transaction, or rows that
 * outlive theirs, abort the program. */
#include "db/db_priv.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"

static _Thread_local bool inside; /* this thread runs a db_fn now */

int db_open(const struct db_options *o, struct db **ret, struct error *e)
{
    if (str_starts(o->url, "sqlite:") && o->url[strlen("sqlite:")])
        return sqlite_open(o, o->url + strlen("sqlite:"), ret, e);
    if (str_starts(o->url, "postgresql://") || str_starts(o->url, "postgres://"))
        return postgres_open(o, ret, e);
    return fail(e, ERR_INVALID,
                "the database is named by sqlite:FILE or postgresql://USER@HOST/NAME");
}

void db_close(struct db *db)
{
    if (db == NULL) return;
    CHECK(db, DB_MAGIC);
    db->engine->close(db);
}

void db_closep(struct db **db)
{
    db_close(*db);
    *db = NULL;
}

const char *db_engine(const struct db *db) { return db->engine->name; }
bool db_is_beside(const struct db *db) { return db->beside; }
const char *db_tx_engine(const struct db_tx *tx) { return tx->db->engine->name; }

void db_on_fatal(struct db *db, void (*told)(void *ctx, const char *why), void *ctx)
{
    db->told = told;
    db->told_ctx = ctx;
}

int db_fatal(struct db *db, const char *why, struct error *e)
{
    if (!atomic_exchange(&db->dead, true)) {
        log_error("db", "stopping: what was stored may be lost: %s", why);
        if (db->told == NULL) _exit(70);
        db->told(db->told_ctx, why);
    }
    return fail(e, ERR_INTERNAL, "the database cannot store anything any more: %s", why);
}

static struct histogram commits = HISTOGRAM_SHORT(
    "bobtail_database_write_seconds", NULL, "Time of a transaction that writes, with its commit.");
static struct metric failures = METRIC("counter", "bobtail_database_write_errors_total", NULL,
                                       "Transactions that did not commit.");

static int64_t microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int write_it(struct db *db, db_fn *fn, void *ctx, bool hot, struct error *e)
{
    struct error own;

    CHECK(db, DB_MAGIC);
    ASSERT(!inside);
    if (e == NULL) e = &own;
    if (atomic_load_explicit(&db->dead, memory_order_relaxed))
        return fail(e, ERR_INTERNAL, "the database stopped after a failed write");
    int64_t begun = microseconds();
    int r = db->engine->write(db, fn, ctx, hot, e);
    histogram_add(&commits, microseconds() - begun);
    metric_add(&failures, r < 0);
    return r;
}

int db_write(struct db *db, db_fn *fn, void *ctx, struct error *e)
{
    return write_it(db, fn, ctx, false, e);
}

int db_write_hot(struct db *db, db_fn *fn, void *ctx, struct error *e)
{
    return write_it(db, fn, ctx, true, e);
}

int db_read(struct db *db, db_fn *fn, void *ctx, struct error *e)
{
    struct error own;

    CHECK(db, DB_MAGIC);
    ASSERT(!inside);
    return db->engine->read(db, fn, ctx, e ? e : &own);
}

int tx_run(struct db_tx *tx, db_fn *fn, void *ctx, struct error *e)
{
    tx->failed = false;
    tx->open_rows = 0;
    inside = true;
    int r = fn(tx, ctx, e);
    inside = false;
    ASSERT(tx->open_rows == 0);
    if (r < 0 || !tx->failed) return r;
    *e = tx->first;
    return -1;
}

static int lost(struct db_tx *tx, const struct error *why)
{
    tx->failed = true;
    tx->first = *why;
    return -1;
}

static int check_values(const struct db_value *args, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        if (args[i].type != DB_TEXT || args[i].p == NULL) continue;
        if (!utf8_check((struct str){args[i].p, args[i].n}))
            return fail(e, ERR_INVALID, "text with %s cannot be stored: \"%.60s\"",
                        memchr(args[i].p, '\0', args[i].n) ? "a NUL character"
                                                           : "bytes that are not UTF-8",
                        memchr(args[i].p, '\0', args[i].n) ? args[i].p : "");
    }
    return 0;
}

static int ready(struct db_tx *tx, const struct db_value *args, size_t n, struct error *e)
{
    if (tx->failed) {
        *e = tx->first;
        return -1;
    }
    return check_values(args, n, e) < 0 ? lost(tx, e) : 0;
}

int db_exec(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
            struct error *e)
{
    struct error own;

    if (e == NULL) e = &own;
    if (ready(tx, args, n, e) < 0) return -1;
    int r = tx->db->engine->exec(tx, sql, args, n, e);
    return r < 0 ? lost(tx, e) : r;
}

int db_query(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
             struct db_rows **ret, struct error *e)
{
    struct error own;

    if (e == NULL) e = &own;
    if (ready(tx, args, n, e) < 0) return -1;
    if (tx->db->engine->query(tx, sql, args, n, ret, e) < 0) return lost(tx, e);
    (*ret)->tx = tx;
    tx->open_rows++;
    return 0;
}

int db_script(struct db_tx *tx, const char *sql, struct error *e)
{
    struct error own;

    if (e == NULL) e = &own;
    if (ready(tx, NULL, 0, e) < 0) return -1;
    return tx->db->engine->script(tx, sql, e) < 0 ? lost(tx, e) : 0;
}

int db_next(struct db_rows *rows, struct error *e)
{
    struct error own;

    if (e == NULL) e = &own;
    int r = rows->tx->db->engine->next(rows, e);
    return r < 0 ? lost(rows->tx, e) : r;
}

const char *db_text(struct db_rows *rows, int i) { return rows->tx->db->engine->text(rows, i); }
int64_t db_i64(struct db_rows *rows, int i) { return rows->tx->db->engine->i64(rows, i); }
bool db_is_null(struct db_rows *rows, int i) { return rows->tx->db->engine->is_null(rows, i); }
struct str db_blob(struct db_rows *rows, int i) { return rows->tx->db->engine->blob_of(rows, i); }

void db_rows_free(struct db_rows *rows)
{
    if (rows == NULL) return;
    rows->tx->open_rows--;
    rows->tx->db->engine->rows_free(rows);
}

void db_rows_freep(struct db_rows **rows)
{
    db_rows_free(*rows);
    *rows = NULL;
}

char *sql_expand(const struct engine *engine, const char *sql)
{
    const struct {
        const char *token, *text;
    } tokens[] = {
        {"{{NOW_MS}}", engine->now_ms}, {"{{BLOB}}", engine->blob}, {"{{C}}", engine->bytewise}};
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    while (*sql) {
        size_t plain = strcspn(sql, "{");
        buf_add(&out, sql, plain);
        sql += plain;
        if (*sql == '\0') break;
        size_t i = 0;
        while (i < ARRAY_LEN(tokens) && !str_starts(sql, tokens[i].token)) i++;
        if (i < ARRAY_LEN(tokens)) {
            buf_adds(&out, tokens[i].text);
            sql += strlen(tokens[i].token);
        } else {
            buf_addc(&out, *sql++);
        }
    }
    return buf_take(&out);
}
