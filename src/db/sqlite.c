/* sqlite.c - the SQLite engine of db.h, and the only file that knows sqlite3.h.
 *
 * One connection writes, entered by one thread at a time (write_queue.c). A batch of waiting
 * functions is one transaction: the first needs no savepoint (when it fails, everything is rolled
 * back and nothing else is in it), each further one runs in a savepoint of its own, then one COMMIT
 * with its fsync (synchronous=FULL) acknowledges all. Some failures (disk full) make SQLite drop
 * the whole transaction: those before are run again, each alone, which a db_fn allows.
 *
 * Readers have connections of their own, opened when all others are busy, and see a snapshot (WAL).
 *
 * sqlite_log.c keeps the log (WAL) small, sqlite_files.c sees when somebody took the files away. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "db/db_priv.h"
#include "db/lock.h"
#include "db/pool.h"
#include "db/sqlite_files.h"
#include "db/sqlite_log.h"
#include "db/statements.h"
#include "db/write_queue.h"

enum {
    BATCH_MAX = 256, /* functions in one commit */
    READERS_DEFAULT = 4,
    BUSY_DEFAULT_MS = 5000,
};

struct connection {
    sqlite3 *h;
    struct statements statements;
};

struct lite_statement {
    struct statement base; /* first */
    sqlite3_stmt *st;
    int wanted; /* highest placeholder number */
    int *place; /* SQLite's index of $1, $2, ...; 0 = not in the text */
};

struct lite {
    struct db db; /* first */
    char *path;
    int lock_fd, busy_ms;
    struct connection writer;
    struct write_queue queue;
    struct pool readers;
    struct sqlite_log log;
    struct sqlite_files files;
};

struct lite_tx {
    struct db_tx tx; /* first */
    struct connection *conn;
};
struct lite_rows {
    struct db_rows rows; /* first */
    struct connection *conn;
    struct lite_statement *st;
    int pending; /* 1 = the first row is there already, 0 = it was found to have none, -1 = step */
};

/* ---- errors ---- */

static int failed_io(struct db *db, sqlite3 *h, int code, struct error *e)
{
    int sys = sqlite3_system_errno(h);

    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        return db_fatal(db, "fsync of the database failed", e);
    if (sys == ENOSPC || sys == EDQUOT)
        return fail(e, ERR_NO_SPACE, "no space left for the database");
    fail_errno(e, sys, "the database file cannot be read or written (%s)", sqlite3_errstr(code));
    if (e->kind != ERR_NO_SPACE) e->kind = ERR_INTERNAL;
    return -1;
}

static int failed(struct db *db, sqlite3 *h, const char *sql, struct error *e)
{
    int code = sqlite3_extended_errcode(h);

    switch (code & 0xff) {
    case SQLITE_FULL: return fail(e, ERR_NO_SPACE, "no space left for the database");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(e, ERR_BUSY, "the database is locked by another process");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(e, ERR_CORRUPT, "the database is damaged: %s", sqlite3_errmsg(h));
    case SQLITE_CANTOPEN: return fail(e, ERR_UNREACHABLE, "the database file cannot be opened");
    case SQLITE_INTERRUPT: return fail(e, ERR_TIMEOUT, "the statement was interrupted");
    case SQLITE_IOERR: return failed_io(db, h, code, e);
    default: break;
    }
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return fail(e, ERR_CONFLICT, "there is one like it already: %s", sqlite3_errmsg(h));
    return fail(e, ERR_INTERNAL, "%s in: %.200s", sqlite3_errmsg(h), sql);
}

/* ---- statements ---- */

static void statement_free(struct lite_statement *st)
{
    if (st == NULL) return;
    sqlite3_finalize(st->st);
    free(st->place);
    free(st->base.sql);
    free(st);
}

static int find_places(struct lite_statement *st, struct error *e)
{
    int n = sqlite3_bind_parameter_count(st->st);

    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(st->st, i);
        int64_t number = 0;
        if (name == NULL || name[0] != '$' || !str_i64(name + 1, 1, 65535, &number))
            return fail(e, ERR_INTERNAL, "placeholder %s is not $1, $2, ... in: %.200s",
                        name ? name : "?", st->base.sql);
        if (number > st->wanted) st->wanted = (int)number;
    }
    st->place = xcalloc((size_t)st->wanted + 1, sizeof(int));
    for (int i = 1; i <= n; i++)
        st->place[strtol(sqlite3_bind_parameter_name(st->st, i) + 1, NULL, 10) - 1] = i;
    return 0;
}

