/* script.c - see script.h.
 *
 * Reading: fragments of the worker's log become masked lines and service messages (output.h); what
 * a turn took is committed together with the cursor that says so. Lines are taken at most every
 * SCRIPT_QUIET_MS while the script runs, so that a chatty script costs twenty commits a second and
 * no more; its end is taken at once. */
#include "engine/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "engine/blob.h"
#include "engine/run_priv.h"
#include "engine/start.h"
#include "engine/verdict.h"

#define SCRIPT_QUIET_MS 50
#define SCRIPT_TURN_MAX (1 * MiB) /* output taken in one turn */
#define ARTIFACTS_TURN_MAX 500    /* fetched in one turn */
#define VARIABLE_NAME_MAX 200     /* characters; the database has an index of names */

/* What a cursor holds, sealed: {"warned":false,"blind":false,"result":"...","output":{...}} */
static void save(const struct script *s, struct buf *out)
{
    const char *message = s->result_message ? s->result_message : "";

    buf_addf(out, "{\"warned\":%s,\"blind\":%s,\"result\":", s->warned ? "true" : "false",
             s->blind ? "true" : "false");
    jv_quote(out, message, strlen(message));
    buf_adds(out, ",\"output\":");
    output_save(s->output, out);
    buf_addc(out, '}');
}

static int load(struct script *s, const struct log_cursor *cursor, struct error *e)
{
    json_auto_t *v = NULL;
    struct error why = {0};

    if (jv_parse(cursor->sealed_state, strlen(cursor->sealed_state), &v, &why) < 0)
        return fail(e, ERR_CORRUPT, "cursor of %s: %s", cursor->invocation, why.text);
    const char *message = jv_str(v, "result", "");
    s->next_fragment = (uint64_t)cursor->next_fragment;
    s->part = cursor->part;
    s->warned = jv_bool(v, "warned", false);
    s->blind = jv_bool(v, "blind", false);
    s->result_message = *message ? xstrdup(message) : NULL;
    s->percent = cursor->percent;
    s->progress = *cursor->message ? xstrdup(cursor->message) : NULL;
    s->masks_told = jv_bool(jv_get(v, "output"), "masksLost", false);
    return output_load(s->output, jv_get(v, "output"), e);
}

int script_new(struct run *r, const struct invocation *i, const struct log_cursor *cursor,
               struct script **ret, struct error *e)
{
    struct script *s = xcalloc(1, sizeof(*s));

