/* engine.c - see engine.h. The registry of runs, and claiming.
 *
 * A run is in `runs` from its claim to its end. Events are posted under the lock, so a run that is
 * found there cannot be freed meanwhile; the thread that handles its turns takes it out under the
 * same lock. Claiming is one work item at a time: it claims until the cap is reached or nothing is
 * ready; a kick that comes meanwhile makes it look once more. */
#include "engine/engine_priv.h"
#include "engine/system_task.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/node.h"
#include "store/task.h"

static struct metric claimed =
    METRIC("counter", "bobtail_tasks_claimed_total", NULL, "Tasks taken from the queue.");
static struct metric running_now =
    METRIC("gauge", "bobtail_tasks_running", NULL, "Tasks that this node runs now.");

static void turn(void *ctx)
{
    struct run *r = ctx;
    struct engine *g = run_engine(r);
    bool goes_on = run_turn(r), again = false;

    pthread_mutex_lock(&g->lock);
    if (goes_on) again = run_rest(r);
    else map_take(g->runs, run_task_id(r));
    pthread_mutex_unlock(&g->lock);
    if (again) work_post(g->work, turn, r);
    if (!goes_on) run_free(r);
}

void engine_post(struct engine *g, const char *task_id, unsigned events, const char *ticket)
{
    if (events & RUN_CANCEL) system_tasks_cancelled(g->system_tasks, task_id);
    pthread_mutex_lock(&g->lock);
    struct run *r = g->stopping ? NULL : map_get(g->runs, task_id);
    bool queue = r && run_post(r, events, ticket);
    pthread_mutex_unlock(&g->lock);
    if (queue) work_post(g->work, turn, r);
}

static void timer_due(void *ctx, const char *task_id) { engine_post(ctx, task_id, RUN_GO, NULL); }

void engine_post_at(struct engine *g, const char *task_id, int64_t mono_ms)
{
    timers_at(g->timers, mono_ms, timer_due, g, task_id);
}

static void news(void *ctx, const char *ticket)
{
    struct engine *g = ctx;

    pthread_mutex_lock(&g->lock);
    struct run *r = g->stopping ? NULL : map_get(g->tickets, ticket);
    bool queue = r && run_post(r, 0, ticket);
    pthread_mutex_unlock(&g->lock);
    if (queue) work_post(g->work, turn, r);
}

void engine_doubt(struct engine *g)
{
    VEC(struct run *) queued = {0};
    const char *id;
    void *r;
    size_t at = 0;

    pthread_mutex_lock(&g->lock);
    while (!g->stopping && map_each(g->runs, &at, &id, &r))
        if (run_post(r, RUN_DOUBT, NULL)) VEC_PUSH(&queued, r);
    pthread_mutex_unlock(&g->lock);
    for (size_t i = 0; i < queued.n; i++) work_post(g->work, turn, queued.items[i]);
    VEC_DONE(&queued);
}

void engine_route(struct engine *g, const char *ticket, struct run *r)
{
    pthread_mutex_lock(&g->lock);
    if (r) map_put(g->tickets, ticket, r);
    else map_take(g->tickets, ticket);
    pthread_mutex_unlock(&g->lock);
}

/* Puts a claimed task among the runs and lets it begin. */
static void begin(struct engine *g, const struct task *t)
{
    if (system_task_kind_named(g, t->kind)) {
        system_tasks_adopt(g->system_tasks, t);
        return;
    }
    struct run *r = run_new(g, t->id, t->epoch, !task_state_ended(t->state));

    pthread_mutex_lock(&g->lock);
    ASSERT(map_put(g->runs, t->id, r) == NULL);
    bool queue = run_post(r, RUN_GO | (t->cancel_by ? RUN_CANCEL : 0), NULL);
    pthread_mutex_unlock(&g->lock);
    if (queue) work_post(g->work, turn, r);
}

struct claim {
    struct engine *g;
    struct arena arena;
    struct task task;
    int found;
};

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct claim *c = ctx;
    struct engine *g = c->g;

    c->found = task_claim(tx, g->o.node_id, clock_now(g->o.clock), &c->arena, &c->task, e);
    return c->found < 0 ? -1 : 0;
}

static void unreserve(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    g->running--;
    metric_set(&running_now, g->running);
    pthread_mutex_unlock(&g->lock);
}

/* Claims one task: 1, 0 when none is ready, -1 when the database cannot say (it is asked again
 * later). The place in the cap is taken; one that came too late gives it back. */
