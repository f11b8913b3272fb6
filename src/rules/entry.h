/* entry.h - one entry of a task's journal: a decision or an outcome. Kinds, their members, and the
 * codec.
 *
 * The names of kinds, members and words below are stored for ever: never rename one, never change
 * what it means; a new meaning is a new kind or a higher version of its kind. Times are UTC
 * milliseconds of whoever wrote the entry.
 *
 *   kind            members (? = may be absent) version plan            the plan itself (plan.h) 1
 *   start-intended  action, attempt, ticket, worker?, worker_name?, boot? 1 started         ticket
 * 1 outcome         ticket, status, exit_code?, error?, has_warnings?, may_still_run?, again? 1
 *   skipped         action, reason 1 cancel          user?, reason? 1 stop-intended   ticket,
 * reason (cancel, timeout)                                                1 cleaned         ticket
 * 1 finished        status (Success, Failed, Canceled), error?, has_warnings? 1
 *
 * Any thread, one thread per value. */
#ifndef RULES_ENTRY_H
#define RULES_ENTRY_H
#include <stdbool.h>

#include "base/json.h"

enum entry_kind {
    ENTRY_PLAN,           /* what the run is going to do; made once */
    ENTRY_START_INTENDED, /* committed before a byte is sent to the worker; a resumed task uses its
                             ticket again */
    ENTRY_STARTED, /* the script itself runs now (it may have waited for a mutex); its time limit
                      counts from here */
    ENTRY_OUTCOME, /* the attempt has ended, its log is drained, its artifacts are pulled */
    ENTRY_SKIPPED, /* the action does not run */
    ENTRY_CANCEL,  /* a person cancelled the task */
    ENTRY_STOP_INTENDED, /* committed before the worker is told to stop the script */
    ENTRY_CLEANED,       /* the worker has nothing of this ticket any more */
    ENTRY_FINISHED,      /* the task's result */
    ENTRY_KINDS
};

enum outcome_status {
    OUTCOME_SUCCEEDED,
    OUTCOME_FAILED,
    OUTCOME_CANCELED,    /* stopped on the worker */
    OUTCOME_TIMED_OUT,   /* stopped because of its time limit */
    OUTCOME_LOST,        /* nobody knows how it ended; may_still_run is true unless the entry says
                            otherwise */
    OUTCOME_NOT_STARTED, /* it is certain that the script has not run */
    OUTCOME_STATUSES
};
enum stop_reason { STOP_NONE, STOP_CANCEL, STOP_TIMEOUT, STOP_REASONS };
enum run_status { RUN_SUCCESS, RUN_FAILED, RUN_CANCELED, RUN_STATUSES };

struct entry {
    int64_t seq; /* 1, 2, 3, ... without gaps; set by who appends */
    enum entry_kind kind;
    int version;
    int64_t at_ms;
    json_t *body; /* object, owned by the entry */
};

/** "plan", "start-intended", ...; stable. */
const char *entry_kind_name(enum entry_kind kind);
/** The version that this program writes. */
int entry_kind_version(enum entry_kind kind);
const char *outcome_status_name(
    enum outcome_status s); /* "succeeded", "failed", "canceled", "timed-out", ... */
const char *stop_reason_name(enum stop_reason r); /* "cancel", "timeout" */
const char *
run_status_name(enum run_status s); /* the task's State: "Success", "Failed", "Canceled" */
bool outcome_status_of(const char *name, enum outcome_status *ret);
bool stop_reason_of(const char *name, enum stop_reason *ret);
bool run_status_of(const char *name, enum run_status *ret);

/** Reads a stored entry: ${kind} and ${version} as stored, ${text} the JSON of its body.
 * ERR_CORRUPT naming the entry when it is not what the table above says; ERR_INVALID when its kind
 * or version is unknown here: a newer version of the program wrote it, and this one must leave the
 * task alone. ${ret} is the caller's, see entry_done. */
int entry_parse(int64_t seq, const char *kind, int version, int64_t at_ms, const char *text,
                size_t n, struct entry *ret, struct error *e) MUST_USE;
/** Checks the members of an entry that was built by hand, as entry_parse does. */
int entry_check(const struct entry *entry, struct error *e) MUST_USE;
/** Appends the JSON of the body. */
void entry_print(struct buf *out, const struct entry *entry);
void entry_done(struct entry *entry);

/* Makers; seq stays 0 for who appends to fill in. Texts may be NULL where the table has a question
 * mark. */

/** Takes over the reference to ${plan}. */
struct entry entry_plan(int64_t at_ms, json_t *plan);
struct entry entry_start_intended(int64_t at_ms, size_t action, int attempt, const char *ticket,
                                  const char *worker, const char *worker_name);
struct entry entry_started(int64_t at_ms, const char *ticket);

struct outcome {
    enum outcome_status status;
    bool has_exit_code;
    int exit_code;
    const char *error; /* sentence for people without full stop, or NULL */
    bool has_warnings;
    bool may_still_run; /* it could not be stopped and may still run: there is no retry then */
    bool has_ended; /* OUTCOME_LOST only, which otherwise may still run: it is certain that it does
                       not */
    bool again;     /* OUTCOME_NOT_STARTED only: take another worker, not counted as an attempt */
};
struct entry entry_outcome(int64_t at_ms, const char *ticket, const struct outcome *o);
struct entry entry_skipped(int64_t at_ms, size_t action, const char *reason);
struct entry entry_cancel(int64_t at_ms, const char *user, const char *reason);
struct entry entry_stop_intended(int64_t at_ms, const char *ticket, enum stop_reason reason);
struct entry entry_cleaned(int64_t at_ms, const char *ticket);
struct entry entry_finished(int64_t at_ms, enum run_status status, const char *error,
                            bool has_warnings);
#endif
