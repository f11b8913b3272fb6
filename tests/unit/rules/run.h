/* run.h - a run for tests: a process written as one line of text, and what happens to it as
 * another.
 *
 * Process: steps separated by blanks, `Name` or `Name(Action,Action)`, `+Name` starts with the
 * previous step. Marks follow a step's or an action's name: `:F` `:A` `:V` its condition (V: the
 * expression is the name in lower case, true while it is in run->truths), `/r2` retries, `/b10`
 * back-off in seconds, `/t5` time limit in minutes, `/d` disabled,
 * `/q` required. Marks on a step with one action that only actions have go to the action.
 *
 * Events: `A ok`, `A warn`, `A fail 3`, `A canceled`, `A timed-out`, `A lost`, `A gone` (lost, and
 * known to have ended), `A not-started`, `A away` (not started, take another worker), `A started`,
 * `cancel`, `give-up`, `at 60` (seconds). Answers: the moves that follow, all of them performed at
 * once, as `start A.1`, `skip B`, `stop A.1 timeout`, `finish Failed`, `wake 70`. Cleaning is
 * performed and not told. */
#ifndef TESTS_RULES_RUN_H
#define TESTS_RULES_RUN_H
#include "tests/lib/tap.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "rules/next.h"

#pragma GCC diagnostic ignored "-Wunused-function"

struct run {
    struct state *state;
    struct evaluator evaluator;
    const char *truths; /* " b c " */
    const char *parallelism;
    int64_t now_ms;
    int tickets;
    VEC(struct entry) journal;
    struct buf told;
    const char *finish_text; /* of the last MOVE_FINISH, kept in texts */
    struct arena texts;
};

/* ------------------------------------------------------------------ processes */

static const char *cut_mark(char *word, char kind, char mark)
{
    for (char *at = word; *at; at++)
        if (at[0] == kind && at[1] == mark) return at + 2;
    return NULL;
}

static size_t name_length(const char *word) { return strcspn(word, ":/("); }

static void set_property(json_t *o, const char *name, const char *value)
{
    json_t *bag = jv_get(o, "Properties");

    if (bag == NULL) jv_set(o, "Properties", bag = json_object());
    jv_set_str(bag, name, value);
}

static void set_condition(json_t *o, char *word)
{
    char lower[64] = "";
    size_t n = name_length(word);

    for (size_t i = 0; i < n && i < 63; i++) lower[i] = (char)tolower((unsigned char)word[i]);
    if (cut_mark(word, ':', 'F')) jv_set_str(o, "Condition", "Failure");
    if (cut_mark(word, ':', 'A')) jv_set_str(o, "Condition", "Always");
    if (!cut_mark(word, ':', 'V')) return;
    jv_set_str(o, "Condition", "Variable");
    set_property(o, "Octopus.Action.ConditionVariableExpression", lower);
}

static void set_number(json_t *o, char *word, char mark, const char *property)
{
    const char *at = cut_mark(word, '/', mark);
    char digits[16] = "";

    if (at == NULL) return;
    memcpy(digits, at, strspn(at, "0123456789"));
    set_property(o, property, digits);
}

static json_t *make_action(char *word, const char *prefix)
{
    json_t *o = json_object();
    char id[80];

    snprintf(id, sizeof id, "%s%.*s", prefix, (int)name_length(word), word);
    jv_set(o, "Name", json_stringn(word, name_length(word)));
    jv_set_str(o, "Id", id);
    jv_set_str(o, "ActionType", "Octopus.Script");
    set_property(o, "Octopus.Action.RunOnServer", "true");
    set_property(o, "Octopus.Action.Script.Syntax", "Bash");
    set_number(o, word, 'r', "Octopus.Action.AutoRetry.MaximumCount");
    set_number(o, word, 'b', "Octopus.Action.AutoRetry.MinimumBackoff");
    set_number(o, word, 't', "Octopus.Action.ExecutionTimeout.Minutes");
    jv_set_bool(o, "IsDisabled", cut_mark(word, '/', 'd') != NULL);
    jv_set_bool(o, "IsRequired", cut_mark(word, '/', 'q') != NULL);
    return o;
}

static json_t *make_step(char *word)
{
    json_t *o = json_object(), *actions = json_array();
    bool with = word[0] == '+';

    word += with;
    jv_set(o, "Name", json_stringn(word, name_length(word)));
    jv_set_str(o, "StartTrigger", with ? "StartWithPrevious" : "StartAfterPrevious");
    jv_set(o, "Actions", actions);
    char *open = strchr(word, '('), *save;
    if (open) {
        *open = '\0';
        *strchr(open + 1, ')') = '\0';
        for (char *a = strtok_r(open + 1, ",", &save); a; a = strtok_r(NULL, ",", &save)) {
            json_t *action = make_action(a, "Actions-");
            set_condition(action, a);
            jv_push(actions, action);
        }
    } else {
        jv_push(actions, make_action(word, "Actions-"));
    }
    set_condition(o, word);
    return o;
}