static int prepare(struct db *db, struct connection *c, const char *sql, uint64_t hash,
                   struct lite_statement **ret, struct error *e)
{
    CLEANUP(freep) char *text = sql_expand(db->engine, sql);
    struct lite_statement *st = xcalloc(1, sizeof(*st));

    st->base.sql = xstrdup(sql);
    st->base.hash = hash;
    statement_free((struct lite_statement *)statements_evict(&c->statements));
    if (sqlite3_prepare_v3(c->h, text, -1, SQLITE_PREPARE_PERSISTENT, &st->st, NULL) != SQLITE_OK) {
        statement_free(st);
        return failed(db, c->h, sql, e);
    }
    if (st->st == NULL || find_places(st, e) < 0) {
        int r = st->st ? -1 : fail(e, ERR_INTERNAL, "empty statement");
        statement_free(st);
        return r;
    }
    statements_keep(&c->statements, &st->base);
    *ret = st;
    return 0;
}

static int get_statement(struct db *db, struct connection *c, const char *sql, size_t n_args,
                         struct lite_statement **ret, struct error *e)
{
    uint64_t hash = statement_hash(sql, 0);
    struct lite_statement *st = (struct lite_statement *)statements_find(&c->statements, sql, hash);

    if (st == NULL && prepare(db, c, sql, hash, &st, e) < 0) return -1;
    st->base.busy = true;
    *ret = st;
    if ((size_t)st->wanted <= n_args) return 0;
    return fail(e, ERR_INTERNAL, "%zu values for %d placeholders in: %.200s", n_args, st->wanted,
                sql);
}

static void release(struct lite_statement *st)
{
    sqlite3_reset(st->st);
    sqlite3_clear_bindings(st->st);
    st->base.busy = false;
    if (!st->base.kept) statement_free(st);
}

/* ${life}: SQLITE_STATIC when the values outlive the statement's run, else SQLITE_TRANSIENT. */
static int bind(struct lite_statement *st, const struct db_value *args, size_t n,
                sqlite3_destructor_type life)
{
    for (int i = 0; i < st->wanted && (size_t)i < n; i++) {
        const struct db_value *v = &args[i];
        int at = st->place[i], rc = SQLITE_OK;
        if (at == 0) continue;
        if (v->type == DB_I64) rc = sqlite3_bind_int64(st->st, at, v->i64);
        else if (v->type == DB_TEXT && v->p)
            rc = sqlite3_bind_text64(st->st, at, v->p, v->n, life, SQLITE_UTF8);
        else if (v->type == DB_BLOB) rc = sqlite3_bind_blob64(st->st, at, v->p, v->n, life);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

static int lite_exec(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                     struct error *e)
{
    struct connection *c = ((struct lite_tx *)tx)->conn;
    struct lite_statement *st = NULL;
    int before = sqlite3_total_changes(c->h), r = 0;

    if (get_statement(tx->db, c, sql, n, &st, e) < 0) {
        if (st) release(st);
        return -1;
    }
    int rc = bind(st, args, n, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st->st)) == SQLITE_ROW) rc = SQLITE_OK;
    if (rc != SQLITE_DONE) r = failed(tx->db, c->h, sql, e);
    else if (sqlite3_total_changes(c->h) != before) r = sqlite3_changes(c->h);
    release(st);
    return r;
}

static int lite_query(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                      struct db_rows **ret, struct error *e)
{
    struct connection *c = ((struct lite_tx *)tx)->conn;
    struct lite_statement *st = NULL;

    if (get_statement(tx->db, c, sql, n, &st, e) < 0) {
        if (st) release(st);
        return -1;
    }
    int rc = bind(st, args, n, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK) rc = sqlite3_step(st->st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        failed(tx->db, c->h, sql, e);
        release(st);
        return -1;
    }
    struct lite_rows *rows = xcalloc(1, sizeof(*rows));
    rows->conn = c;
    rows->st = st;
    rows->pending = rc == SQLITE_ROW;
    *ret = &rows->rows;
    return 0;
}

