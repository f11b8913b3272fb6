/* What a journal may hold, what it may not, and the kept journals of released versions. */
#include "tests/unit/rules/run.h"

#include <dirent.h>

TEST(entries_come_without_gaps)
{
    struct error err = {0};
    RUN("A");
    CLEANUP(entry_done) struct entry entry = entry_cancel(1, NULL, NULL);
    entry.seq = 3;
    EXPECT_FAILS(state_apply(run.state, &entry, &err), ERR_CORRUPT);
    EXPECT_STR(err.text, "journal entry 3 (cancel) is not possible: the entry before it is 1");
    entry.seq = 1;
    EXPECT_FAILS(state_apply(run.state, &entry, &err), ERR_CORRUPT);
}

/* After the events, the entry is refused with these words. */
static const struct {
    const char *events[3];
    enum entry_kind kind;
    size_t action;
    int attempt;
    const char *ticket;
    enum stop_reason stop;
    enum run_status status;
    const char *words;
} refused[] = {
    {.kind = ENTRY_PLAN, .words = "the run is running"},
    {.kind = ENTRY_START_INTENDED, .action = 9, .words = "there is no action 9, the plan has 3"},
    {.kind = ENTRY_START_INTENDED,
     .attempt = 1,
     .ticket = "other0001",
     .words = "cannot start attempt 1"},
    {.kind = ENTRY_START_INTENDED,
     .action = 1,
     .attempt = 2,
     .ticket = "other0001",
     .words = "cannot start attempt 2"},
    {.kind = ENTRY_START_INTENDED,
     .action = 1,
     .attempt = 1,
     .ticket = "ticket0001",
     .words = "was used before"},
    {.kind = ENTRY_START_INTENDED,
     .action = 2,
     .attempt = 1,
     .ticket = "other0001",
     .words = "action 2 is Pending"},
    {{"A ok"}, ENTRY_START_INTENDED, 0, 2, "other0001", 0, 0, "action 0 is Succeeded"},
    {{"cancel"}, ENTRY_START_INTENDED, 1, 1, "other0001", 0, 0, "the run is cancelled"},
    {.kind = ENTRY_STARTED, .ticket = "other0001", .words = "there is no ticket other0001"},
    {{"A started"}, ENTRY_STARTED, 0, 0, "ticket0001", 0, 0, "has started before"},
    {{"A ok"}, ENTRY_STARTED, 0, 0, "ticket0001", 0, 0, "has ended as Succeeded"},
    {{"A fail"}, ENTRY_OUTCOME, 0, 0, "ticket0001", 0, 0, "has ended as Failed"},
    {{"A ok"}, ENTRY_SKIPPED, 0, 0, NULL, 0, 0, "action 0 is Succeeded"},
    {.kind = ENTRY_SKIPPED, .words = "action 0 is Running"},
    {{"cancel"}, ENTRY_SKIPPED, 1, 0, NULL, 0, 0, "the run is cancelled"},
    {{"cancel"}, ENTRY_CANCEL, 0, 0, NULL, 0, 0, "the run is cancelled"},
    {.kind = ENTRY_STOP_INTENDED,
     .ticket = "ticket0001",
     .stop = STOP_CANCEL,
     .words = "the task is not cancelled"},
    {{"A ok"}, ENTRY_STOP_INTENDED, 0, 0, "ticket0001", STOP_TIMEOUT, 0, "has ended as Succeeded"},
    {.kind = ENTRY_CLEANED, .ticket = "ticket0001", .words = "is still open"},
    {.kind = ENTRY_FINISHED, .status = RUN_SUCCESS, .words = "3 actions left"},
    {.kind = ENTRY_FINISHED, .status = RUN_CANCELED, .words = "1 scripts are open"},
    {{"cancel"}, ENTRY_FINISHED, 0, 0, NULL, 0, RUN_SUCCESS, "is no success"},
    {{"give-up"}, ENTRY_FINISHED, 0, 0, NULL, 0, RUN_FAILED, "the run is finished"},
    {{"give-up"}, ENTRY_CANCEL, 0, 0, NULL, 0, 0, "the run is finished"},
};

static struct entry refused_entry(const struct run *run, size_t row)
{
    const char *ticket = refused[row].ticket ? refused[row].ticket : "ticket0001";

    switch (refused[row].kind) {
    case ENTRY_PLAN: return entry_plan(1, json_incref(run->journal.items[0].body));
    case ENTRY_START_INTENDED:
        return entry_start_intended(1, refused[row].action, refused[row].attempt, ticket, NULL,
                                    NULL);
    case ENTRY_STARTED: return entry_started(1, ticket);
    case ENTRY_OUTCOME:
        return entry_outcome(1, ticket, &(struct outcome){.status = OUTCOME_SUCCEEDED});
    case ENTRY_SKIPPED: return entry_skipped(1, refused[row].action, "why not");
    case ENTRY_CANCEL: return entry_cancel(1, NULL, NULL);
    case ENTRY_STOP_INTENDED: return entry_stop_intended(1, ticket, refused[row].stop);
    case ENTRY_CLEANED: return entry_cleaned(1, ticket);
    default: return entry_finished(1, refused[row].status, NULL, false);
    }
}