static int claim_one(struct engine *g)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct claim c = {.g = g, .arena = ARENA_INIT};
    struct error e = {0};

    int r = db_write_hot(g->o.db, claim_tx, &c, &e);
    if (r < 0) {
        log_warn("engine", "cannot claim a task: %s", e.text);
    } else if ((r = c.found) > 0 && task_state_ended(c.task.state)) {
        live_publish(g->live, c.task.space_id, c.task.id, c.task.state);
        log_info("engine", "%s ended: %s", c.task.id, c.task.state);
        unreserve(g);
    } else if (r > 0) {
        FAULT_POINT("engine.claimed");
        metric_add(&claimed, 1);
        live_publish(g->live, c.task.space_id, c.task.id, "Executing");
        begin(g, &c.task);
    }
    arena_done(&c.arena);
    return r;
}

/* Takes one of the cap's places; false when there is none, or nothing may be claimed. */
static bool reserve(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool ok = !g->draining && !g->stopping && !g->policy.is_draining && !g->policy.in_maintenance &&
              g->running < g->policy.cap;
    g->running += ok;
    metric_set(&running_now, g->running);
    pthread_mutex_unlock(&g->lock);
    return ok;
}

static void kick_due(void *ctx, const char *key)
{
    (void)key;
    engine_kick(ctx);
}

static void claim_all(void *ctx)
{
    struct engine *g = ctx;
    bool again = true;

    while (again) {
        while (engine_holds_lease(g) && reserve(g)) {
            int r = claim_one(g);
            if (r > 0) continue;
            unreserve(g);
            if (r < 0) timers_at(g->timers, clock_mono(g->o.clock) + 1000, kick_due, g, NULL);
            break;
        }
        pthread_mutex_lock(&g->lock);
        again = g->claim_again;
        g->claim_again = false;
        g->claiming = again;
        pthread_mutex_unlock(&g->lock);
    }
}

void engine_kick(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool start = g->open && !g->claiming && !g->stopping;
    if (g->claiming) g->claim_again = true;
    else g->claiming = start;
    pthread_mutex_unlock(&g->lock);
    if (start) work_post(g->work, claim_all, g);
    system_tasks_kick(g->system_tasks);
}

static void promote_due(void *ctx, const char *key)
{
    (void)key;
    engine_promote(ctx);
}

static void promote_all(void *ctx)
{
    struct engine *g = ctx;
    struct error e = {0};
    int r;

    while ((r = g->o.promote(g->o.ctx, &e)) > 0) engine_kick(g);
    if (r == 0) return;
    log_warn("engine", "cannot look for automatic deployments: %s", e.text);
    timers_at(g->timers, clock_mono(g->o.clock) + 1000, promote_due, g, NULL);
}

void engine_promote(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool start = g->o.promote && !g->stopping;
    pthread_mutex_unlock(&g->lock);
    if (start) work_post(g->work, promote_all, g);
}

void engine_release(struct engine *g, struct run *r)
{
    pthread_mutex_lock(&g->lock);
    bool held = run_leave_slot(r);
    pthread_mutex_unlock(&g->lock);
    if (!held) return;
    unreserve(g);
    engine_kick(g);
}

void engine_cancelled(struct engine *g, const char *id)
{
    live_notify(g->live, id);
    engine_post(g, id, RUN_CANCEL, NULL);
}

struct adopt {
    struct engine *g;
    const char *id, *from;
    struct arena arena;
    struct task task;
    int found;
};

static int adopt_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct adopt *x = ctx;

    x->found = task_adopt(tx, x->id, x->from, x->g->o.node_id, &x->arena, &x->task, e);
    return x->found < 0 ? -1 : 0;
}

/* The task was this node's once and comes back while its old run is still in a turn: that one must
 * see first that it was fenced. */
static bool is_busy_with(struct engine *g, const char *id)
{
    pthread_mutex_lock(&g->lock);
    bool busy = map_get(g->runs, id) != NULL;
    pthread_mutex_unlock(&g->lock);
    if (busy) engine_post(g, id, RUN_DOUBT, NULL);
    return busy;
}

int engine_adopt(struct engine *g, const char *id, const char *from_node, struct error *e)
{
    struct adopt x = {.g = g, .id = id, .from = from_node, .arena = ARENA_INIT};

    if (is_busy_with(g, id)) return 0;
    int r = db_write_hot(g->o.db, adopt_tx, &x, e);
    if (r == 0 && (r = x.found) > 0) {
        pthread_mutex_lock(&g->lock);
        g->running += !task_state_ended(x.task.state) && !system_task_kind_named(g, x.task.kind);
        metric_set(&running_now, g->running);
        pthread_mutex_unlock(&g->lock);
        begin(g, &x.task);
    }
    arena_done(&x.arena);
    return r;
}

