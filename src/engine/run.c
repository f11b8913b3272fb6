/* run.c - see run.h.
 *
 * One turn: events -> entries and lines (in memory) -> commit -> moves performed. A start is
 * intended in one turn and sent after its commit; what comes of it is news for a later turn. A
 * failed commit forgets everything in memory and tries again from the journal after a while, so
 * that a locked or absent database and a full disk only make a run wait. */
#include "engine/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engine/run_priv.h"
#include "engine/turn.h"
#include "rules/next.h"

struct run *run_new(struct engine *g, const char *id, int64_t epoch, bool holds_slot)
{
    struct run *r = xcalloc(1, sizeof(*r));

    r->engine = g;
    r->task_id = xstrdup(id);
    r->epoch = epoch;
    r->holds_slot = holds_slot;
    return r;
}

void run_free(struct run *r)
{
    if (r == NULL) return;
    run_unload(r);
    masker_free(r->masker);
    for (size_t i = 0; i < r->rung.n; i++) free(r->rung.items[i]);
    VEC_DONE(&r->rung);
    free(r->task_id);
    free(r);
}

const char *run_task_id(const struct run *r) { return r->task_id; }
const struct engine_wait *run_wait(const struct run *r) { return &r->wait; }
struct engine *run_engine(const struct run *r) { return r->engine; }

bool run_post(struct run *r, unsigned events, const char *ticket)
{
    bool known = ticket == NULL;

    r->pending |= events;
    for (size_t i = 0; i < r->rung.n && !known; i++) known = strcmp(r->rung.items[i], ticket) == 0;
    if (!known) VEC_PUSH(&r->rung, xstrdup(ticket));
    if (r->queued) return false;
    r->queued = true;
    return true;
}

bool run_leave_slot(struct run *r)
{
    bool held = r->holds_slot;

    r->holds_slot = false;
    return held;
}

bool run_rest(struct run *r)
{
    r->queued = r->pending != 0 || r->rung.n != 0;
    return r->queued;
}

static void set_wait(struct run *r, const char *reason, const char *fmt, ...) PRINTF(3, 4);
static void set_wait(struct run *r, const char *reason, const char *fmt, ...)
{
    struct engine_wait wait = {.reason = reason};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(wait.text, sizeof(wait.text), fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&r->engine->lock);
    r->wait = wait;
    pthread_mutex_unlock(&r->engine->lock);
}

static const char *step_name(const struct run *r, size_t action)
{
    return r->plan->steps[r->plan->actions[action].step].name;
}

/* Says what the run waits for besides scripts that run. */
static void note_wait(struct run *r)
{
    for (size_t i = 0; i < r->scripts.n; i++) {
        const struct script *s = r->scripts.items[i];
        if (s->waits_for[0] == '\0') continue;
        set_wait(r, "Mutex", "the step \"%s\" waits for %s, which holds the mutex on %s",
                 step_name(r, s->action), s->waits_for, s->driver->name);
        return;
    }
    for (size_t i = 0; r->plan && i < r->plan->n_actions; i++) {
        if (r->state->actions[i].status != ACTION_WAITING) continue;
        set_wait(r, "Retry", "the step \"%s\" waits for its next attempt", step_name(r, i));
        return;
    }
    if (r->wait.reason) set_wait(r, NULL, "%s", "");
}

static bool is_doubted(struct run *r)
{
    pthread_mutex_lock(&r->engine->lock);
    bool doubted = r->pending & RUN_DOUBT;
    pthread_mutex_unlock(&r->engine->lock);
    return doubted;
}

/* Empties the mailbox: returns the events and marks the scripts that rang. */
static unsigned take_events(struct run *r)
{
    pthread_mutex_lock(&r->engine->lock);
    unsigned events = r->pending;
    r->pending = 0;
    for (size_t i = 0; i < r->rung.n; i++) {
        struct script *s = run_script(r, r->rung.items[i]);
        if (s) s->rung = true;
        free(r->rung.items[i]);
    }
    r->rung.n = 0;
    pthread_mutex_unlock(&r->engine->lock);
    return events;
}

