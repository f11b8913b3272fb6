/* The rules of orchestration, one test for each sentence of next.c's essay. Notation: run.h. */
#include "tests/unit/rules/run.h"

/* ------------------------------------------------------------------ order */

TEST(steps_run_one_after_another)
{
    RUN("A B C");
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
    AFTER("B ok", "start C.1");
    AFTER("C ok", "finish Success");
    EXPECT(run.finish_text == NULL);
}

TEST(steps_that_start_with_the_previous_one_run_in_parallel)
{
    RUN("A +B +C D");
    AFTER("", "start A.1, start B.1, start C.1");
    AFTER("B ok", "");
    AFTER("A ok", "");
    AFTER("C ok", "start D.1");
    AFTER("D ok", "finish Success");
}

TEST(a_first_step_that_starts_with_the_previous_one_just_starts)
{
    RUN("+A B");
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
}

TEST(parallel_steps_are_limited_by_max_parallelism_in_the_order_of_the_process)
{
    RUN_WITH("A +B +C +D E", "2", NULL);
    AFTER("", "start A.1, start B.1");
    AFTER("B ok", "start C.1");
    AFTER("C ok", "start D.1");
    AFTER("A ok", "");
    AFTER("D ok", "start E.1");
}

TEST(with_a_parallelism_of_one_parallel_steps_run_in_sequence)
{
    RUN_WITH("A +B +C", "1", NULL);
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
    AFTER("B fail", "start C.1");
    AFTER("C ok", "finish Failed");
}

TEST(ten_steps_run_in_parallel_when_nobody_says_otherwise)
{
    RUN("A +B +C +D +E +F +G +H +I +J +K");
    AFTER("", "start A.1, start B.1, start C.1, start D.1, start E.1, start F.1, start G.1, "
              "start H.1, start I.1, start J.1");
    AFTER("J ok", "start K.1");
}

TEST(the_actions_of_a_step_run_one_after_another_and_keep_one_place)
{
    RUN_WITH("S(A,B) +T +U", "2", NULL);
    AFTER("", "start A.1, start T.1");
    AFTER("A ok", "start B.1");
    AFTER("B ok", "start U.1");
}

TEST(a_step_that_waits_for_a_retry_keeps_its_place)
{
    RUN_WITH("A/r1/b10 +B", "1", NULL);
    AFTER("", "start A.1");
    AFTER("A fail", "wake 10");
    AFTER("at 10", "start A.2");
    AFTER("A ok", "start B.1");
}

/* ------------------------------------------------------------------ conditions */

TEST(a_failed_step_makes_later_success_steps_skipped_and_the_run_failed)
{
    RUN("A B C");
    AFTER("", "start A.1");
    AFTER("A fail 3", "skip B, skip C, finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed: the script ended with exit code 3");
    EXPECT_STR(run.state->actions[1].reason, "An earlier step failed");
}

TEST(failure_and_always_steps_run_after_a_failure_and_the_run_stays_failed)
{
    RUN("A B C:F D:A E");
    AFTER("", "start A.1");
    AFTER("A fail", "skip B, start C.1");
    AFTER("C ok", "start D.1");
    AFTER("D ok", "skip E, finish Failed");
}

TEST(failure_steps_are_skipped_and_always_steps_run_while_nothing_has_failed)
{
    RUN("A:F B:A C");
    AFTER("", "skip A, start B.1");
    AFTER("B ok", "start C.1");
    AFTER("C ok", "finish Success");
    EXPECT_STR(run.state->actions[0].reason, "No earlier step failed");
}

TEST(a_skipped_step_has_not_failed)
{
    RUN("A:F B C:F");
    AFTER("", "skip A, start B.1");
    AFTER("B ok", "skip C, finish Success");
}

TEST(a_variable_condition_is_asked_when_the_step_is_about_to_start)
{
    RUN("A B:V C:V");
    AFTER("", "start A.1");
    run.truths = " b ";
    AFTER("A ok", "start B.1");
    run.truths = "";
    AFTER("B ok", "skip C, finish Success");
    EXPECT_STR(run.state->actions[2].reason, "The run condition is not true: c");
}

