/* node.c - this server among others, and the tasks that it takes up.
 *
 * At start the node takes up what it ran when it last stopped: its data folder is locked, so the
 * process that ran them is gone. With a shared database it renews a lease and takes over the tasks
 * of nodes whose lease ended more than one lease ago by the database's clock; it tells its own runs
 * of cancels that other nodes accepted. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_priv.h"
#include "os/file.h"
#include "store/node.h"
#include "store/promotion.h"
#include "store/task.h"

#define LOOK_EVERY_MS 1000

struct mine {
    const char *node_id;
    struct arena arena;
    const char **ids;
    size_t n;
};

static int mine_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct mine *m = ctx;

    return task_of_node(tx, m->node_id, &m->arena, &m->ids, &m->n, e);
}

static int adopt_all(struct engine *g, const char *from_node, struct error *e)
{
    struct mine m = {.node_id = from_node, .arena = ARENA_INIT};
    int r = db_read(g->o.db, mine_tx, &m, e);

    for (size_t i = 0; i < m.n && r >= 0; i++) r = engine_adopt(g, m.ids[i], from_node, e);
    if (m.n && r >= 0) log_info("engine", "took up %zu tasks of node %s", m.n, from_node);
    arena_done(&m.arena);
    return r < 0 ? -1 : 0;
}

int64_t engine_lease_end(struct engine *g) { return g->lease ? lease_end(g->lease) : 0; }

bool engine_holds_lease(struct engine *g)
{
    return g->lease == NULL || clock_mono(g->o.clock) < engine_lease_end(g);
}

struct look {
    struct engine *g;
    const char *id; /* of the one node to read */
    struct arena arena;
    struct node *dead;
    size_t n_dead;
    struct policy policy;
    const char **asked; /* tasks of this node that are to stop */
    size_t n_asked;
    bool promotes; /* a lifecycle has something to do: a node that died may have left it */
};

static int look_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct look *l = ctx;
    const char *self = l->g->o.node_id;

    if (node_expired(tx, self, ENGINE_LEASE_MS, &l->arena, &l->dead, &l->n_dead, e) < 0) return -1;
    int waits = promotion_waits(tx, e);
    if (waits < 0) return -1;
    l->promotes = waits;
    if (engine_policy_tx(tx, self, &l->policy, e) < 0) return -1;
    return task_cancelling(tx, self, &l->arena, &l->asked, &l->n_asked, e);
}

static int node_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct look *l = ctx;

    l->dead = arena_alloc(&l->arena, sizeof(*l->dead));
    return node_get(tx, l->id, &l->arena, l->dead, e);
}

/* The boot id alone does not say that a path means the same folder. */
static bool is_folder_of(const struct node *n)
{
    CLEANUP(freep) char *path = xasprintf("%s/../node-id", n->jobs_path);
    CLEANUP(buf_done) struct buf id = BUF_INIT(128);
    struct error e;

    return access(n->jobs_path, R_OK | W_OK) == 0 && file_read(path, &id, &e) == 0 &&
           strcmp(buf_str(&id), n->id) == 0;
}

int engine_node_driver(struct engine *g, const char *id, const char *worker, struct driver **ret,
                       struct error *e)
{
    struct look l = {.g = g, .id = id, .arena = ARENA_INIT};
    int r = db_read(g->o.db, node_tx, &l, e);

    if (r == 0 && strcmp(l.dead->boot_id, g->boot_id) == 0 && is_folder_of(l.dead)) {
        r = driver_builtin_of(g->o.builtin, l.dead->jobs_path, worker, l.dead->name, ret, e);
        if (r == 0) {
            (*ret)->news = g->o.builtin->news;
            (*ret)->news_ctx = g;
            r = 1;
        }
    }
    arena_done(&l.arena);
    return r;
}

static int take_over(struct engine *g, const struct node *dead, struct error *e)
{
    if (strcmp(dead->boot_id, g->boot_id) == 0 && is_folder_of(dead) &&
        engine_check_mark(g, dead, e) < 0)
        return -1;
    return adopt_all(g, dead->id, e);
}

static void look(void *ctx, const char *key);
static void look_work(void *ctx)
{
    struct engine *g = ctx;
    struct look l = {.g = g, .arena = ARENA_INIT};
    struct error e = {0};

    if (engine_holds_lease(g) && db_read(g->o.db, look_tx, &l, &e) == 0) {
        engine_policy_set(g, &l.policy);
        for (size_t i = 0; i < l.n_dead; i++)
            if (take_over(g, &l.dead[i], &e) < 0)
                log_warn("engine", "cannot take over: %s", e.text);
        for (size_t i = 0; i < l.n_asked; i++) engine_post(g, l.asked[i], RUN_CANCEL, NULL);
        live_notify_all(g->live);
        if (l.promotes) engine_promote(g);
        engine_due(g);
        engine_kick(g);
    }
    arena_done(&l.arena);
    timers_at(g->timers, clock_mono(g->o.clock) + LOOK_EVERY_MS, look, g, NULL);
}

static void look(void *ctx, const char *key)
{
    (void)key;
    work_post(((struct engine *)ctx)->work, look_work, ctx);
}

int engine_node_start(struct engine *g, struct error *e)
{
    int64_t before = clock_mono(g->o.clock);
    char boot[BOOT_ID_SIZE];

    boot_id_get(boot);
    snprintf(g->boot_id, sizeof(g->boot_id), "%s", FAULT_TEXT("BOBTAIL_FAULT_BOOT_ID", boot));
    if (engine_register(g, e) < 0 || engine_reload(g, e) < 0) return -1;
    if (g->o.shared && lease_start(g, before, &g->lease, e) < 0) return -1;
    if (adopt_all(g, g->o.node_id, e) < 0) return -1;
    if (!g->o.shared) return 0;
    look(g, NULL);
    return 0;
}