static void warn_of_unmasked(struct run *r, struct turn *t)
{
    for (size_t i = 0; i < r->plan->n_actions; i++) (void)context_variables(r->context, i);
    const char *unmasked = context_unmasked(r->context, &t->arena);
    if (unmasked == NULL) return;
    t->has_warnings = true;
    turn_say(t, TREE_ROOT, LOG_CAT_WARNING, "%s", unmasked);
}

/* Journal entry 1. A run that cannot be planned ends as Failed with the sentence that says why. */
static int make_plan(struct run *r, struct turn *t, struct error *e)
{
    struct plan_input in;
    json_t *plan, *references = json_object();

    context_plan_input(r->context, &in);
    jv_set_str(references, "Subject", r->task.subject_id);
    in.references = references;
    int done = plan_make(&in, &plan, e);
    json_decref(references);
    if (done < 0) return -1;
    if (turn_entry(t, entry_plan(t->now_ms, plan), e) < 0) return -1;
    r->plan = (struct plan *)r->state->plan;
    context_set_state(r->context, r->state);
    warn_of_unmasked(r, t);
    return 0;
}

/* Ends a run whose journal can be written. */
static int fail_lost(struct run *r, struct turn *t, struct error *e)
{
    const char *why = r->task.error;

    r->cancel_seen = true; /* it changes nothing any more */
    t->finish = true;
    t->status = RUN_FAILED;
    t->error = why;
    turn_say(t, TREE_ROOT, LOG_CAT_FATAL, "%s", why);
    return turn_entry(t, entry_finished(t->now_ms, RUN_FAILED, why, true), e);
}

static void fail_unplanned(struct turn *t, const struct error *why)
{
    t->finish = true;
    t->status = RUN_FAILED;
    t->has_warnings = true;
    t->error = turn_sentence(t, why->text);
    turn_say(t, TREE_ROOT, LOG_CAT_FATAL, "%s", why->text);
}

static int reread_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct run *r = ctx;
    struct task now;

    if (task_get(tx, r->task_id, &r->arena, &now, e) < 0) return -1;
    r->task.cancel_by = now.cancel_by;
    return 0;
}

/* Someone says that the task was asked to stop; its row tells whether and by whom. */
static int note_cancel(struct run *r, struct turn *t, struct error *e)
{
    if (r->task.cancel_by == NULL && db_read(r->engine->o.db, reread_tx, r, e) < 0) return -1;
    const char *by = r->task.cancel_by;
    if (by == NULL) return 0;
    r->cancel_seen = true;
    if (!state_may_cancel(r->state)) return 0;
    turn_say(t, TREE_ROOT, LOG_CAT_WARNING, "The task was canceled by %s.", by);
    return turn_entry(t, entry_cancel(t->now_ms, by, NULL), e);
}

static int intend_start(struct run *r, struct turn *t, const struct move *m, struct error *e)
{
    const struct plan_action *a = &r->plan->actions[m->action];
    const struct driver *d = r->engine->o.builtin;
    char ticket[TICKET_SIZE], node[TREE_KEY_SIZE];
    struct script *s;

    id_ticket(ticket);
    struct entry intent =
        entry_start_intended(t->now_ms, m->action, m->attempt, ticket, d->worker, d->name);
    jv_set_str(intent.body, "boot", r->engine->boot_id);
    if (turn_entry(t, intent, e) < 0) return -1;
    tree_node_id_for_invocation(m->action, m->attempt, node);
    turn_say(t, node, LOG_CAT_VERBOSE,
             "%s was chosen: pool %s is the default pool and has no workers", d->name,
             a->pool_name ? a->pool_name : "(default)");
    if (script_new(r, state_invocation(r->state, ticket), NULL, &s, e) < 0) return -1;
    VEC_PUSH(&r->scripts, s);
    return 0;
}

