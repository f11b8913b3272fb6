/* engine_priv.h - what the files of the engine share. */
#ifndef ENGINE_ENGINE_PRIV_H
#define ENGINE_ENGINE_PRIV_H
#include <pthread.h>

#include "base/fault.h"
#include "base/map.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/lease.h"
#include "engine/run.h"
#include "engine/system_tasks.h"
#include "engine/timers.h"
#include "engine/work.h"
#include "os/boot.h"
#include "store/log_chunk.h"

/* A node without a sign of life for this long loses its tasks. */
#define ENGINE_LEASE_MS FAULT_NUMBER("BOBTAIL_FAULT_LEASE_MS", 15000)

/* What the operator lets the node do (policy.c). */
struct policy {
    int64_t cap;
    bool is_draining, in_maintenance;
};

struct engine {
    struct engine_options o;
    struct work *work;
    struct timers *timers;
    struct live *live;
    struct system_tasks *system_tasks;
    struct lease *lease;        /* NULL = no other node may use the database */
    char incarnation[40];       /* of this start of the node */
    char boot_id[BOOT_ID_SIZE]; /* of this run of the machine */
    pthread_mutex_t lock;       /* guards all below; never held during I/O */
    struct map *runs;           /* task id -> struct run */
    struct map *tickets;        /* ticket -> struct run that follows it */
    struct map *foreign;        /* worker -> driver of another node's jobs on this machine */
    int64_t running;            /* tasks that hold one of the cap's places */
    struct policy policy;
    bool open;               /* the node is registered and has its lease: it may claim */
    bool draining, stopping; /* draining: it is about to stop */
    int64_t due_at;    /* wall clock: when planned tasks are looked at next (due.c); 0 = never */
    const char *daily; /* kind of the daily task (daily.c); set before its timer */
    int64_t daily_at;  /* UTC ms of the next one; its work item's alone */
    bool claiming, claim_again;
    int64_t purge_at; /* monotonic; a timer will look at deleted spaces then; 0 = none */
    VEC(struct log_chunk_builder *)
    builders; /* not in use; a used one keeps a megabyte, so they are shared */
};

struct log_chunk_builder *engine_builder_take(struct engine *g);
void engine_builder_give(struct engine *g, struct log_chunk_builder *b);

/** Posts events to the run of a task, if there is one here. */
void engine_post(struct engine *g, const char *task_id, unsigned events, const char *ticket);
/** Posts RUN_GO at ${mono_ms}. */
void engine_post_at(struct engine *g, const char *task_id, int64_t mono_ms);
/** From now on news of ${ticket} go to ${r}; NULL = to nobody. */
void engine_route(struct engine *g, const char *ticket, struct run *r);
/** The run has ended its task, or lost it: its place, if it still has one, is free. */
void engine_release(struct engine *g, struct run *r);
/** May this node still act on a worker? False in the last third of its lease. */
bool engine_holds_lease(struct engine *g);
/** Monotonic ms at which it may not any more; 0 = never. */
int64_t engine_lease_end(struct engine *g);
/** Makes every run look whether its task is still this node's. */
void engine_doubt(struct engine *g);
/** The driver that a journal names: the built-in worker of this node, or of another node whose jobs
 * lie on this machine. ERR_UNREACHABLE when they do not, other errors when that cannot be said now.
 */
int engine_driver(struct engine *g, const char *worker, struct driver **ret,
                  struct error *e) MUST_USE;

/* node.c: taking over what dead nodes left */
/** Finds the jobs of node ${id} on this machine: 1 with a driver that the caller owns, 0 = they are
 * elsewhere. */
int engine_node_driver(struct engine *g, const char *id, const char *worker, struct driver **ret,
                       struct error *e) MUST_USE;
int engine_node_start(struct engine *g, struct error *e) MUST_USE;
/** Takes up task ${id}, last run by ${from_node}: 1 = there is a run for it now, 0 = somebody else
 * has it, or an earlier run of it has not left yet: to be asked again. */
int engine_adopt(struct engine *g, const char *id, const char *from_node, struct error *e) MUST_USE;

/* policy.c */
int engine_policy_tx(struct db_tx *tx, const char *node_id, struct policy *ret,
                     struct error *e) MUST_USE;
/** From now on ${p} holds. */
void engine_policy_set(struct engine *g, const struct policy *p);

/* mark.c: tells a database that was restored */
/** Notes in the folder of the jobs of ${d} that entry ${seq} of ${task_id}'s journal is committed:
 * before each start and each clean-up. */
int engine_mark(const struct driver *d, const char *task_id, int64_t seq, struct error *e) MUST_USE;
/** Registers the node under its new incarnation; marks its tasks as lost when the database is older
 * than its jobs. */
int engine_register(struct engine *g, struct error *e) MUST_USE;
struct node;
/** The same for the tasks of node ${dead}, whose jobs lie on this machine, before they are taken
 * over: it may not be the first that comes back after a restore. */
int engine_check_mark(struct engine *g, const struct node *dead, struct error *e) MUST_USE;

/** Removes what nothing names any more (sweep.c), in the background: once; now and every day. */
void engine_sweep(struct engine *g);
void engine_sweep_daily(struct engine *g);
/** Tells of API keys that expire and removes ended sessions and invitations, from time to time
 * (expiry.c). */
void engine_expiry_start(struct engine *g);
/* system_task.c: queues system tasks that are due regularly, from a while after now on */
void engine_regular(struct engine *g);
#endif
