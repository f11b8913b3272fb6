/* queue.c - what the queue costs: a claim looks at as much of the database with ten thousand tasks
 * behind one tag as with ten. Counted, not timed: instructions of SQLite's machine, rows that
 * PostgreSQL has read. */
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/arena.h"
#include "store/task.h"
#include "tests/lib/database.h"

#define FEW 10
#define MANY 10000

/* ---- counting ---- */

static atomic_llong steps;

static int count_step(void *ctx)
{
    atomic_fetch_add(&steps, 1);
    return 0;
}

/* For each connection that SQLite opens. */
static int count_steps(sqlite3 *h, char **error, const void *routines)
{
    sqlite3_progress_handler(h, 1, count_step, NULL);
    return SQLITE_OK;
}

static const char SQL_READ[] =
    "select cast(coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) as bigint) "
    "from pg_stat_xact_user_tables where relname in ('task', 'task_tag')";

static int rows_read(struct db_tx *tx, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_READ, NO_ARGS, &rows, e) < 0 || db_next(rows, e) < 0) return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

/* ---- the queue ---- */

struct work {
    const char *tag;
    int64_t rank, n; /* of the tasks to queue */
    struct arena arena;
    struct task task; /* that was claimed */
    int64_t cost;
};

static int queue(struct db_tx *tx, void *ctx, struct error *e)
{
    struct work *w = ctx;
    char id[40];

    for (int64_t i = 0; i < w->n; i++) {
        snprintf(id, sizeof(id), "T-%lld", (long long)(w->rank + i));
        struct task t = {.id = id,
                         .rank = w->rank + i,
                         .space_id = "Spaces-1",
                         .kind = "RunbookRun",
                         .description = "a run",
                         .tag = w->tag,
                         .arguments = "{}",
                         .queued_at = 1};
        if (task_enqueue(tx, &t, e) < 0) return -1;
    }
    return 0;
}

static void enqueue(struct db *db, const char *tag, int64_t rank, int64_t n)
{
    struct work w = {.tag = tag, .rank = rank, .n = n};
    struct error err = {0};

    EXPECT_OK(db_write_hot(db, queue, &w, &err));
}

static int claim(struct db_tx *tx, void *ctx, struct error *e)
{
    struct work *w = ctx;

    atomic_store(&steps, 0);
    int r = task_claim(tx, "node", 2, &w->arena, &w->task, e);
    w->cost = atomic_load(&steps);
    if (r >= 0 && strcmp(db_tx_engine(tx), "postgres") == 0 && rows_read(tx, &w->cost, e) < 0)
        return -1;
    return r;
}

/* Claims the task of ${rank} and returns what that cost. */
static int64_t cost_of_claim(struct db *db, int64_t rank)
{
    struct work w = {.arena = ARENA_INIT};
    struct error err = {0};

    EXPECT_INT(db_write_hot(db, claim, &w, &err), 1);
    EXPECT_INT(w.task.rank, rank);
    arena_done(&w.arena);
    EXPECT(w.cost > 0);
    return w.cost;
}

static int end(struct db_tx *tx, void *ctx, struct error *e)
{
    struct task_turn t = {.task_id = ctx, .epoch = 1, .state = "Success", .error = "", .now_ms = 3};

    return task_advance(tx, &t, e);
}

static void claims_cost_the_same(struct db *db)
{
    struct error err = {0};

    enqueue(db, "crowd", 1, FEW);
    for (int64_t i = 0; i < 4; i++)
        enqueue(db, (const char *[]){"a", "b", "c", "d"}[i], MANY * 2 + i, 1);
    test_sql(db, "analyze");
    cost_of_claim(db, 1); /* from now on its tag is taken */
    cost_of_claim(db, MANY * 2);
    int64_t of_other = cost_of_claim(db, MANY * 2 + 1);
    EXPECT_OK(db_write_hot(db, end, "T-1", &err));
    int64_t of_next = cost_of_claim(db, 2);

    enqueue(db, "crowd", FEW + 1, MANY);
    test_sql(db, "analyze");
    int64_t of_other_then = cost_of_claim(db, MANY * 2 + 2);
    EXPECT_OK(db_write_hot(db, end, "T-2", &err));
    int64_t of_next_then = cost_of_claim(db, 3);

    EXPECT(of_other_then <= 2 * of_other);
    EXPECT(of_next_then <= 2 * of_next);
    db_close(db);
}

TEST(a_claim_costs_the_same_however_many_wait_behind_one_tag_on_sqlite)
{
    EXPECT(sqlite3_auto_extension((void (*)(void))count_steps) == SQLITE_OK);
    claims_cost_the_same(test_database("sqlite", true));
}

TEST(a_claim_costs_the_same_however_many_wait_behind_one_tag_on_postgres)
{
    claims_cost_the_same(test_database("postgres", true));
}
