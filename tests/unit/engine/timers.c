/* The rules of the engine's threads: timers fire in the order of their times, work is done by
 * whoever is free. */
#include "tests/lib/tap.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "engine/timers.h"
#include "engine/work.h"

#define MANY 200

static struct {
    char order[MANY][16];
    atomic_int n;
    sem_t done;
} seen;

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
    EXPECT_INT(atomic_load(&seen.n), 0);
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
