/* schema.c - migrations, and that both engines end with the same schema. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "db/migrate.h"
#include "store/migrations.h"
#include "tests/lib/database.h"

/* ---- what the schema is ---- */

static const char SQLITE_COLUMNS[] =
    "select m.name, c.name, lower(c.type), max(c.\"notnull\", c.pk > 0), 0 from sqlite_master m "
    "join pragma_table_info(m.name) c where m.type = 'table' order by m.name, c.name";
static const char POSTGRES_COLUMNS[] =
    "select table_name::text, column_name::text, case data_type when 'bytea' then 'blob' else "
    "data_type end, "
    "case is_nullable when 'NO' then 1 else 0 end, 0 from information_schema.columns "
    "where table_schema = 'public' order by table_name::text collate \"C\", column_name::text "
    "collate \"C\"";
static const char SQLITE_INDEXES[] =
    "select m.name, case i.origin when 'pk' then m.name || '_pkey' else i.name end as index_name, "
    "(select group_concat(x.name) from (select name from pragma_index_info(i.name) order by seqno) "
    "x), "
    "i.\"unique\", i.partial from sqlite_master m join pragma_index_list(m.name) i where m.type = "
    "'table' "
    "order by m.name, index_name";
static const char POSTGRES_INDEXES[] =
    "select t.relname::text, i.relname::text, (select string_agg(a.attname, ',' order by k.n) "
    "from unnest(x.indkey) with ordinality k(att, n) join pg_attribute a on a.attrelid = t.oid and "
    "a.attnum = k.att), x.indisunique, x.indpred is not null from pg_index x join pg_class t on "
    "t.oid = x.indrelid "
    "join pg_class i on i.oid = x.indexrelid join pg_namespace s on s.oid = t.relnamespace "
    "where s.nspname = 'public' order by t.relname::text collate \"C\", i.relname::text collate "
    "\"C\"";

struct description {
    const char *sql;
    struct buf text;
};

static int describe(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    struct description *d = ctx;
    int r;

    buf_clear(&d->text);
    if (db_query(tx, d->sql, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        buf_addf(&d->text, "%s %s %s %d %d\n", db_text(rows, 0), db_text(rows, 1), db_text(rows, 2),
                 (int)db_i64(rows, 3), (int)db_i64(rows, 4));
    return r;
}

static char *described(struct db *db, const char *sql)
{
    struct description d = {.sql = sql, .text = BUF_INIT(BUF_UNBOUNDED)};
    struct error err = {0};

    EXPECT_OK(db_read(db, describe, &d, &err));
    return buf_take(&d.text);
}

static void expect_same(struct db *lite, const char *lite_sql, struct db *pg, const char *pg_sql)
{
    CLEANUP(freep) char *one = described(lite, lite_sql);
    CLEANUP(freep) char *other = described(pg, pg_sql);

    EXPECT(strlen(one) > 500);
    EXPECT_STR(one, other);
}

TEST_LIMIT(both_engines_have_the_same_tables_columns_and_indexes, 60)
{
    struct db *lite = test_database("sqlite", true), *pg = test_database("postgres", true);

    expect_same(lite, SQLITE_COLUMNS, pg, POSTGRES_COLUMNS);
    expect_same(lite, SQLITE_INDEXES, pg, POSTGRES_INDEXES);
    db_close(lite);
    db_close(pg);
}

/* ---- migrations ---- */

STORE_TEST(migrating_again_changes_nothing)
{
    struct error err = {0};
    int64_t steps = test_number(db, "select count(*) from schema_migration");

    EXPECT(steps >= 2);
    EXPECT_OK(store_migrate(db, &err));
    EXPECT_INT(test_number(db, "select count(*) from schema_migration"), steps);
    EXPECT_INT(
        test_number(db, "select count(*) from schema_migration where applied_at > 1700000000000"),
        steps);
}

STORE_TEST(a_newer_schema_is_refused)
{
    struct error err = {0};

    test_sql(db, "insert into schema_migration (number, name, checksum, applied_at, tool_version) "
                 "values (9999, '9999_future', 'x', 1, '2099.1.0')");
    EXPECT_FAILS(store_migrate(db, &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, "9999_future") && strstr(err.text, "2099.1.0") &&
           strstr(err.text, "newer"));
}

STORE_TEST(a_changed_step_is_refused)
{
    struct error err = {0};

    test_sql(db, "update schema_migration set checksum = 'other' where number = 1");
    EXPECT_FAILS(store_migrate(db, &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, "0001_initial") && strstr(err.text, "checksum"));
}

static int fill_table(struct db_tx *tx, struct error *e)
{
    return db_exec(tx, "insert into made (a) values (1)", NO_ARGS, e);
}

static int refuse(struct db_tx *tx, struct error *e)
{
    if (db_exec(tx, "insert into made (a) values (2)", NO_ARGS, e) < 0) return -1;
    return fail(e, ERR_INVALID, "cannot convert");
}

static void migrate_in_steps(const char *engine)
{
    struct db *db = test_database(engine, false);
    struct error err = {0};
    struct migration steps[] = {
        {.number = 1,
         .name = "0001_one",
         .sql = "create table made (a bigint); create index made_a on made (a)",
         .run = fill_table,
         .checksum = "1"},
        {.number = 2,
         .name = "0002_two",
         .sql = "alter table made add column b text",
         .run = refuse,
         .checksum = "2"},
    };

    EXPECT_FAILS(db_migrate(db, steps, 2, "1", &err), ERR_INVALID);
    EXPECT(strstr(err.text, "0002_two"));
    EXPECT_INT(test_number(db, "select count(*) from made"), 1);
    EXPECT_INT(test_number(db, "select count(*) from schema_migration"), 1);
    steps[1].run = NULL;
    EXPECT_OK(db_migrate(db, steps, 2, "1", &err));
    EXPECT_INT(test_number(db, "select count(*) from made where b is null"), 1);
    EXPECT_FAILS(db_migrate(db, steps, 1, "1", &err), ERR_CONFLICT);
    db_close(db);
}

TEST(a_step_that_fails_leaves_nothing_and_can_be_repeated_on_sqlite) { migrate_in_steps("sqlite"); }
TEST_LIMIT(a_step_that_fails_leaves_nothing_and_can_be_repeated_on_postgres, 60)
{
    migrate_in_steps("postgres");
}

static void *migrate_it(void *url)
{
    struct db_options o = {.url = url};
    struct error err = {0};
    struct db *db;

    EXPECT_OK(db_open(&o, &db, &err));
    EXPECT_OK(store_migrate(db, &err));
    db_close(db);
    return NULL;
}

TEST_LIMIT(nodes_that_start_at_once_migrate_one_after_the_other, 60)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("postgres"));
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) EXPECT(pthread_create(&threads[i], NULL, migrate_it, url) == 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
}
