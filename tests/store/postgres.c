/* postgres.c - what only PostgreSQL does: going away and coming back, and connections that are
 * bounded. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/database.h"

static int put(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, "insert into setting (name, value) values ($1, 'x')", ARGS(TEXT(ctx)), e);
}

static int count(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, "select count(*) from setting", NO_ARGS, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    return r < 0 ? -1 : (int)db_i64(rows, 0);
}

TEST_LIMIT(a_database_that_is_away_is_unreachable_and_works_again_when_it_returns, 60)
{
    struct db *db = test_database("postgres", true);
    struct error err = {0};

    EXPECT_OK(db_write(db, put, "a", &err));
    test_postgres_crash();
    EXPECT_FAILS(db_write(db, put, "b", &err), ERR_UNREACHABLE);
    EXPECT(strstr(err.text, "away"));
    EXPECT_FAILS(db_read(db, count, NULL, &err), ERR_UNREACHABLE);
    test_postgres_return();
    EXPECT_INT(db_read(db, count, NULL, &err), 1);
    EXPECT_OK(db_write(db, put, "b", &err));
    EXPECT_INT(db_read(db, count, NULL, &err), 2);
    db_close(db);
}

static int crash_inside(struct db_tx *tx, void *ctx, struct error *e)
{
    if (put(tx, ctx, e) < 0) return -1;
    test_postgres_crash();
    return put(tx, "never", e);
}

TEST_LIMIT(a_database_that_goes_away_in_the_middle_keeps_nothing, 60)
{
    struct db *db = test_database("postgres", true);
    struct error err = {0};

    EXPECT_FAILS(db_write(db, crash_inside, "a", &err), ERR_UNREACHABLE);
    test_postgres_return();
    EXPECT_INT(db_read(db, count, NULL, &err), 0);
    db_close(db);
}

static int crash_before_commit(struct db_tx *tx, void *ctx, struct error *e)
{
    if (put(tx, ctx, e) < 0) return -1;
    test_postgres_crash();
    return 0;
}

TEST_LIMIT(a_commit_without_answer_says_that_the_outcome_is_unknown, 60)
{
    struct db *db = test_database("postgres", true);
    struct error err = {0};

    EXPECT_FAILS(db_write(db, crash_before_commit, "a", &err), ERR_UNREACHABLE);
    EXPECT(strstr(err.text, "outcome unknown"));
    test_postgres_return();
    EXPECT_OK(db_write(db, put, "b", &err));
    db_close(db);
}

TEST_LIMIT(idle_connections_that_broke_are_replaced_without_an_error, 60)
{
    struct db *db = test_database("postgres", true);
    struct error err = {0};

    EXPECT_OK(db_write(db, put, "a", &err));
    test_postgres_crash();
    test_postgres_return();
    EXPECT_OK(db_write(db, put, "b", &err));
    EXPECT_INT(db_read(db, count, NULL, &err), 2);
    db_close(db);
}

TEST_LIMIT(nobody_there_is_unreachable_and_no_secret_is_in_the_message, 60)
{
    struct db_options o = {.url = "postgresql://u:hunter2@127.0.0.1:1/x"};
    struct error err = {0};
    struct db *db;

    EXPECT_FAILS(db_open(&o, &db, &err), ERR_UNREACHABLE);
    EXPECT(strstr(err.text, "hunter2") == NULL);
}

/* ---- bounds ---- */

struct crowd {
    struct db *db;
    pthread_barrier_t two;
};

static int meet(struct db_tx *tx, void *ctx, struct error *e)
{
    pthread_barrier_wait(&((struct crowd *)ctx)->two);
    return 0;
}

static void *go_in(void *ctx)
{
    struct error err = {0};

    EXPECT_OK(db_read(((struct crowd *)ctx)->db, meet, ctx, &err));
    return NULL;
}

TEST_LIMIT(more_callers_than_connections_wait_their_turn, 60)
{
    struct db_options o = {.url = test_database_url("postgres"), .connections = 2};
    struct error err = {0};
    struct crowd c = {.db = NULL};
    pthread_t threads[8];

    EXPECT_OK(db_open(&o, &c.db, &err));
    pthread_barrier_init(&c.two, NULL, 2);
    for (int i = 0; i < 8; i++) EXPECT(pthread_create(&threads[i], NULL, go_in, &c) == 0);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    EXPECT_INT(test_number(
                   c.db, "select count(*) from pg_stat_activity where application_name = 'bobtail' "
                         "and datname = current_database()"),
               2);
    db_close(c.db);
}

static int wait_long(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, "select pg_sleep(30)", NO_ARGS, e);
}

TEST_LIMIT(a_statement_that_takes_too_long_is_ended, 60)
{
    struct db_options o = {.url = test_database_url("postgres"), .statement_ms = 100};
    struct error err = {0};
    struct db *db;

    EXPECT_OK(db_open(&o, &db, &err));
    EXPECT_FAILS(db_read(db, wait_long, NULL, &err), ERR_TIMEOUT);
    db_close(db);
}

/* ---- serialization ---- */

/* Each moves a flag only while the other's is set: together they must never clear both (write
 * skew). */
static int clear_flag(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, "select count(*) from counter where value = 1", NO_ARGS, &rows, e) < 0 ||
        db_next(rows, e) < 0)
        return -1;
    if (db_i64(rows, 0) < 2) return 0;
    return db_exec(tx, "update counter set value = 0 where name = $1", ARGS(TEXT(ctx)), e);
}

struct skew {
    struct db *db;
    const char *name;
    pthread_barrier_t *start;
};

static void *clear_it(void *ctx)
{
    struct skew *s = ctx;
    struct error err = {0};

    pthread_barrier_wait(s->start);
    EXPECT_OK(db_write(s->db, clear_flag, (void *)s->name, &err));
    return NULL;
}

TEST_LIMIT(racing_writers_see_each_other_also_when_they_write_different_rows, 60)
{
    struct db *db = test_database("postgres", true);

    test_sql(db, "insert into counter (name, value) values ('a', 1), ('b', 1)");
    for (int i = 0; i < 40; i++) {
        pthread_barrier_t start;
        pthread_t threads[2];
        struct skew s[2] = {{db, "a", &start}, {db, "b", &start}};
        pthread_barrier_init(&start, NULL, 2);
        test_sql(db, "update counter set value = 1");
        for (int k = 0; k < 2; k++) EXPECT(pthread_create(&threads[k], NULL, clear_it, &s[k]) == 0);
        for (int k = 0; k < 2; k++) pthread_join(threads[k], NULL);
        EXPECT_INT(test_number(db, "select sum(value)::bigint from counter"), 1);
    }
    db_close(db);
}
