/* transaction.c - the contract of db.h on both engines. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/db.h"
#include "tests/lib/database.h"

static const char SQL_PUT[] = "insert into setting (name, value) values ($1, $2)";
static const char SQL_GET[] = "select value from setting where name = $1";

struct pair {
    const char *name, *value;
};

static int put(struct db_tx *tx, void *ctx, struct error *e)
{
    struct pair *p = ctx;

    return db_exec(tx, SQL_PUT, ARGS(TEXT(p->name), TEXT(p->value)), e);
}

static int64_t settings(struct db *db) { return test_number(db, "select count(*) from setting"); }

STORE_TEST(a_write_is_there_when_it_returns)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_INT(db_write(db, put, &p, &err), 1);
    EXPECT_INT(settings(db), 1);
}

static int put_and_fail(struct db_tx *tx, void *ctx, struct error *e)
{
    if (put(tx, ctx, e) < 0) return -1;
    return fail(e, ERR_DENIED, "changed my mind");
}

STORE_TEST(a_function_that_fails_leaves_nothing)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_FAILS(db_write(db, put_and_fail, &p, &err), ERR_DENIED);
    EXPECT_STR(err.text, "changed my mind");
    EXPECT_INT(settings(db), 0);
    EXPECT_OK(db_write(db, put, &p, &err));
    EXPECT_INT(settings(db), 1);
}

static int swallow_a_failure(struct db_tx *tx, void *ctx, struct error *e)
{
    struct error ignored;

    if (put(tx, ctx, e) < 0) return -1;
    (void)!put(tx, ctx, &ignored);
    struct pair other = {"b", "2"};
    (void)!put(tx, &other, &ignored);
    return 0;
}

STORE_TEST(a_failed_statement_cannot_be_swallowed)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_FAILS(db_write(db, swallow_a_failure, &p, &err), ERR_CONFLICT);
    EXPECT_INT(settings(db), 0);
}

static int out_of_order(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_exec(tx, "insert into counter (value, name) values ($2, $1)", ARGS(TEXT("x"), I64(7)),
                e) != 1 ||
        db_exec(tx, "update counter set value = value + $2 + $2 where name = $1 and value < $3",
                ARGS(TEXT("x"), I64(5), I64(100)), e) != 1)
        return -1;
    if (db_query(tx, "select value from counter where $1 = name and value > $3 and value < $2",
                 ARGS(TEXT("x"), I64(18), I64(16)), &rows, e) < 0)
        return -1;
    EXPECT_INT(db_next(rows, e), 1);
    EXPECT_INT(db_i64(rows, 0), 17);
    EXPECT_INT(db_next(rows, e), 0);
    EXPECT_INT(db_next(rows, e), 0);
    return 0;
}

STORE_TEST(placeholders_may_come_in_any_order_and_repeat)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, out_of_order, NULL, &err));
}

static int changed_counts(struct db_tx *tx, void *ctx, struct error *e)
{
    EXPECT_INT(db_exec(tx, SQL_PUT, ARGS(TEXT("a"), TEXT("1")), e), 1);
    EXPECT_INT(db_exec(tx, SQL_PUT, ARGS(TEXT("b"), TEXT("1")), e), 1);
    EXPECT_INT(db_exec(tx, "update setting set value = 'x'", NO_ARGS, e), 2);
    EXPECT_INT(db_exec(tx, "update setting set value = 'x' where name = 'zzz'", NO_ARGS, e), 0);
    EXPECT_INT(db_exec(tx, "create table extra (a bigint)", NO_ARGS, e), 0);
    EXPECT_INT(db_exec(tx, "delete from setting", NO_ARGS, e), 2);
    return 0;
}

STORE_TEST(exec_returns_the_number_of_changed_rows)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, changed_counts, NULL, &err));
}

static int values_back(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const char bytes[] = {0, 1, (char)0xff, '\'', '\\', 0};

    if (db_script(tx,
                  "create table v (i bigint, s smallint, t text, b {{BLOB}}, n text, e {{BLOB}})",
                  e) < 0 ||
        db_exec(tx, "insert into v (i, s, t, b, n, e) values ($1, $2, $3, $4, $5, $6)",
                ARGS(I64(INT64_MIN), I64(-3),
                     TEXTN("gr\xc3\xbc\xc3\x9f"
                           "e!",
                           7),
                     BLOB(bytes, 6), TEXT(NULL), BLOB(NULL, 0)),
                e) < 0 ||
        db_query(tx, "select i, s, t, b, n, e, i is null from v", NO_ARGS, &rows, e) < 0)
        return -1;
    EXPECT_INT(db_next(rows, e), 1);
    EXPECT(db_i64(rows, 0) == INT64_MIN);
    EXPECT_INT(db_i64(rows, 1), -3);
    EXPECT_STR(db_text(rows, 2), "gr\xc3\xbc\xc3\x9f"
                                 "e");
    EXPECT_INT(db_blob(rows, 3).n, 6);
    EXPECT(memcmp(db_blob(rows, 3).p, bytes, 6) == 0);
    EXPECT(db_is_null(rows, 4) && db_text(rows, 4) == NULL && db_i64(rows, 4) == 0 &&
           db_blob(rows, 4).p == NULL);
    EXPECT(!db_is_null(rows, 5) && db_blob(rows, 5).n == 0);
    EXPECT_INT(db_i64(rows, 6), 0);
    return 0;
}

STORE_TEST(values_come_back_as_they_went_in)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, values_back, NULL, &err));
}

static int put_nul(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, SQL_PUT, ARGS(TEXT("a"), TEXTN("x\0y", 3)), e);
}

STORE_TEST(text_with_nul_or_bad_utf8_is_refused)
{
    struct error err = {0};
    struct pair bad = {"a", "\xff\xfe"}, surrogate = {"a", "\xed\xa0\x80"};

    EXPECT_FAILS(db_write(db, put_nul, NULL, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "NUL"));
    EXPECT_FAILS(db_write(db, put, &bad, &err), ERR_INVALID);
    EXPECT_FAILS(db_write(db, put, &surrogate, &err), ERR_INVALID);
    EXPECT_INT(settings(db), 0);
}

STORE_TEST(a_unique_constraint_is_a_conflict)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_OK(db_write(db, put, &p, &err));
    EXPECT_FAILS(db_write(db, put, &p, &err), ERR_CONFLICT);
    EXPECT_FAILS(db_write_hot(db, put, &p, &err), ERR_CONFLICT);
}

STORE_TEST(a_read_cannot_write)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_FAILS(db_read(db, put, &p, &err), ERR_INTERNAL);
    EXPECT_INT(settings(db), 0);
}

static int wrong_sql(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, "selct 1", NO_ARGS, e);
}
static int missing_value(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, SQL_PUT, ARGS(TEXT("a")), e);
}

STORE_TEST(a_wrong_statement_names_itself)
{
    struct error err = {0};
    struct pair p = {"a", "1"};

    EXPECT_FAILS(db_write(db, wrong_sql, NULL, &err), ERR_INTERNAL);
    EXPECT(strstr(err.text, "selct"));
    EXPECT_FAILS(db_write(db, missing_value, NULL, &err), ERR_INTERNAL);
    EXPECT_OK(db_write(db, put, &p, &err));
}

static int nested(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *outer = NULL;
    int n = 0, r;

    if (db_query(tx, "select name from setting order by name", NO_ARGS, &outer, e) < 0) return -1;
    while ((r = db_next(outer, e)) > 0) {
        CLEANUP(db_rows_freep) struct db_rows *inner = NULL;
        if (db_query(tx, "select name from setting order by name", NO_ARGS, &inner, e) < 0)
            return -1;
        while ((r = db_next(inner, e)) > 0) n++;
        if (r < 0) return -1;
    }
    return r < 0 ? -1 : n;
}

STORE_TEST(the_same_statement_can_be_read_inside_itself)
{
    struct error err = {0};

    for (int i = 0; i < 3; i++) {
        char name[2] = {(char)('a' + i), 0};
        EXPECT_OK(db_write(db, put, &(struct pair){name, "1"}, &err));
    }
    EXPECT_INT(db_read(db, nested, NULL, &err), 9);
    EXPECT_INT(db_read(db, nested, NULL, &err), 9);
}

static int many_texts(struct db_tx *tx, void *ctx, struct error *e)
{
    for (int i = 0; i < 400; i++) {
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        char sql[64];
        snprintf(sql, sizeof(sql), "select %d + cast($1 as bigint)", i % 200);
        if (db_query(tx, sql, ARGS(I64(1)), &rows, e) < 0 || db_next(rows, e) < 0) return -1;
        EXPECT_INT(db_i64(rows, 0), i % 200 + 1);
    }
    return 0;
}

STORE_TEST(more_texts_than_statements_are_kept)
{
    struct error err = {0};

    EXPECT_OK(db_read(db, many_texts, NULL, &err));
    EXPECT_OK(db_read(db, many_texts, NULL, &err));
}

static int read_now(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, "select {{NOW_MS}} + $1", ARGS(I64(0)), &rows, e) < 0 || db_next(rows, e) < 0)
        return -1;
    *(int64_t *)ctx = db_i64(rows, 0);
    return 0;
}

STORE_TEST(now_ms_is_the_time)
{
    struct error err = {0};
    int64_t before = clock_now(&system_clock), now = 0;

    EXPECT_OK(db_read(db, read_now, &now, &err));
    EXPECT(now >= before - 1 && now <= clock_now(&system_clock) + 1);
}

static int get_after(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    struct pair *p = ctx;

    if (db_query(tx, SQL_GET, ARGS(TEXT(p->name)), &rows, e) < 0) return -1;
    return db_next(rows, e);
}

struct snapshot {
    struct db *db;
    struct pair *late;
    pthread_barrier_t read_once, written;
};

static int read_twice(struct db_tx *tx, void *ctx, struct error *e)
{
    struct snapshot *s = ctx;
    int first = get_after(tx, s->late, e);

    pthread_barrier_wait(&s->read_once);
    pthread_barrier_wait(&s->written);
    int second = get_after(tx, s->late, e);
    return first * 10 + second;
}

static void *write_between(void *ctx)
{
    struct snapshot *s = ctx;
    struct error err = {0};

    pthread_barrier_wait(&s->read_once);
    EXPECT_OK(db_write(s->db, put, s->late, &err));
    pthread_barrier_wait(&s->written);
    return NULL;
}

STORE_TEST(a_read_sees_one_snapshot_and_does_not_stop_writers)
{
    struct error err = {0};
    struct pair late = {"late", "1"};
    struct snapshot s = {.db = db, .late = &late};
    pthread_t writer;

    pthread_barrier_init(&s.read_once, NULL, 2);
    pthread_barrier_init(&s.written, NULL, 2);
    EXPECT(pthread_create(&writer, NULL, write_between, &s) == 0);
    EXPECT_INT(db_read(db, read_twice, &s, &err), 0);
    pthread_join(writer, NULL);
    EXPECT_INT(db_read(db, get_after, &late, &err), 1);
}

/* ---- many threads ---- */

