/* next.c - the rules of orchestration. This file is their documentation.
 *
 * Order. Steps form groups: a step that starts after the previous one opens a group, a step that
 * starts with the previous one joins it. Groups run one after another: the next group begins when
 * every step of this one has ended. The steps of a group run in parallel, at most MaxParallelism of
 * the run at once, in the order of the process. The actions of a step run one after another.
 *
 * Conditions of a step look at the groups before its own, so that the result does not depend on how
 * fast its neighbours are. Success: no step of an earlier group has failed. Failure: one has.
 * Always. Variable: its expression is true, asked when the step is about to start, whatever
 * happened before it. Conditions of an action look at its own step only. Success: no action before
 * it in this step has failed. Variable: its expression is true. What does not run is skipped, with
 * a reason; a skipped step has not failed.
 *
 * Failure. A failed attempt is repeated up to RetryMaximum times, not before RetryBackoffSeconds
 * have passed, unless its script may still run. (Whether there is a retry is decided in state.c,
 * when the outcome is known.) An action that has failed makes its step fail and the run end as
 * Failed, whatever ran after it.
 *
 * Time. An attempt that runs longer than TimeoutMinutes, counted from the start of its script, is
 * stopped; that is a failed attempt like others. Waiting for the mutex before that does not count.
 *
 * Cancel. Nothing starts any more, what runs is stopped, and when the last script has ended the run
 * ends as Canceled.
 *
 * Cleaning is wanted for every script that has ended, and nothing waits for it. */
#include "rules/next.h"

#include "base/fault.h"
#include "base/str.h"

#define MINUTE_MS FAULT_NUMBER("BOBTAIL_FAULT_MINUTE_MS", 60000)

#define FAILURES_NAMED 10 /* in the sentence at the end of a failed run */

/* One look at the run. */
struct look {
    const struct state *s;
    const struct plan *plan;
    int64_t now_ms;
    const struct evaluator *ev;
    struct moves *out;
    int64_t wake_at_ms;
};

static void wake_at(struct look *l, int64_t at_ms)
{
    if (at_ms < l->wake_at_ms) l->wake_at_ms = at_ms;
}

static bool is_true(const struct look *l, size_t action, const char *expression)
{
    return l->ev && l->ev->truthy && !str_blank(expression) &&
           l->ev->truthy(l->ev->ctx, l->plan->actions[action].id, expression);
}

static void start(struct look *l, size_t action, int attempt)
{
    VEC_PUSH(&l->out->list,
             ((struct move){.kind = MOVE_START, .action = action, .attempt = attempt}));
}

static void skip(struct look *l, size_t action, const char *reason)
{
    VEC_PUSH(&l->out->list, ((struct move){.kind = MOVE_SKIP, .action = action, .text = reason}));
}

static void about_ticket(struct look *l, enum move_kind kind, const struct invocation *i,
                         enum stop_reason reason)
{
    VEC_PUSH(&l->out->list, ((struct move){.kind = kind,
                                           .action = i->action,
                                           .attempt = i->attempt,
                                           .ticket = i->ticket,
                                           .reason = reason}));
}

/* ------------------------------------------------------------------ stopping */

static int64_t deadline_of(const struct look *l, const struct invocation *i)
{
    int64_t minutes = l->plan->actions[i->action].timeout_min;

    if (minutes == 0 || i->status != INVOCATION_STARTED) return NEXT_NEVER;
    return i->started_ms + minutes * MINUTE_MS;
}

static void stop_what_must_end(struct look *l)
{
    for (size_t n = 0; n < l->s->invocations.n; n++) {
        const struct invocation *i = &l->s->invocations.items[n];
        if (invocation_ended(i) || i->stop != STOP_NONE) continue;
        if (l->s->cancelled) about_ticket(l, MOVE_STOP, i, STOP_CANCEL);
        else if (l->now_ms >= deadline_of(l, i)) about_ticket(l, MOVE_STOP, i, STOP_TIMEOUT);
        else wake_at(l, deadline_of(l, i));
    }
}

