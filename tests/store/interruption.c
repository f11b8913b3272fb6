/* interruption.c - what tasks ask people, and what people change in tasks, on both engines. */
#include "store/interruption.h"

#include <stdio.h>
#include <string.h>

#include "store/task_edit.h"
#include "tests/lib/database.h"

struct call {
    const char *id, *user, *answers, *kind, *state;
    int64_t rank;
    struct arena a;
    struct interruption x;
    struct task task;
    int64_t total;
    int n;
    struct interruption_query q;
};

static int enqueue_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct task t = {.id = c->id,
                     .rank = c->rank,
                     .space_id = "Spaces-1",
                     .kind = "Deploy",
                     .description = "A deployment",
                     .tag = c->id,
                     .arguments = "{}",
                     .subject_id = "Deployments-1",
                     .queued_at = 1};
    return task_enqueue(tx, &t, e);
}

static void enqueue(struct db *db, const char *id, int64_t rank)
{
    struct call c = {.id = id, .rank = rank};
    struct error err = {0};

    EXPECT_OK(db_write_hot(db, enqueue_tx, &c, &err));
}

static int ask_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    c->x = (struct interruption){.space_id = "Spaces-1",
                                 .task_id = c->id,
                                 .correlation_id = "n",
                                 .kind = c->kind,
                                 .title = "Go on?",
                                 .form = "{}",
                                 .teams = "[]",
                                 .created_at = 1};
    return interruption_add(tx, &c->x, &c->a, e);
}

static int take_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    return interruption_take(tx, c->id, c->user, e);
}

static int submit_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    return interruption_submit(tx, c->id, c->user, "{\"Result\":\"Proceed\"}", e);
}

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct interruption *list;
    size_t n;

    c->q.take = 10;
    if (interruption_list(tx, &c->q, &c->a, &list, &n, &c->total, e) < 0) return -1;
    return n == (size_t)c->total ? 0 : fail(e, ERR_INTERNAL, "a count and its page differ");
}

static int64_t count(struct db *db, const struct interruption_query *q)
{
    struct call c = {.q = *q};
    struct error err = {0};

    EXPECT_OK(db_read(db, list_tx, &c, &err));
    arena_done(&c.a);
    return c.total;
}

static int task_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    return task_get(tx, c->id, &c->a, &c->task, e);
}

STORE_TEST(a_task_says_what_it_asks_until_all_is_answered)
{
    struct call c = {.id = "T-1", .kind = "ManualIntervention"}, read = {.id = "T-1"};
    struct error err = {0};

    enqueue(db, "T-1", 1);
    EXPECT_OK(db_write_hot(db, ask_tx, &c, &err));
    EXPECT_STR(c.x.id, "Interruptions-1");
    c.kind = "GuidedFailure";
    EXPECT_OK(db_write_hot(db, ask_tx, &c, &err));
    EXPECT_OK(db_read(db, task_tx, &read, &err));
    EXPECT_STR(read.task.interruptions, "GuidedFailure,ManualIntervention");
    for (int i = 1; i <= 2; i++) {
        struct call a = {.id = i == 1 ? "Interruptions-1" : "Interruptions-2", .user = "Users-1"};
        EXPECT_OK(db_write_hot(db, take_tx, &a, &err));
        EXPECT_OK(db_write_hot(db, submit_tx, &a, &err));
        EXPECT_OK(db_read(db, task_tx, &read, &err));
        EXPECT_STR(read.task.interruptions, i == 1 ? "GuidedFailure" : "");
    }
    arena_done(&c.a);
    arena_done(&read.a);
}