static int lite_next(struct db_rows *base, struct error *e)
{
    struct lite_rows *rows = (struct lite_rows *)base;

    if (rows->pending == 1) {
        rows->pending = -1;
        return 1;
    }
    if (rows->pending == 0) return 0;
    int rc = sqlite3_step(rows->st->st);
    if (rc == SQLITE_ROW) return 1;
    rows->pending = 0;
    if (rc == SQLITE_DONE) return 0;
    return failed(base->tx->db, rows->conn->h, rows->st->base.sql, e);
}

static sqlite3_stmt *row(struct db_rows *rows) { return ((struct lite_rows *)rows)->st->st; }
static const char *lite_text(struct db_rows *rows, int i)
{
    return (const char *)sqlite3_column_text(row(rows), i);
}
static int64_t lite_i64(struct db_rows *rows, int i) { return sqlite3_column_int64(row(rows), i); }
static bool lite_is_null(struct db_rows *rows, int i)
{
    return sqlite3_column_type(row(rows), i) == SQLITE_NULL;
}
static struct str lite_blob(struct db_rows *rows, int i)
{
    if (lite_is_null(rows, i)) return (struct str){NULL, 0};
    const char *p = sqlite3_column_blob(row(rows), i);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(row(rows), i)};
}
static void lite_rows_free(struct db_rows *base)
{
    struct lite_rows *rows = (struct lite_rows *)base;

    release(rows->st);
    free(rows);
}

static int lite_script(struct db_tx *tx, const char *sql, struct error *e)
{
    struct connection *c = ((struct lite_tx *)tx)->conn;
    CLEANUP(freep) char *text = sql_expand(tx->db->engine, sql);

    if (sqlite3_exec(c->h, text, NULL, NULL, NULL) != SQLITE_OK)
        return failed(tx->db, c->h, "a script", e);
    return 0;
}

/* ---- connections ---- */

/* The server's idle size counts: small caches, readers only when they are needed. */
static const char WRITER_PRAGMAS[] =
    "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on;"
    "pragma cache_size=-4096; pragma temp_store=memory; pragma wal_autocheckpoint=0;"
    "pragma secure_delete=fast";
static const char READER_PRAGMAS[] =
    "pragma cache_size=-1024; pragma query_only=on; pragma temp_store=memory";

static void now_ms(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct db *db = sqlite3_user_data(context);

    sqlite3_result_int64(context, clock_now(db->clock));
}

static void connection_done(struct connection *c)
{
    struct statement *st;

    while ((st = statements_take(&c->statements)) != NULL)
        statement_free((struct lite_statement *)st);
    sqlite3_close(c->h);
    c->h = NULL;
}

static int connection_open(struct lite *l, struct connection *c, const char *pragmas,
                           struct error *e)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(l->path, &c->h, flags, NULL);

    c->statements.max = 128;
    if (rc == SQLITE_OK) rc = sqlite3_extended_result_codes(c->h, 1);
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(c->h, l->busy_ms);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(c->h, "db_now_ms", 0, SQLITE_UTF8, l, now_ms, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(c->h, pragmas, NULL, NULL, NULL);
    if (rc == SQLITE_OK) return 0;
    if (c->h) failed(&l->db, c->h, pragmas, e);
    else fail(e, ERR_INTERNAL, "no memory to open the database");
    connection_done(c);
    return fail_wrap(e, "open %s", l->path);
}

/* Runs a statement without values and rows: begin, commit and their like. */
static int control(struct lite *l, struct connection *c, const char *sql, struct error *e)
{
    struct lite_tx tx = {.tx.db = &l->db, .conn = c};

    return lite_exec(&tx.tx, sql, NULL, 0, e);
}

/* Opens a transaction on files that are still those of the path. */
static int begin(struct lite *l, struct connection *c, const char *sql, struct error *e)
{
    return sqlite_files_check(&l->files, e) < 0 ? -1 : control(l, c, sql, e);
}

