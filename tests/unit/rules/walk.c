/* Random walks: thousands of made-up processes, each run by a made-up world that performs moves
 * late, in any order, and answers at random. What must hold in every run is checked at every step
 * of it:
 * - the run ends; never is an action open twice; nothing starts after a cancel; places, groups,
 * attempts are respected;
 * - folding a stored prefix of the journal and then the rest gives the same state, text for text,
 * as having lived it;
 * - an entry that is not legal is refused and changes nothing. */
#include "tests/unit/rules/run.h"

#define WALKS 2000
#define EVENTS_MAX 5000

static unsigned seed;
static unsigned below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}
static bool chance(unsigned percent) { return below(100) < percent; }

static char *random_process(void)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);
    unsigned steps = 1 + below(6), letter = 0;

    for (unsigned i = 0; i < steps; i++) {
        unsigned actions = chance(25) ? 2 + below(2) : 1;
        if (i) buf_addc(&out, ' ');
        if (chance(40)) buf_addc(&out, '+');
        buf_addf(&out, "S%u", i);
        if (chance(40)) buf_addf(&out, ":%c", "FAV"[below(3)]);
        buf_addc(&out, '(');
        for (unsigned k = 0; k < actions; k++) {
            if (k) buf_addc(&out, ',');
            buf_addf(&out, "%c%u", 'A' + (int)(letter % 26), letter);
            letter++;
            if (chance(15)) buf_adds(&out, ":V");
            if (chance(40)) buf_addf(&out, "/r%u", below(4));
            if (chance(30)) buf_addf(&out, "/b%u", below(100));
            if (chance(30)) buf_addf(&out, "/t%u", 1 + below(3));
            if (chance(10)) buf_adds(&out, "/d");
        }
        buf_addc(&out, ')');
    }
    return buf_take(&out);
}

/* ------------------------------------------------------------------ what must hold */

static void check_places(const struct state *s)
{
    int64_t busy = 0;
    size_t group = SIZE_MAX;

    for (size_t i = 0; i < s->plan->n_steps; i++) {
        enum action_status status = state_step(s, i);
        if (status != ACTION_RUNNING && status != ACTION_WAITING) continue;
        EXPECT(group == SIZE_MAX || group == s->plan->steps[i].group);
        group = s->plan->steps[i].group;
        busy++;
    }
    EXPECT(busy <= s->plan->max_parallelism);
}

static void check_start(const struct state *s, const struct move *m)
{
    const struct plan_action *a = &s->plan->actions[m->action];
    const struct plan_step *step = &s->plan->steps[a->step];

    EXPECT(!s->cancelled && !s->finished);
    EXPECT(state_open(s, m->action) == NULL);
    EXPECT(m->attempt <= 1 + a->retries);
    for (size_t i = step->first_action; i < m->action; i++)
        EXPECT(action_ended(s->actions[i].status));
    for (size_t i = 0; i < s->plan->n_steps; i++)
        if (s->plan->steps[i].group < step->group) EXPECT(action_ended(state_step(s, i)));
    if (s->actions[m->action].attempts == 0) return;
    const struct invocation *last = &s->invocations.items[s->actions[m->action].last];
    EXPECT(!last->may_still_run);
    EXPECT(last->status != INVOCATION_SUCCEEDED);
}

static void check_end(const struct state *s)
{
    bool failed = false;

    for (size_t i = 0; i < s->plan->n_actions; i++) {
        EXPECT(action_ended(s->actions[i].status));
        failed |= s->actions[i].status == ACTION_FAILED;
        EXPECT(s->cancelled || s->actions[i].status != ACTION_CANCELED);
    }
    EXPECT_INT(s->status, s->cancelled ? RUN_CANCELED : failed ? RUN_FAILED : RUN_SUCCESS);
    EXPECT((s->error != NULL) == (s->status != RUN_SUCCESS));
}

