/* daily.c - a system task that is queued every day at an hour. For a server that has its database
 * to itself. */
#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/system_task.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

static int queue_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct engine *g = ctx;
    const char *id;

    return system_task_queue(tx, g, g->daily, NULL, &a, &id, e);
}

static void due(void *ctx, const char *key);

/* The wall clock may be set: it is looked at every hour. */
static void set_timer(struct engine *g)
{
    int64_t left = g->daily_at - clock_now(g->o.clock);

    if (left > HOUR_MS) left = HOUR_MS;
    timers_at(g->timers, clock_mono(g->o.clock) + (left > 0 ? left : 0), due, g, NULL);
}

static void look(void *ctx)
{
    struct engine *g = ctx;
    struct error e;

    int64_t late = clock_now(g->o.clock) - g->daily_at;
    if (late >= 0) {
        if (db_write(g->o.db, queue_tx, g, &e) < 0)
            log_warn("engine", "cannot queue the daily task %s: %s", g->daily, e.text);
        g->daily_at += DAY_MS * (1 + late / DAY_MS);
        engine_kick(g);
    }
    set_timer(g);
}

static void due(void *ctx, const char *key)
{
    (void)key;
    work_post(((struct engine *)ctx)->work, look, ctx);
}

void engine_daily(struct engine *g, const char *kind, int64_t hour)
{
    int64_t now = clock_now(g->o.clock), at = now - now % DAY_MS + hour * HOUR_MS;

    if (at <= now) at += DAY_MS;
    g->daily = kind;
    g->daily_at = now + FAULT_NUMBER("BOBTAIL_FAULT_DAILY_MS", at - now);
    set_timer(g);
}
