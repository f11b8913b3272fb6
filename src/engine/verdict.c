/* verdict.c - see verdict.h.
 *
 * A lost job has ended for certain: what was left of it is killed when it is put to rest. One that
 * was abandoned has not: nobody could kill it, so it is never started a second time. */
#include "engine/verdict.h"

#define ABANDONED "did not stop within 2 minutes and was abandoned"

static struct outcome of_lost(const struct job_status *js)
{
    return (struct outcome){.status = OUTCOME_LOST,
                            .has_ended = true,
                            .error = js->failure[0] ? js->failure
                                                    : "the script was lost with the process that "
                                                      "looked after it"};
}

static struct outcome of_stopped(const struct job_status *js)
{
    struct outcome o = {.status = js->timed_out ? OUTCOME_TIMED_OUT : OUTCOME_CANCELED,
                        .may_still_run = js->abandoned};

    if (js->timed_out)
        o.error = js->abandoned ? "the script ran longer than the step's time limit, " ABANDONED
                                : "the script ran longer than the step's time limit and was "
                                  "stopped";
    else if (js->abandoned) o.error = "the script " ABANDONED;
    return o;
}

static struct outcome of_ended(const struct job_status *js, const struct verdict_facts *f,
                               struct arena *a)
{
    struct outcome o = {.status = OUTCOME_FAILED, .may_still_run = js->abandoned};

    if (js->failure[0]) o.error = js->failure;
    else if (js->abandoned) o.error = "the script " ABANDONED;
    else if (js->oom) o.error = "the script was killed because it used too much memory";
    else if (js->signal) o.error = arena_fmt(a, "the script was ended by signal %d", js->signal);
    else if (js->exit_code != 0) o.error = f->message; /* without: its exit code says it */
    else if (f->stderr_fails)
        o.error = "the script wrote to its error output, which counts as failure here";
    else o.status = OUTCOME_SUCCEEDED;
    return o;
}

struct outcome verdict(const struct job_status *js, const struct verdict_facts *f, struct arena *a)
{
    struct outcome o = js->state == JOB_LOST              ? of_lost(js)
                       : (js->timed_out || js->cancelled) ? of_stopped(js)
                                                          : of_ended(js, f, a);

    o.has_exit_code = js->state == JOB_ENDED;
    o.exit_code = js->exit_code;
    o.has_warnings = f->warned;
    return o;
}