TEST(a_variable_condition_alone_decides_after_a_failure)
{
    RUN_WITH("A B:V C", NULL, " b ");
    AFTER("", "start A.1");
    AFTER("A fail", "start B.1");
    AFTER("B ok", "skip C, finish Failed");
}

TEST(conditions_look_at_earlier_groups_and_not_at_neighbours)
{
    RUN_WITH("A +B +C:F D", "1", NULL);
    AFTER("", "start A.1");
    AFTER("A fail", "start B.1");
    AFTER("B ok", "skip C, skip D, finish Failed");
}

TEST(a_skipped_parallel_step_takes_no_place)
{
    RUN_WITH("A:F +B:F +C +D", "1", NULL);
    AFTER("", "skip A, skip B, start C.1");
    AFTER("C ok", "start D.1");
}

TEST(an_action_is_skipped_after_a_failed_one_of_its_step)
{
    RUN("S(A,B,C) T");
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
    AFTER("B fail 7", "skip C, skip T, finish Failed");
    EXPECT_STR(run.finish_text,
               "The action \"B\" of the step \"S\" failed: the script ended with exit code 7");
    EXPECT_STR(run.state->actions[2].reason, "An earlier action of the step failed");
}

TEST(the_actions_of_an_always_step_run_whatever_failed_before_the_step)
{
    RUN("A S:A(B,C)");
    AFTER("", "start A.1");
    AFTER("A fail", "start B.1");
    AFTER("B ok", "start C.1");
    AFTER("C ok", "finish Failed");
}

TEST(an_action_with_a_variable_condition_runs_when_it_is_true)
{
    RUN_WITH("S(A,B:V,C:V)", NULL, " c ");
    AFTER("", "start A.1");
    AFTER("A fail", "skip B, start C.1");
    AFTER("C ok", "finish Failed");
}

TEST(without_an_evaluator_no_expression_is_true)
{
    RUN_WITH("A:V", NULL, " a ");
    run.evaluator.truthy = NULL;
    AFTER("", "skip A, finish Success");
}

/* ------------------------------------------------------------------ what is left out */

TEST(disabled_steps_are_skipped_with_their_reason)
{
    RUN("A/d B C/d");
    AFTER("", "skip A, start B.1");
    AFTER("B ok", "skip C, finish Success");
    EXPECT_STR(run.state->actions[0].reason, "The step is disabled");
}

TEST(a_disabled_action_leaves_the_others_of_its_step)
{
    RUN("S(A/d,B,C/d)");
    AFTER("", "skip A, start B.1");
    AFTER("B ok", "skip C, finish Success");
}

TEST(a_step_without_enabled_actions_is_skipped_for_that_and_not_for_its_condition)
{
    RUN("A:F/d");
    AFTER("", "skip A, finish Success");
    EXPECT_STR(run.state->actions[0].reason, "The step is disabled");
}

/* ------------------------------------------------------------------ retries */

TEST(a_failed_attempt_is_repeated_up_to_the_maximum)
{
    RUN("A/r2 B");
    AFTER("", "start A.1");
    AFTER("A fail", "start A.2");
    AFTER("A fail", "start A.3");
    AFTER("A fail 9", "skip B, finish Failed");
    EXPECT_STR(run.finish_text,
               "The step \"A\" failed after 3 attempts: the script ended with exit code 9");
}

TEST(a_retry_that_succeeds_makes_the_step_succeed)
{
    RUN("A/r1 B");
    AFTER("", "start A.1");
    AFTER("A fail", "start A.2");
    AFTER("A ok", "start B.1");
    AFTER("B ok", "finish Success");
}

TEST(a_retry_waits_for_its_back_off)
{
    RUN("A/r1/b15");
    AFTER("at 100", "start A.1");
    AFTER("at 107", "");
    AFTER("A fail", "wake 122");
    AFTER("at 121", "wake 122");
    AFTER("at 122", "start A.2");
}