STORE_TEST(who_has_taken_a_question_answers_it_and_once)
{
    struct call c = {.id = "T-1", .kind = "ManualIntervention"},
                ann = {.id = "Interruptions-1", .user = "Users-1"},
                bob = {.id = "Interruptions-1", .user = "Users-2"};
    struct error err = {0};

    enqueue(db, "T-1", 1);
    EXPECT_OK(db_write_hot(db, ask_tx, &c, &err));
    EXPECT_FAILS(db_write_hot(db, submit_tx, &ann, &err), ERR_CONFLICT);
    EXPECT_OK(db_write_hot(db, take_tx, &ann, &err));
    EXPECT_FAILS(db_write_hot(db, submit_tx, &bob, &err), ERR_CONFLICT);
    EXPECT_OK(db_write_hot(db, take_tx, &bob, &err)); /* takes it over */
    EXPECT_FAILS(db_write_hot(db, submit_tx, &ann, &err), ERR_CONFLICT);
    EXPECT_OK(db_write_hot(db, submit_tx, &bob, &err));
    EXPECT_FAILS(db_write_hot(db, submit_tx, &bob, &err), ERR_CONFLICT);
    EXPECT_FAILS(db_write_hot(db, take_tx, &ann, &err), ERR_CONFLICT);
    arena_done(&c.a);
}

STORE_TEST(questions_are_found_by_task_by_what_it_is_about_and_while_they_are_pending)
{
    struct call c = {.id = "T-1", .kind = "ManualIntervention"},
                one = {.id = "Interruptions-1", .user = "Users-1"};
    const char *ids[] = {"Interruptions-2", "Interruptions-9"};
    struct error err = {0};

    enqueue(db, "T-1", 1);
    enqueue(db, "T-2", 2);
    EXPECT_OK(db_write_hot(db, ask_tx, &c, &err));
    c.id = "T-2";
    EXPECT_OK(db_write_hot(db, ask_tx, &c, &err));
    EXPECT_OK(db_write_hot(db, take_tx, &one, &err));
    EXPECT_OK(db_write_hot(db, submit_tx, &one, &err));
    EXPECT(count(db, &(struct interruption_query){0}) == 2);
    EXPECT(count(db, &(struct interruption_query){.space_id = "Spaces-2"}) == 0);
    EXPECT(count(db, &(struct interruption_query){.regarding = "T-1"}) == 1);
    EXPECT(count(db, &(struct interruption_query){.regarding = "Deployments-1"}) == 2);
    EXPECT(count(db, &(struct interruption_query){.pending_only = true}) == 1);
    EXPECT(count(db, &(struct interruption_query){.ids = ids, .n_ids = 2}) == 1);
    arena_done(&c.a);
}

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    c->n = task_claim(tx, "Nodes-1", 2, &c->a, &c->task, e);
    return c->n < 0 ? -1 : 0;
}

static int first_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    c->n = task_prioritize(tx, c->id, e);
    return c->n < 0 ? -1 : 0;
}

static int state_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    c->n = task_set_state(tx, c->id, c->state, "why", 9, e);
    return c->n < 0 ? -1 : 0;
}

STORE_TEST(a_task_that_is_put_first_is_claimed_first)
{
    struct call c = {.id = "T-3"};
    struct error err = {0};

    for (int i = 1; i <= 3; i++) enqueue(db, (const char *[]){"T-1", "T-2", "T-3"}[i - 1], i);
    EXPECT_OK(db_write_hot(db, first_tx, &c, &err));
    EXPECT_INT(c.n, 1);
    c.id = "T-2";
    EXPECT_OK(db_write_hot(db, first_tx, &c, &err));
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(db_write_hot(db, claim_tx, &c, &err));
        EXPECT_STR(c.task.id, ((const char *[]){"T-2", "T-3", "T-1"}[i]));
    }
    EXPECT_OK(db_write_hot(db, first_tx, &c, &err));
    EXPECT_INT(c.n, 0); /* it runs */
    arena_done(&c.a);
}

STORE_TEST(only_a_task_that_has_ended_is_given_another_state)
{
    struct call c = {.id = "T-1", .state = "Success"};
    struct error err = {0};

    enqueue(db, "T-1", 1);
    EXPECT_OK(db_write_hot(db, state_tx, &c, &err));
    EXPECT_INT(c.n, 0);
    test_sql(db, "update task set state = 'Failed' where id = 'T-1'");
    EXPECT_OK(db_write_hot(db, state_tx, &c, &err));
    EXPECT_INT(c.n, 1);
    EXPECT(test_number(db, "select count(*) from task where state = 'Success'") == 1);
}
