/* entry.c - see entry.h.
 *
 * One table says what each kind holds; reading checks against it, so that state.c may take members
 * for granted. A stored body may hold members that the table does not know: they are kept and
 * ignored, so that a later program can add some without a new version where an older one may ignore
 * them. */
#include "rules/entry.h"

#include <inttypes.h>

#include "base/id.h"
#include "base/str.h"
#include "base/utf8.h"

static const struct {
    const char *name;
    int version;
} kinds[ENTRY_KINDS] = {
    [ENTRY_PLAN] = {"plan", 1},
    [ENTRY_START_INTENDED] = {"start-intended", 1},
    [ENTRY_STARTED] = {"started", 1},
    [ENTRY_OUTCOME] = {"outcome", 1},
    [ENTRY_SKIPPED] = {"skipped", 1},
    [ENTRY_CANCEL] = {"cancel", 1},
    [ENTRY_STOP_INTENDED] = {"stop-intended", 1},
    [ENTRY_CLEANED] = {"cleaned", 1},
    [ENTRY_FINISHED] = {"finished", 1},
};

static const char *const outcome_names[OUTCOME_STATUSES] = {
    [OUTCOME_SUCCEEDED] = "succeeded", [OUTCOME_FAILED] = "failed",
    [OUTCOME_CANCELED] = "canceled",   [OUTCOME_TIMED_OUT] = "timed-out",
    [OUTCOME_LOST] = "lost",           [OUTCOME_NOT_STARTED] = "not-started",
};
static const char *const stop_names[STOP_REASONS] = {
    [STOP_NONE] = "",
    [STOP_CANCEL] = "cancel",
    [STOP_TIMEOUT] = "timeout",
};
static const char *const run_names[RUN_STATUSES] = {
    [RUN_SUCCESS] = "Success",
    [RUN_FAILED] = "Failed",
    [RUN_CANCELED] = "Canceled",
};

const char *entry_kind_name(enum entry_kind kind) { return kinds[kind].name; }
int entry_kind_version(enum entry_kind kind) { return kinds[kind].version; }
const char *outcome_status_name(enum outcome_status s) { return outcome_names[s]; }
const char *stop_reason_name(enum stop_reason r) { return stop_names[r]; }
const char *run_status_name(enum run_status s) { return run_names[s]; }

/* Stored words are exact: no folding of case, no blanks. */
static int word_index(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; word && word[0] && i < n; i++)
        if (strcmp(words[i], word) == 0) return (int)i;
    return -1;
}

bool outcome_status_of(const char *name, enum outcome_status *ret)
{
    int i = word_index(outcome_names, OUTCOME_STATUSES, name);

    if (i >= 0) *ret = (enum outcome_status)i;
    return i >= 0;
}

bool stop_reason_of(const char *name, enum stop_reason *ret)
{
    int i = word_index(stop_names, STOP_REASONS, name);

    if (i >= 0) *ret = (enum stop_reason)i;
    return i >= 0;
}

bool run_status_of(const char *name, enum run_status *ret)
{
    int i = word_index(run_names, RUN_STATUSES, name);

    if (i >= 0) *ret = (enum run_status)i;
    return i >= 0;
}

/* ------------------------------------------------------------------ what a body holds */

