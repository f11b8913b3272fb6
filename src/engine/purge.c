/* purge.c - empties deleted spaces, in the background and in transactions of a bounded size.
 *
 * A deleted space is noted in the database until nothing of it is left, so a purge that was cut off
 * goes on with the next start. A task whose folders on the worker are not cleaned up yet stays
 * until they are, one day at most. An empty space is forgotten when no request that began before
 * its end can bring something any more. Two nodes may purge the same space. */
#include "base/fault.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "store/space.h"

#define ROWS_AT_ONCE 200
#define AGAIN_MS 2000
#define LATE_MS ((int64_t)10 * 60 * 1000)
#define CLEANUP_MS ((int64_t)24 * 3600 * 1000)

struct purge {
    struct engine *g;
    struct arena arena;
    struct deleted_space *list;
    size_t n;
    const struct deleted_space *one; /* of one transaction */
    int64_t kept;
    bool late; /* nothing can come any more */
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct purge *p = ctx;

    return space_deleted(tx, &p->arena, &p->list, &p->n, e);
}

static int purge_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct purge *p = ctx;
    int64_t age = clock_now(p->g->o.clock) - p->one->deleted_at;

    int again = space_purge(tx, p->one->id, ROWS_AT_ONCE, age > CLEANUP_MS, &p->kept, e);
    p->late = age > LATE_MS;
    if (again == 0 && p->kept == 0 && p->late && space_forget(tx, p->one->id, e) < 0) return -1;
    return again;
}

/* True when all that may go is gone. */
static bool purge_one(struct purge *p)
{
    struct engine *g = p->g;
    struct error e = {0};
    int r;

    do {
        pthread_mutex_lock(&g->lock);
        bool stopping = g->stopping;
        pthread_mutex_unlock(&g->lock);
        if (stopping) return false;
        FAULT_POINT("engine.purge");
        r = db_write_hot(g->o.db, purge_tx, p, &e);
    } while (r > 0);
    if (r < 0) log_warn("engine", "cannot empty the deleted space %s yet: %s", p->one->id, e.text);
    return r == 0 && p->kept == 0;
}

static void due(void *ctx, const char *key)
{
    struct engine *g = ctx;

    (void)key;
    pthread_mutex_lock(&g->lock);
    g->purge_at = 0;
    pthread_mutex_unlock(&g->lock);
    engine_purge(g);
}

/* One timer is enough, however many spaces are deleted. */
static void again_in(struct engine *g, int64_t ms)
{
    int64_t at = clock_mono(g->o.clock) + ms;

    pthread_mutex_lock(&g->lock);
    bool set = g->purge_at == 0 || at < g->purge_at;
    if (set) g->purge_at = at;
    pthread_mutex_unlock(&g->lock);
    if (set) timers_at(g->timers, at, due, g, NULL);
}

static void purge_work(void *ctx)
{
    struct engine *g = ctx;
    struct purge p = {.g = g, .arena = ARENA_INIT};
    struct error e = {0};
    int64_t wait = 0;

    if (db_read(g->o.db, list_tx, &p, &e) < 0) {
        log_warn("engine", "cannot look for deleted spaces: %s", e.text);
        wait = AGAIN_MS;
    }
    for (size_t i = 0; i < p.n; i++) {
        p.one = &p.list[i];
        if (!purge_one(&p)) wait = AGAIN_MS;
        else if (!p.late && wait == 0) wait = LATE_MS;
    }
    if (p.n && wait != AGAIN_MS) engine_sweep(g); /* the blobs of their artifacts */
    arena_done(&p.arena);
    if (wait) again_in(g, wait);
}

void engine_purge(struct engine *g) { work_post(g->work, purge_work, g); }