/* Stores and reads an entry, as a database would. */
static void fold_one(struct state *s, const struct entry *live)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(entry_done) struct entry stored = {0};
    struct error err = {0};

    entry_print(&text, live);
    EXPECT_OK(entry_parse(live->seq, entry_kind_name(live->kind), live->version, live->at_ms,
                          text.p, text.n, &stored, &err));
    EXPECT_OK(state_apply(s, &stored, &err));
}

static void check_same(const struct state *a, const struct state *b)
{
    CLEANUP(buf_done) struct buf x = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf y = BUF_INIT(BUF_UNBOUNDED);

    state_print(&x, a);
    state_print(&y, b);
    EXPECT_STR(buf_str(&x), buf_str(&y));
}

static void check_fold(const struct run *r)
{
    CLEANUP(state_freep) struct state *folded = state_new();

    for (size_t i = 0; i < r->journal.n; i++) fold_one(folded, &r->journal.items[i]);
    check_same(r->state, folded);
}

/* An entry of any kind about anything is legal or changes nothing; the run goes on with what was
 * not refused. */
static void try_nonsense(struct run *r)
{
    CLEANUP(buf_done) struct buf before = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf after = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(state_freep) struct state *copy = state_new();
    CLEANUP(entry_done) struct entry entry = {0};
    size_t action = below((unsigned)r->state->plan->n_actions + 1);
    char ticket[32];
    struct error err = {0};

    snprintf(ticket, sizeof ticket, "ticket%04u", below((unsigned)r->tickets + 2));
    switch (below(8)) {
    case 0: entry = entry_start_intended(1, action, (int)below(3), ticket, NULL, NULL); break;
    case 1: entry = entry_started(1, ticket); break;
    case 2:
        entry = entry_outcome(1, ticket, &(struct outcome){.status = below(OUTCOME_STATUSES)});
        break;
    case 3: entry = entry_skipped(1, action, "nonsense"); break;
    case 4: entry = entry_cancel(1, NULL, NULL); break;
    case 5: entry = entry_stop_intended(1, ticket, 1 + below(2)); break;
    case 6: entry = entry_cleaned(1, ticket); break;
    default: entry = entry_finished(1, below(RUN_STATUSES), NULL, false); break;
    }
    for (size_t i = 0; i < r->journal.n; i++) fold_one(copy, &r->journal.items[i]);
    state_print(&before, copy);
    entry.seq = copy->seq + (chance(5) ? 2 : 1);
    if (state_apply(copy, &entry, &err) == 0) return;
    EXPECT_INT(err.kind, ERR_CORRUPT);
    EXPECT(strstr(err.text, "journal entry ") != NULL);
    state_print(&after, copy);
    EXPECT_STR(buf_str(&before), buf_str(&after));
}

/* ------------------------------------------------------------------ the world */

static void perform(struct run *r, const struct move *m)
{
    if (m->kind == MOVE_START) check_start(r->state, m);
    if (m->kind == MOVE_STOP && m->reason == STOP_CANCEL) EXPECT(r->state->cancelled);
    run_perform(r, m);
    check_places(r->state);
}

static void answer_one(struct run *r)
{
    static const char *const words[] = {"ok",        "ok",       "ok",          "fail",
                                        "fail",      "canceled", "lost",        "gone",
                                        "timed-out", "away",     "not-started", "stuck"};
    const struct invocation *open[64];
    size_t n = 0;

    for (size_t i = 0; i < r->state->invocations.n && n < 64; i++)
        if (!invocation_ended(&r->state->invocations.items[i]))
            open[n++] = &r->state->invocations.items[i];
    if (n == 0) return;
    const struct invocation *i = open[below((unsigned)n)];
    struct outcome o = outcome_of(words[below(ARRAY_LEN(words))], NULL);
    if (i->status == INVOCATION_INTENDED && chance(30)) {
        run_must(r, entry_started(r->now_ms, i->ticket));
        return;
    }
    if (o.status == OUTCOME_NOT_STARTED && i->status == INVOCATION_STARTED)
        o.status = OUTCOME_FAILED;
    if (o.again && chance(70)) o.again = false;
    run_must(r, entry_outcome(r->now_ms, i->ticket, &o));
}