TEST(there_is_no_retry_while_the_script_may_still_run)
{
    RUN("A/r3");
    AFTER("", "start A.1");
    AFTER("A lost", "finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed: contact with the script was lost; the "
                                "script may still run on w1");
}

TEST(a_script_that_was_stopped_in_vain_is_not_retried)
{
    RUN("A/r3/t1");
    AFTER("", "start A.1");
    AFTER("A started", "wake 60");
    AFTER("at 60", "stop A.1 timeout");
    AFTER("A stuck", "finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed: it ran longer than its time limit of 1 "
                                "minute; the script may still run on w1");
}

TEST(a_lost_script_that_is_known_to_have_ended_is_retried)
{
    RUN("A/r1");
    AFTER("", "start A.1");
    AFTER("A gone", "start A.2");
    AFTER("A gone", "finish Failed");
}

TEST(a_script_that_could_not_be_started_is_retried_like_a_failed_one)
{
    RUN("A/r1");
    AFTER("", "start A.1");
    AFTER("A not-started", "start A.2");
    AFTER("A not-started", "finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed after 2 attempts: there is no pwsh on w1");
}

TEST(another_worker_is_taken_at_once_and_not_counted_as_an_attempt)
{
    RUN("A/r1/b60");
    AFTER("", "start A.1");
    AFTER("A away", "start A.1");
    AFTER("A away", "start A.1");
    AFTER("A fail", "wake 60");
    AFTER("at 60", "start A.2");
    AFTER("A away", "start A.2");
    AFTER("A fail", "finish Failed");
}

/* ------------------------------------------------------------------ time limits */

TEST(an_attempt_that_runs_too_long_is_stopped_and_fails)
{
    RUN("A/t5 B");
    AFTER("at 10", "start A.1");
    AFTER("A started", "wake 310");
    AFTER("at 309", "wake 310");
    AFTER("at 310", "stop A.1 timeout");
    AFTER("at 400", "");
    AFTER("A timed-out", "skip B, finish Failed");
    EXPECT_STR(run.finish_text,
               "The step \"A\" failed: it ran longer than its time limit of 5 minutes");
}

TEST(the_time_limit_counts_from_the_start_of_the_script_not_its_wait_for_the_mutex)
{
    RUN("A/t5");
    AFTER("at 10", "start A.1");
    AFTER("at 1000", "");
    AFTER("A started", "wake 1300");
    AFTER("at 1300", "stop A.1 timeout");
}

TEST(each_attempt_has_its_own_time_limit)
{
    RUN("A/t5/r1/b100");
    AFTER("", "start A.1");
    AFTER("A started", "wake 300");
    AFTER("at 300", "stop A.1 timeout");
    AFTER("A timed-out", "wake 400");
    AFTER("at 400", "start A.2");
    AFTER("A started", "wake 700");
    AFTER("A ok", "finish Success");
}

TEST(a_script_that_ends_with_0_after_it_was_stopped_for_its_time_limit_has_failed)
{
    RUN("A/t5");
    AFTER("", "start A.1");
    AFTER("A started", "wake 300");
    AFTER("at 300", "stop A.1 timeout");
    AFTER("A ok", "finish Failed");
}

TEST(a_script_that_ends_before_it_is_stopped_stands)
{
    RUN("A/t5");
    AFTER("", "start A.1");
    AFTER("A started", "wake 300");
    run.now_ms = 301000;
    AFTER("A ok", "finish Success");
}

/* ------------------------------------------------------------------ cancel */

TEST(a_cancelled_run_starts_nothing_stops_what_runs_and_ends_when_that_has_ended)
{
    RUN("A +B C D:A");
    AFTER("", "start A.1, start B.1");
    AFTER("cancel", "stop A.1 cancel, stop B.1 cancel");
    AFTER("A canceled", "");
    AFTER("B canceled", "finish Canceled");
    EXPECT_STR(run.finish_text, "The task was canceled by ann: wrong version");
}

