/* The rules of the engine's threads: timers fire in the order of their times, work is done by
 * whoever is free. */
#include "tests/lib/tap.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/timers.h"
#include "engine/work.h"

#define MANY 200

static struct {
    char order[MANY][16];
    atomic_int n;
    sem_t done;
} seen;

static atomic_int early;

static void note(void *ctx, const char *key)
{
    int i = atomic_fetch_add(&seen.n, 1);

    snprintf(seen.order[i], sizeof(seen.order[i]), "%s", key);
    if (i + 1 == *(int *)ctx) sem_post(&seen.done);
}

TEST(timers_fire_in_the_order_of_their_times_whatever_the_order_of_setting)
{
    struct error err = {0};
    struct timers *t;
    int wanted = 50;
    int64_t now = clock_mono(&system_clock);
    char key[16];

    sem_init(&seen.done, 0, 0);
    EXPECT_OK(timers_start(&t, &err));
    for (int i = 0; i < wanted; i++) {
        int place = i * 37 % wanted; /* every place once, in disorder */
        snprintf(key, sizeof(key), "%02d", place);
        timers_at(t, now + 50 + place * 4, note, &wanted, key);
    }
    sem_wait(&seen.done);
    timers_stop(t);
    timers_free(t);
    for (int i = 0; i < wanted; i++) {
        snprintf(key, sizeof(key), "%02d", i);
        EXPECT_STR(seen.order[i], key);
    }
}

TEST(what_is_not_due_when_timers_stop_is_dropped)
{
    struct error err = {0};
    struct timers *t;
    int never = -1;

    EXPECT_OK(timers_start(&t, &err));
    timers_at(t, clock_mono(&system_clock) + 3600000, note, &never, "late");
    timers_stop(t);
    timers_at(t, 0, note, &never, "set by what is still running");
    timers_free(t);
    EXPECT_INT(atomic_load(&seen.n), 0);
}

static void note_early(void *ctx, const char *key)
{
    int64_t at = strtoll(key, NULL, 10);

    atomic_fetch_add(&early, clock_mono(&system_clock) < at);
    note(ctx, "");
}

TEST(no_timer_fires_before_its_time)
{
    struct error err = {0};
    struct timers *t;
    int wanted = MANY;
    char key[24];

    sem_init(&seen.done, 0, 0);
    EXPECT_OK(timers_start(&t, &err));
    for (int i = 0; i < wanted; i++) {
        int64_t at = clock_mono(&system_clock) + i % 7;
        snprintf(key, sizeof(key), "%lld", (long long)at);
        timers_at(t, at, note_early, &wanted, key);
    }
    sem_wait(&seen.done);
    timers_stop(t);
    timers_free(t);
    EXPECT_INT(atomic_load(&early), 0);
}

TEST(an_alarm_is_set_once_and_again_when_the_wall_clock_was_set_back)
{
    struct alarm a = {0};

    EXPECT(alarm_set(&a, 5000, 1000, 70));
    EXPECT_INT(a.mono_ms, 4071);
    EXPECT(!alarm_set(&a, 5000, 2000, 1070)); /* however often it is asked for */
    EXPECT(alarm_set(&a, 5000, 2000, 4071));  /* its timer is due, the instant is not: set back */
    EXPECT_INT(a.mono_ms, 7072);
    EXPECT(alarm_set(&a, 4000, 2000, 4071)); /* another instant */
}

static void count(void *ctx)
{
    if (atomic_fetch_add(&seen.n, 1) + 1 == *(int *)ctx) sem_post(&seen.done);
}

TEST(posted_work_is_done_once_each_by_several_threads)
{
    struct error err = {0};
    struct work *w;
    int wanted = 10000;

    sem_init(&seen.done, 0, 0);
    EXPECT_OK(work_start(4, &w, &err));
    for (int i = 0; i < wanted; i++) work_post(w, count, &wanted);
    sem_wait(&seen.done);
    work_stop(w);
    EXPECT_INT(atomic_load(&seen.n), wanted);
}