static json_t *make_process(const char *text)
{
    json_t *o = json_object(), *steps = json_array();
    CLEANUP(freep) char *copy = xstrdup(text);
    char *save;

    jv_set(o, "Steps", steps);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        jv_push(steps, make_step(word));
    return o;
}

/* ------------------------------------------------------------------ the world around the rules */

static bool run_truthy(void *ctx, const char *action_id, const char *expression)
{
    const struct run *r = ctx;
    char word[80];

    snprintf(word, sizeof word, " %s ", expression);
    return r->truths && strstr(r->truths, word) != NULL;
}

static char *run_value(void *ctx, const char *action_id, const char *name, struct arena *a)
{
    const struct run *r = ctx;

    return strcmp(name, "Octopus.Action.MaxParallelism") == 0 ? arena_strdup(a, r->parallelism)
                                                              : NULL;
}

static bool run_find_pool(void *ctx, const char *name, struct pool_ref *ret) { return false; }
static bool run_default_pool(void *ctx, struct pool_ref *ret)
{
    *ret = (struct pool_ref){"WorkerPools-1", "Default Worker Pool"};
    return true;
}

/* Appends and applies; the run takes the entry over. */
static int run_append(struct run *r, struct entry entry, struct error *e)
{
    entry.seq = r->state->seq + 1;
    if (state_apply(r->state, &entry, e) < 0) {
        entry_done(&entry);
        return -1;
    }
    VEC_PUSH(&r->journal, entry);
    return 0;
}

static void run_must(struct run *r, struct entry entry)
{
    struct error err = {0};

    EXPECT_OK(run_append(r, entry, &err));
}

static void run_begin(struct run *r, const char *process, const char *parallelism,
                      const char *truths)
{
    struct error err = {0};
    json_auto_t *document = make_process(process);
    json_t *plan;

    *r = (struct run){.state = state_new(),
                      .evaluator = {run_truthy, NULL, run_value, r},
                      .truths = truths,
                      .parallelism = parallelism,
                      .told = BUF_INIT(BUF_UNBOUNDED)};
    struct plan_input in = {.kind = "Deployment",
                            .task_id = "ServerTasks-1",
                            .process = document,
                            .environment_id = "Environments-1",
                            .environment_name = "Production",
                            .channel_id = "Channels-1",
                            .pools = {run_find_pool, run_default_pool, NULL},
                            .evaluator = r->evaluator};
    EXPECT_OK(plan_make(&in, &plan, &err));
    run_must(r, entry_plan(r->now_ms, plan));
}

static void run_end(struct run *r)
{
    for (size_t i = 0; i < r->journal.n; i++) entry_done(&r->journal.items[i]);
    VEC_DONE(&r->journal);
    state_free(r->state);
    buf_done(&r->told);
    arena_done(&r->texts);
}

static const char *action_name(const struct run *r, size_t action)
{
    return r->state->plan->actions[action].name;
}

static void run_tell(struct run *r, const char *fmt, ...) PRINTF(2, 3);
static void run_tell(struct run *r, const char *fmt, ...)
{
    va_list ap;

    if (r->told.n) buf_adds(&r->told, ", ");
    va_start(ap, fmt);
    buf_vaddf(&r->told, fmt, ap);
    va_end(ap);
}

/* Performs one move: says it, and appends the entry that it asks for. */
static void run_perform(struct run *r, const struct move *m)
{
    char ticket[32];

    switch (m->kind) {
    case MOVE_START:
        run_tell(r, "start %s.%d", action_name(r, m->action), m->attempt);
        snprintf(ticket, sizeof ticket, "ticket%04d", ++r->tickets);
        run_must(r,
                 entry_start_intended(r->now_ms, m->action, m->attempt, ticket, "Workers-1", "w1"));
        break;
    case MOVE_SKIP:
        run_tell(r, "skip %s", action_name(r, m->action));
        run_must(r, entry_skipped(r->now_ms, m->action, m->text));
        break;
    case MOVE_STOP:
        run_tell(r, "stop %s.%d %s", action_name(r, m->action), m->attempt,
                 stop_reason_name(m->reason));
        run_must(r, entry_stop_intended(r->now_ms, m->ticket, m->reason));
        break;
    case MOVE_FINISH:
        run_tell(r, "finish %s", run_status_name(m->status));
        r->finish_text = arena_strdup(&r->texts, m->text);
        run_must(r, entry_finished(r->now_ms, m->status, m->text, m->has_warnings));
        break;
    case MOVE_CLEAN: run_must(r, entry_cleaned(r->now_ms, m->ticket)); break;
    }
}