/* ------------------------------------------------------------------ going on */

/* Why the action does not run, now that its turn has come; NULL when it does. */
static const char *reason_to_skip_action(const struct look *l, const struct plan_action *a,
                                         bool failed_before)
{
    if (a->excluded) return a->excluded;
    if (a->condition == CONDITION_VARIABLE)
        return is_true(l, a->index, a->expression)
                   ? NULL
                   : arena_fmt(&l->out->arena, "The run condition is not true: %s", a->expression);
    return failed_before ? "An earlier action of the step failed" : NULL;
}

/* The same for a step. */
static const char *reason_to_skip_step(const struct look *l, const struct plan_step *step,
                                       bool failed_before)
{
    switch (step->condition) {
    case CONDITION_SUCCESS: return failed_before ? "An earlier step failed" : NULL;
    case CONDITION_FAILURE: return failed_before ? NULL : "No earlier step failed";
    case CONDITION_ALWAYS: return NULL;
    case CONDITION_VARIABLE:
        if (is_true(l, step->first_action, step->expression)) return NULL;
        return arena_fmt(&l->out->arena, "The run condition is not true: %s", step->expression);
    }
    return NULL;
}

/* A retry, or the same attempt on another worker, when it is due. */
static void start_again(struct look *l, const struct plan_action *a)
{
    const struct action_state *as = &l->s->actions[a->index];
    const struct invocation *last = &l->s->invocations.items[as->last];
    int64_t due_ms = last->ended_ms + a->backoff_s * 1000;

    if (last->again) start(l, a->index, last->attempt);
    else if (l->now_ms >= due_ms) start(l, a->index, as->attempts + 1);
    else wake_at(l, due_ms);
}

/* The actions of a step that has begun: the first one that has not ended is what happens now. */
static void go_on_in_step(struct look *l, const struct plan_step *step)
{
    bool failed_before = false;

    for (size_t n = 0; n < step->n_actions; n++) {
        const struct plan_action *a = &l->plan->actions[step->first_action + n];
        enum action_status status = l->s->actions[a->index].status;
        if (status == ACTION_FAILED) failed_before = true;
        if (action_ended(status)) continue;

        if (status == ACTION_WAITING) {
            start_again(l, a);
        } else if (status == ACTION_PENDING) {
            const char *reason = reason_to_skip_action(l, a, failed_before);
            if (reason) skip(l, a->index, reason);
            else start(l, a->index, 1);
        }
        return;
    }
}

static bool all_excluded(const struct look *l, const struct plan_step *step)
{
    for (size_t n = 0; n < step->n_actions; n++)
        if (l->plan->actions[step->first_action + n].excluded == NULL) return false;
    return true;
}

static void skip_step(struct look *l, const struct plan_step *step, const char *reason)
{
    for (size_t n = 0; n < step->n_actions; n++) {
        const struct plan_action *a = &l->plan->actions[step->first_action + n];
        skip(l, a->index, a->excluded ? a->excluded : reason);
    }
}

/* A step whose turn has come: begins, or is skipped as a whole. True when it begins. */
static bool begin_step(struct look *l, const struct plan_step *step, bool failed_before)
{
    const char *reason = all_excluded(l, step) ? "" : reason_to_skip_step(l, step, failed_before);

    if (reason) skip_step(l, step, reason);
    else go_on_in_step(l, step);
    return reason == NULL;
}

/* The steps [first, end) of the group whose turn it is. A step that has begun keeps its place among
 * the parallel ones until it has ended, also while it waits for a retry. */
