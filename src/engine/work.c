/* work.c - see work.h. One queue under one lock; first in, first out. */
#include "engine/work.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "os/thread.h"

struct item {
    work_fn *fn;
    void *ctx;
    struct item *next;
};

struct work {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t ready;
    struct item *first, **last;
    bool stopping;
    pthread_t *threads;
    size_t n;
};

/* The next item, NULL when the pool stops. */
static struct item *take(struct work *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->first == NULL && !w->stopping) pthread_cond_wait(&w->ready, &w->lock);
    struct item *i = w->stopping ? NULL : w->first;
    if (i) {
        w->first = i->next;
        if (w->first == NULL) w->last = &w->first;
    }
    pthread_mutex_unlock(&w->lock);
    return i;
}

static void *run(void *ctx)
{
    struct work *w = ctx;
    struct item *i;

    while ((i = take(w)) != NULL) {
        i->fn(i->ctx);
        free(i);
    }
    return NULL;
}

int work_start(size_t threads, struct work **ret, struct error *e)
{
    struct work *w = xcalloc(1, sizeof(*w));

    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->ready, NULL);
    w->last = &w->first;
    w->threads = xcalloc(threads, sizeof(*w->threads));
    for (; w->n < threads; w->n++) {
        char name[16];
        snprintf(name, sizeof(name), "work-%d", (int)(w->n % 1000));
        if (thread_start(&w->threads[w->n], name, run, w, e) < 0) {
            work_stop(w);
            return -1;
        }
    }
    *ret = w;
    return 0;
}

void work_post(struct work *w, work_fn *fn, void *ctx)
{
    struct item *i = xmalloc(sizeof(*i));

    *i = (struct item){fn, ctx, NULL};
    pthread_mutex_lock(&w->lock);
    *w->last = i;
    w->last = &i->next;
    pthread_cond_signal(&w->ready);
    pthread_mutex_unlock(&w->lock);
}

void work_stop(struct work *w)
{
    if (w == NULL) return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->ready);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n; i++) pthread_join(w->threads[i], NULL);
    while (w->first) {
        struct item *i = w->first;
        w->first = i->next;
        free(i);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->ready);
    free(w->threads);
    free(w);
}