static int take_move(struct run *r, struct turn *t, const struct move *m, struct error *e)
{
    char node[TREE_KEY_SIZE];
    const char *text = turn_sentence(t, m->text);

    switch (m->kind) {
    case MOVE_START: return intend_start(r, t, m, e);
    case MOVE_SKIP:
        tree_node_id_for_invocation(m->action, 1, node);
        turn_say(t, node, LOG_CAT_INFO, "%s", m->text);
        return turn_entry(t, entry_skipped(t->now_ms, m->action, text), e);
    case MOVE_STOP: return turn_entry(t, entry_stop_intended(t->now_ms, m->ticket, m->reason), e);
    case MOVE_FINISH:
        t->finish = true;
        t->status = m->status;
        t->error = text;
        return turn_entry(t, entry_finished(t->now_ms, m->status, text, m->has_warnings), e);
    case MOVE_CLEAN: return 0; /* performed after the commit, noted by the next turn */
    }
    return 0;
}

/* Asks the rules until they have nothing new to say. */
static int decide(struct run *r, struct turn *t, struct error *e)
{
    struct evaluator ev = context_evaluator(r->context);
    struct moves moves = MOVES_INIT;
    int64_t wake = NEXT_NEVER;
    bool again = true;
    int result = 0;

    while (again && result == 0) {
        again = false;
        moves_clear(&moves);
        next_moves(r->state, t->now_ms, &ev, &moves, &wake);
        for (size_t i = 0; i < moves.list.n && result == 0; i++) {
            const struct move *m = &moves.list.items[i];
            bool applies =
                m->kind != MOVE_START || state_may_start(r->state, m->action, m->attempt);
            if (m->kind == MOVE_CLEAN || !applies) continue;
            result = take_move(r, t, m, e);
            again = true;
        }
    }
    moves_done(&moves);
    if (wake != NEXT_NEVER && alarm_set(&r->wake, wake, t->now_ms, clock_mono(r->engine->o.clock)))
        engine_post_at(r->engine, r->task_id, r->wake.mono_ms);
    return result;
}

/* Removes what a worker keeps of an ended script. True when nothing is left that this node could
 * remove: what lies on another machine is swept by its own node one day. */
static bool clean_one(struct run *r, const struct invocation *x, int64_t committed_seq)
{
    bool keep = context_flag(r->context, x->action, "OctopusKeepWorkingDirectory", false);
    struct driver *d;
    struct error e = {0};

    FAULT_POINT("engine.before-clean");
    bool found = engine_driver(r->engine, x->worker, &d, &e) == 0;
    if (found && engine_mark(d, r->task_id, committed_seq, &e) == 0 &&
        d->ops->complete(d, x->ticket, keep, &e) == 0)
        return true;
    log_warn("engine", "%s: folders of %s stay: %s", r->task_id, x->ticket, e.text);
    return !found && e.kind == ERR_UNREACHABLE;
}

#define CLEAN_WAIT_MIN_MS 1000
#define CLEAN_WAIT_MAX_MS (10 * 60 * 1000)

static void clean_later(struct run *r, int64_t mono)
{
    int64_t wait = r->clean_wait_ms ? r->clean_wait_ms * 2 : CLEAN_WAIT_MIN_MS;

    r->clean_wait_ms = wait < CLEAN_WAIT_MAX_MS ? wait : CLEAN_WAIT_MAX_MS;
    r->clean_at = mono + r->clean_wait_ms;
    engine_post_at(r->engine, r->task_id, r->clean_at);
}

/* Cleans up after all scripts and notes it in this turn. Nothing here is lost when it is repeated.
 */
static int clean(struct run *r, struct turn *t, struct error *e)
{
    int64_t mono = clock_mono(r->engine->o.clock), committed_seq = r->state->seq;
    bool left = false;

    if (mono < r->clean_at) return 0;
    r->clean_at = 0;
    for (size_t i = 0; i < r->state->invocations.n; i++) {
        const struct invocation *x = &r->state->invocations.items[i];
        if (!invocation_ended(x) || x->cleaned) continue;
        if (!clean_one(r, x, committed_seq)) left = true;
        else if (turn_entry(t, entry_cleaned(t->now_ms, x->ticket), e) < 0) return -1;
    }
    if (left) clean_later(r, mono);
    return 0;
}

