/* lease.c - see lease.h. */
#include "engine/lease.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_priv.h"
#include "os/thread.h"
#include "store/node.h"

#define RENEW_EVERY_MS (ENGINE_LEASE_MS / 5)

struct lease {
    struct engine *engine;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below; never held during I/O */
    pthread_cond_t changed;
    bool stopping;
    int64_t confirmed; /* monotonic ms before the last successful renewal */
};

static int renew_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct engine *g = ctx;

    return node_renew(tx, g->o.node_id, g->incarnation, ENGINE_LEASE_MS, e);
}

static void confirm(struct lease *l, int64_t before)
{
    pthread_mutex_lock(&l->lock);
    bool lapsed = before - l->confirmed > ENGINE_LEASE_MS;
    l->confirmed = before;
    pthread_mutex_unlock(&l->lock);
    if (lapsed) engine_doubt(l->engine);
}

static void renew(struct lease *l)
{
    struct engine *g = l->engine;
    struct error e = {0};
    int64_t before = clock_mono(g->o.clock);

    if (db_write_hot(g->o.db, renew_tx, g, &e) == 0) {
        confirm(l, before);
        return;
    }
    log_warn("engine", "cannot renew the lease of node %s: %s", g->o.node_name, e.text);
    if (e.kind == ERR_FENCED && g->o.fatal) g->o.fatal(e.text);
}

/* False when the thread is to end. */
static bool pause_until_due(struct lease *l)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ms = until.tv_nsec / 1000000 + RENEW_EVERY_MS;
    until.tv_sec += ms / 1000;
    until.tv_nsec = ms % 1000 * 1000000;
    pthread_mutex_lock(&l->lock);
    while (!l->stopping && pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0) continue;
    bool stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return !stopping;
}

static void *run(void *ctx)
{
    struct lease *l = ctx;

    while (pause_until_due(l)) renew(l);
    return NULL;
}

int lease_start(struct engine *g, int64_t confirmed_mono, struct lease **ret, struct error *e)
{
    struct lease *l = xcalloc(1, sizeof(*l));
    pthread_condattr_t attr;

    l->engine = g;
    l->confirmed = confirmed_mono;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (thread_start(&l->thread, "lease", run, l, e) < 0) {
        free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

void lease_stop(struct lease *l)
{
    if (l == NULL) return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
}

void lease_free(struct lease *l)
{
    if (l == NULL) return;
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    free(l);
}

int64_t lease_end(struct lease *l)
{
    pthread_mutex_lock(&l->lock);
    int64_t confirmed = l->confirmed;
    pthread_mutex_unlock(&l->lock);
    return confirmed + ENGINE_LEASE_MS * 2 / 3;
}
