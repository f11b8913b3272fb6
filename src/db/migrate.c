/* migrate.c - see migrate.h.
 *
 * Each step looks again at what is applied inside its own transaction, so that of several nodes
 * that start at once one does the work and the others find it done. On PostgreSQL an advisory lock
 * makes them wait for each other (READ COMMITTED: what is read after the lock is what the other has
 * committed); on SQLite the one writer does. */
#include "db/migrate.h"

#include "base/log.h"

static const char SQL_LOCK_POSTGRES[] = "set local statement_timeout = 0; set local lock_timeout = "
                                        "0; set local client_min_messages = error;"
                                        "select pg_advisory_xact_lock(7233181506251021)";
static const char SQL_TABLE[] =
    "create table if not exists schema_migration ("
    "number bigint primary key, name text not null, checksum text not null, "
    "applied_at bigint not null, tool_version text not null)";
static const char SQL_APPLIED[] =
    "select number, name, checksum, tool_version from schema_migration order by number";
static const char SQL_RECORD[] =
    "insert into schema_migration (number, name, checksum, applied_at, tool_version) "
    "values ($1, $2, $3, {{NOW_MS}}, $4)";

struct run {
    const struct migration *steps;
    size_t n;
    const char *tool_version;
    size_t applied;  /* steps in the database when last looked at */
    const char *did; /* name of the step this transaction applied, NULL = all are there */
};

static int check_row(const struct run *run, size_t at, struct db_rows *rows, struct error *e)
{
    if (at >= run->n)
        return fail(
            e, ERR_CONFLICT,
            "the database has step %s, made by version %s: it is newer than this program (%s)",
            db_text(rows, 1), db_text(rows, 3), run->tool_version);
    const struct migration *step = &run->steps[at];
    if (db_i64(rows, 0) != step->number || strcmp(db_text(rows, 2), step->checksum) != 0)
        return fail(e, ERR_CONFLICT,
                    "step %s of the database is not the step %s of this program: their checksums "
                    "are %s and %s",
                    db_text(rows, 1), step->name, db_text(rows, 2), step->checksum);
    return 0;
}

static int count_applied(struct db_tx *tx, struct run *run, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    run->applied = 0;
    if (db_query(tx, SQL_APPLIED, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        if (check_row(run, run->applied++, rows, e) < 0) return -1;
    return r;
}

static int apply(struct db_tx *tx, const struct migration *step, const char *tool_version,
                 struct error *e)
{
    if (step->sql && db_script(tx, step->sql, e) < 0) return fail_wrap(e, "step %s", step->name);
    if (step->run && step->run(tx, e) < 0) return fail_wrap(e, "step %s", step->name);
    return db_exec(
        tx, SQL_RECORD,
        ARGS(I64(step->number), TEXT(step->name), TEXT(step->checksum), TEXT(tool_version)), e);
}

static int apply_next(struct db_tx *tx, void *ctx, struct error *e)
{
    struct run *run = ctx;

    run->did = NULL;
    if (strcmp(db_tx_engine(tx), "postgres") == 0 && db_script(tx, SQL_LOCK_POSTGRES, e) < 0)
        return -1;
    if (db_script(tx, SQL_TABLE, e) < 0 || count_applied(tx, run, e) < 0) return -1;
    if (run->applied == run->n) return 0;
    run->did = run->steps[run->applied].name;
    return apply(tx, &run->steps[run->applied], run->tool_version, e);
}

int db_migrate(struct db *db, const struct migration *steps, size_t n, const char *tool_version,
               struct error *e)
{
    struct run run = {.steps = steps, .n = n, .tool_version = tool_version};

    do {
        if (db_write_hot(db, apply_next, &run, e) < 0) return -1;
        if (run.did) log_info("db", "schema step %s applied", run.did);
    } while (run.did);
    return 0;
}

static const char SQL_HAS_TABLE[] = "select 1 from sqlite_master where name = 'schema_migration'";
static const char SQL_HAS_TABLE_POSTGRES[] =
    "select 1 from information_schema.tables where table_name = 'schema_migration' and "
    "table_schema = current_schema()";

static int has_table(struct db_tx *tx, struct error *e)
{
    bool postgres = strcmp(db_tx_engine(tx), "postgres") == 0;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, postgres ? SQL_HAS_TABLE_POSTGRES : SQL_HAS_TABLE, NO_ARGS, &rows, e) < 0)
        return -1;
    return db_next(rows, e);
}

static int look_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct run *run = ctx;
    int there = has_table(tx, e);

    run->applied = 0;
    return there > 0 ? count_applied(tx, run, e) : there;
}

int db_migrated(struct db *db, const struct migration *steps, size_t n, const char *tool_version,
                size_t *ret, struct error *e)
{
    struct run run = {.steps = steps, .n = n, .tool_version = tool_version};

    if (db_read(db, look_tx, &run, e) < 0) return -1;
    *ret = run.applied;
    return 0;
}

static int ping_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    (void)ctx;
    if (db_query(tx, "select 1 from schema_migration where number = 1", NO_ARGS, &rows, e) < 0)
        return -1;
    return db_next(rows, e);
}

int db_ping(struct db *db, struct error *e) { return db_read(db, ping_tx, NULL, e) < 0 ? -1 : 0; }
