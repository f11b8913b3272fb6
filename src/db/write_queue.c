/* write_queue.c - see write_queue.h.
 *
 * "One writer" is a role, not a thread: whoever finds nobody leading leads. So a lone writer pays
 * no hand-over between threads (two wake-ups, as much as the write itself), and under load
 * everybody who arrived during one commit is in the next. Leadership passes to the first request
 * that waits, which becomes the first of its own batch; a leader therefore works for others at most
 * for the batch it is in.
 *
 * Each request lies on its caller's stack. It is signalled under the lock and not touched after it
 * is WRITE_DONE and the lock is free. */
#include "db/write_queue.h"

#include <stddef.h>

void write_queue_setup(struct write_queue *q)
{
    pthread_mutex_init(&q->lock, NULL);
    q->head = NULL;
    q->tail = &q->head;
    q->led = false;
}

void write_queue_done(struct write_queue *q)
{
    ASSERT(q->head == NULL && !q->led);
    pthread_mutex_destroy(&q->lock);
}

static struct write_request *take_all(struct write_queue *q)
{
    struct write_request *all = q->head;

    q->head = NULL;
    q->tail = &q->head;
    return all;
}

struct write_request *write_queue_more(struct write_queue *q)
{
    pthread_mutex_lock(&q->lock);
    struct write_request *more = take_all(q);
    pthread_mutex_unlock(&q->lock);
    return more;
}

static void acknowledge(struct write_request *batch, struct write_request *mine)
{
    while (batch) {
        struct write_request *r = batch;
        batch = r->next;
        r->state = WRITE_DONE;
        if (r != mine) pthread_cond_signal(&r->wake);
    }
}

static void lead(struct write_queue *q, struct write_request *mine,
                 struct write_request *(*run)(void *, struct write_request *),
                 void (*after)(void *), void *owner)
{
    struct write_request *batch = take_all(q);

    pthread_mutex_unlock(&q->lock);
    batch = run(owner, batch);
    pthread_mutex_lock(&q->lock);
    acknowledge(batch, mine);
    pthread_mutex_unlock(&q->lock);
    after(owner);
    pthread_mutex_lock(&q->lock);
    q->led = q->head != NULL;
    if (q->led) {
        q->head->state = WRITE_LEADS;
        pthread_cond_signal(&q->head->wake);
    }
}

void write_queue_wait(struct write_queue *q, struct write_request *r,
                      struct write_request *(*run)(void *, struct write_request *),
                      void (*after)(void *), void *owner)
{
    r->next = NULL;
    r->state = WRITE_WAITS;
    pthread_cond_init(&r->wake, NULL);
    pthread_mutex_lock(&q->lock);
    *q->tail = r;
    q->tail = &r->next;
    if (!q->led) {
        q->led = true;
        r->state = WRITE_LEADS;
    }
    while (r->state == WRITE_WAITS) pthread_cond_wait(&r->wake, &q->lock);
    if (r->state == WRITE_LEADS) lead(q, r, run, after, owner);
    pthread_mutex_unlock(&q->lock);
    pthread_cond_destroy(&r->wake);
}
