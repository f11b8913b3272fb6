/* run.h - one task in progress: a mailbox whose events one work thread at a time handles, turn by
 * turn.
 *
 * A turn: take the events, turn them into journal entries and log lines, ask the rules for the
 * moves that are ready, commit all of it in one transaction, and only then perform the moves. When
 * the commit fails, the run forgets what it knows and folds its journal again: nothing outside the
 * database had been touched. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H
#include "engine/engine.h"

struct run;
enum run_event {
    RUN_GO = 1,     /* look again: claimed, resumed, a timer */
    RUN_CANCEL = 2, /* the task's row says that it was asked to stop */
    RUN_DOUBT = 4,  /* another node may have taken the task over: read it back */
};
/** A run of the claimed task ${id}; it does nothing before its first event. ${holds_slot}: it
 * occupies one of the cap's places until its task has ended. */
struct run *run_new(struct engine *g, const char *id, int64_t epoch, bool holds_slot);
/** Frees it; scripts go on. Nobody may post to it any more. */
void run_free(struct run *r);
/** Handles what is in the mailbox. Returns false when the run is over and may be freed. */
bool run_turn(struct run *r);
/** Notes an event; true when the caller must queue run_turn (nobody has yet). Caller holds the
 * engine's lock. */
bool run_post(struct run *r, unsigned events, const char *ticket);
/** A turn is over: true when events came in meanwhile and run_turn must be queued again. Caller
 * holds the engine's lock. */
bool run_rest(struct run *r);
/** Gives its place in the cap back; false when it has none any more. Caller holds the engine's
 * lock. */
bool run_leave_slot(struct run *r);
const char *run_task_id(const struct run *r);
struct engine *run_engine(const struct run *r);
/** Caller holds the engine's lock. Its reason is NULL when the run waits for nothing. */
const struct engine_wait *run_wait(const struct run *r);
/** Shows the figures of runs before there is one. */
void run_metrics_show(void);
#endif
