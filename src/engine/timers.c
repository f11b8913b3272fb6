/* timers.c - a binary heap under one lock, served by one thread that sleeps until its top is due.
 */
#include "engine/timers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/vec.h"
#include "os/thread.h"

struct timer {
    int64_t at;
    timer_fn *fn;
    void *ctx;
    char *key;
};

struct timers {
    pthread_mutex_t lock; /* guards heap and stopping */
    pthread_cond_t changed;
    VEC(struct timer) heap;
    bool stopping;
    pthread_t thread;
};

static void swap(struct timer *a, struct timer *b)
{
    struct timer t = *a;
    *a = *b;
    *b = t;
}

static void push(struct timers *t, struct timer one)
{
    VEC_PUSH(&t->heap, one);
    struct timer *h = t->heap.items;
    for (size_t i = t->heap.n - 1; i && h[i].at < h[(i - 1) / 2].at; i = (i - 1) / 2)
        swap(&h[i], &h[(i - 1) / 2]);
}

static struct timer pop(struct timers *t)
{
    struct timer *h = t->heap.items, top = h[0];
    size_t n = --t->heap.n;

    h[0] = h[n];
    for (size_t i = 0, least;; i = least) {
        least = i;
        if (2 * i + 1 < n && h[2 * i + 1].at < h[least].at) least = 2 * i + 1;
        if (2 * i + 2 < n && h[2 * i + 2].at < h[least].at) least = 2 * i + 2;
        if (least == i) return top;
        swap(&h[i], &h[least]);
    }
}

/* Waits, with the lock held, until the heap's top is due or something changes. */
static void wait_for_top(struct timers *t)
{
    if (t->heap.n == 0) {
        pthread_cond_wait(&t->changed, &t->lock);
        return;
    }
    int64_t at = t->heap.items[0].at;
    struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
    pthread_cond_timedwait(&t->changed, &t->lock, &until);
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *run(void *ctx)
{
    struct timers *t = ctx;

    pthread_mutex_lock(&t->lock);
    while (!t->stopping) {
        if (t->heap.n == 0 || t->heap.items[0].at > now()) {
            wait_for_top(t);
            continue;
        }
        struct timer due = pop(t);
        pthread_mutex_unlock(&t->lock);
        due.fn(due.ctx, due.key);
        free(due.key);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

int timers_start(struct timers **ret, struct error *e)
{
    struct timers *t = xcalloc(1, sizeof(*t));
    pthread_condattr_t attr;

    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (thread_start(&t->thread, "sched", run, t, e) < 0) {
        free(t);
        return -1;
    }
    *ret = t;
    return 0;
}

void timers_at(struct timers *t, int64_t mono_ms, timer_fn *fn, void *ctx, const char *key)
{
    /* the heap sleeps on CLOCK_MONOTONIC; callers count in CLOCK_BOOTTIME, which differs by time
     * asleep. Both are rounded down, so one more makes sure that it is not too early. */
    int64_t at = mono_ms - clock_mono(&system_clock) + now() + 1;

    pthread_mutex_lock(&t->lock);
    push(t, (struct timer){at, fn, ctx, xstrdup(key ? key : "")});
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

void timers_stop(struct timers *t)
{
    if (t == NULL) return;
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
}

void timers_free(struct timers *t)
{
    if (t == NULL) return;
    for (size_t i = 0; i < t->heap.n; i++) free(t->heap.items[i].key);
    VEC_DONE(&t->heap);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    free(t);
}

bool alarm_set(struct alarm *a, int64_t wall_ms, int64_t now_ms, int64_t mono_ms)
{
    if (a->wall_ms == wall_ms && mono_ms < a->mono_ms) return false;
    *a = (struct alarm){wall_ms, mono_ms + wall_ms - now_ms + 1};
    return true;
}
