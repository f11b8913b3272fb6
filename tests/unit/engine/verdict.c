/* What the end of a script means for its step. */
#include "engine/verdict.h"

#include <string.h>

#include "tests/lib/tap.h"

static struct arena arena;

/* Its texts lie in the status that was judged last. */
static struct outcome of(struct job_status judged)
{
    static struct job_status js;
    struct verdict_facts facts = {.warned = true};

    js = judged;
    if (js.state == JOB_UNKNOWN) js.state = JOB_ENDED;
    return verdict(&js, &facts, &arena);
}

TEST(a_lost_script_has_ended_so_that_it_may_be_tried_again)
{
    struct outcome o = of((struct job_status){.state = JOB_LOST, .failure = "killed"});

    EXPECT(o.status == OUTCOME_LOST && o.has_ended && !o.may_still_run && !o.has_exit_code);
    EXPECT_STR(o.error, "killed");
}

TEST(an_abandoned_script_may_still_run_and_the_sentence_says_so)
{
    struct outcome timeout = of((struct job_status){.timed_out = true, .abandoned = true}),
                   cancel = of((struct job_status){.cancelled = true, .abandoned = true}),
                   order =
                       of((struct job_status){.exit_code = JOB_EXIT_ABANDONED, .abandoned = true});

    EXPECT(timeout.status == OUTCOME_TIMED_OUT && timeout.may_still_run);
    EXPECT(cancel.status == OUTCOME_CANCELED && cancel.may_still_run);
    EXPECT(order.status == OUTCOME_FAILED && order.may_still_run);
    EXPECT(strstr(timeout.error, "abandoned") && strstr(timeout.error, "time limit"));
    EXPECT(strstr(cancel.error, "abandoned") && strstr(order.error, "abandoned"));
}

TEST(a_script_that_was_stopped_does_not_run_any_more)
{
    struct outcome timeout = of((struct job_status){.timed_out = true}),
                   cancel = of((struct job_status){.cancelled = true});

    EXPECT(timeout.status == OUTCOME_TIMED_OUT && !timeout.may_still_run);
    EXPECT(cancel.status == OUTCOME_CANCELED && !cancel.may_still_run && cancel.error == NULL);
}

TEST(the_exit_code_decides_and_fail_step_gives_the_sentence)
{
    struct job_status failed = {.state = JOB_ENDED, .exit_code = 3};
    struct verdict_facts facts = {.message = "no room"};
    struct outcome o = verdict(&failed, &facts, &arena);

    EXPECT(o.status == OUTCOME_FAILED && o.has_exit_code && o.exit_code == 3);
    EXPECT_STR(o.error, "no room");
    EXPECT(of((struct job_status){0}).status == OUTCOME_SUCCEEDED);
    EXPECT(of((struct job_status){0}).has_warnings);
}