TEST(an_outcome_after_the_cancel_is_canceled_whatever_the_exit_code)
{
    RUN("A");
    AFTER("", "start A.1");
    AFTER("cancel", "stop A.1 cancel");
    AFTER("A ok", "finish Canceled");
    EXPECT_INT(run.state->invocations.items[0].status, INVOCATION_CANCELED);
}

TEST(an_outcome_before_the_cancel_stands)
{
    RUN("A B");
    AFTER("", "start A.1");
    AFTER("A ok", "start B.1");
    AFTER("cancel", "stop B.1 cancel");
    AFTER("B fail", "finish Canceled");
    EXPECT_INT(run.state->actions[0].status, ACTION_SUCCEEDED);
    EXPECT_INT(run.state->actions[1].status, ACTION_CANCELED);
}

TEST(a_cancel_when_everything_has_ended_is_refused)
{
    struct error err = {0};
    RUN("A");
    AFTER("", "start A.1");
    EXPECT_OK(run_happen(&run, "A ok", &err));
    EXPECT(!state_may_cancel(run.state));
    EXPECT_FAILS(run_happen(&run, "cancel", &err), ERR_CORRUPT);
    AFTER("", "finish Success");
}

TEST(a_cancel_before_anything_has_started_ends_the_run)
{
    RUN("A B");
    AFTER("cancel", "finish Canceled");
}

TEST(a_cancel_before_the_plan_ends_the_run)
{
    CLEANUP(run_end) struct run run = {.state = state_new(), .told = BUF_INIT(BUF_UNBOUNDED)};
    AFTER("", "");
    AFTER("cancel", "finish Canceled");
}

TEST(a_plan_that_is_overtaken_by_a_cancel_runs_nothing)
{
    struct error err = {0};
    RUN("A B");
    CLEANUP(run_end) struct run late = {.state = state_new(), .told = BUF_INIT(BUF_UNBOUNDED)};
    EXPECT_OK(run_happen(&late, "cancel", &err));
    run_must(&late, entry_plan(5, json_incref(run.journal.items[0].body)));
    run_expect(&late, "", "finish Canceled", __FILE__, __LINE__);
}

TEST(a_cancel_ends_the_wait_for_a_retry)
{
    RUN("A/r1/b60 B");
    AFTER("", "start A.1");
    AFTER("A fail", "wake 60");
    AFTER("cancel", "finish Canceled");
    EXPECT_INT(run.state->invocations.items[0].status, INVOCATION_FAILED);
}

TEST(there_is_no_retry_after_a_cancel)
{
    RUN("A/r3");
    AFTER("", "start A.1");
    AFTER("cancel", "stop A.1 cancel");
    AFTER("A fail", "finish Canceled");
}

TEST(a_script_that_is_stopped_for_its_time_limit_is_not_stopped_again_by_a_cancel)
{
    RUN("A/t1");
    AFTER("", "start A.1");
    AFTER("A started", "wake 60");
    AFTER("at 60", "stop A.1 timeout");
    AFTER("cancel", "");
    AFTER("A timed-out", "finish Canceled");
}

TEST(a_script_that_could_not_be_cancelled_is_named)
{
    RUN("A");
    AFTER("", "start A.1");
    AFTER("cancel", "stop A.1 cancel");
    AFTER("A lost", "finish Canceled");
    EXPECT_STR(run.finish_text, "The task was canceled by ann: wrong version. The script of the "
                                "step \"A\" may still run on w1");
}

TEST(a_worker_that_is_away_when_the_run_is_cancelled_is_not_replaced)
{
    RUN("A");
    AFTER("", "start A.1");
    AFTER("cancel", "stop A.1 cancel");
    AFTER("A away", "finish Canceled");
}

/* The same process is cancelled after each event of its course: it always ends as Canceled, having
 * started nothing more. */