static void go_on_in_group(struct look *l, size_t first, size_t end, bool failed_before)
{
    int64_t places = l->plan->max_parallelism;

    for (size_t i = first; i < end; i++) {
        enum action_status status = state_step(l->s, i);
        if (status == ACTION_PENDING || action_ended(status)) continue;
        go_on_in_step(l, &l->plan->steps[i]);
        places--;
    }
    for (size_t i = first; i < end && places > 0; i++)
        if (state_step(l->s, i) == ACTION_PENDING &&
            begin_step(l, &l->plan->steps[i], failed_before))
            places--;
}

/* Finds the first group with work left, knowing whether a step before it has failed. */
static void go_on(struct look *l)
{
    bool failed_before = false;

    for (size_t first = 0, end; first < l->plan->n_steps; first = end) {
        bool left = false, failed = false;
        for (end = first;
             end < l->plan->n_steps && l->plan->steps[end].group == l->plan->steps[first].group;
             end++) {
            enum action_status status = state_step(l->s, end);
            left |= !action_ended(status);
            failed |= status == ACTION_FAILED;
        }
        if (left) {
            go_on_in_group(l, first, end, failed_before);
            return;
        }
        failed_before |= failed;
    }
}

/* ------------------------------------------------------------------ the end */

static const char *worker_of(const struct invocation *i)
{
    if (i->worker_name) return i->worker_name;
    return i->worker ? i->worker : "its worker";
}

/* What went wrong in the last attempt, as the second half of a sentence. */
static const char *cause_of(struct look *l, const struct invocation *i)
{
    struct arena *a = &l->out->arena;
    int64_t minutes = l->plan->actions[i->action].timeout_min;
    const char *cause = i->error;

    if (i->status == INVOCATION_TIMED_OUT && minutes)
        cause = arena_fmt(a, "it ran longer than its time limit of %lld minute%s",
                          (long long)minutes, minutes == 1 ? "" : "s");
    else if (cause && i->has_exit_code && i->exit_code)
        cause = arena_fmt(a, "%s (exit code %d)", cause, i->exit_code);
    else if (cause == NULL && i->status == INVOCATION_FAILED && i->has_exit_code)
        cause = arena_fmt(a, "the script ended with exit code %d", i->exit_code);
    else if (cause == NULL)
        cause = i->status == INVOCATION_TIMED_OUT     ? "it ran longer than its time limit"
                : i->status == INVOCATION_LOST        ? "contact with the script was lost"
                : i->status == INVOCATION_NOT_STARTED ? "the script could not be started"
                : i->status == INVOCATION_CANCELED    ? "the script was stopped on its worker"
                                                      : "the script failed";
    if (i->may_still_run)
        cause = arena_fmt(a, "%s; the script may still run on %s", cause, worker_of(i));
    return cause;
}

/* The step "Deploy" failed after 3 attempts: the script ended with exit code 1 */
static void describe_failure(struct look *l, const struct plan_action *a, struct buf *out)
{
    const struct plan_step *step = &l->plan->steps[a->step];
    const struct action_state *as = &l->s->actions[a->index];

    if (step->n_actions > 1)
        buf_addf(out, "The action \"%s\" of the step \"%s\" failed", a->name, step->name);
    else buf_addf(out, "The step \"%s\" failed", step->name);
    if (as->attempts > 1) buf_addf(out, " after %d attempts", as->attempts);
    buf_addf(out, ": %s", cause_of(l, &l->s->invocations.items[as->last]));
}

static const char *failure_sentence(struct look *l)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    size_t failed = 0;

    for (size_t i = 0; i < l->plan->n_actions; i++) {
        if (l->s->actions[i].status != ACTION_FAILED || ++failed > FAILURES_NAMED) continue;
        if (failed > 1) buf_adds(&out, ". ");
        describe_failure(l, &l->plan->actions[i], &out);
    }
    if (failed > FAILURES_NAMED) buf_addf(&out, ". %zu more failed", failed - FAILURES_NAMED);
    return failed ? arena_strdup(&l->out->arena, buf_str(&out)) : NULL;
}

