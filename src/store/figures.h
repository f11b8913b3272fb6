/* figures.h - what the operator asks the database: the queue and why it waits, nodes, keys. Inside
 * a transaction of db.h; cheap enough to be asked every few seconds. */
#ifndef STORE_FIGURES_H
#define STORE_FIGURES_H
#include "base/arena.h"
#include "db/db.h"

/* Why a task waits: its space is stopped, its planned time has not come, another task has its tag,
 * no node has room. */
enum figures_reason { WAIT_STOPPED, WAIT_PLANNED, WAIT_TAG, WAIT_ROOM, WAIT_REASONS };
struct figures_node {
    const char *name;
    int64_t lease_ms; /* until its lease ends; below 0: it has ended */
    int64_t cap;
    bool is_self, is_draining;
};
struct figures {
    struct {
        int64_t tasks, oldest_ms; /* oldest_ms: how long the oldest has waited */
    } waiting[WAIT_REASONS];
    struct figures_node *nodes;
    size_t n_nodes;
    int64_t workers;
    int64_t keys, next_expiry_ms; /* API keys that expire; until the first does, 0 = none does */
};
/** Texts in ${a}. */
int figures_read(struct db_tx *tx, const char *node_id, struct arena *a, struct figures *ret,
                 struct error *e) MUST_USE;
#endif