enum shape { TEXT, TICKET, COUNT, INT, FLAG, OUTCOME_WORD, STOP_WORD, RUN_WORD };
static const struct member {
    enum entry_kind kind;
    const char *name;
    enum shape shape;
    bool optional;
} members[] = {
    {ENTRY_START_INTENDED, "action", COUNT, false},
    {ENTRY_START_INTENDED, "attempt", COUNT, false},
    {ENTRY_START_INTENDED, "ticket", TICKET, false},
    {ENTRY_START_INTENDED, "worker", TEXT, true},
    {ENTRY_START_INTENDED, "worker_name", TEXT, true},
    {ENTRY_START_INTENDED, "boot", TEXT, true},
    {ENTRY_STARTED, "ticket", TICKET, false},
    {ENTRY_OUTCOME, "ticket", TICKET, false},
    {ENTRY_OUTCOME, "status", OUTCOME_WORD, false},
    {ENTRY_OUTCOME, "exit_code", INT, true},
    {ENTRY_OUTCOME, "error", TEXT, true},
    {ENTRY_OUTCOME, "has_warnings", FLAG, true},
    {ENTRY_OUTCOME, "may_still_run", FLAG, true},
    {ENTRY_OUTCOME, "again", FLAG, true},
    {ENTRY_SKIPPED, "action", COUNT, false},
    {ENTRY_SKIPPED, "reason", TEXT, false},
    {ENTRY_CANCEL, "user", TEXT, true},
    {ENTRY_CANCEL, "reason", TEXT, true},
    {ENTRY_STOP_INTENDED, "ticket", TICKET, false},
    {ENTRY_STOP_INTENDED, "reason", STOP_WORD, false},
    {ENTRY_CLEANED, "ticket", TICKET, false},
    {ENTRY_FINISHED, "status", RUN_WORD, false},
    {ENTRY_FINISHED, "error", TEXT, true},
    {ENTRY_FINISHED, "has_warnings", FLAG, true},
};

static bool has_shape(const json_t *v, enum shape shape)
{
    const char *s = json_string_value(v);
    json_int_t i = json_integer_value(v);

    switch (shape) {
    case TEXT: return s != NULL;
    case TICKET: return s && id_ticket_valid(s);
    case COUNT: return json_is_integer(v) && i >= 0 && i <= INT32_MAX;
    case INT: return json_is_integer(v) && i >= INT32_MIN && i <= INT32_MAX;
    case FLAG: return json_is_boolean(v);
    case OUTCOME_WORD: return word_index(outcome_names, OUTCOME_STATUSES, s) >= 0;
    case STOP_WORD: return word_index(stop_names, STOP_REASONS, s) >= 0;
    case RUN_WORD: return word_index(run_names, RUN_STATUSES, s) >= 0;
    }
    return false;
}

int entry_check(const struct entry *entry, struct error *e)
{
    const char *kind = entry_kind_name(entry->kind);

    if (!json_is_object(entry->body))
        return fail(e, ERR_CORRUPT, "journal entry %" PRId64 " (%s) is not an object", entry->seq,
                    kind);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct member *m = &members[i];
        const json_t *v = m->kind == entry->kind ? json_object_get(entry->body, m->name) : NULL;
        if (m->kind != entry->kind || (m->optional && (v == NULL || json_is_null(v)))) continue;
        if (v == NULL)
            return fail(e, ERR_CORRUPT, "journal entry %" PRId64 " (%s) has no \"%s\"", entry->seq,
                        kind, m->name);
        if (!has_shape(v, m->shape))
            return fail(e, ERR_CORRUPT,
                        "journal entry %" PRId64 " (%s): \"%s\" has a value that it cannot have",
                        entry->seq, kind, m->name);
    }
    return 0;
}

static int kind_of(const char *name, enum entry_kind *ret)
{
    for (int i = 0; i < ENTRY_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *ret = (enum entry_kind)i;
            return 0;
        }
    return -1;
}

int entry_parse(int64_t seq, const char *kind, int version, int64_t at_ms, const char *text,
                size_t n, struct entry *ret, struct error *e)
{
    CLEANUP(entry_done) struct entry entry = {.seq = seq, .version = version, .at_ms = at_ms};

    if (kind_of(kind, &entry.kind) < 0)
        return fail(e, ERR_INVALID,
                    "journal entry %" PRId64
                    " is of the kind \"%.60s\", which only a newer version "
                    "of the program knows",
                    seq, kind);
    if (version > kinds[entry.kind].version)
        return fail(e, ERR_INVALID,
                    "journal entry %" PRId64 " (%s) has version %d, written by a newer version of "
                    "the program; this one knows %d",
                    seq, kind, version, kinds[entry.kind].version);
    if (version < 1)
        return fail(e, ERR_CORRUPT, "journal entry %" PRId64 " (%s) has version %d", seq, kind,
                    version);
    if (jv_parse(text, n, &entry.body, e) < 0) {
        if (e) e->kind = ERR_CORRUPT;
        return fail_wrap(e, "journal entry %" PRId64 " (%s)", seq, kind);
    }
    if (entry_check(&entry, e) < 0) return -1;
    *ret = entry;
    entry.body = NULL;
    return 0;
}