/* One event: time goes by, a script answers, a person cancels, or some of the ready moves are
 * performed. */
static void live(struct run *r, const char *const truths[2])
{
    CLEANUP(moves_done) struct moves moves = MOVES_INIT;
    int64_t wake;

    r->now_ms += below(20) * 1000;
    r->truths = truths[chance(50)];
    if (chance(1) && state_may_cancel(r->state)) run_must(r, entry_cancel(r->now_ms, "ann", NULL));
    next_moves(r->state, r->now_ms, &r->evaluator, &moves, &wake);
    EXPECT(wake > r->now_ms);
    if (r->state->finished) {
        for (size_t i = 0; i < moves.list.n; i++) EXPECT_INT(moves.list.items[i].kind, MOVE_CLEAN);
    } else if (moves.list.n == 0) {
        EXPECT(r->state->open > 0 || wake != NEXT_NEVER); /* somebody is waited for */
    }
    for (size_t i = 0; i < moves.list.n; i++)
        for (size_t k = 0; k < i; k++)
            EXPECT(!move_same(&moves.list.items[i], &moves.list.items[k]));
    if (moves.list.n && chance(60)) perform(r, &moves.list.items[below((unsigned)moves.list.n)]);
    else answer_one(r);
    buf_clear(&r->told);
}

static void walk(unsigned number)
{
    static const char *const parallelisms[] = {"1", "2", "3", NULL};
    seed = number * 2654435761u + 17;
    CLEANUP(freep) char *process = random_process();
    CLEANUP(run_end) struct run run = {0};
    int events = 0;

    run_begin(&run, process, parallelisms[below(4)], "");
    /* every expression there can be: s0.. and a0..; true in one of the two worlds */
    struct buf all = BUF_INIT(BUF_UNBOUNDED);
    for (size_t i = 0; i < run.state->plan->n_steps; i++)
        buf_addf(&all, " %s ", run.state->plan->steps[i].expression);
    for (size_t i = 0; i < run.state->plan->n_actions; i++)
        buf_addf(&all, " %s ", run.state->plan->actions[i].expression);
    CLEANUP(freep) char *truths = buf_take(&all);
    while (!(run.state->finished && run.state->unclean == 0)) {
        if (++events > EVENTS_MAX)
            tap_fail(__FILE__, __LINE__, "walk %u does not end: %s", number, process), tap_stop();
        live(&run, (const char *const[]){"", truths});
        if (chance(3)) check_fold(&run);
        if (chance(5)) try_nonsense(&run);
    }
    check_end(run.state);
    check_fold(&run);
}

TEST_LIMIT(random_runs_end_as_the_rules_say, 120)
{
    for (unsigned i = 0; i < WALKS; i++) walk(i);
}

/* Folding any prefix and then the rest is folding the whole: there is nothing but the journal. */
TEST(every_prefix_of_a_journal_can_be_continued)
{
    for (unsigned i = 0; i < 60; i++) {
        seed = i + 1;
        CLEANUP(freep) char *process = random_process();
        CLEANUP(run_end) struct run run = {0};
        run_begin(&run, process, "2", "");
        for (int events = 0; events < 400 && !run.state->finished; events++)
            live(&run, (const char *const[]){"", ""});
        for (size_t cut = 0; cut <= run.journal.n; cut++) {
            CLEANUP(state_freep) struct state *s = state_new();
            for (size_t k = 0; k < cut; k++) fold_one(s, &run.journal.items[k]);
            CLEANUP(moves_done) struct moves moves = MOVES_INIT;
            int64_t wake;
            next_moves(s, run.now_ms, &run.evaluator, &moves, &wake); /* looking changes nothing */
            for (size_t k = cut; k < run.journal.n; k++) fold_one(s, &run.journal.items[k]);
            check_same(s, run.state);
        }
    }
}