bool engine_waiting(struct engine *g, const char *id, struct engine_wait *ret)
{
    pthread_mutex_lock(&g->lock);
    struct run *r = map_get(g->runs, id);
    if (r) *ret = *run_wait(r);
    pthread_mutex_unlock(&g->lock);
    return r && ret->reason;
}

struct log_chunk_builder *engine_builder_take(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    struct log_chunk_builder *b = g->builders.n ? g->builders.items[--g->builders.n] : NULL;
    pthread_mutex_unlock(&g->lock);
    return b ? b : log_chunk_builder_new();
}

void engine_builder_give(struct engine *g, struct log_chunk_builder *b)
{
    log_chunk_builder_clear(b);
    pthread_mutex_lock(&g->lock);
    VEC_PUSH(&g->builders, b);
    pthread_mutex_unlock(&g->lock);
}

struct engine_load engine_load(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    const struct policy *p = &g->policy;
    struct engine_load load = {.running = g->running,
                               .cap = p->cap,
                               .draining = g->draining || p->is_draining || p->cap == 0,
                               .in_maintenance = p->in_maintenance};
    pthread_mutex_unlock(&g->lock);
    return load;
}

struct live *engine_live(struct engine *g) { return g->live; }

/* Several threads may find the same one: the first to come is kept. */
static int find_foreign(struct engine *g, const char *worker, struct driver **ret, struct error *e)
{
    const char *slash = strchr(worker, '/');
    struct driver *found;

    int r = slash ? engine_node_driver(g, slash + 1, worker, &found, e) : 0;
    if (r < 0) return -1;
    if (r == 0)
        return fail(e, ERR_UNREACHABLE, "worker %s cannot be reached from node %s", worker,
                    g->o.node_name);
    pthread_mutex_lock(&g->lock);
    struct driver *known = map_get(g->foreign, worker);
    if (known == NULL) map_put(g->foreign, worker, found);
    pthread_mutex_unlock(&g->lock);
    *ret = known ? known : found;
    if (known) driver_free(found);
    return 0;
}

int engine_driver(struct engine *g, const char *worker, struct driver **ret, struct error *e)
{
    if (strcmp(worker, g->o.builtin->worker) == 0) {
        *ret = g->o.builtin;
        return 0;
    }
    pthread_mutex_lock(&g->lock);
    *ret = map_get(g->foreign, worker);
    pthread_mutex_unlock(&g->lock);
    if (*ret) return 0;
    return find_foreign(g, worker, ret, e);
}

int engine_start(const struct engine_options *o, struct engine **ret, struct error *e)
{
    struct engine *g = xcalloc(1, sizeof(*g));

    g->o = *o;
    metric_add(&claimed, 0); /* shown from the start */
    metric_set(&running_now, 0);
    run_metrics_show();
    id_uuid(g->incarnation);
    pthread_mutex_init(&g->lock, NULL);
    g->runs = map_new(false);
    g->tickets = map_new(false);
    g->foreign = map_new(false);
    g->live = live_new();
    g->system_tasks = system_tasks_new(g);
    g->o.builtin->news = news;
    g->o.builtin->news_ctx = g;
    if (work_start(o->threads, &g->work, e) < 0 || timers_start(&g->timers, e) < 0 ||
        engine_node_start(g, e) < 0 || system_tasks_start(g->system_tasks, e) < 0) {
        engine_stop(g);
        return -1;
    }
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_mutex_unlock(&g->lock);
    engine_kick(g);
    engine_promote(g);
    engine_due(g);
    engine_regular(g);
    engine_sweep_daily(g);
    engine_purge(g);
    engine_expiry_start(g);
    *ret = g;
    return 0;
}

void engine_drain(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    g->draining = true;
    pthread_mutex_unlock(&g->lock);
}

static void free_run(void *r) { run_free(r); }
static void free_driver(void *d) { driver_free(d); }

void engine_stop(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    g->stopping = g->draining = true;
    pthread_mutex_unlock(&g->lock);
    driver_silence(g->o.builtin);
    timers_stop(g->timers);
    system_tasks_stop(g->system_tasks);
    lease_stop(g->lease);
    work_stop(g->work); /* until here turns set timers and look at the lease */
    system_tasks_free(g->system_tasks);
    timers_free(g->timers);
    lease_free(g->lease);
    map_free(g->runs, free_run);
    map_free(g->tickets, NULL);
    map_free(g->foreign, free_driver);
    live_free(g->live);
    for (size_t i = 0; i < g->builders.n; i++) log_chunk_builder_free(g->builders.items[i]);
    VEC_DONE(&g->builders);
    pthread_mutex_destroy(&g->lock);
    free(g);
}
