/* event.c - what a question to a long audit costs: as much as there is to answer. Counted, not
 * timed: instructions of SQLite's machine, rows that PostgreSQL has read. */
#include "store/event.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "tests/lib/database.h"

#define MANY 50000
#define FEW 10

/* Every 5000th event is of another category, user, kind and space, and about P-1. */
static const char SQL_FILL[] =
    "insert into event (number, space_id, category, user_id, username, occurred_at, message, "
    "agent, "
    "subject_id, document_type) with recursive n (i) as (select 1 union all select i + 1 from n "
    "where i < 50000) select i * 4096, case when i % 5000 = 0 then 'Spaces-2' else 'Spaces-1' end, "
    "case when i % 5000 = 0 then 'Deleted' else 'Modified' end, case when i % 5000 = 0 then "
    "'Users-2' else 'Users-1' end, 'u', i, 'm', 'Server', 'P-1', case when i % 5000 = 0 then 'P' "
    "else 'Q' end from n";
static const char SQL_RELATE[] =
    "insert into event_related (related_id, number) select case when "
    "number % 20480000 = 0 then 'P-1' else 'P-2' end, number from event";
static const char SQL_READ[] =
    "select cast(coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) as bigint) "
    "from pg_stat_xact_user_tables where relname in ('event', 'event_related')";

static atomic_llong steps;

static int count_step(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&steps, 1);
    return 0;
}

/* For each connection that SQLite opens. */
static int count_steps(sqlite3 *h, char **error, const void *routines)
{
    (void)error;
    (void)routines;
    sqlite3_progress_handler(h, 1, count_step, NULL);
    return SQLITE_OK;
}

struct question {
    const struct event_query *q;
    size_t n;
    int64_t total, cost;
};

static int cost_now(struct db_tx *tx, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    *ret = atomic_load(&steps);
    if (strcmp(db_tx_engine(tx), "sqlite") == 0) return 0;
    if (db_query(tx, SQL_READ, NO_ARGS, &rows, e) < 0 || db_next(rows, e) < 0) return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

static int ask_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct question *x = ctx;
    struct event *list;
    int64_t before, after;

    if (cost_now(tx, &before, e) < 0 || event_list(tx, x->q, &a, &list, &x->n, &x->total, e) < 0 ||
        cost_now(tx, &after, e) < 0)
        return -1;
    x->cost = after - before;
    return 0;
}

static void expect_few(struct db *db, const char *what, const struct event_query *q)
{
    struct question x = {.q = q};
    struct error err = {0};

    EXPECT_OK(db_read(db, ask_tx, &x, &err));
    if (x.n != FEW || x.total != FEW || x.cost > 5000)
        printf("# %s: %zu of %lld, cost %lld\n", what, x.n, (long long)x.total, (long long)x.cost);
    EXPECT(x.n == FEW && x.total == FEW);
    EXPECT(x.cost < 5000);
}

static void ask_all(struct db *db)
{
    const char *space[] = {"Spaces-2"}, *category[] = {"Deleted"}, *user[] = {"Users-2"},
               *type[] = {"P"}, *about[] = {"P-1"}, *spaces[] = {"Spaces-1", "Spaces-2"};
    const struct event_texts both = {spaces, 2};
    const int64_t last = (int64_t)MANY * 4096;

    test_sql(db, SQL_FILL);
    test_sql(db, SQL_RELATE);
    if (strcmp(db_engine(db), "postgres") == 0)
        test_sql(db, "analyze"); /* as its autovacuum does */
    expect_few(db, "space", &(struct event_query){.spaces = {space, 1}, .take = 30});
    expect_few(db, "category",
               &(struct event_query){.spaces = both, .categories = {category, 1}, .take = 30});
    expect_few(db, "user", &(struct event_query){.spaces = both, .users = {user, 1}, .take = 30});
    expect_few(db, "type", &(struct event_query){.spaces = both, .types = {type, 1}, .take = 30});
    expect_few(
        db, "about",
        &(struct event_query){.spaces = both, .related = {{about, 1}}, .n_related = 1, .take = 30});
    expect_few(db, "time", &(struct event_query){.from_ms = MANY - 9, .take = 30});
    expect_few(db, "number", &(struct event_query){.from_number = last - 9 * 4096, .take = 30});
}

TEST_LIMIT(a_question_to_a_long_audit_reads_its_answer_only_on_sqlite, 60)
{
    sqlite3_auto_extension((void (*)(void))count_steps);
    struct db *db = test_database("sqlite", true);
    ask_all(db);
    db_close(db);
}

TEST_LIMIT(a_question_to_a_long_audit_reads_its_answer_only_on_postgres, 60)
{
    struct db *db = test_database("postgres", true);
    ask_all(db);
    db_close(db);
}