    snprintf(s->ticket, sizeof(s->ticket), "%s", i->ticket);
    s->action = i->action;
    s->attempt = i->attempt;
    tree_node_id_for_invocation(i->action, i->attempt, s->node);
    s->output = output_new(r->masker);
    if (cursor && load(s, cursor, e) < 0) {
        script_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int script_recall_masks(struct run *r, struct script *s, const char *masks, struct error *e)
{
    CLEANUP(output_freep) struct output *past = s ? NULL : output_new(r->masker);

    if (output_load_masks(s ? s->output : past, str_of(masks), e) < 0) return -1;
    if (s == NULL) return 0;
    s->masks_kept = output_masks(s->output);
    s->mask_parts++;
    return 0;
}

void script_free(struct script *s)
{
    if (s == NULL) return;
    if (s->reader) s->driver->ops->close(s->reader);
    if (s->place == SCRIPT_SENT) s->driver->ops->unfollow(s->driver, s->ticket);
    output_free(s->output);
    free(s->result_message);
    free(s->progress);
    free(s);
}

/* Gives the script to its worker unless that has it; one whose ticket was made just now it cannot
 * have. */
static enum script_place send(struct run *r, struct script *s, const struct invocation *i,
                              bool fresh, struct error *e)
{
    struct job_status js = {.state = JOB_UNKNOWN};

    if (!fresh && s->driver->ops->status(s->driver, s->ticket, &js, e) < 0) return SCRIPT_UNSURE;
    if (js.state != JOB_UNKNOWN) return SCRIPT_SENT;
    if (i->stop || r->task.cancel_by) return SCRIPT_UNWANTED;
    if (start_on_worker(r, s, e) >= 0) return SCRIPT_SENT;
    if (e->kind == ERR_TIMEOUT) return SCRIPT_UNSURE;
    if (e->kind == ERR_FENCED) {
        e->kind = ERR_UNREACHABLE; /* whether the task is still ours is asked again */
        return SCRIPT_UNSURE;
    }
    struct error why;
    if (s->driver->ops->status(s->driver, s->ticket, &js, &why) < 0) return SCRIPT_UNSURE;
    return js.state == JOB_UNKNOWN ? SCRIPT_REFUSED : SCRIPT_SENT;
}

void script_start(struct run *r, struct script *s, bool fresh)
{
    struct error *e = &s->start_error;
    const struct invocation *i = state_invocation(r->state, s->ticket);

    if (engine_driver(r->engine, i->worker, &s->driver, e) < 0) {
        s->place = e->kind == ERR_UNREACHABLE ? SCRIPT_OUT_OF_REACH : SCRIPT_UNSURE;
        return;
    }
    if (i->boot && strcmp(i->boot, r->engine->boot_id) != 0) {
        s->place = SCRIPT_LEFT;
        return;
    }
    engine_route(r->engine, s->ticket, r);
    s->committed_mono =
        clock_mono(r->engine->o.clock); /* its first lines may wait for more, or for its end */
    enum script_place place = send(r, s, i, fresh, e);
    if (place == SCRIPT_SENT && s->driver->ops->follow(s->driver, s->ticket, e) < 0)
        place = SCRIPT_UNSURE;
    s->place = place;
}

struct sink {
    struct script *s;
    struct turn *t;
};

static void take_line(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    struct sink *k = ctx;

    if (category == LOG_CAT_WARNING || category == LOG_CAT_ERROR || category == LOG_CAT_FATAL)
        k->s->warned = k->t->has_warnings = true;
    turn_line(k->t, k->s->node, k->s->ticket, &k->s->part, category, at_ms, text);
}

static const char *action_name(const struct sink *k)
{
    return k->t->run->plan->actions[k->s->action].name;
}

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++) n += (*s & 0xC0) != 0x80;
    return n;
}

/* Said once; a server that took the task over may say it again. */
static void say_outputs_full(struct sink *k)
{
    if (k->t->run->outputs_full) return;
    k->t->run->outputs_full = k->s->warned = k->t->has_warnings = true;
    turn_say(k->t, k->s->node, LOG_CAT_WARNING,
             "A task may set %d output variables, %d MiB together: what goes beyond is not kept",
             CONTEXT_OUTPUTS_MAX, (int)(CONTEXT_OUTPUT_BYTES_MAX / MiB));
}

static void set_output(struct sink *k, const char *name, const char *value, bool sensitive)
{
    struct run *r = k->t->run;
    struct arena *a = &k->t->arena;

    if (!context_output_variable(r->context, action_name(k), name, value, sensitive)) {
        say_outputs_full(k);
        return;
    }
    *ARENA_ADD(a, &k->t->variables) =
        (struct output_variable){.action = arena_strdup(a, action_name(k)),
                                 .name = arena_strdup(a, name),
                                 .value = context_stored_value(r->context, value, sensitive, a),
                                 .is_sensitive = sensitive};
}

static void take_variable(struct sink *k, const struct service_message *m)
{
    const char *name = service_message_get(m, "name"), *value = service_message_get(m, "value");

    if (name == NULL || value == NULL) return;
    if (characters(name) > VARIABLE_NAME_MAX) {
        k->s->warned = k->t->has_warnings = true;
        turn_say(k->t, k->s->node, LOG_CAT_WARNING,
                 "An output variable was not set: its name has %zu characters, %d are allowed",
                 characters(name), VARIABLE_NAME_MAX);
        return;
    }
    set_output(k, name, value, service_message_flag(m, "sensitive"));
}