TEST(a_run_can_be_cancelled_at_every_point)
{
    static const char *const course[] = {"",       "A ok", "B fail", "at 30", "C ok",
                                         "B fail", "D ok", "at 60",  "E ok"};

    for (size_t until = 0; until < ARRAY_LEN(course); until++) {
        struct error err = {0};
        RUN("A B/r1/b30 +C D:A E:A/t1 F:A");
        for (size_t i = 0; i < until; i++) {
            EXPECT_OK(run_happen(&run, course[i], &err));
            run_moves(&run);
        }
        size_t started = run.state->invocations.n;
        EXPECT_OK(run_happen(&run, "cancel", &err));
        run_moves(&run);
        for (size_t i = 0; i < started; i++) {
            const struct invocation *v = &run.state->invocations.items[i];
            if (invocation_ended(v)) continue;
            run_must(&run, entry_outcome(run.now_ms, v->ticket,
                                         &(struct outcome){.status = OUTCOME_SUCCEEDED}));
            run_moves(&run);
        }
        EXPECT(run.state->finished);
        EXPECT_INT(run.state->status, RUN_CANCELED);
        EXPECT_INT(run.state->invocations.n, started);
    }
}

/* ------------------------------------------------------------------ the end */

TEST(the_sentence_at_the_end_names_every_failed_step)
{
    RUN("A +B +C D");
    AFTER("", "start A.1, start B.1, start C.1");
    AFTER("C fail 2", "");
    AFTER("A fail 1", "");
    AFTER("B ok", "skip D, finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed: the script ended with exit code 1. The "
                                "step \"C\" failed: the script ended with exit code 2");
}

TEST(a_script_stopped_by_somebody_else_has_failed)
{
    RUN("A");
    AFTER("", "start A.1");
    AFTER("A canceled", "finish Failed");
    EXPECT_STR(run.finish_text, "The step \"A\" failed: the script was stopped on its worker");
}

TEST(warnings_reach_the_result)
{
    RUN("A B");
    AFTER("", "start A.1");
    AFTER("A warn", "start B.1");
    AFTER("B ok", "finish Success");
    EXPECT(run.state->has_warnings);
}

TEST(a_run_can_be_given_up_with_scripts_open)
{
    RUN("A/r1/b60 +B C");
    AFTER("", "start A.1, start B.1");
    AFTER("A fail", "wake 60");
    AFTER("give-up", "");
    EXPECT_INT(run.state->actions[0].status, ACTION_CANCELED);
    EXPECT_INT(run.state->actions[1].status, ACTION_FAILED);
    EXPECT_INT(run.state->actions[2].status, ACTION_CANCELED);
    EXPECT_INT(run.state->left, 0);
}

TEST(cleaning_is_wanted_after_each_outcome_also_when_the_run_has_finished)
{
    struct error err = {0};
    CLEANUP(moves_done) struct moves moves = MOVES_INIT;
    int64_t wake;
    RUN("A");
    AFTER("", "start A.1");
    EXPECT_OK(run_happen(&run, "A ok", &err));
    run_must(&run, entry_finished(1, RUN_SUCCESS, NULL, false));
    next_moves(run.state, 1, NULL, &moves, &wake);
    EXPECT_INT(moves.list.n, 1);
    EXPECT_INT(moves.list.items[0].kind, MOVE_CLEAN);
    EXPECT_STR(moves.list.items[0].ticket, "ticket0001");
    AFTER("", "");
    EXPECT_INT(run.state->unclean, 0);
}

TEST(moves_are_handed_out_again_until_they_are_in_the_journal)
{
    CLEANUP(moves_done) struct moves a = MOVES_INIT, b = MOVES_INIT;
    int64_t wake;
    RUN("A +B");
    next_moves(run.state, 1, NULL, &a, &wake);
    next_moves(run.state, 2, NULL, &b, &wake);
    EXPECT(a.list.n == 2 && b.list.n == 2);
    EXPECT(move_same(&a.list.items[0], &b.list.items[0]));
    EXPECT(!move_same(&a.list.items[0], &b.list.items[1]));
    EXPECT(state_may_start(run.state, 0, 1) && !state_may_start(run.state, 0, 2));
    struct error err = {0};
    EXPECT_OK(run_happen(&run, "cancel", &err));
    EXPECT(!state_may_start(run.state, 0, 1));
}
