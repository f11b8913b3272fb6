/* engine.h - the task engine: claims queued tasks, runs them to their end, survives `kill -9` at
 * any moment.
 *
 * A task in progress is a `run`: a mailbox of events that one work thread at a time handles
 * (run.h). What happened is in the task's journal; the engine holds nothing that it cannot read
 * back. All functions: any thread. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
#include "base/clock.h"
#include "crypt/seal.h"
#include "db/db.h"
#include "engine/blob.h"
#include "engine/live.h"
#include "fleet/driver.h"

struct engine;
struct system_task_kind;
struct engine_options {
    struct db *db;
    const struct secret_key *key; /* master key; borrowed */
    const struct clock *clock;
    struct driver *builtin; /* the built-in worker; borrowed */
    const char *node_id, *node_name, *jobs_path;
    const struct blobs *blobs; /* borrowed */
    const char *server_uri;    /* Octopus.Web.ServerUri; NULL = unknown */
    int64_t task_cap;          /* tasks at once until the API sets it; 0 = take none */
    int64_t log_limit;         /* bytes of a task's log, then output of scripts is cut; 0 = 1 GiB */
    size_t threads;            /* work threads */
    bool shared;               /* other nodes may use this database: leases and take-over */
    /** Makes the next deployments that a lifecycle asks for: 1 = there may be more, 0 = none waits,
     * -1 = it is asked again later. On work threads, also several at a time. */
    int (*promote)(void *ctx, struct error *e);
    /** Lets the next scheduled trigger act: 1 = one did, 0 = none is due, and *${ret_next_ms} (UTC
     * ms) is when one will be, 0 = never; -1 = it is asked again later. On work threads. */
    int (*trigger)(void *ctx, int64_t *ret_next_ms, struct error *e);
    void *ctx;                                   /* of these, and of system tasks */
    const struct system_task_kind *system_tasks; /* a row without kind ends them; NULL: none */
    /** Called once when the engine must not go on: another process runs as this node. */
    void (*fatal)(const char *why);
};

/** Registers the node, takes up the tasks that it ran when it last stopped, and starts to claim. */
int engine_start(const struct engine_options *o, struct engine **ret, struct error *e) MUST_USE;
/** Claims nothing more; what runs goes on. */
void engine_drain(struct engine *g);
/** Stops all threads and frees; scripts keep running and are taken up by the next start. */
void engine_stop(struct engine *g);

/** The setting that stands in the database during maintenance. */
#define ENGINE_MAINTENANCE "maintenance-mode"
/** Task cap, drain or maintenance mode were set (committed): reads them. Other nodes see it within
 * two seconds by themselves. */
int engine_reload(struct engine *g, struct error *e) MUST_USE;
/** Queues a system task of ${kind}, a constant, every day at ${hour} UTC. Once. */
void engine_daily(struct engine *g, const char *kind, int64_t hour);
/** Something was queued: look for work. */
void engine_kick(struct engine *g);
/** A task was planned for later, or must not start too late: look at the times of those that wait.
 */
void engine_due(struct engine *g);
/** A release was made, or may go on: look for deployments that its lifecycle asks for. */
void engine_promote(struct engine *g);
/** Task ${id} was asked to stop (task_cancel has been committed). */
void engine_cancelled(struct engine *g, const char *id);
/** A space was deleted (space_delete has been committed): what is left of it goes, in the
 * background (purge.c). Also called at start. */
void engine_purge(struct engine *g);
/** What a task that runs here waits for. */
struct engine_wait {
    const char *reason; /* Trouble (database away, disk full), Mutex, Retry */
    char text[sizeof(((struct error *)0)->text)];
};
/** False when the run of ${id} waits for nothing, or is not here. */
bool engine_waiting(struct engine *g, const char *id, struct engine_wait *ret);
/** What a task in state Queued waits for besides its tag. */
struct engine_load {
    int64_t running, cap;
    bool draining, in_maintenance;
};
struct engine_load engine_load(struct engine *g);
struct live *engine_live(struct engine *g);
#endif
