/* run_priv.h - what the files about a run share. Members without a remark belong to the thread that
 * handles its turn. */
#ifndef ENGINE_RUN_PRIV_H
#define ENGINE_RUN_PRIV_H
#include "base/arena.h"
#include "base/vec.h"
#include "engine/context.h"
#include "engine/engine_priv.h"
#include "engine/masker.h"
#include "engine/script.h"
#include "rules/state.h"
#include "store/task.h"

struct run {
    struct engine *engine;
    char *task_id;
    int64_t epoch;

    /* guarded by the engine's lock */
    unsigned pending;
    VEC(char *) rung; /* tickets with news; owned */
    bool queued;      /* a work item for it waits or runs */
    struct engine_wait wait;
    bool holds_slot;

    bool loaded;
    int failures;       /* commits that failed in a row */
    int64_t retry_at;   /* monotonic ms: nothing is tried before, when there are failures */
    struct arena arena; /* of what was loaded */
    struct task task;   /* as loaded; its row may have moved on since */
    struct context *context;
    struct state *state; /* NULL until loaded */
    struct plan *plan;
    struct masker *masker;
    VEC(struct script *) scripts;
    int64_t clean_at, clean_wait_ms; /* monotonic ms: cleaning failed and is tried again then; 0 =
                                        did not fail */
    int64_t log_lines, log_bytes;    /* stored so far */
    bool has_warnings;
    bool outputs_full; /* it was said that output variables are not kept any more */
    /* Monotonic ms until which this turn may start scripts; 0 = no limit. Taken before the turn
     * asks the database whether the task is still ours: a lease that is renewed after that says
     * nothing about the task. */
    int64_t lease_end;
    struct alarm wake; /* of the rules */
    bool cancel_seen;  /* the journal knows whatever the task's row says about a cancel */
};

/** Reads task, journal and variables back and re-attaches to the scripts that run (resume.c). */
int run_load(struct run *r, struct error *e) MUST_USE;
/** Reads the task's row alone, for a run whose journal or documents cannot be read: it can only
 * end. */
int run_load_row(struct run *r, struct error *e) MUST_USE;
/** The task's row says that it must end as Failed (task_mark_lost): nothing is started or followed
 * any more. */
bool run_is_lost(const struct run *r);
/** Forgets all that run_load and later turns brought. */
void run_unload(struct run *r);
struct script *run_script(struct run *r, const char *ticket);
#endif