static void take_artifact(struct sink *k, const struct service_message *m, int64_t at_ms)
{
    const char *path = service_message_get(m, "path"), *name = service_message_get(m, "name");
    struct run *r = k->t->run;
    struct arena *a = &k->t->arena;

    if (path == NULL || name == NULL) return;
    k->s->artifacts++;
    *ARENA_ADD(a, &k->t->artifacts) = (struct artifact){.space_id = r->task.space_id,
                                                        .task_id = r->task_id,
                                                        .invocation = arena_strdup(a, k->s->ticket),
                                                        .node = k->s->node,
                                                        .path = arena_strdup(a, path),
                                                        .filename = turn_sentence(k->t, name),
                                                        .source = k->s->driver->name,
                                                        .created_at = at_ms};
}

/* A percentage that is none is a line of the log and nothing more. */
static void take_progress(struct sink *k, const char *percentage, const char *message)
{
    char *end;

    if (percentage == NULL) return;
    turn_say(k->t, k->s->node, LOG_CAT_VERBOSE, "%s%% %s", percentage, message);
    long percent = strtol(percentage, &end, 10);
    if (end == percentage || *end || percent < 0 || percent > 100) return;
    k->s->percent = percent;
    free(k->s->progress);
    k->s->progress = xstrdup(turn_sentence(k->t, message));
}

static void take_message(void *ctx, const struct service_message *m, int64_t at_ms)
{
    struct sink *k = ctx;
    const char *message = service_message_get(m, "message");

    switch (m->kind) {
    case SERVICE_SET_VARIABLE: take_variable(k, m); break;
    case SERVICE_CREATE_ARTIFACT: take_artifact(k, m, at_ms); break;
    case SERVICE_RESULT_MESSAGE:
        free(k->s->result_message);
        k->s->result_message = xstrdup(message ? turn_sentence(k->t, message) : "");
        break;
    case SERVICE_PROGRESS:
        take_progress(k, service_message_get(m, "percentage"), message ? message : "");
        break;
    default: break; /* stream modes and masks have taken effect; others are not for this server */
    }
}

static enum output_source source_of(const struct job_fragment *f)
{
    switch (f->source) {
    case JOB_STDOUT: return OUTPUT_STDOUT;
    case JOB_STDERR: return OUTPUT_STDERR;
    default: return OUTPUT_SYSTEM;
    }
}

static void take_fragments(struct script *s, struct turn *t, const struct job_fragment *f, size_t n)
{
    struct sink k = {s, t};
    struct output_sink sink = {take_line, take_message, &k};

    for (size_t i = 0; i < n; i++) {
        output_feed(s->output, source_of(&f[i]), f[i].data, f[i].continues, f[i].at_ms, &sink);
        s->next_fragment = f[i].seq + 1;
    }
}

static void say_masks_lost(struct script *s, struct turn *t)
{
    if (s->masks_told || !output_masks_lost(s->output)) return;
    s->masks_told = s->warned = t->has_warnings = true;
    turn_say(t, s->node, LOG_CAT_WARNING,
             "The script has announced more secrets than can be masked: some are not");
}

static void note_masks(struct script *s, struct turn *t)
{
    CLEANUP(buf_wipe) struct buf masks = BUF_INIT(BUF_UNBOUNDED);

    if (!output_save_masks(s->output, &s->masks_kept, &masks)) return;
    *ARENA_ADD(&t->arena, &t->masks) =
        (struct log_mask){.invocation = arena_strdup(&t->arena, s->ticket),
                          .part = s->mask_parts++,
                          .sealed = context_seal(t->run->context, buf_str(&masks), &t->arena)};
}

/* Writes down how far this turn has read. */
static void note_cursor(struct script *s, struct turn *t)
{
    CLEANUP(buf_wipe) struct buf saved = BUF_INIT(BUF_UNBOUNDED);

    say_masks_lost(s, t);
    note_masks(s, t);
    turn_flush(t); /* the cursor counts the chunks of the lines that it follows */
    save(s, &saved);
    *ARENA_ADD(&t->arena, &t->cursors) = (struct log_cursor){
        .invocation = arena_strdup(&t->arena, s->ticket),
        .next_fragment = (int64_t)s->next_fragment,
        .part = s->part,
        .percent = s->percent,
        .message = s->progress ? arena_strdup(&t->arena, s->progress) : "",
        .sealed_state = context_seal(t->run->context, buf_str(&saved), &t->arena)};
}