enum { THREADS = 8, ROUNDS = 60 };

static int raise_value(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, "select value from counter where name = 'shared'", NO_ARGS, &rows, e) < 0 ||
        db_next(rows, e) < 0)
        return -1;
    int64_t value = db_i64(rows, 0);
    return db_exec(tx, "update counter set value = $1 where name = 'shared'", ARGS(I64(value + 1)),
                   e);
}

struct hammer {
    struct db *db;
    int number;
};

static int read_then_refuse(struct db_tx *tx, void *ctx, struct error *e)
{
    if (raise_value(tx, ctx, e) < 0) return -1;
    return fail(e, ERR_CANCELLED, "this one fails");
}

static void *hammer_it(void *ctx)
{
    struct hammer *h = ctx;
    struct error err = {0};

    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_OK(db_write(h->db, raise_value, NULL, &err));
        if (i % 3 == 0) EXPECT_FAILS(db_write(h->db, read_then_refuse, NULL, &err), ERR_CANCELLED);
        if (i % 4 == 0)
            EXPECT(test_number(h->db, "select value from counter where name = 'shared'") > 0);
    }
    return NULL;
}

STORE_TEST_LIMIT(eight_racing_writers_lose_no_effect_and_failures_touch_only_themselves, 120)
{
    struct hammer h[THREADS];
    pthread_t threads[THREADS];

    test_sql(db, "insert into counter (name, value) values ('shared', 0)");
    for (int i = 0; i < THREADS; i++) {
        h[i] = (struct hammer){db, i};
        EXPECT(pthread_create(&threads[i], NULL, hammer_it, &h[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    EXPECT_INT(test_number(db, "select value from counter where name = 'shared'"),
               THREADS * ROUNDS);
}
