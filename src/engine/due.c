/* due.c - times that something waits for: planned tasks enter the queue, those that must not start
 * any more end as TimedOut, scheduled triggers act. The times stand in the database; this node
 * looks at the next one and sleeps until then, at most a minute, so that a clock that jumps does no
 * lasting harm. Nodes that share the database look every second as well (node.c). */
#include "base/log.h"
#include "engine/engine_priv.h"
#include "store/task.h"

#define SLEEP_MAX_MS ((int64_t)60 * 1000)

struct look {
    struct engine *g;
    int64_t now_ms, next_ms; /* wall clock; next 0 = nothing waits for a time */
    struct arena arena;
    struct task *expired;
    size_t n;
};

static int next_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return task_next_due(tx, &((struct look *)ctx)->next_ms, e);
}

static int look_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct look *l = ctx;

    if (task_expire(tx, l->now_ms, &l->arena, &l->expired, &l->n, e) < 0 ||
        task_due(tx, l->now_ms, e) < 0)
        return -1;
    return task_next_due(tx, &l->next_ms, e);
}

static void alarm_due(void *ctx, const char *key)
{
    (void)key;
    engine_due(ctx);
}

/* Asks for the next look, unless one is asked for that comes early enough. */
static void sleep_until(struct engine *g, int64_t next_ms)
{
    int64_t now = clock_now(g->o.clock), mono = clock_mono(g->o.clock);
    int64_t wall = next_ms - now > SLEEP_MAX_MS ? now + SLEEP_MAX_MS : next_ms;

    pthread_mutex_lock(&g->lock);
    bool set = next_ms && (g->due_at == 0 || g->due_at > wall || g->due_at <= now);
    if (set) g->due_at = wall;
    pthread_mutex_unlock(&g->lock);
    if (set) timers_at(g->timers, mono + (wall > now ? wall - now : 0), alarm_due, g, NULL);
}

/* Triggers may queue tasks, so they come first. */
static int look_at_triggers(struct look *l, int64_t *ret_next_ms, struct error *e)
{
    struct engine *g = l->g;
    int r;

    *ret_next_ms = 0;
    if (g->o.trigger == NULL) return 0;
    while ((r = g->o.trigger(g->o.ctx, ret_next_ms, e)) > 0) {
        engine_kick(g);
        engine_promote(g);
    }
    return r;
}

static int look_at_tasks(struct look *l, struct error *e)
{
    if (db_read(l->g->o.db, next_tx, l, e) < 0) return -1;
    if (l->next_ms == 0 || l->next_ms > l->now_ms) return 0;
    if (db_write_hot(l->g->o.db, look_tx, l, e) < 0) return -1;
    for (size_t i = 0; i < l->n; i++) {
        live_publish(l->g->live, l->expired[i].space_id, l->expired[i].id, "TimedOut");
        log_info("engine", "%s ended: TimedOut", l->expired[i].id);
    }
    engine_kick(l->g);
    return 0;
}

static int look(struct look *l, struct error *e)
{
    int64_t trigger_ms;

    if (look_at_triggers(l, &trigger_ms, e) < 0 || look_at_tasks(l, e) < 0) return -1;
    if (trigger_ms && (l->next_ms == 0 || trigger_ms < l->next_ms)) l->next_ms = trigger_ms;
    return 0;
}

static void look_work(void *ctx)
{
    struct engine *g = ctx;
    struct look l = {.g = g, .now_ms = clock_now(g->o.clock), .arena = ARENA_INIT};
    struct error e = {0};

    if (look(&l, &e) < 0) {
        log_warn("engine", "cannot look for what is due: %s", e.text);
        l.next_ms = l.now_ms + 1000;
    }
    sleep_until(g, l.next_ms);
    arena_done(&l.arena);
}

void engine_due(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool start = !g->stopping;
    pthread_mutex_unlock(&g->lock);
    if (start) work_post(g->work, look_work, g);
}
