/* task.c - the queue and what belongs to tasks, on both engines. */
#include "store/task.h"

#include <pthread.h>
#include <stdio.h>

#include "store/artifact.h"
#include "tests/lib/database.h"

#define NODES 8
#define ROUNDS 10

static int enqueue(struct db_tx *tx, void *ctx, struct error *e)
{
    int64_t n = *(int64_t *)ctx;
    char id[32];

    snprintf(id, sizeof(id), "ServerTasks-%lld", (long long)n);
    struct task t = {.id = id,
                     .rank = n,
                     .space_id = "Spaces-1",
                     .kind = "Deploy",
                     .description = "A deployment",
                     .tag = id,
                     .arguments = "{}",
                     .queued_at = 1};
    return task_enqueue(tx, &t, e);
}

struct node {
    struct db *db;
    pthread_barrier_t *together;
    pthread_t thread;
    int found;
    char id[64]; /* of the task that it claimed */
};

static int claim(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct node *n = ctx;
    struct task t;

    n->found = task_claim(tx, "Nodes-1", 2, &a, &t, e);
    if (n->found > 0) snprintf(n->id, sizeof(n->id), "%s", t.id);
    return n->found < 0 ? -1 : 0;
}

static void *claim_once(void *ctx)
{
    struct node *n = ctx;
    struct error err = {0};

    pthread_barrier_wait(n->together);
    if (db_write_hot(n->db, claim, n, &err) < 0) n->found = -1;
    return NULL;
}

STORE_TEST(nodes_that_claim_at_the_same_time_take_one_task_each)
{
    struct error err = {0};
    struct node nodes[NODES];
    pthread_barrier_t together;
    int64_t number = 0;

    pthread_barrier_init(&together, NULL, NODES);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < NODES; i++) {
            number++;
            EXPECT_OK(db_write(db, enqueue, &number, &err));
        }
        for (int i = 0; i < NODES; i++) {
            nodes[i] = (struct node){.db = db, .together = &together};
            pthread_create(&nodes[i].thread, NULL, claim_once, &nodes[i]);
        }
        for (int i = 0; i < NODES; i++) pthread_join(nodes[i].thread, NULL);
        for (int i = 0; i < NODES; i++) {
            EXPECT_INT(nodes[i].found, 1);
            for (int k = 0; k < i; k++) EXPECT(strcmp(nodes[i].id, nodes[k].id) != 0);
        }
    }
    pthread_barrier_destroy(&together);
}

static int claim_and_cancel(struct db_tx *tx, void *ctx, struct error *e)
{
    struct node *n = ctx;
    const char *state;

    if (claim(tx, n, e) < 0) return -1;
    return task_cancel(tx, n->id, "someone", 3, &state, e);
}

struct list {
    const char *node;
    struct arena arena;
    const char **ids;
    size_t n;
};

static int cancelling(struct db_tx *tx, void *ctx, struct error *e)
{
    struct list *l = ctx;

    return task_cancelling(tx, l->node, &l->arena, &l->ids, &l->n, e);
}

STORE_TEST(a_node_finds_its_own_tasks_that_are_to_stop)
{
    struct error err = {0};
    struct node asked = {0}, other = {0};
    struct list mine = {.node = "Nodes-1"}, theirs = {.node = "Nodes-2"};
    int64_t one = 1, two = 2;

    EXPECT_OK(db_write(db, enqueue, &one, &err));
    EXPECT_OK(db_write(db, enqueue, &two, &err));
    EXPECT_OK(db_write(db, claim_and_cancel, &asked, &err));
    EXPECT_OK(db_write(db, claim, &other, &err));
    EXPECT_OK(db_read(db, cancelling, &mine, &err));
    EXPECT_OK(db_read(db, cancelling, &theirs, &err));
    EXPECT_INT(mine.n, 1);
    EXPECT_STR(mine.ids[0], asked.id);
    EXPECT_INT(theirs.n, 0);
    arena_done(&mine.arena);
    arena_done(&theirs.arena);
}

static int put_artifacts(struct db_tx *tx, void *ctx, struct error *e)
{
    char id[32];

    (void)ctx;
    for (int i = 1; i <= 6; i++) {
        snprintf(id, sizeof(id), "Artifacts-%d", i);
        struct artifact x = {.id = id,
                             .number = i,
                             .space_id = i == 6 ? "Spaces-2" : "Spaces-1",
                             .task_id = i <= 4 ? "ServerTasks-1" : "ServerTasks-2",
                             .invocation = i <= 3 ? "first" : "second",
                             .node = "action-0",
                             .path = "p",
                             .filename = "f",
                             .source = "w"};
        if (artifact_insert(tx, &x, e) < 0) return -1;
    }
    return artifact_collected(tx, "Artifacts-1", "hash", 1, NULL, e);
}

struct found {
    struct arena arena;
    struct artifact *list;
    size_t n;
    int64_t total;
};

static int of_task(struct db_tx *tx, void *ctx, struct error *e)
{
    struct artifact_query q = {
        .space_id = "Spaces-1", .regarding = "ServerTasks-1", .skip = 1, .take = 2};
    struct found *f = ctx;

    return artifact_list(tx, &q, &f->arena, &f->list, &f->n, &f->total, e);
}

static int of_space(struct db_tx *tx, void *ctx, struct error *e)
{
    struct artifact_query q = {.space_id = "Spaces-1", .take = 10};
    struct found *f = ctx;

    return artifact_list(tx, &q, &f->arena, &f->list, &f->n, &f->total, e);
}

static int unfetched(struct db_tx *tx, void *ctx, struct error *e)
{
    struct found *f = ctx;

    return artifact_unfetched(tx, "ServerTasks-1", "first", 10, &f->arena, &f->list, &f->n, e);
}

STORE_TEST(artifacts_are_found_by_space_by_task_and_while_nobody_has_fetched_them)
{
    struct error err = {0};
    struct found f = {0};

    EXPECT_OK(db_write(db, put_artifacts, NULL, &err));
    EXPECT_OK(db_read(db, of_task, &f, &err));
    EXPECT_INT(f.total, 4);
    EXPECT_INT(f.n, 2);
    EXPECT_STR(f.list[0].id, "Artifacts-3"); /* newest first, one skipped */
    EXPECT_OK(db_read(db, of_space, &f, &err));
    EXPECT_INT(f.total, 5);
    EXPECT_OK(db_read(db, unfetched, &f, &err));
    EXPECT_INT(f.n, 2);
    EXPECT_STR(f.list[0].id, "Artifacts-2");
    arena_done(&f.arena);
}