/* Reads up to SCRIPT_TURN_MAX bytes: 1 = there may be more, 0 = all that there is. */
static int read_output(struct script *s, struct turn *t, struct error *e)
{
    size_t taken = 0;

    if (s->reader == NULL &&
        s->driver->ops->open(s->driver, s->ticket, s->next_fragment, &s->reader, e) < 0)
        return -1;
    while (taken < SCRIPT_TURN_MAX) {
        struct job_fragment *f;
        size_t n;
        if (s->driver->ops->read(s->reader, SCRIPT_TURN_MAX - taken, &f, &n, e) < 0) return -1;
        if (n == 0) return 0;
        take_fragments(s, t, f, n);
        for (size_t i = 0; i < n; i++) taken += f[i].data.n + 1;
    }
    return 1;
}

static struct outcome judge(const struct script *s, struct turn *t, const struct job_status *js)
{
    bool stderr_fails =
        output_stderr_seen(s->output) &&
        context_flag(t->run->context, s->action, "Octopus.Action.FailScriptOnErrorOutput", false);
    struct verdict_facts facts = {s->result_message, stderr_fails, s->warned};
    struct outcome o = verdict(js, &facts, &t->arena);

    o.error = turn_sentence(t, o.error);
    return o;
}

/* The log says how it ended, unless it went as it should. */
static void say_outcome(const struct script *s, struct turn *t, const struct outcome *o)
{
    if (context_flag(t->run->context, s->action, "OctopusKeepWorkingDirectory", false))
        turn_say(t, s->node, LOG_CAT_INFO,
                 "The working folder of the script is kept on %s: work/%s", s->driver->name,
                 s->ticket);
    if (o->error == NULL && o->status != OUTCOME_FAILED) return;
    t->has_warnings = true;
    if (o->error) turn_say(t, s->node, LOG_CAT_FATAL, "%s", o->error);
    else turn_say(t, s->node, LOG_CAT_FATAL, "the script ended with exit code %d", o->exit_code);
    if (o->may_still_run)
        turn_say(t, s->node, LOG_CAT_WARNING, "The script may still run on %s", s->driver->name);
}

/* Takes what was held back of a line without an end. Doing so again changes nothing. */
static void finish_output(struct script *s, struct turn *t)
{
    struct sink k = {s, t};
    struct output_sink sink = {take_line, take_message, &k};

    output_finish(s->output, t->now_ms, &sink);
}

static int end_script(struct script *s, struct turn *t, const struct job_status *js,
                      struct error *e)
{
    struct sink k = {s, t};
    char code[16];

    note_cursor(s, t); /* a mask announced by it holds for the scripts that come after */
    if (js->state == JOB_ENDED && !t->run->plan->actions[s->action].raw) {
        snprintf(code, sizeof(code), "%d", js->exit_code);
        set_output(&k, "Octopus.Action.Script.ExitCode", code, false);
    }
    struct outcome o = judge(s, t, js);
    say_outcome(s, t, &o);
    return turn_entry(t, entry_outcome(t->now_ms, s->ticket, &o), e);
}

/* Fetches one file; what goes wrong with it is a warning of the step, not its failure. */
static void fetch_one(struct script *s, struct turn *t, const struct artifact *want)
{
    struct error e = {0};
    struct artifact got = {.id = want->id};
    int fd = s->driver->ops->artifact(s->driver, s->ticket, want->path, &e);

    if (fd < 0 ||
        blob_store_fd(t->run->engine->o.blobs, fd, &t->arena, &got.content, &got.size, &e) < 0) {
        got.failure = turn_sentence(t, e.text);
        t->has_warnings = s->warned = true;
        turn_say(t, s->node, LOG_CAT_WARNING, "Artifact %s was not collected: %s", want->filename,
                 e.text);
    }
    if (fd >= 0) close(fd);
    *ARENA_ADD(&t->arena, &t->collected) = got;
}