/* Performs what is ready until nothing is; tells it. */
static void run_moves(struct run *r)
{
    CLEANUP(moves_done) struct moves moves = MOVES_INIT;
    int64_t wake;

    do {
        moves_clear(&moves);
        next_moves(r->state, r->now_ms, &r->evaluator, &moves, &wake);
        for (size_t i = 0; i < moves.list.n; i++) run_perform(r, &moves.list.items[i]);
    } while (moves.list.n);
    if (wake != NEXT_NEVER) run_tell(r, "wake %lld", (long long)wake / 1000);
}

static size_t find_action(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->state->plan->n_actions; i++)
        if (strcmp(action_name(r, i), name) == 0) return i;
    tap_fail(__FILE__, __LINE__, "no action %s", name);
    tap_stop();
}

static const char *open_ticket(const struct run *r, const char *name)
{
    const struct invocation *i = state_open(r->state, find_action(r, name));

    if (i == NULL) {
        tap_fail(__FILE__, __LINE__, "action %s is not running", name);
        tap_stop();
    }
    return i->ticket;
}

static struct outcome outcome_of(const char *word, const char *code)
{
    static const struct {
        const char *word;
        struct outcome outcome;
    } rows[] = {
        {"ok", {.status = OUTCOME_SUCCEEDED, .has_exit_code = true}},
        {"warn", {.status = OUTCOME_SUCCEEDED, .has_exit_code = true, .has_warnings = true}},
        {"fail", {.status = OUTCOME_FAILED, .has_exit_code = true}},
        {"canceled", {.status = OUTCOME_CANCELED, .has_exit_code = true, .exit_code = -43}},
        {"timed-out", {.status = OUTCOME_TIMED_OUT, .has_exit_code = true, .exit_code = -43}},
        {"stuck", {.status = OUTCOME_TIMED_OUT, .may_still_run = true}},
        {"lost", {.status = OUTCOME_LOST}},
        {"gone", {.status = OUTCOME_LOST, .has_ended = true}},
        {"not-started", {.status = OUTCOME_NOT_STARTED, .error = "there is no pwsh on w1"}},
        {"away", {.status = OUTCOME_NOT_STARTED, .again = true}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outcome o = rows[i].outcome;
        int64_t n = 1;
        if (strcmp(rows[i].word, word) != 0) continue;
        if (o.status == OUTCOME_FAILED && code) (void)str_i64(code, INT32_MIN, INT32_MAX, &n);
        if (o.status == OUTCOME_FAILED) o.exit_code = (int)n;
        return o;
    }
    tap_fail(__FILE__, __LINE__, "no such event: %s", word);
    tap_stop();
}

/* Makes one event happen. -1 when the journal refuses it. */
static int run_happen(struct run *r, const char *event, struct error *e)
{
    char text[128], *save;
    int64_t seconds = 0;

    snprintf(text, sizeof text, "%s", event);
    const char *first = strtok_r(text, " ", &save), *second = strtok_r(NULL, " ", &save),
               *third = second ? strtok_r(NULL, " ", &save) : NULL;
    if (first == NULL) return 0;
    if (strcmp(first, "at") == 0) {
        EXPECT(str_i64(second, 0, INT32_MAX, &seconds));
        r->now_ms = seconds * 1000;
        return 0;
    }
    if (strcmp(first, "cancel") == 0)
        return run_append(r, entry_cancel(r->now_ms, "ann", "wrong version"), e);
    if (strcmp(first, "give-up") == 0)
        return run_append(r, entry_finished(r->now_ms, RUN_FAILED, "lost by restore", false), e);
    if (strcmp(second, "started") == 0)
        return run_append(r, entry_started(r->now_ms, open_ticket(r, first)), e);
    struct outcome o = outcome_of(second, third);
    return run_append(r, entry_outcome(r->now_ms, open_ticket(r, first), &o), e);
}

/* An event and the moves that follow it. */
static void run_expect(struct run *r, const char *event, const char *moves, const char *file,
                       int line)
{
    struct error err = {0};

    buf_clear(&r->told);
    if (run_happen(r, event, &err) < 0) {
        tap_fail(file, line, "after \"%s\": %s", event, err.text);
        tap_stop();
    }
    run_moves(r);
    if (strcmp(buf_str(&r->told), moves) == 0) return;
    tap_fail(file, line, "after \"%s\": \"%s\", wanted \"%s\"", event, buf_str(&r->told), moves);
    tap_stop();
}
#define AFTER(event, moves) run_expect(&run, event, moves, __FILE__, __LINE__)

#define RUN(process) RUN_WITH(process, NULL, NULL)
#define RUN_WITH(process, parallelism, truths) \
    CLEANUP(run_end) struct run run = {0};     \
    run_begin(&run, process, parallelism, truths)
#endif
