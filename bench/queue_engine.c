/* queue_engine.c - the queue without scripts: enqueue, claim, finish, each durable before it is
 * acknowledged, by 8 clients.
 *
 *     queue_engine DATABASE_URL SECONDS */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "store/migrations.h"
#include "store/task.h"
#include "stopwatch.h"

#define CLIENTS 8
static struct db *db;
static atomic_long next_rank = 1, cycles;
static double deadline;

struct step {
    struct arena arena;
    struct task task;
    int found;
};

static int enqueue(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *s = ctx;
    return task_enqueue(tx, &s->task, e);
}

static int claim(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *s = ctx;
    s->found = task_claim(tx, "node", 1, &s->arena, &s->task, e);
    return s->found < 0 ? -1 : 0;
}

static int finish(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *s = ctx;
    struct task_turn t = {.task_id = s->task.id,
                          .epoch = s->task.epoch,
                          .state = "Success",
                          .error = "",
                          .now_ms = 1};
    return task_advance(tx, &t, e);
}

static void must(int r, const struct error *e)
{
    if (r >= 0) return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void *client(void *ctx)
{
    while (now_s() < deadline) {
        struct step s = {.arena = ARENA_INIT};
        struct error e;
        long rank = atomic_fetch_add(&next_rank, 1);
        char id[40];
        snprintf(id, sizeof(id), "ServerTasks-%ld", rank);
        s.task = (struct task){.id = id,
                               .rank = rank,
                               .space_id = "Spaces-1",
                               .kind = "RunbookRun",
                               .description = "bench",
                               .tag = id,
                               .arguments = "{}",
                               .queued_at = 1};
        must(db_write_hot(db, enqueue, &s, &e), &e);
        must(db_write_hot(db, claim, &s, &e), &e);
        if (s.found) {
            must(db_write_hot(db, finish, &s, &e), &e);
            atomic_fetch_add(&cycles, 1);
        }
        arena_done(&s.arena);
    }
    return ctx;
}

int main(int argc, char **argv)
{
    struct db_options o = {.url = argc > 1 ? argv[1] : "", .connections = CLIENTS};
    pthread_t threads[CLIENTS];
    struct error e = {0};

    must(db_open(&o, &db, &e), &e);
    must(store_migrate(db, &e), &e);
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 5, begin = now_s();
    deadline = begin + seconds;
    for (int i = 0; i < CLIENTS; i++) pthread_create(&threads[i], NULL, client, NULL);
    for (int i = 0; i < CLIENTS; i++) pthread_join(threads[i], NULL);
    printf("%.0f\n", (double)atomic_load(&cycles) / (now_s() - begin));
    db_close(db);
    return 0;
}