TEST(an_entry_that_is_not_possible_is_refused_by_its_number_and_changes_nothing)
{
    for (size_t row = 0; row < ARRAY_LEN(refused); row++) {
        struct error err = {0};
        CLEANUP(buf_done) struct buf before = BUF_INIT(BUF_UNBOUNDED);
        CLEANUP(buf_done) struct buf after = BUF_INIT(BUF_UNBOUNDED);
        RUN("A B C/d");
        EXPECT_OK(run_append(&run, entry_start_intended(1, 0, 1, "ticket0001", NULL, NULL), &err));
        for (size_t i = 0; i < 3 && refused[row].events[i]; i++)
            EXPECT_OK(run_happen(&run, refused[row].events[i], &err));
        state_print(&before, run.state);
        EXPECT_FAILS(run_append(&run, refused_entry(&run, row), &err), ERR_CORRUPT);
        if (!strstr(err.text, refused[row].words) || !strstr(err.text, "journal entry "))
            tap_fail(__FILE__, __LINE__, "row %zu: %s", row, err.text), tap_stop();
        state_print(&after, run.state);
        EXPECT_STR(buf_str(&after), buf_str(&before));
    }
}

TEST(a_script_that_has_started_cannot_become_not_started)
{
    struct error err = {0};
    RUN("A");
    AFTER("", "start A.1");
    EXPECT_OK(run_happen(&run, "A started", &err));
    EXPECT_FAILS(run_happen(&run, "A away", &err), ERR_CORRUPT);
}

TEST(a_ticket_is_cleaned_once)
{
    struct error err = {0};
    RUN("A B");
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
    EXPECT_INT(run.state->unclean, 0);
    EXPECT_FAILS(run_append(&run, entry_cleaned(1, "ticket0001"), &err), ERR_CORRUPT);
}

TEST(a_run_that_cannot_be_planned_fails_without_plan)
{
    struct error err = {0};
    CLEANUP(run_end) struct run run = {.state = state_new(), .told = BUF_INIT(BUF_UNBOUNDED)};
    EXPECT_OK(run_happen(&run, "give-up", &err));
    AFTER("", "");
    EXPECT(run.state->finished && run.state->status == RUN_FAILED);
}

TEST(a_plan_of_a_newer_program_is_left_alone)
{
    struct error err = {0};
    CLEANUP(state_freep) struct state *s = state_new();
    json_t *plan = json_pack("{s:i, s:[]}", "Version", PLAN_VERSION + 1, "Steps");
    CLEANUP(entry_done) struct entry entry = entry_plan(1, plan);
    entry.seq = 1;
    EXPECT_FAILS(state_apply(s, &entry, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "newer version") != NULL);
    EXPECT_INT(s->seq, 0);
}

static void append_text(struct run *run, const char *kind, const char *body)
{
    struct error err = {0};
    struct entry entry;

    EXPECT_OK(entry_parse(1, kind, 1, run->now_ms, body, strlen(body), &entry, &err));
    run_must(run, entry);
}

TEST(a_lost_script_may_still_run_when_nobody_says_otherwise)
{
    RUN("A/r1");
    AFTER("", "start A.1");
    append_text(&run, "outcome", "{\"ticket\":\"ticket0001\",\"status\":\"lost\"}");
    EXPECT(run.state->invocations.items[0].may_still_run);
    AFTER("", "finish Failed");
}

TEST(only_a_script_that_has_not_started_goes_to_another_worker_for_nothing)
{
    RUN("A");
    AFTER("", "start A.1");
    append_text(&run, "outcome",
                "{\"ticket\":\"ticket0001\",\"status\":\"failed\",\"again\":true}");
    AFTER("", "finish Failed");
}

TEST(a_step_that_failed_before_it_was_cancelled_has_failed)
{
    RUN_WITH("S(A,B:V)", NULL, " b ");
    AFTER("", "start A.1");
    AFTER("A fail", "start B.1");
    AFTER("cancel", "stop B.1 cancel");
    AFTER("B ok", "finish Canceled");
    EXPECT_INT(state_step(run.state, 0), ACTION_FAILED);
}

