/* state.h - where a run stands: the fold of its journal, one entry at a time.
 *
 * state_apply is the only way to change a state, so folding the whole journal after a restart
 * yields exactly what the process that died had in its memory. The members are open for reading to
 * everybody, for writing to state.c.
 *
 * Attempts and invocations: an action is attempted once, and again for each retry. An attempt
 * usually is one invocation (one ticket); it has several only when a worker turned out to be away
 * before the script had started (outcome not-started with `again`), and the same attempt went to
 * another worker.
 *
 * Pure; one thread at a time. */
#ifndef RULES_STATE_H
#define RULES_STATE_H
#include "base/vec.h"
#include "rules/entry.h"
#include "rules/plan.h"

enum action_status {
    ACTION_PENDING,
    ACTION_RUNNING, /* an invocation of it is open */
    ACTION_WAITING, /* between two invocations: a retry, or the next worker, is due */
    ACTION_SUCCEEDED,
    ACTION_FAILED,
    ACTION_SKIPPED,
    ACTION_CANCELED,
    ACTION_STATUSES
};

enum invocation_status {
    INVOCATION_INTENDED, /* it may have been sent to its worker, or not yet */
    INVOCATION_STARTED,
    INVOCATION_SUCCEEDED,
    INVOCATION_FAILED,
    INVOCATION_CANCELED,
    INVOCATION_TIMED_OUT,
    INVOCATION_LOST,
    INVOCATION_NOT_STARTED,
    INVOCATION_STATUSES
};

struct invocation {
    size_t action;
    int attempt; /* 1, 2, ... */
    const char *ticket;
    const char *worker, *worker_name; /* may be NULL */
    const char *boot; /* run of the machine that the start was meant for; NULL = any */
    enum invocation_status status;
    int64_t intended_ms, started_ms, ended_ms; /* 0 = not yet */
    enum stop_reason stop; /* whoever follows the script tells its worker (again after a restart) */
    int64_t stop_ms;
    bool has_exit_code;
    int exit_code;
    const char *error; /* or NULL */
    bool has_warnings;
    bool may_still_run;
    bool again;
    bool cleaned;
};

struct action_state {
    enum action_status status;
    int attempts;       /* started so far */
    size_t last;        /* its newest invocation in state->invocations; valid when attempts > 0 */
    const char *reason; /* ACTION_SKIPPED: why */
    int64_t started_ms, ended_ms;
};

struct state {
    int64_t seq;                  /* of the last entry applied */
    const struct plan *plan;      /* NULL before the plan */
    struct action_state *actions; /* one for each of plan->actions */
    VEC(struct invocation)
    invocations;    /* in order of their intents; pointers to them last until the next apply */
    size_t open;    /* invocations without outcome */
    size_t unclean; /* invocations with outcome that are not cleaned */
    size_t left;    /* actions that have not ended */
    int64_t planned_ms;
    bool cancelled; /* by a person; from then on nothing starts */
    int64_t cancel_ms;
    const char *cancel_user, *cancel_reason; /* or NULL */
    bool finished;
    enum run_status status; /* valid when finished */
    const char *error;      /* or NULL */
    bool has_warnings;
    int64_t finished_ms;
    struct arena arena;
};

struct state *state_new(void);
void state_free(struct state *s);
void state_freep(struct state **s);

/** Applies the next entry. ERR_CORRUPT, naming the entry, when it is not legal here (not the next
 * number, an action or ticket that is not there, a second outcome, a start after a cancel, ...);
 * ERR_INVALID when a newer version of the program wrote its plan. ${s} is as it was then. The entry
 * stays the caller's. */
int state_apply(struct state *s, const struct entry *entry, struct error *e) MUST_USE;

/* What may be appended now. Asked under the task's lock, right before the entry is written: a move
 * that was handed out earlier may have been overtaken, for example by a cancel. */
bool state_may_start(const struct state *s, size_t action, int attempt);
bool state_may_cancel(
    const struct state *s); /* false: finished, cancelled already, or every action has ended */
bool state_may_stop(const struct state *s, const char *ticket);

/** The invocation of ${ticket}; NULL when there is none. */
const struct invocation *state_invocation(const struct state *s, const char *ticket);
/** The open invocation of an action (intended or started); NULL when there is none. */
const struct invocation *state_open(const struct state *s, size_t action);
bool invocation_ended(const struct invocation *i);
/** A step's status, from those of its actions: failed before canceled before succeeded before
 * skipped. A step without actions is skipped. */
enum action_status state_step(const struct state *s, size_t step);
bool action_ended(enum action_status status);
/** True when an invocation of the step's or action's last attempt had warnings. */
bool state_action_warned(const struct state *s, size_t action);

const char *action_status_name(enum action_status s); /* "Pending", "Running", ..., "Canceled" */
const char *invocation_status_name(enum invocation_status s);
/** The state as canonical JSON: equal states print equal texts. Caller owns it. */
json_t *state_json(const struct state *s);
void state_print(struct buf *out, const struct state *s);
#endif
