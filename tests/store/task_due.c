/* task_due.c - planned tasks and those that must not start too late, on both engines. */
#include "store/task.h"

#include <stdio.h>

#include "store/space.h"
#include "tests/lib/database.h"

/* A task and a moment; what came of it. */
struct step {
    int64_t n, due_at, expires_at; /* of the task; all tasks have one tag */
    int64_t now_ms;
    int result;
    char id[64], state[32];
    bool stop;
};

static int enqueue(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *x = ctx;
    char id[32];

    snprintf(id, sizeof(id), "ServerTasks-%lld", (long long)x->n);
    struct task t = {.id = id,
                     .rank = x->n,
                     .space_id = "Spaces-1",
                     .kind = "Deploy",
                     .description = "A deployment",
                     .tag = "one at a time",
                     .arguments = "{}",
                     .queued_at = 1,
                     .due_at = x->due_at,
                     .expires_at = x->expires_at};
    return task_enqueue(tx, &t, e);
}

static int claim(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct step *x = ctx;
    struct task t = {.id = "", .state = ""};

    x->result = task_claim(tx, "Nodes-1", x->now_ms, &a, &t, e);
    snprintf(x->id, sizeof(x->id), "%s", t.id);
    snprintf(x->state, sizeof(x->state), "%s", t.state);
    return x->result < 0 ? -1 : 0;
}

static int become_due(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *x = ctx;

    x->result = task_due(tx, x->now_ms, e);
    return x->result < 0 ? -1 : 0;
}

static int expire(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct step *x = ctx;
    struct task *list;
    size_t n;

    if (task_expire(tx, x->now_ms, &a, &list, &n, e) < 0) return -1;
    x->result = (int)n;
    snprintf(x->id, sizeof(x->id), "%s", n ? list[0].id : "");
    return 0;
}

static int next(struct db_tx *tx, void *ctx, struct error *e)
{
    int64_t at;

    if (task_next_due(tx, &at, e) < 0) return -1;
    ((struct step *)ctx)->result = (int)at;
    return 0;
}

static int stop_space(struct db_tx *tx, void *ctx, struct error *e)
{
    return space_queue_stop(tx, "Spaces-1", ((struct step *)ctx)->stop, e);
}

#define DO(fn, ...)                               \
    ({                                            \
        struct step step = {__VA_ARGS__};         \
        EXPECT_OK(db_write(db, fn, &step, &err)); \
        step;                                     \
    })

STORE_TEST(a_planned_task_is_passed_over_until_it_is_due)
{
    struct error err = {0};

    DO(enqueue, .n = 1, .due_at = 100);
    DO(enqueue, .n = 2);
    EXPECT_INT(DO(next).result, 100);
    struct step first = DO(claim, .now_ms = 50);
    EXPECT_STR(first.id, "ServerTasks-2");
    test_sql(db, "update task_tag set running_task = null");
    EXPECT_INT(DO(claim, .now_ms = 50).result, 0);
    EXPECT_INT(DO(become_due, .now_ms = 99).result, 0);
    EXPECT_INT(DO(become_due, .now_ms = 100).result, 1);
    EXPECT_INT(DO(next).result, 0);
    EXPECT_STR(DO(claim, .now_ms = 100).id, "ServerTasks-1");
    EXPECT_INT(test_number(db, "select waiting from task_tag"), 0);
}

STORE_TEST(a_planned_task_of_a_stopped_space_waits_for_both)
{
    struct error err = {0};

    DO(enqueue, .n = 1, .due_at = 100);
    DO(stop_space, .stop = true);
    EXPECT_INT(DO(become_due, .now_ms = 100).result, 1);
    EXPECT_INT(DO(claim, .now_ms = 100).result, 0);
    DO(stop_space, .stop = false);
    EXPECT_INT(DO(claim, .now_ms = 100).result, 1);
}

STORE_TEST(a_space_that_goes_on_does_not_start_what_is_planned)
{
    struct error err = {0};

    DO(enqueue, .n = 1, .due_at = 100);
    DO(stop_space, .stop = true);
    DO(stop_space, .stop = false);
    EXPECT_INT(DO(claim, .now_ms = 50).result, 0);
}

STORE_TEST(what_has_not_started_in_time_ends_as_timed_out)
{
    struct error err = {0};

    DO(enqueue, .n = 1, .due_at = 100, .expires_at = 110);
    DO(enqueue, .n = 2, .expires_at = 50);
    DO(enqueue, .n = 3);
    EXPECT_INT(DO(next).result, 50);
    EXPECT_INT(DO(expire, .now_ms = 49).result, 0);
    EXPECT_STR(DO(expire, .now_ms = 50).id, "ServerTasks-2");
    EXPECT_STR(DO(expire, .now_ms = 120).id, "ServerTasks-1");
    EXPECT_INT(test_number(db, "select count(*) from task where state = 'TimedOut' and error like "
                               "'it had not started by 1970-01-01%'"),
               2);
    EXPECT_STR(DO(claim, .now_ms = 120).id, "ServerTasks-3");
}

STORE_TEST(a_task_that_is_claimed_too_late_ends_instead_and_frees_its_tag)
{
    struct error err = {0};

    DO(enqueue, .n = 1, .expires_at = 50);
    DO(enqueue, .n = 2);
    struct step late = DO(claim, .now_ms = 51);
    EXPECT_STR(late.id, "ServerTasks-1");
    EXPECT_STR(late.state, "TimedOut");
    struct step next_one = DO(claim, .now_ms = 51);
    EXPECT_STR(next_one.id, "ServerTasks-2");
    EXPECT_STR(next_one.state, "Executing");
}