TEST(a_step_is_the_sum_of_its_actions)
{
    RUN("S(A,B,C)");
    EXPECT_INT(state_step(run.state, 0), ACTION_PENDING);
    AFTER("", "start A.1");
    EXPECT_INT(state_step(run.state, 0), ACTION_RUNNING);
    AFTER("A ok", "start B.1");
    EXPECT_INT(state_step(run.state, 0), ACTION_RUNNING);
    AFTER("B fail", "skip C, finish Failed");
    EXPECT_INT(state_step(run.state, 0), ACTION_FAILED);
}

/* ------------------------------------------------------------------ kept journals */

#define JOURNALS "tests/data/journals"

static json_t *read_json(const char *path)
{
    json_error_t je;
    json_t *v = json_load_file(path, JSON_REJECT_DUPLICATES, &je);

    if (v == NULL)
        tap_fail(__FILE__, __LINE__, "%s: line %d: %s", path, je.line, je.text), tap_stop();
    return v;
}

static void fold_kept(const char *path)
{
    json_auto_t *kept = read_json(path);
    CLEANUP(state_freep) struct state *s = state_new();
    json_t *row;
    size_t i;

    json_array_foreach (jv_get(kept, "journal"), i, row) {
        struct error err = {0};
        CLEANUP(entry_done) struct entry entry = {0};
        CLEANUP(freep) char *body = jv_text(jv_get(row, "body"));
        EXPECT_OK(entry_parse(jv_i64(row, "seq", 0), jv_str(row, "kind", ""),
                              (int)jv_i64(row, "version", 0), jv_i64(row, "at_ms", 0), body,
                              strlen(body), &entry, &err));
        EXPECT_OK(state_apply(s, &entry, &err));
    }
    EXPECT(s->seq > 0);
    json_auto_t *folded = state_json(s);
    if (json_equal(folded, jv_get(kept, "state"))) return;
    CLEANUP(freep) char *text = jv_text(folded);
    tap_fail(__FILE__, __LINE__, "%s folds to %s", path, text), tap_stop();
}

/* Members that a later version adds to state_json are added to these files; what is there never
 * changes. */
TEST(the_journals_of_all_released_versions_fold)
{
    DIR *dir = opendir(JOURNALS);
    struct dirent *d;
    int folded = 0;

    if (dir == NULL) CANNOT_RUN("tests run in the top folder of the repository");
    while ((d = readdir(dir)) != NULL) {
        char path[400];
        if (!str_ends(d->d_name, ".json")) continue;
        snprintf(path, sizeof path, JOURNALS "/%s", d->d_name);
        fold_kept(path);
        folded++;
    }
    closedir(dir);
    EXPECT(folded >= 3);
}

static void keep(const struct run *r, const char *name)
{
    json_auto_t *kept = json_object();
    json_t *rows = json_array();
    char path[200];

    for (size_t i = 0; i < r->journal.n; i++) {
        const struct entry *e = &r->journal.items[i];
        json_t *row = json_object();
        jv_set_i64(row, "seq", e->seq);
        jv_set_str(row, "kind", entry_kind_name(e->kind));
        jv_set_i64(row, "version", e->version);
        jv_set_i64(row, "at_ms", e->at_ms);
        jv_set(row, "body", json_incref(e->body));
        jv_push(rows, row);
    }
    jv_set(kept, "journal", rows);
    jv_set(kept, "state", state_json(r->state));
    snprintf(path, sizeof path, "%s/%s-%s.json", getenv("KEEP_JOURNALS"), BOBTAIL_VERSION, name);
    EXPECT_INT(json_dump_file(kept, path, JSON_INDENT(1)), 0);
}

/* Before a release: KEEP_JOURNALS=tests/data/journals runs these and writes the files; otherwise
 * they only run. */
static void course(const char *name, const char *process, const char *const events[])
{
    struct error err = {0};
    RUN_WITH(process, "2", " b ");

    run.now_ms = 1767225600000; /* 2026-01-01 */
    run_moves(&run);
    for (size_t i = 0; events[i]; i++) {
        run.now_ms += 61000;
        EXPECT_OK(run_happen(&run, events[i], &err));
        run_moves(&run);
    }
    EXPECT(run.state->finished);
    if (getenv("KEEP_JOURNALS")) keep(&run, name);
}

TEST(a_success_a_failure_and_a_cancel_can_be_kept)
{
    course("success", "A/r1 B:V(C,D:V) +E F:F G/d",
           (const char *const[]){"A started", "A warn", "C ok", "E ok", NULL});
    course("failure", "A +B/r2 +C/t1 D:A E",
           (const char *const[]){"A ok", "B fail 3", "B away", "", "C started", "", "C timed-out",
                                 "B gone", "B lost", "D ok", NULL});
    course("cancel", "A/r1/b60 +B C",
           (const char *const[]){"A fail 2", "B started", "cancel", "A ok", "B lost", NULL});
    course("give-up", "A B", (const char *const[]){"give-up", NULL});
}
