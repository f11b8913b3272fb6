/* policy.c - what the operator lets this node do: how many tasks at once, none at all (drained),
 * none anywhere (maintenance). It stands in the database, so that it holds after a restart and can
 * be set on any node; the node reads it at its start, when it was set here, and once a second where
 * nodes share a database. */
#include "base/log.h"
#include "engine/engine_priv.h"
#include "store/node.h"
#include "store/setting.h"

int engine_policy_tx(struct db_tx *tx, const char *node_id, struct policy *ret, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *maintenance;
    struct node self;

    if (node_get(tx, node_id, &a, &self, e) < 0) return -1;
    if (setting_get(tx, ENGINE_MAINTENANCE, &a, &maintenance, e) < 0) return -1;
    *ret = (struct policy){.cap = self.max_tasks,
                           .is_draining = self.is_draining,
                           .in_maintenance = maintenance != NULL};
    return 0;
}

void engine_policy_set(struct engine *g, const struct policy *p)
{
    pthread_mutex_lock(&g->lock);
    bool same = g->policy.cap == p->cap && g->policy.is_draining == p->is_draining &&
                g->policy.in_maintenance == p->in_maintenance;
    g->policy = *p;
    pthread_mutex_unlock(&g->lock);
    if (same) return;
    log_info("engine", "node %s runs %lld tasks at once%s%s", g->o.node_name, (long long)p->cap,
             p->is_draining ? "; it is drained" : "",
             p->in_maintenance ? "; maintenance mode" : "");
    engine_kick(g);
}

struct reading {
    struct engine *g;
    struct policy policy;
};

static int read_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct reading *r = ctx;

    return engine_policy_tx(tx, r->g->o.node_id, &r->policy, e);
}

int engine_reload(struct engine *g, struct error *e)
{
    struct reading r = {.g = g};

    if (db_read(g->o.db, read_tx, &r, e) < 0) return -1;
    engine_policy_set(g, &r.policy);
    return 0;
}
