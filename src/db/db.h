/* db.h - the one way to the database, for SQLite and PostgreSQL alike.
 *
 *     static int rename_it(struct db_tx *tx, void *ctx, struct error *e)
 *     {
 *         struct rename *r = ctx;
 *         return db_exec(tx, SQL_RENAME, ARGS(TEXT(r->id), TEXT(r->name)), e) < 0 ? -1 : 0;
 *     }
 *     ...
 *     if (db_write(db, rename_it, &r, e) < 0) return -1;
 *
 * One SQL text serves both engines: placeholders $1..$n (in any order, repeated at will), the
 * tokens {{NOW_MS}} (UTC milliseconds by the database's clock), {{BLOB}} (the type of bytes) and
 * {{C}} (behind a text column or expression: compares by bytes). SQL texts are constants or come
 * from db/query.h; statements are prepared once per connection.
 *
 * Types: text (UTF-8 without NUL; anything else is refused with ERR_INVALID), 64-bit integers,
 * bytes. A `sum()` is cast to bigint by its SQL.
 *
 * A statement that fails ends its transaction: everything after it fails with the same error, and
 * the transaction is rolled back even when the function returns 0.
 *
 * Error kinds: ERR_CONFLICT a unique constraint; ERR_BUSY locked by another process or too many
 * serialization failures; ERR_UNREACHABLE the database is away; ERR_NO_SPACE; ERR_TIMEOUT a
 * statement took too long; ERR_CORRUPT; ERR_INTERNAL a fault of the SQL. Functions that take a
 * `struct db` may be called by any thread; a `struct db_tx` and its rows belong to the function
 * that got it, until it returns. */
#ifndef DB_DB_H
#define DB_DB_H
#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

struct db;
struct db_tx;
struct db_rows;

struct db_options {
    const char *url;  /* "sqlite:/path/file", "postgresql://user@host/name" or "postgres://..." */
    int readers;      /* SQLite: connections that read at once, opened when needed; 0 = 4 */
    int connections;  /* PostgreSQL: connections at most, opened when needed; 0 = 8 */
    int busy_ms;      /* wait for a lock held by another process; 0 = 5000 */
    int statement_ms; /* PostgreSQL: longest statement; 0 = 30000 */
    const struct clock *clock; /* {{NOW_MS}} of SQLite; NULL = system_clock */
    bool beside; /* SQLite: when another process holds the lock, works beside it: for a few short
                    transactions of a command. The schema must be there already */
};

/** Opens the database, creating an SQLite file (0600) when it is missing. SQLite: holds the lock
 * `<file>.lock` until db_close; ERR_CONFLICT names the process that holds it. PostgreSQL: makes one
 * connection to see that it is there; ERR_UNREACHABLE. ERR_INVALID: the URL. */
int db_open(const struct db_options *o, struct db **ret, struct error *e) MUST_USE;
/** Waits for nobody: no call may be under way. NULL is fine. */
void db_close(struct db *db);
void db_closep(struct db **db); /* for CLEANUP */
/** "sqlite" or "postgres". */
const char *db_engine(const struct db *db);
/** True when this process works beside the one that holds the lock (db_options.beside). */
bool db_is_beside(const struct db *db);

/** Work in one transaction. It may run again from its start (so it sets what it returns, it does
 * not add to it), on another thread than its caller's, and does no other I/O and no db_write or
 * db_read. -1 = roll back and return that error; >= 0 = commit. */
typedef int db_fn(struct db_tx *tx, void *ctx, struct error *e);

/** Runs ${fn} and returns what it returned once that is durable; -1 and nothing of it is kept
 * otherwise (except ERR_UNREACHABLE "outcome unknown", when the connection broke during the
 * commit). PostgreSQL: SERIALIZABLE, repeated on serialization failures. SQLite: writers that wait
 * share one commit. */
int db_write(struct db *db, db_fn *fn, void *ctx, struct error *e) MUST_USE;
/** db_write for a ${fn} that first locks the row it works under (`update ... where`): PostgreSQL
 * READ COMMITTED. */
int db_write_hot(struct db *db, db_fn *fn, void *ctx, struct error *e) MUST_USE;
/** Runs ${fn} on one consistent snapshot, read only; returns what it returned. */
int db_read(struct db *db, db_fn *fn, void *ctx, struct error *e) MUST_USE;

/** Writes a consistent copy of an SQLite database, which a server of this or another process may be
 * using, to the new file ${to} (0600), durably. ERR_NO_SPACE and all other errors leave no file. */
int db_copy(const char *url, const char *to, struct error *e) MUST_USE;
/** Does the database answer? Reads one row of a database that has its schema. */
int db_ping(struct db *db, struct error *e) MUST_USE;

enum db_type { DB_NULL, DB_TEXT, DB_I64, DB_BLOB };
struct db_value {
    enum db_type type;
    int64_t i64;
    const char *p; /* text or bytes; NULL = null */
    size_t n;
};
static inline struct db_value db_value_text(const char *p, size_t n)
{
    return (struct db_value){.type = DB_TEXT, .p = p, .n = n};
}
static inline struct db_value db_value_cstr(const char *s)
{
    return db_value_text(s, s ? strlen(s) : 0);
}
static inline struct db_value db_value_i64(int64_t n)
{
    return (struct db_value){.type = DB_I64, .i64 = n};
}
static inline struct db_value db_value_blob(const void *p, size_t n)
{
    return (struct db_value){.type = DB_BLOB, .p = p ? p : "", .n = n};
}
#define TEXT(s) db_value_cstr(s) /* NULL is the SQL null */
#define TEXTN(p, n) db_value_text((p), (n))
#define I64(n) db_value_i64(n)
#define BLOB(p, n) db_value_blob((p), (n)) /* never null */
#define NUL ((struct db_value){.type = DB_NULL})
#define ARGS(...)                           \
    (const struct db_value[]){__VA_ARGS__}, \
        (sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
#define NO_ARGS NULL, 0

/** Runs one statement; returns the number of rows that it changed. */
int db_exec(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n_args,
            struct error *e) MUST_USE;
/** Runs one statement that yields rows (also `... returning`); effects and errors happen here, not
 * in db_next. The caller frees the rows before the transaction's function returns. ${args} need not
 * outlive the call. */
int db_query(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n_args,
             struct db_rows **ret, struct error *e) MUST_USE;
/** 1 = there is a row, 0 = end, -1. */
int db_next(struct db_rows *rows, struct error *e) MUST_USE;
/** Columns of the row, from 0. Text and bytes are valid until the next db_next or db_rows_free. */
const char *db_text(struct db_rows *rows, int column); /* NULL = null */
int64_t db_i64(struct db_rows *rows, int column);      /* 0 = null */
bool db_is_null(struct db_rows *rows, int column);
struct str db_blob(struct db_rows *rows, int column); /* {NULL, 0} = null */
void db_rows_free(struct db_rows *rows);              /* NULL is fine */
void db_rows_freep(struct db_rows **rows);            /* for CLEANUP */

/** The engine of a transaction, as db_engine. */
const char *db_tx_engine(const struct db_tx *tx);

/** Runs several statements without placeholders: migrations and tests. */
int db_script(struct db_tx *tx, const char *sql, struct error *e) MUST_USE;

/** Who is told when the database cannot promise durability any more (a failed fsync):
 * ${told}(${ctx}, why) is called once, by the thread that saw it; it should end the process. Every
 * later write fails. Without one the process ends with status 70. To be set before the first write.
 */
void db_on_fatal(struct db *db, void (*told)(void *ctx, const char *why), void *ctx);
#endif
