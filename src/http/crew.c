/* crew.c - see crew.h. One queue, one lock, one condition; a job is handed over by a single signal,
 * because this hand-off is part of every request's latency. */
#include "http/crew.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "os/thread.h"

struct crew {
    pthread_mutex_t lock; /* guards all below but threads */
    pthread_cond_t work;
    struct job *first, **last;
    bool stop;
    int n;
    pthread_t threads[];
};

/* The next job; NULL when the crew stops and nothing is left. */
static struct job *take(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->first == NULL && !c->stop) pthread_cond_wait(&c->work, &c->lock);
    struct job *j = c->first;
    if (j) {
        c->first = j->next;
        if (c->first == NULL) c->last = &c->first;
    }
    pthread_mutex_unlock(&c->lock);
    return j;
}

static void *work(void *ctx)
{
    struct crew *c = ctx;

    for (struct job *j; (j = take(c)) != NULL;) j->run(j);
    return NULL;
}

int crew_start(const char *name, int threads, struct crew **ret, struct error *e)
{
    struct crew *c = xcalloc(1, sizeof(*c) + (size_t)threads * sizeof(pthread_t));
    char text[16];

    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    c->last = &c->first;
    for (; c->n < threads; c->n++) {
        snprintf(text, sizeof(text), "%s-%d", name, c->n);
        if (thread_start(&c->threads[c->n], text, work, c, e) < 0) {
            crew_stop(c);
            crew_free(c);
            return -1;
        }
    }
    *ret = c;
    return 0;
}

void crew_submit(struct crew *c, struct job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&c->lock);
    *c->last = j;
    c->last = &j->next;
    pthread_mutex_unlock(&c->lock);
    pthread_cond_signal(&c->work);
}

void crew_stop(struct crew *c)
{
    if (c == NULL) return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_mutex_unlock(&c->lock);
    pthread_cond_broadcast(&c->work);
    for (int i = 0; i < c->n; i++) pthread_join(c->threads[i], NULL);
}

void crew_free(struct crew *c)
{
    if (c == NULL) return;
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