/* Rolls back what is open; SQLite has done so itself after some failures. */
static void roll_back(struct lite *l, struct connection *c)
{
    struct error e;

    if (sqlite3_get_autocommit(c->h)) return;
    if (control(l, c, "rollback", &e) < 0) log_error("db", "roll back: %s", e.text);
}

/* ---- writing ---- */

static int commit(struct lite *l, struct error *e)
{
    if (control(l, &l->writer, "commit", e) >= 0) return 0;
    bool io = (sqlite3_extended_errcode(l->writer.h) & 0xff) == SQLITE_IOERR;
    roll_back(l, &l->writer);
    return io && e->kind != ERR_NO_SPACE ? db_fatal(&l->db, e->text, e) : -1;
}

/* Runs one function in the open transaction. ${alone}: nothing else is in it. */
static int run_one(struct lite *l, struct write_request *r, bool alone)
{
    struct lite_tx tx = {.tx.db = &l->db, .conn = &l->writer};
    struct error e;

    if (!alone && control(l, &l->writer, "savepoint one", r->e) < 0) return r->result = -1;
    r->result = tx_run(&tx.tx, r->fn, r->ctx, r->e);
    if (r->result < 0 && alone) roll_back(l, &l->writer);
    else if (r->result < 0 && !sqlite3_get_autocommit(l->writer.h) &&
             (control(l, &l->writer, "rollback to one", &e) < 0 ||
              control(l, &l->writer, "release one", &e) < 0))
        roll_back(l, &l->writer);
    else if (r->result >= 0 && !alone && control(l, &l->writer, "release one", r->e) < 0) {
        r->result = -1;
        roll_back(l, &l->writer);
    }
    return r->result;
}

/* Runs and commits one function by itself. */
static void run_alone(struct lite *l, struct write_request *r)
{
    if (begin(l, &l->writer, "begin immediate", r->e) < 0) r->result = -1;
    else if (run_one(l, r, true) >= 0 && commit(l, r->e) < 0) r->result = -1;
}

/* What a batch did so far: requests before ${open} have their result for good, ${good} since then
 * wait for the commit. */
struct batch {
    struct write_request *open;
    size_t n, good;
    const struct error *refused; /* no transaction can be opened: those that wait all know why */
};

static int begin_next(struct lite *l, struct batch *b, struct write_request *r)
{
    if (!sqlite3_get_autocommit(l->writer.h)) return 0;
    if (b->refused) *r->e = *b->refused;
    else if (begin(l, &l->writer, "begin immediate", r->e) < 0) b->refused = r->e;
    return b->refused ? -1 : 0;
}

static void run_next(struct lite *l, struct batch *b, struct write_request *r)
{
    if (begin_next(l, b, r) < 0) {
        r->result = -1;
        return;
    }
    if (run_one(l, r, b->good == 0) >= 0) b->good++;
    if (b->good == 0 || !sqlite3_get_autocommit(l->writer.h)) return;
    for (struct write_request *before = b->open; before != r; before = before->next)
        if (before->result >= 0) run_alone(l, before);
    b->open = r->next;
    b->good = 0;
}

static void commit_batch(struct lite *l, struct batch *b)
{
    struct error e;

    if (b->good == 0) {
        roll_back(l, &l->writer);
        return;
    }
    if (commit(l, &e) == 0) return;
    for (struct write_request *r = b->open; r; r = r->next) {
        if (r->result < 0) continue;
        r->result = -1;
        *r->e = e;
    }
}

static struct write_request *run_batch(void *owner, struct write_request *first)
{
    struct lite *l = owner;
    struct batch b = {.open = first};

    for (struct write_request *r = first; r; r = r->next) {
        run_next(l, &b, r);
        if (++b.n < BATCH_MAX && r->next == NULL && !b.refused)
            r->next = write_queue_more(&l->queue);
        if (b.open == NULL) b.open = r->next;
    }
    commit_batch(l, &b);
    return first;
}

static void after_batch(void *owner) { sqlite_log_tend(&((struct lite *)owner)->log); }

static int lite_write(struct db *db, db_fn *fn, void *ctx, bool hot, struct error *e)
{
    struct lite *l = (struct lite *)db;
    struct write_request r = {.fn = fn, .ctx = ctx, .e = e};

    write_queue_wait(&l->queue, &r, run_batch, after_batch, l);
    return r.result;
}