static int pump(struct run *r, struct turn *t, struct error *e)
{
    for (size_t i = 0; i < r->scripts.n; i++) {
        struct script *s = r->scripts.items[i];
        const struct invocation *x = state_invocation(r->state, s->ticket);
        if (s->rung && !invocation_ended(x) && script_pump(s, t, e) < 0) return -1;
    }
    return 0;
}

/* Lets go of scripts whose outcome is committed. */
static void drop_ended(struct run *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->scripts.n; i++) {
        struct script *s = r->scripts.items[i];
        if (!invocation_ended(state_invocation(r->state, s->ticket))) {
            r->scripts.items[kept++] = s;
            continue;
        }
        engine_route(r->engine, s->ticket, NULL);
        script_free(s);
    }
    r->scripts.n = kept;
}

/* What was committed is done now: starts are sent, stops are told. */
static void perform(struct run *r, const struct turn *t)
{
    for (size_t i = 0; i < t->entries.n; i++) {
        const struct entry *x = &t->entries.items[i];
        const char *ticket = jv_str(x->body, "ticket", "");
        struct script *s = run_script(r, ticket);
        struct error e = {0};
        if (s == NULL) continue;
        if (x->kind == ENTRY_START_INTENDED) {
            script_start(r, s, true);
            if (s->place != SCRIPT_SENT) engine_post(r->engine, r->task_id, 0, ticket);
        } else if (x->kind == ENTRY_STOP_INTENDED) {
            const struct invocation *v = state_invocation(r->state, ticket);
            FAULT_POINT("engine.before-stop");
            if (script_stop(r, s, v->stop, (int)r->plan->actions[v->action].grace_s * 1000, &e) < 0)
                log_warn("engine", "%s: cannot stop %s: %s", r->task_id, ticket, e.text);
        }
    }
}

static bool wants_turn(const struct run *r, unsigned events)
{
    bool rung = false;

    for (size_t i = 0; i < r->scripts.n; i++) rung |= r->scripts.items[i]->rung;
    return events || rung;
}

/* The part of a turn before its commit. */
static int gather(struct run *r, struct turn *t, unsigned events, struct error *e)
{
    if (run_is_lost(r) && !r->state->finished) return fail_lost(r, t, e);
    if (r->state->plan == NULL && !r->state->finished) {
        struct error why = {0};
        if (r->task.cancel_by) {
            t->finish = true;
            t->status = RUN_CANCELED;
            t->error = "canceled before it was planned";
            r->cancel_seen = true;
            return 0;
        }
        if (make_plan(r, t, &why) < 0) {
            fail_unplanned(t, &why);
            return 0;
        }
    }
    if (((events & RUN_CANCEL) || r->task.cancel_by) && !r->cancel_seen && note_cancel(r, t, e) < 0)
        return -1;
    if (pump(r, t, e) < 0) return -1;
    if (r->state->finished) return clean(r, t, e);
    return decide(r, t, e);
}

static const int64_t backoff_ms[] = {100, 500, 1000, 2000, 5000};

/* The database or a worker said no: forget, and try again later. False when the task is not ours
 * any more. */
static bool stumble(struct run *r, const struct error *e)
{
    size_t last = ARRAY_LEN(backoff_ms) - 1,
           step = (size_t)r->failures < last ? (size_t)r->failures : last;

    run_unload(r);
    if (e->kind == ERR_FENCED) {
        log_warn("engine", "%s: dropped: %s", r->task_id, e->text);
        return false;
    }
    if (e->kind == ERR_CONFLICT && r->failures++ == 0) {
        engine_post(r->engine, r->task_id, RUN_GO | RUN_CANCEL, NULL);
        return true;
    }
    r->failures++;
    r->retry_at = clock_mono(r->engine->o.clock) + backoff_ms[step];
    set_wait(r, "Trouble", "%s", e->text);
    log_warn("engine", "%s: waits: %s", r->task_id, e->text);
    engine_post_at(r->engine, r->task_id, r->retry_at);
    return true;
}

#define ENDED(result)                                                        \
    HISTOGRAM_LONG("bobtail_task_duration_seconds", "result=\"" result "\"", \
                   "Time from the start of a task to its end.")
