/* Journal entries as they are stored: names that never change, and what is refused. */
#include "tests/lib/tap.h"

#include "rules/entry.h"

/* What is stored for ever. A row that has to be changed here breaks the journals of released
 * versions. */
static const struct {
    enum entry_kind kind;
    const char *name;
} names[] = {
    {ENTRY_PLAN, "plan"},
    {ENTRY_START_INTENDED, "start-intended"},
    {ENTRY_STARTED, "started"},
    {ENTRY_OUTCOME, "outcome"},
    {ENTRY_SKIPPED, "skipped"},
    {ENTRY_CANCEL, "cancel"},
    {ENTRY_STOP_INTENDED, "stop-intended"},
    {ENTRY_CLEANED, "cleaned"},
    {ENTRY_FINISHED, "finished"},
};

TEST(the_names_of_kinds_and_words_never_change)
{
    static const char *const outcomes[] = {"succeeded", "failed", "canceled",
                                           "timed-out", "lost",   "not-started"};

    EXPECT_INT(ARRAY_LEN(names), ENTRY_KINDS);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        EXPECT_STR(entry_kind_name(names[i].kind), names[i].name);
    for (int i = 0; i < OUTCOME_STATUSES; i++) EXPECT_STR(outcome_status_name(i), outcomes[i]);
    EXPECT_STR(stop_reason_name(STOP_CANCEL), "cancel");
    EXPECT_STR(stop_reason_name(STOP_TIMEOUT), "timeout");
    EXPECT_STR(run_status_name(RUN_CANCELED), "Canceled");
}

static void check_printed(struct entry entry, const char *wanted)
{
    struct error err = {0};
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    struct entry again;

    entry_print(&out, &entry);
    EXPECT_STR(buf_str(&out), wanted);
    EXPECT_OK(
        entry_parse(5, entry_kind_name(entry.kind), entry.version, 77, out.p, out.n, &again, &err));
    EXPECT(json_equal(again.body, entry.body));
    EXPECT(again.seq == 5 && again.at_ms == 77 && again.kind == entry.kind);
    entry_done(&again);
    entry_done(&entry);
}

TEST(entries_are_stored_as_written_here)
{
    struct outcome failed = {.status = OUTCOME_FAILED, .has_exit_code = true, .exit_code = 3};

    check_printed(entry_start_intended(1, 2, 3, "abcdefgh", "Workers-1", NULL),
                  "{\"action\":2,\"attempt\":3,\"ticket\":\"abcdefgh\",\"worker\":\"Workers-1\"}");
    check_printed(entry_started(1, "abcdefgh"), "{\"ticket\":\"abcdefgh\"}");
    check_printed(entry_outcome(1, "abcdefgh", &failed),
                  "{\"ticket\":\"abcdefgh\",\"status\":\"failed\",\"exit_code\":3}");
    check_printed(entry_outcome(1, "abcdefgh", &(struct outcome){.status = OUTCOME_LOST}),
                  "{\"ticket\":\"abcdefgh\",\"status\":\"lost\",\"may_still_run\":true}");
    check_printed(
        entry_outcome(1, "abcdefgh", &(struct outcome){.status = OUTCOME_LOST, .has_ended = true}),
        "{\"ticket\":\"abcdefgh\",\"status\":\"lost\",\"may_still_run\":false}");
    check_printed(entry_skipped(1, 0, "why"), "{\"action\":0,\"reason\":\"why\"}");
    check_printed(entry_cancel(1, "ann", NULL), "{\"user\":\"ann\"}");
    check_printed(entry_stop_intended(1, "abcdefgh", STOP_TIMEOUT),
                  "{\"ticket\":\"abcdefgh\",\"reason\":\"timeout\"}");
    check_printed(entry_cleaned(1, "abcdefgh"), "{\"ticket\":\"abcdefgh\"}");
    check_printed(entry_finished(1, RUN_FAILED, "it broke", true),
                  "{\"status\":\"Failed\",\"error\":\"it broke\",\"has_warnings\":true}");
}

TEST(text_that_is_no_utf8_is_repaired)
{
    check_printed(entry_finished(1, RUN_FAILED, "bad \xff byte", false),
                  "{\"status\":\"Failed\",\"error\":\"bad \xef\xbf\xbd byte\"}");
}

static const struct {
    const char *kind;
    int version;
    const char *body;
    enum error_kind wanted;
    const char *words;
} refused[] = {
    {"paused", 1, "{}", ERR_INVALID,
     "journal entry 5 is of the kind \"paused\", which only a newer"},
    {"cancel", 2, "{}", ERR_INVALID, "journal entry 5 (cancel) has version 2, written by a newer"},
    {"cancel", 0, "{}", ERR_CORRUPT, "version 0"},
    {"cancel", 1, "{", ERR_CORRUPT, "journal entry 5 (cancel): JSON is not valid"},
    {"cancel", 1, "[]", ERR_CORRUPT, "is not an object"},
    {"cancel", 1, "{\"user\":7}", ERR_CORRUPT, "\"user\""},
    {"started", 1, "{}", ERR_CORRUPT, "has no \"ticket\""},
    {"started", 1, "{\"ticket\":\"../../x\"}", ERR_CORRUPT, "\"ticket\""},
    {"start-intended", 1, "{\"action\":-1,\"attempt\":1,\"ticket\":\"abcdefgh\"}", ERR_CORRUPT,
     "\"action\""},
    {"start-intended", 1, "{\"action\":1,\"attempt\":4294967297,\"ticket\":\"abcdefgh\"}",
     ERR_CORRUPT, "\"attempt\""},
    {"outcome", 1, "{\"ticket\":\"abcdefgh\",\"status\":\"Succeeded\"}", ERR_CORRUPT, "\"status\""},
    {"outcome", 1, "{\"ticket\":\"abcdefgh\",\"status\":\"lost\",\"may_still_run\":1}", ERR_CORRUPT,
     "\"may_still_run\""},
    {"stop-intended", 1, "{\"ticket\":\"abcdefgh\",\"reason\":\"\"}", ERR_CORRUPT, "\"reason\""},
    {"finished", 1, "{\"status\":null}", ERR_CORRUPT, "\"status\""},
};

TEST(stored_entries_that_are_not_understood_are_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct error err = {0};
        struct entry entry;
        EXPECT_FAILS(entry_parse(5, refused[i].kind, refused[i].version, 1, refused[i].body,
                                 strlen(refused[i].body), &entry, &err),
                     refused[i].wanted);
        if (!strstr(err.text, refused[i].words))
            tap_fail(__FILE__, __LINE__, "row %zu: %s", i, err.text), tap_stop();
    }
}

TEST(members_that_are_not_known_are_kept)
{
    struct error err = {0};
    CLEANUP(entry_done) struct entry entry = {0};
    const char *body = "{\"user\":null,\"from\":\"10.0.0.1\"}";

    EXPECT_OK(entry_parse(1, "cancel", 1, 1, body, strlen(body), &entry, &err));
    EXPECT_STR(jv_str(entry.body, "from", ""), "10.0.0.1");
}