void entry_print(struct buf *out, const struct entry *entry) { jv_print(out, entry->body); }

void entry_done(struct entry *entry)
{
    if (entry == NULL) return;
    json_decref(entry->body);
    entry->body = NULL;
}

/* ------------------------------------------------------------------ makers */

/* Texts come from scripts, workers and people: what is no UTF-8 is repaired here rather than
 * refused. */
static void set_text(json_t *body, const char *name, const char *s)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    if (s == NULL) return;
    if (utf8_check(str_of(s))) {
        jv_set_str(body, name, s);
        return;
    }
    utf8_repair(&out, str_of(s));
    jv_set_str(body, name, buf_str(&out));
}

static struct entry make(enum entry_kind kind, int64_t at_ms, json_t *body)
{
    ASSERT(body != NULL);
    return (struct entry){
        .kind = kind, .version = kinds[kind].version, .at_ms = at_ms, .body = body};
}

struct entry entry_plan(int64_t at_ms, json_t *plan) { return make(ENTRY_PLAN, at_ms, plan); }

struct entry entry_start_intended(int64_t at_ms, size_t action, int attempt, const char *ticket,
                                  const char *worker, const char *worker_name)
{
    struct entry entry = make(ENTRY_START_INTENDED, at_ms, json_object());

    jv_set_i64(entry.body, "action", (int64_t)action);
    jv_set_i64(entry.body, "attempt", attempt);
    set_text(entry.body, "ticket", ticket);
    set_text(entry.body, "worker", worker);
    set_text(entry.body, "worker_name", worker_name);
    return entry;
}

struct entry entry_started(int64_t at_ms, const char *ticket)
{
    struct entry entry = make(ENTRY_STARTED, at_ms, json_object());

    set_text(entry.body, "ticket", ticket);
    return entry;
}

struct entry entry_outcome(int64_t at_ms, const char *ticket, const struct outcome *o)
{
    struct entry entry = make(ENTRY_OUTCOME, at_ms, json_object());

    set_text(entry.body, "ticket", ticket);
    set_text(entry.body, "status", outcome_names[o->status]);
    if (o->has_exit_code) jv_set_i64(entry.body, "exit_code", o->exit_code);
    set_text(entry.body, "error", o->error);
    if (o->has_warnings) jv_set_bool(entry.body, "has_warnings", true);
    if (o->status == OUTCOME_LOST) jv_set_bool(entry.body, "may_still_run", !o->has_ended);
    else if (o->may_still_run) jv_set_bool(entry.body, "may_still_run", true);
    if (o->again) jv_set_bool(entry.body, "again", true);
    return entry;
}

struct entry entry_skipped(int64_t at_ms, size_t action, const char *reason)
{
    struct entry entry = make(ENTRY_SKIPPED, at_ms, json_object());

    jv_set_i64(entry.body, "action", (int64_t)action);
    set_text(entry.body, "reason", reason);
    return entry;
}

struct entry entry_cancel(int64_t at_ms, const char *user, const char *reason)
{
    struct entry entry = make(ENTRY_CANCEL, at_ms, json_object());

    set_text(entry.body, "user", user);
    set_text(entry.body, "reason", reason);
    return entry;
}

struct entry entry_stop_intended(int64_t at_ms, const char *ticket, enum stop_reason reason)
{
    struct entry entry = make(ENTRY_STOP_INTENDED, at_ms, json_object());

    set_text(entry.body, "ticket", ticket);
    set_text(entry.body, "reason", stop_names[reason]);
    return entry;
}

struct entry entry_cleaned(int64_t at_ms, const char *ticket)
{
    struct entry entry = make(ENTRY_CLEANED, at_ms, json_object());

    set_text(entry.body, "ticket", ticket);
    return entry;
}

struct entry entry_finished(int64_t at_ms, enum run_status status, const char *error,
                            bool has_warnings)
{
    struct entry entry = make(ENTRY_FINISHED, at_ms, json_object());

    set_text(entry.body, "status", run_names[status]);
    set_text(entry.body, "error", error);
    if (has_warnings) jv_set_bool(entry.body, "has_warnings", true);
    return entry;
}