static struct histogram ended[RUN_STATUSES] = {
    [RUN_SUCCESS] = ENDED("Success"),
    [RUN_FAILED] = ENDED("Failed"),
    [RUN_CANCELED] = ENDED("Canceled"),
};
static struct metric logged = METRIC("counter", "bobtail_task_log_bytes_total", NULL,
                                     "Bytes of output and messages that went into task logs.");

void run_metrics_show(void)
{
    for (size_t i = 0; i < ARRAY_LEN(ended); i++) histogram_show(&ended[i]);
    metric_add(&logged, 0);
}

static void committed(struct run *r, struct turn *t)
{
    metric_add(&logged, t->log_bytes - r->log_bytes);
    if (t->finish && r->task.started_at)
        histogram_add(&ended[t->status], (t->now_ms - r->task.started_at) * 1000);
    r->log_lines = t->log_lines;
    r->log_bytes = t->log_bytes;
    r->has_warnings = t->has_warnings;
    r->failures = 0;
    if (!t->finish) live_notify(r->engine->live, r->task_id);
    if (t->finish) {
        live_publish(r->engine->live, r->task.space_id, r->task_id, run_status_name(t->status));
        log_info("engine", "%s ended: %s", r->task_id, run_status_name(t->status));
        engine_release(r->engine, r);
        if (t->promotes) engine_promote(r->engine);
    }
    perform(r, t);
    drop_ended(r);
    note_wait(r);
}

static bool over(const struct run *r, const struct turn *t)
{
    if (r->state->plan == NULL) return t->finish;
    return r->state->finished && r->state->unclean == 0 && r->state->open == 0;
}

/* A newer program's journal (ERR_INVALID) and a wrong master key (ERR_DENIED) may become readable;
 * what is damaged or gone does not. */
static bool is_permanent(const struct error *e)
{
    return e->kind == ERR_CORRUPT || e->kind == ERR_NOT_FOUND;
}

/* A run that cannot be read back ends without its journal when waiting cannot help, or when someone
 * has asked it to stop. Otherwise -1 with the reason. */
static int end_unread(struct run *r, const struct error *why, struct error *e)
{
    struct turn t;

    *e = *why;
    if (why->kind == ERR_FENCED || run_load_row(r, e) < 0) return -1;
    if (!is_permanent(why) && r->task.cancel_by == NULL) return -1;
    turn_begin(&t, r);
    if (!task_state_ended(r->task.state)) {
        fail_unplanned(&t, why);
        if (r->task.cancel_by) t.status = RUN_CANCELED;
    }
    int done = turn_commit(&t, e);
    if (done == 0) committed(r, &t);
    turn_done(&t);
    return done;
}

bool run_turn(struct run *r)
{
    struct error e = {0};
    struct turn t;
    bool goes_on;

    r->lease_end = engine_lease_end(r->engine);
    if (r->failures && clock_mono(r->engine->o.clock) < r->retry_at) {
        /* what they tell is read back when it is time to try again */
        if (take_events(r) & RUN_GO) engine_post_at(r->engine, r->task_id, r->retry_at);
        return true;
    }
    if (r->loaded && is_doubted(r)) run_unload(r);
    if (!r->loaded && run_load(r, &e) < 0) {
        struct error why = e;
        take_events(r);
        goes_on = end_unread(r, &why, &e) < 0 && stumble(r, &e);
        if (!goes_on) engine_release(r->engine, r);
        return goes_on;
    }
    if (task_state_ended(r->task.state)) engine_release(r->engine, r);
    unsigned events = take_events(r);
    turn_begin(&t, r);
    int done = wants_turn(r, events) || r->state->seq == 0 ? gather(r, &t, events, &e) : 0;
    if (done == 0 && !turn_empty(&t)) done = turn_commit(&t, &e);
    else if (done == 0 && t.finish) done = turn_commit(&t, &e);
    if (done < 0) {
        goes_on = stumble(r, &e);
        if (!goes_on) engine_release(r->engine, r);
    } else {
        committed(r, &t);
        goes_on = !over(r, &t);
        if (goes_on && r->state->finished && r->clean_at == 0)
            engine_post(r->engine, r->task_id, RUN_GO, NULL);
    }
    turn_done(&t);
    return goes_on;
}