struct wanted {
    const char *task_id, *invocation;
    struct arena *arena;
    struct artifact *list;
    size_t n;
};

static int wanted_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct wanted *w = ctx;

    return artifact_unfetched(tx, w->task_id, w->invocation, ARTIFACTS_TURN_MAX, w->arena, &w->list,
                              &w->n, e);
}

/* Pulls files that the script asked to keep, as many as one turn commits, before its outcome is
 * told. */
static int fetch_artifacts(struct script *s, struct turn *t, struct error *e)
{
    struct wanted w = {t->run->task_id, s->ticket, &t->arena, NULL, 0};

    if (db_read(t->run->engine->o.db, wanted_tx, &w, e) < 0) return -1;
    for (size_t i = 0; i < w.n; i++) fetch_one(s, t, &w.list[i]);
    FAULT_POINT("engine.artifacts-fetched");
    s->fetched = w.n < ARTIFACTS_TURN_MAX;
    return 0;
}

/* An outcome without an end that was seen. */
static int conclude(struct script *s, struct turn *t, enum outcome_status status, const char *why,
                    bool has_ended, struct error *e)
{
    struct outcome o = {.status = status, .error = turn_sentence(t, why), .has_ended = has_ended};

    if (why) {
        t->has_warnings = true;
        turn_say(t, s->node, LOG_CAT_FATAL, "%s", why);
    }
    return turn_entry(t, entry_outcome(t->now_ms, s->ticket, &o), e);
}

/* The machine was restarted since the start was intended. What the job has left is told; its end
 * counts when all of its log is there. Otherwise nobody knows what it did, or whether it ran at
 * all, so it is not started again. */
static int read_remains(struct script *s, struct turn *t, struct error *e)
{
    struct job_status js = {0};
    struct error why = {0};

    bool readable =
        s->driver->ops->status(s->driver, s->ticket, &js, &why) == 0 && js.state != JOB_UNKNOWN;
    int more = readable ? read_output(s, t, &why) : -1;
    if (more <= 0) finish_output(s, t);
    note_cursor(s, t);
    if (more > 0) {
        s->rung = true;
        engine_post(t->run->engine, t->run->task_id, RUN_GO, NULL);
        return 0;
    }
    if (more == 0 && js.state == JOB_ENDED && s->next_fragment >= js.fragments && s->artifacts == 0)
        return end_script(s, t, &js, e);
    return conclude(s, t, OUTCOME_LOST,
                    "the machine was restarted: the script is lost, and is not started again", true,
                    e);
}

/* The step's time limit counts from the start of the script, which may have waited for a mutex. */
static int note_started(const struct script *s, struct turn *t, const struct job_status *js,
                        struct error *e)
{
    const struct invocation *i = state_invocation(t->run->state, s->ticket);

    if (t->run->plan->actions[s->action].timeout_min == 0 || i->started_ms || js->started_ms == 0)
        return 0;
    return turn_entry(t, entry_started(js->started_ms, s->ticket), e);
}

/* A script that destroyed its own log has run all the same: its result counts, its further output
 * is not known. */
static int go_blind(struct script *s, struct turn *t, const struct error *why)
{
    s->blind = s->warned = t->has_warnings = true;
    turn_say(t, s->node, LOG_CAT_WARNING, "The rest of the output is not known: %s", why->text);
    note_cursor(s, t);
    return 0;
}

/* Lines are taken at most every SCRIPT_QUIET_MS while the script runs. */
static bool is_quiet_time(struct script *s, const struct run *r)
{
    int64_t until = s->committed_mono + SCRIPT_QUIET_MS;

    if (clock_mono(r->engine->o.clock) >= until) return false;
    if (s->quiet_until != until) { /* one timer, however often it rings */
        s->quiet_until = until;
        engine_post_at(r->engine, r->task_id, until);
    }
    s->rung = true;
    return true;
}

