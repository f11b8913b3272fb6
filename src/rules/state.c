/* state.c - see state.h: the fold of a journal.
 *
 * Three small machines, each a table of what may follow what: the run (which kinds of entries are
 * legal now), an action, an invocation. Each entry has one function that first asks whether the
 * entry is legal and only then changes anything; after each change the invariants of what was
 * touched are asserted.
 *
 * The two rules about who comes first are here, in end_status: after a cancel entry every outcome
 * is Canceled, and after the intent to stop for a timeout every outcome is a timeout, whatever the
 * exit code: a script that traps SIGTERM and exits 0 has not succeeded. An outcome that was first
 * stands. */
#include "rules/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ the machines */

#define TO(status) (1u << (status))

static const struct {
    const char *name;
    unsigned next;
} action_machine[ACTION_STATUSES] = {
    [ACTION_PENDING] = {"Pending", TO(ACTION_RUNNING) | TO(ACTION_SKIPPED) | TO(ACTION_CANCELED)},
    [ACTION_RUNNING] = {"Running", TO(ACTION_WAITING) | TO(ACTION_SUCCEEDED) | TO(ACTION_FAILED) |
                                       TO(ACTION_CANCELED)},
    [ACTION_WAITING] = {"Waiting", TO(ACTION_RUNNING) | TO(ACTION_CANCELED)},
    [ACTION_SUCCEEDED] = {"Succeeded", 0},
    [ACTION_FAILED] = {"Failed", 0},
    [ACTION_SKIPPED] = {"Skipped", 0},
    [ACTION_CANCELED] = {"Canceled", 0},
};

#define ENDS                                                                      \
    (TO(INVOCATION_SUCCEEDED) | TO(INVOCATION_FAILED) | TO(INVOCATION_CANCELED) | \
     TO(INVOCATION_TIMED_OUT) | TO(INVOCATION_LOST))
static const struct {
    const char *name;
    unsigned next;
} invocation_machine[INVOCATION_STATUSES] = {
    [INVOCATION_INTENDED] = {"Intended",
                             TO(INVOCATION_STARTED) | TO(INVOCATION_NOT_STARTED) | ENDS},
    [INVOCATION_STARTED] = {"Started", ENDS},
    [INVOCATION_SUCCEEDED] = {"Succeeded", 0},
    [INVOCATION_FAILED] = {"Failed", 0},
    [INVOCATION_CANCELED] = {"Canceled", 0},
    [INVOCATION_TIMED_OUT] = {"TimedOut", 0},
    [INVOCATION_LOST] = {"Lost", 0},
    [INVOCATION_NOT_STARTED] = {"NotStarted", 0},
};

enum phase { PHASE_NEW, PHASE_CANCELLED_NEW, PHASE_RUNNING, PHASE_CANCELLING, PHASE_FINISHED };
static const struct {
    const char *name;
    unsigned legal; /* kinds of entries */
} run_machine[] = {
    [PHASE_NEW] = {"without plan", TO(ENTRY_PLAN) | TO(ENTRY_CANCEL) | TO(ENTRY_FINISHED)},
    [PHASE_CANCELLED_NEW] = {"cancelled without plan", TO(ENTRY_PLAN) | TO(ENTRY_FINISHED)},
    [PHASE_RUNNING] = {"running", TO(ENTRY_START_INTENDED) | TO(ENTRY_STARTED) | TO(ENTRY_OUTCOME) |
                                      TO(ENTRY_SKIPPED) | TO(ENTRY_CANCEL) |
                                      TO(ENTRY_STOP_INTENDED) | TO(ENTRY_CLEANED) |
                                      TO(ENTRY_FINISHED)},
    [PHASE_CANCELLING] = {"cancelled", TO(ENTRY_STARTED) | TO(ENTRY_OUTCOME) |
                                           TO(ENTRY_STOP_INTENDED) | TO(ENTRY_CLEANED) |
                                           TO(ENTRY_FINISHED)},
    [PHASE_FINISHED] = {"finished", TO(ENTRY_CLEANED)},
};