/* ---- reading ---- */

static int open_reader(void *owner, void **ret, struct error *e)
{
    struct connection *c = xcalloc(1, sizeof(*c));
    struct lite *l = owner;

    /* it must not open, and keep, another file that lies there for a while */
    if (sqlite_files_check(&l->files, e) == 0 && connection_open(l, c, READER_PRAGMAS, e) == 0) {
        if (sqlite_files_check(&l->files, e) == 0) {
            *ret = c;
            return 0;
        }
        connection_done(c);
    }
    free(c);
    return -1;
}

static int lite_read(struct db *db, db_fn *fn, void *ctx, struct error *e)
{
    struct lite *l = (struct lite *)db;
    void *taken;

    if (pool_take(&l->readers, open_reader, l, &taken, e) < 0) return -1;
    struct connection *c = taken;
    struct lite_tx tx = {.tx.db = db, .conn = c};
    int r = begin(l, c, "begin", e);
    if (r >= 0) r = tx_run(&tx.tx, fn, ctx, e);
    roll_back(l, c);
    pool_return(&l->readers, c);
    return r;
}

/* ---- opening ---- */

static void lite_close(struct db *db)
{
    struct lite *l = (struct lite *)db;
    struct connection *c;

    sqlite_log_done(&l->log);
    while ((c = pool_drain(&l->readers)) != NULL) {
        connection_done(c);
        free(c);
    }
    pool_done(&l->readers);
    if (l->writer.h) connection_done(&l->writer);
    if (l->lock_fd >= 0) close(l->lock_fd);
    write_queue_done(&l->queue);
    free(l->path);
    l->db.magic = 0;
    free(l);
}

static const struct engine sqlite_engine = {
    .name = "sqlite",
    .now_ms = "db_now_ms()",
    .blob = "blob",
    .bytewise = "",
    .close = lite_close,
    .write = lite_write,
    .read = lite_read,
    .exec = lite_exec,
    .query = lite_query,
    .script = lite_script,
    .next = lite_next,
    .text = lite_text,
    .i64 = lite_i64,
    .is_null = lite_is_null,
    .blob_of = lite_blob,
    .rows_free = lite_rows_free,
};

static struct lite *lite_new(const struct db_options *o, const char *path)
{
    struct lite *l = xcalloc(1, sizeof(*l));

    l->db.magic = DB_MAGIC;
    l->db.engine = &sqlite_engine;
    l->db.clock = o->clock ? o->clock : &system_clock;
    l->path = xstrdup(path);
    l->lock_fd = -1;
    l->busy_ms = o->busy_ms ? o->busy_ms : BUSY_DEFAULT_MS;
    sqlite_log_setup(&l->log, l->path);
    write_queue_setup(&l->queue);
    pool_setup(&l->readers, o->readers ? o->readers : READERS_DEFAULT);
    return l;
}

static int open_writer(struct lite *l, bool beside, struct error *e)
{
    /* The lock first: to open and close the file in a process that has it open would end SQLite's
     * own locks. */
    struct error why = {0};
    l->lock_fd = lock_take(l->path, &why);
    l->db.beside = beside && l->lock_fd < 0 && why.kind == ERR_CONFLICT;
    if (l->lock_fd < 0 && !l->db.beside) {
        *e = why;
        return -1;
    }
    if (!l->db.beside && sqlite_files_make(l->path, e) < 0) return -1;
    if (connection_open(l, &l->writer, WRITER_PRAGMAS, e) < 0) return -1;
    /* the log is tended by the process that holds the lock */
    if (!l->db.beside && sqlite_log_open(&l->log, &l->db, l->writer.h, e) < 0) return -1;
    return sqlite_files_note(&l->files, l->path, e);
}

static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* its counters are a lock at each allocation */
}

int sqlite_open(const struct db_options *o, const char *path, struct db **ret, struct error *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct lite *l = lite_new(o, path);

    pthread_once(&once, configure);
    if (open_writer(l, o->beside, e) < 0) {
        lite_close(&l->db);
        return -1;
    }
    *ret = &l->db;
    return 0;
}