const char *next_failure(const struct state *s, struct arena *a)
{
    struct moves none = MOVES_INIT;
    struct look l = {.s = s, .plan = s->plan, .out = &none};
    const char *text = arena_strdup(a, failure_sentence(&l));

    moves_done(&none);
    return text;
}

const char *next_failure_cause(const struct state *s, size_t action, struct arena *a)
{
    struct moves none = MOVES_INIT;
    struct look l = {.s = s, .plan = s->plan, .out = &none};
    const char *text =
        arena_strdup(a, cause_of(&l, &s->invocations.items[s->actions[action].last]));

    moves_done(&none);
    return text;
}

static const char *cancel_sentence(struct look *l)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    const struct state *s = l->s;

    buf_adds(&out, "The task was canceled");
    if (!str_blank(s->cancel_user)) buf_addf(&out, " by %s", s->cancel_user);
    if (!str_blank(s->cancel_reason)) buf_addf(&out, ": %s", s->cancel_reason);
    for (size_t n = 0; n < s->invocations.n; n++) {
        const struct invocation *i = &s->invocations.items[n];
        if (i->status == INVOCATION_CANCELED && i->may_still_run)
            buf_addf(&out, ". The script of the step \"%s\" may still run on %s",
                     l->plan->steps[l->plan->actions[i->action].step].name, worker_of(i));
    }
    return arena_strdup(&l->out->arena, buf_str(&out));
}

static bool any_warned(const struct look *l)
{
    for (size_t i = 0; l->plan && i < l->plan->n_actions; i++)
        if (state_action_warned(l->s, i)) return true;
    return false;
}

static void finish_when_all_has_ended(struct look *l)
{
    struct move m = {.kind = MOVE_FINISH, .status = RUN_SUCCESS, .has_warnings = any_warned(l)};

    if (l->s->left > 0) return;
    if (l->s->cancelled) {
        m.status = RUN_CANCELED;
        m.text = cancel_sentence(l);
    } else if ((m.text = failure_sentence(l)) != NULL) {
        m.status = RUN_FAILED;
    }
    VEC_PUSH(&l->out->list, m);
}

static void clean_what_has_ended(struct look *l)
{
    for (size_t n = 0; l->s->unclean && n < l->s->invocations.n; n++) {
        const struct invocation *i = &l->s->invocations.items[n];
        if (invocation_ended(i) && !i->cleaned) about_ticket(l, MOVE_CLEAN, i, STOP_NONE);
    }
}

void next_moves(const struct state *s, int64_t now_ms, const struct evaluator *ev,
                struct moves *out, int64_t *ret_wake_at_ms)
{
    struct look l = {
        .s = s, .plan = s->plan, .now_ms = now_ms, .ev = ev, .out = out, .wake_at_ms = NEXT_NEVER};

    if (!s->finished && (s->plan || s->cancelled)) {
        stop_what_must_end(&l);
        if (!s->cancelled) go_on(&l);
        finish_when_all_has_ended(&l);
    }
    clean_what_has_ended(&l);
    *ret_wake_at_ms = l.wake_at_ms;
}

/* ------------------------------------------------------------------ moves */

const char *move_kind_name(enum move_kind kind)
{
    static const char *const names[] = {[MOVE_START] = "start",
                                        [MOVE_SKIP] = "skip",
                                        [MOVE_STOP] = "stop",
                                        [MOVE_FINISH] = "finish",
                                        [MOVE_CLEAN] = "clean"};

    return names[kind];
}

bool move_same(const struct move *a, const struct move *b)
{
    return a->kind == b->kind && a->action == b->action && a->attempt == b->attempt &&
           a->reason == b->reason && (a->ticket == NULL) == (b->ticket == NULL) &&
           (a->ticket == NULL || strcmp(a->ticket, b->ticket) == 0);
}

void moves_clear(struct moves *m)
{
    m->list.n = 0;
    arena_done(&m->arena);
}

void moves_done(struct moves *m)
{
    VEC_DONE(&m->list);
    arena_done(&m->arena);
}
