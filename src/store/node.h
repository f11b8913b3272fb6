/* node.h - the only home of the SQL of table node: server processes, their leases and task caps. */
#ifndef STORE_NODE_H
#define STORE_NODE_H
#include "base/arena.h"
#include "db/db.h"

struct node {
    const char *id, *name;
    const char *incarnation;         /* new with every start of the process */
    const char *boot_id, *jobs_path; /* where its built-in worker keeps its jobs, and on which boot
                                        of which machine */
    int64_t max_tasks, last_seen, lease_until; /* lease_until: by the database's clock */
    bool is_draining;
};
/** Registers or takes over the row ${n}->id with a fresh incarnation and a lease of ${lease_ms}. */
int node_register(struct db_tx *tx, const struct node *n, int64_t lease_ms,
                  struct error *e) MUST_USE;
/** Renews the lease. ERR_FENCED when another process registered under this id since. */
int node_renew(struct db_tx *tx, const char *id, const char *incarnation, int64_t lease_ms,
               struct error *e) MUST_USE;
/** Other nodes whose lease ended more than ${margin_ms} ago and that still have tasks. */
int node_expired(struct db_tx *tx, const char *self, int64_t margin_ms, struct arena *a,
                 struct node **ret, size_t *ret_n, struct error *e) MUST_USE;
/** Nodes whose lease has not ended, by the database's clock. */
int node_alive(struct db_tx *tx, struct arena *a, struct node **ret, size_t *ret_n,
               struct error *e) MUST_USE;
int node_list(struct db_tx *tx, struct arena *a, struct node **ret, size_t *ret_n,
              struct error *e) MUST_USE;
/** Sets what the operator wants of the node; the cap then stays over its restarts. */
int node_configure(struct db_tx *tx, const char *id, int64_t max_tasks, bool is_draining,
                   struct error *e) MUST_USE;
/** 1 = removed, 0 = it is alive, or has tasks that another node will take over. */
int node_remove(struct db_tx *tx, const char *id, struct error *e) MUST_USE;
int node_get(struct db_tx *tx, const char *id, struct arena *a, struct node *ret,
             struct error *e) MUST_USE;
#endif
