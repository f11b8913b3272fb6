/* The rules of live: watchers are woken for their task, events are numbered, a ring that ran over
 * shows a gap. */
#include "tests/lib/tap.h"

#include <stdio.h>

#include "engine/live.h"

static void count(void *ctx) { ++*(int *)ctx; }

TEST(a_watcher_is_woken_for_its_task_and_for_no_other)
{
    struct live *l = live_new();
    int one = 0, two = 0;
    struct live_watch *a = live_watch(l, "ServerTasks-1", count, &one);
    struct live_watch *b = live_watch(l, "ServerTasks-2", count, &two);

    live_notify(l, "ServerTasks-1");
    live_notify(l, "ServerTasks-3");
    EXPECT(one == 1 && two == 0);
    live_notify_all(l);
    EXPECT(one == 2 && two == 1);
    live_unwatch(l, a);
    live_notify(l, "ServerTasks-1");
    EXPECT_INT(one, 2);
    live_unwatch(l, b);
    live_free(l);
}

TEST(several_watchers_of_one_task_come_and_go_in_any_order)
{
    struct live *l = live_new();
    struct live_watch *w[3];
    int woken = 0;

    for (int i = 0; i < 3; i++) w[i] = live_watch(l, "ServerTasks-1", count, &woken);
    live_unwatch(l, w[1]);
    live_notify(l, "ServerTasks-1");
    EXPECT_INT(woken, 2);
    live_unwatch(l, w[2]);
    live_notify(l, "ServerTasks-1");
    EXPECT_INT(woken, 3);
    live_unwatch(l, w[0]);
    live_notify(l, "ServerTasks-1");
    EXPECT_INT(woken, 3);
    live_free(l);
}

TEST(events_are_numbered_and_wake_those_who_watch_all)
{
    struct live *l = live_new();
    struct live_event list[4];
    int woken = 0;
    struct live_watch *all = live_watch(l, LIVE_ALL, count, &woken);

    live_publish(l, "Spaces-1", "ServerTasks-1", "Executing");
    live_publish(l, "Spaces-1", "ServerTasks-1", "Success");
    EXPECT_INT(woken, 2);
    EXPECT_INT(live_newest(l), 2);
    EXPECT_INT(live_events(l, 1, list, ARRAY_LEN(list)), 1);
    EXPECT(list[0].number == 2 && strcmp(list[0].state, "Success") == 0);
    EXPECT_INT(live_events(l, 2, list, ARRAY_LEN(list)), 0);
    live_unwatch(l, all);
    live_free(l);
}

TEST(a_reader_that_fell_behind_the_ring_sees_a_gap_in_the_numbers)
{
    struct live *l = live_new();
    struct live_event one;

    for (int i = 0; i < LIVE_EVENTS + 10; i++)
        live_publish(l, "Spaces-1", "ServerTasks-1", "Executing");
    EXPECT_INT(live_events(l, 3, &one, 1), 1);
    EXPECT_INT(one.number, 11);
    live_free(l);
}