/* Another turn goes on where this one stops, after its commit. */
static int go_on_next_turn(struct script *s, const struct run *r)
{
    s->rung = true;
    engine_post(r->engine, r->task_id, RUN_GO, NULL);
    return 0;
}

/* Output that the log neither has nor tells of: it could not be written, or its script cut it. */
static void warn_of_missing(struct script *s, struct turn *t, const struct job_status *js)
{
    bool cut = js->state == JOB_ENDED && !s->blind && s->next_fragment < js->fragments;

    if (!cut && js->untold_bytes == 0) return;
    s->warned = t->has_warnings = true;
    if (js->untold_bytes)
        turn_say(t, s->node, LOG_CAT_WARNING,
                 "%llu bytes of output were lost: the log could not be written (disk full?)",
                 (unsigned long long)js->untold_bytes);
    if (cut)
        turn_say(t, s->node, LOG_CAT_WARNING, "%llu fragments of the output are missing",
                 (unsigned long long)(js->fragments - s->next_fragment));
}

/* Takes its output and, when that is all, its end. Requests for artifacts are committed by one
 * turn, fetched by the next ones, and then the outcome is told. */
static int follow_sent(struct script *s, struct turn *t, const struct job_status *js,
                       struct error *e)
{
    const struct run *r = t->run;
    uint64_t before = s->next_fragment;
    size_t known = s->artifacts;
    bool ended = js->state == JOB_ENDED || js->state == JOB_LOST;

    if (!ended && is_quiet_time(s, r)) return 0;
    int more = s->blind ? 0 : read_output(s, t, e);
    if (more < 0 && e->kind == ERR_CORRUPT) more = go_blind(s, t, e);
    if (more < 0) return -1;
    bool moved = s->next_fragment != before;
    if (moved) s->committed_mono = clock_mono(r->engine->o.clock);
    if (ended && !more) finish_output(s, t);
    bool asked = s->artifacts > known;
    if (more || !ended || asked) {
        if (moved || asked) note_cursor(s, t);
        return more || ended ? go_on_next_turn(s, r) : 0;
    }
    if (s->artifacts && !s->fetched) {
        if (fetch_artifacts(s, t, e) < 0) return -1;
        if (!s->fetched) return go_on_next_turn(s, r);
    }
    warn_of_missing(s, t, js);
    return end_script(s, t, js, e);
}

int script_pump(struct script *s, struct turn *t, struct error *e)
{
    struct job_status js = {0};

    s->rung = false;
    switch (s->place) {
    case SCRIPT_NEW: return 0;
    case SCRIPT_SENT: break;
    case SCRIPT_REFUSED: return conclude(s, t, OUTCOME_NOT_STARTED, s->start_error.text, false, e);
    case SCRIPT_UNWANTED: return conclude(s, t, OUTCOME_CANCELED, NULL, false, e);
    case SCRIPT_UNSURE: return fail(e, s->start_error.kind, "%s", s->start_error.text);
    case SCRIPT_OUT_OF_REACH: return conclude(s, t, OUTCOME_LOST, s->start_error.text, false, e);
    case SCRIPT_LEFT: return read_remains(s, t, e);
    }
    if (s->driver->ops->status(s->driver, s->ticket, &js, e) < 0) return -1;
    snprintf(s->waits_for, sizeof(s->waits_for), "%s", js.state == JOB_WAITING ? js.waits_for : "");
    if (note_started(s, t, &js, e) < 0) return -1;
    return follow_sent(s, t, &js, e);
}

int script_stop(struct run *r, struct script *s, enum stop_reason why, int grace_ms,
                struct error *e)
{
    (void)r;
    if (s->place != SCRIPT_SENT) return 0;
    return s->driver->ops->cancel(s->driver, s->ticket, grace_ms,
                                  why == STOP_TIMEOUT ? JOB_STOP_TIMEOUT : JOB_STOP_CANCEL, e);
}