static enum phase phase_of(const struct state *s)
{
    if (s->finished) return PHASE_FINISHED;
    if (s->plan == NULL) return s->cancelled ? PHASE_CANCELLED_NEW : PHASE_NEW;
    return s->cancelled ? PHASE_CANCELLING : PHASE_RUNNING;
}

const char *action_status_name(enum action_status s) { return action_machine[s].name; }
const char *invocation_status_name(enum invocation_status s) { return invocation_machine[s].name; }
bool action_ended(enum action_status status) { return action_machine[status].next == 0; }
bool invocation_ended(const struct invocation *i)
{
    return invocation_machine[i->status].next == 0;
}

PRINTF(3, 4)
static int illegal(struct error *e, const struct entry *entry, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return fail(e, ERR_CORRUPT, "journal entry %" PRId64 " (%s) is not possible: %s", entry->seq,
                entry_kind_name(entry->kind), why);
}

/* ------------------------------------------------------------------ asking */

const struct invocation *state_invocation(const struct state *s, const char *ticket)
{
    for (size_t i = s->invocations.n; i-- > 0;) /* it is mostly one of the newest */
        if (strcmp(s->invocations.items[i].ticket, ticket) == 0) return &s->invocations.items[i];
    return NULL;
}

static const struct invocation *last_of(const struct state *s, size_t action)
{
    const struct action_state *a = &s->actions[action];

    return a->attempts ? &s->invocations.items[a->last] : NULL;
}

const struct invocation *state_open(const struct state *s, size_t action)
{
    return s->actions[action].status == ACTION_RUNNING ? last_of(s, action) : NULL;
}

static int next_attempt(const struct state *s, size_t action)
{
    const struct invocation *last = last_of(s, action);

    return last && last->again ? last->attempt : s->actions[action].attempts + 1;
}

bool state_may_start(const struct state *s, size_t action, int attempt)
{
    return phase_of(s) == PHASE_RUNNING && action < s->plan->n_actions &&
           s->plan->actions[action].excluded == NULL &&
           (action_machine[s->actions[action].status].next & TO(ACTION_RUNNING)) &&
           attempt == next_attempt(s, action);
}

bool state_may_cancel(const struct state *s)
{
    return phase_of(s) == PHASE_NEW || (phase_of(s) == PHASE_RUNNING && s->left > 0);
}

bool state_may_stop(const struct state *s, const char *ticket)
{
    const struct invocation *i = state_invocation(s, ticket);

    return i && !invocation_ended(i) && i->stop == STOP_NONE;
}

enum action_status state_step(const struct state *s, size_t step)
{
    const struct plan_step *p = &s->plan->steps[step];
    size_t count[ACTION_STATUSES] = {0};

    for (size_t i = 0; i < p->n_actions; i++) count[s->actions[p->first_action + i].status]++;
    if (count[ACTION_RUNNING]) return ACTION_RUNNING;
    if (count[ACTION_WAITING]) return ACTION_WAITING;
    if (count[ACTION_PENDING])
        return count[ACTION_PENDING] == p->n_actions ? ACTION_PENDING : ACTION_RUNNING;
    if (count[ACTION_FAILED]) return ACTION_FAILED;
    if (count[ACTION_CANCELED]) return ACTION_CANCELED;
    return count[ACTION_SUCCEEDED] ? ACTION_SUCCEEDED : ACTION_SKIPPED;
}

bool state_action_warned(const struct state *s, size_t action)
{
    const struct invocation *last = last_of(s, action);

    return last && last->has_warnings;
}

/* ------------------------------------------------------------------ changing */

static void check_invariants(const struct state *s, size_t action)
{
    const struct action_state *a = &s->actions[action];
    const struct invocation *last = last_of(s, action);

    ASSERT((a->status == ACTION_RUNNING) == (last && !invocation_ended(last)));
    ASSERT(a->attempts > 0 || a->status == ACTION_PENDING || a->status == ACTION_SKIPPED ||
           a->status == ACTION_CANCELED);
    ASSERT(a->status != ACTION_SKIPPED || a->attempts == 0);
    ASSERT(!s->cancelled || (a->status != ACTION_PENDING && a->status != ACTION_WAITING));
    ASSERT(s->open <= s->left || s->finished);
    ASSERT(s->open + s->unclean <= s->invocations.n);
}

static void move_action(struct state *s, size_t action, enum action_status to, int64_t at_ms)
{
    struct action_state *a = &s->actions[action];

    ASSERT(action_machine[a->status].next & TO(to));
    if (action_ended(to)) {
        a->ended_ms = at_ms;
        s->left--;
    }
    a->status = to;
}

static void end_invocation(struct state *s, struct invocation *i, enum invocation_status to,
                           int64_t at_ms)
{
    ASSERT(invocation_machine[i->status].next & TO(to));
    i->status = to;
    i->ended_ms = at_ms;
    s->open--;
    s->unclean++;
}

static const char *text(const struct entry *entry, const char *name)
{
    return json_string_value(json_object_get(entry->body, name));
}

static const char *keep_text(struct state *s, const struct entry *entry, const char *name)
{
    return arena_strdup(&s->arena, text(entry, name));
}

static bool flag(const struct entry *entry, const char *name, bool otherwise)
{
    const json_t *v = json_object_get(entry->body, name);

    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

static int64_t number(const struct entry *entry, const char *name)
{
    return json_integer_value(json_object_get(entry->body, name));
}

/* What has not ended yet is not going to be started any more. */
static void cancel_waiting(struct state *s, int64_t at_ms)
{
    for (size_t i = 0; s->plan && i < s->plan->n_actions; i++)
        if (action_machine[s->actions[i].status].next & TO(ACTION_RUNNING))
            move_action(s, i, ACTION_CANCELED, at_ms);
}

static int apply_plan(struct state *s, const struct entry *entry, struct error *e)
{
    struct plan *plan;

    if (plan_parse(entry->body, &plan, e) < 0)
        return fail_wrap(e, "journal entry %" PRId64 " (plan)", entry->seq);
    s->plan = plan;
    s->planned_ms = entry->at_ms;
    s->left = plan->n_actions;
    s->actions = xcalloc(plan->n_actions + 1, sizeof s->actions[0]);
    if (s->cancelled) cancel_waiting(s, entry->at_ms);
    return 0;
}

/* The action that an entry is about; NULL (and an error) when there is no such action. */
static struct action_state *action_of(const struct state *s, const struct entry *entry,
                                      size_t *ret_index, struct error *e)
{
    *ret_index = (size_t)number(entry, "action");
    if (*ret_index < s->plan->n_actions) return &s->actions[*ret_index];
    (void)illegal(e, entry, "there is no action %zu, the plan has %zu", *ret_index,
                  s->plan->n_actions);
    return NULL;
}

static int apply_start_intended(struct state *s, const struct entry *entry, struct error *e)
{
    size_t action;
    int attempt = (int)number(entry, "attempt");

    struct action_state *a = action_of(s, entry, &action, e);

    if (a == NULL) return -1;
    if (!state_may_start(s, action, attempt))
        return illegal(e, entry, "action %zu is %s after %d attempts and cannot start attempt %d",
                       action, action_machine[a->status].name, a->attempts, attempt);
    if (state_invocation(s, text(entry, "ticket")))
        return illegal(e, entry, "the ticket %s was used before", text(entry, "ticket"));

    struct invocation i = {.action = action,
                           .attempt = attempt,
                           .ticket = keep_text(s, entry, "ticket"),
                           .worker = keep_text(s, entry, "worker"),
                           .worker_name = keep_text(s, entry, "worker_name"),
                           .boot = keep_text(s, entry, "boot"),
                           .status = INVOCATION_INTENDED,
                           .intended_ms = entry->at_ms};
    if (a->attempts == 0) a->started_ms = entry->at_ms;
    a->attempts = attempt;
    a->last = s->invocations.n;
    VEC_PUSH(&s->invocations, i);
    s->open++;
    move_action(s, action, ACTION_RUNNING, entry->at_ms);
    check_invariants(s, action);
    return 0;
}

/* The invocation that an entry is about; NULL (and an error) when there is none. */
static struct invocation *invocation_of(struct state *s, const struct entry *entry, struct error *e)
{
    const struct invocation *i = state_invocation(s, text(entry, "ticket"));

    if (i) return &s->invocations.items[i - s->invocations.items];
    (void)illegal(e, entry, "there is no ticket %s", text(entry, "ticket"));
    return NULL;
}

static struct invocation *open_invocation_of(struct state *s, const struct entry *entry,
                                             struct error *e)
{
    struct invocation *i = invocation_of(s, entry, e);

    if (i == NULL || !invocation_ended(i)) return i;
    (void)illegal(e, entry, "the ticket %s has ended as %s", i->ticket,
                  invocation_machine[i->status].name);
    return NULL;
}

static int apply_started(struct state *s, const struct entry *entry, struct error *e)
{
    struct invocation *i = open_invocation_of(s, entry, e);

    if (i == NULL) return -1;
    if (i->status != INVOCATION_INTENDED)
        return illegal(e, entry, "the ticket %s has started before", i->ticket);
    i->status = INVOCATION_STARTED;
    i->started_ms = entry->at_ms;
    return 0;
}

static enum invocation_status end_status(const struct state *s, const struct invocation *i,
                                         enum outcome_status reported)
{
    static const enum invocation_status plain[OUTCOME_STATUSES] = {
        [OUTCOME_SUCCEEDED] = INVOCATION_SUCCEEDED, [OUTCOME_FAILED] = INVOCATION_FAILED,
        [OUTCOME_CANCELED] = INVOCATION_CANCELED,   [OUTCOME_TIMED_OUT] = INVOCATION_TIMED_OUT,
        [OUTCOME_LOST] = INVOCATION_LOST,           [OUTCOME_NOT_STARTED] = INVOCATION_NOT_STARTED,
    };

    if (s->cancelled) return INVOCATION_CANCELED;
    if (i->stop == STOP_TIMEOUT && reported != OUTCOME_LOST) return INVOCATION_TIMED_OUT;
    return plain[reported];
}

/* A failed attempt is followed by a retry only when it is certain that its script does not run any
 * more. */
static enum action_status status_after(const struct state *s, const struct invocation *i)
{
    if (s->cancelled) return ACTION_CANCELED;
    if (i->status == INVOCATION_SUCCEEDED) return ACTION_SUCCEEDED;
    if (i->again) return ACTION_WAITING;
    return i->attempt <= s->plan->actions[i->action].retries && !i->may_still_run ? ACTION_WAITING
                                                                                  : ACTION_FAILED;
}

static int apply_outcome(struct state *s, const struct entry *entry, struct error *e)
{
    struct invocation *i = open_invocation_of(s, entry, e);
    enum outcome_status reported;
    const json_t *code = json_object_get(entry->body, "exit_code");

    if (i == NULL) return -1;
    ASSERT(outcome_status_of(text(entry, "status"), &reported));
    enum invocation_status to = end_status(s, i, reported);
    if (!(invocation_machine[i->status].next & TO(to)))
        return illegal(e, entry, "the ticket %s is %s and cannot become %s", i->ticket,
                       invocation_machine[i->status].name, invocation_machine[to].name);

    end_invocation(s, i, to, entry->at_ms);
    i->has_exit_code = json_is_integer(code);
    i->exit_code = (int)json_integer_value(code);
    i->error = keep_text(s, entry, "error");
    i->has_warnings = flag(entry, "has_warnings", false);
    i->may_still_run = flag(entry, "may_still_run", reported == OUTCOME_LOST);
    i->again = to == INVOCATION_NOT_STARTED && flag(entry, "again", false);
    move_action(s, i->action, status_after(s, i), entry->at_ms);
    check_invariants(s, i->action);
    return 0;
}

static int apply_skipped(struct state *s, const struct entry *entry, struct error *e)
{
    size_t action;
    struct action_state *a = action_of(s, entry, &action, e);

    if (a == NULL) return -1;
    if (a->status != ACTION_PENDING)
        return illegal(e, entry, "action %zu is %s", action, action_machine[a->status].name);
    a->reason = keep_text(s, entry, "reason");
    move_action(s, action, ACTION_SKIPPED, entry->at_ms);
    check_invariants(s, action);
    return 0;
}

static int apply_cancel(struct state *s, const struct entry *entry, struct error *e)
{
    if (!state_may_cancel(s)) return illegal(e, entry, "every action has ended");
    s->cancelled = true;
    s->cancel_ms = entry->at_ms;
    s->cancel_user = keep_text(s, entry, "user");
    s->cancel_reason = keep_text(s, entry, "reason");
    cancel_waiting(s, entry->at_ms);
    return 0;
}

static int apply_stop_intended(struct state *s, const struct entry *entry, struct error *e)
{
    struct invocation *i = open_invocation_of(s, entry, e);
    enum stop_reason reason;

    if (i == NULL) return -1;
    ASSERT(stop_reason_of(text(entry, "reason"), &reason));
    if (i->stop != STOP_NONE)
        return illegal(e, entry, "the ticket %s is being stopped already", i->ticket);
    if (reason == STOP_CANCEL && !s->cancelled)
        return illegal(e, entry, "the task is not cancelled");
    i->stop = reason;
    i->stop_ms = entry->at_ms;
    return 0;
}

static int apply_cleaned(struct state *s, const struct entry *entry, struct error *e)
{
    struct invocation *i = invocation_of(s, entry, e);

    if (i == NULL) return -1;
    if (!invocation_ended(i) || i->cleaned)
        return illegal(e, entry, "the ticket %s is %s", i->ticket,
                       i->cleaned ? "cleaned already" : "still open");
    i->cleaned = true;
    s->unclean--;
    return 0;
}

/* A run that ends as Failed with work left was given up (its database was restored, say): nobody
 * will hear of the scripts that are open. */
static void give_up(struct state *s, int64_t at_ms)
{
    for (size_t n = 0; n < s->invocations.n; n++) {
        struct invocation *i = &s->invocations.items[n];
        if (invocation_ended(i)) continue;
        end_invocation(s, i, INVOCATION_LOST, at_ms);
        i->may_still_run = true;
        move_action(s, i->action, ACTION_FAILED, at_ms);
    }
    cancel_waiting(s, at_ms);
}

static int apply_finished(struct state *s, const struct entry *entry, struct error *e)
{
    enum run_status status;

    ASSERT(run_status_of(text(entry, "status"), &status));
    if (status == RUN_SUCCESS && (s->plan == NULL || s->left > 0 || s->cancelled))
        return illegal(e, entry, "a run with %zu actions left that is %s is no success", s->left,
                       run_machine[phase_of(s)].name);
    for (size_t i = 0; status == RUN_SUCCESS && i < s->plan->n_actions; i++)
        if (s->actions[i].status == ACTION_FAILED)
            return illegal(e, entry, "action %zu has failed, so the run is no success", i);
    if (status == RUN_CANCELED && (!s->cancelled || s->open > 0))
        return illegal(e, entry, "the run is %s and %zu scripts are open",
                       run_machine[phase_of(s)].name, s->open);

    give_up(s, entry->at_ms);
    s->finished = true;
    s->status = status;
    s->error = keep_text(s, entry, "error");
    s->has_warnings = flag(entry, "has_warnings", false);
    s->finished_ms = entry->at_ms;
    ASSERT(s->open == 0 && s->left == 0);
    return 0;
}

int state_apply(struct state *s, const struct entry *entry, struct error *e)
{
    static int (*const appliers[ENTRY_KINDS])(struct state *, const struct entry *,
                                              struct error *) = {
        [ENTRY_PLAN] = apply_plan,
        [ENTRY_START_INTENDED] = apply_start_intended,
        [ENTRY_STARTED] = apply_started,
        [ENTRY_OUTCOME] = apply_outcome,
        [ENTRY_SKIPPED] = apply_skipped,
        [ENTRY_CANCEL] = apply_cancel,
        [ENTRY_STOP_INTENDED] = apply_stop_intended,
        [ENTRY_CLEANED] = apply_cleaned,
        [ENTRY_FINISHED] = apply_finished,
    };

    if (entry->seq != s->seq + 1)
        return illegal(e, entry, "the entry before it is %" PRId64, s->seq);
    if (entry_check(entry, e) < 0) return -1;
    if (!(run_machine[phase_of(s)].legal & TO(entry->kind)))
        return illegal(e, entry, "the run is %s", run_machine[phase_of(s)].name);
    if (appliers[entry->kind](s, entry, e) < 0) return -1;
    s->seq = entry->seq;
    return 0;
}

struct state *state_new(void) { return xcalloc(1, sizeof(struct state)); }

void state_free(struct state *s)
{
    if (s == NULL) return;
    plan_free((struct plan *)s->plan);
    free(s->actions);
    VEC_DONE(&s->invocations);
    arena_done(&s->arena);
    free(s);
}

void state_freep(struct state **s) { state_free(*s); }

/* ------------------------------------------------------------------ printing */

static json_t *invocation_json(const struct invocation *i)
{
    json_t *o = json_object();

    jv_set_i64(o, "Action", (int64_t)i->action);
    jv_set_i64(o, "Attempt", i->attempt);
    jv_set_str(o, "Ticket", i->ticket);
    jv_set_str(o, "Worker", i->worker);
    jv_set_str(o, "WorkerName", i->worker_name);
    if (i->boot) jv_set_str(o, "Boot", i->boot);
    jv_set_str(o, "Status", invocation_machine[i->status].name);
    jv_set_i64(o, "IntendedMs", i->intended_ms);
    jv_set_i64(o, "StartedMs", i->started_ms);
    jv_set_i64(o, "EndedMs", i->ended_ms);
    jv_set_str(o, "Stop", i->stop ? stop_reason_name(i->stop) : NULL);
    jv_set_i64(o, "StopMs", i->stop_ms);
    jv_set(o, "ExitCode", i->has_exit_code ? json_integer(i->exit_code) : json_null());
    jv_set_str(o, "Error", i->error);
    jv_set_bool(o, "HasWarnings", i->has_warnings);
    jv_set_bool(o, "MayStillRun", i->may_still_run);
    jv_set_bool(o, "Again", i->again);
    jv_set_bool(o, "IsCleaned", i->cleaned);
    return o;
}

static json_t *action_json(const struct state *s, size_t action)
{
    const struct action_state *a = &s->actions[action];
    json_t *o = json_object();

    jv_set_str(o, "Name", s->plan->actions[action].name);
    jv_set_str(o, "Status", action_machine[a->status].name);
    jv_set_i64(o, "Attempts", a->attempts);
    jv_set_str(o, "Reason", a->reason);
    jv_set_i64(o, "StartedMs", a->started_ms);
    jv_set_i64(o, "EndedMs", a->ended_ms);
    return o;
}

json_t *state_json(const struct state *s)
{
    json_t *o = json_object(), *actions = json_array(), *invocations = json_array();

    jv_set_i64(o, "Seq", s->seq);
    jv_set_str(o, "Phase", run_machine[phase_of(s)].name);
    jv_set_i64(o, "PlannedMs", s->planned_ms);
    jv_set_i64(o, "Open", (int64_t)s->open);
    jv_set_i64(o, "Unclean", (int64_t)s->unclean);
    jv_set_i64(o, "Left", (int64_t)s->left);
    jv_set_bool(o, "IsCancelled", s->cancelled);
    jv_set_i64(o, "CancelMs", s->cancel_ms);
    jv_set_str(o, "CancelUser", s->cancel_user);
    jv_set_str(o, "CancelReason", s->cancel_reason);
    jv_set_str(o, "Status", s->finished ? run_status_name(s->status) : NULL);
    jv_set_str(o, "Error", s->error);
    jv_set_bool(o, "HasWarnings", s->has_warnings);
    jv_set_i64(o, "FinishedMs", s->finished_ms);
    for (size_t i = 0; s->plan && i < s->plan->n_actions; i++) jv_push(actions, action_json(s, i));
    jv_set(o, "Actions", actions);
    for (size_t i = 0; i < s->invocations.n; i++)
        jv_push(invocations, invocation_json(&s->invocations.items[i]));
    jv_set(o, "Invocations", invocations);
    return o;
}

void state_print(struct buf *out, const struct state *s)
{
    json_auto_t *v = state_json(s);

    jv_print(out, v);
}
