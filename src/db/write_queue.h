/* write_queue.h - writers that wait for SQLite's one write transaction; for src/db only. Any
 * thread. */
#ifndef DB_WRITE_QUEUE_H
#define DB_WRITE_QUEUE_H
#include <pthread.h>

#include "db/db_priv.h"

struct write_request {
    db_fn *fn;
    void *ctx;
    struct error *e;
    int result;
    enum { WRITE_WAITS, WRITE_LEADS, WRITE_DONE } state;
    pthread_cond_t wake;
    struct write_request *next;
};
struct write_queue {
    pthread_mutex_t lock;
    struct write_request *head, **tail; /* not taken yet */
    bool led;                           /* some thread runs a batch */
};
void write_queue_setup(struct write_queue *q);
void write_queue_done(struct write_queue *q);

/** Waits until ${r} has its result. One waiting thread at a time becomes the leader: it calls
 * ${run}(${owner}, batch) with all requests that wait, in order (its own is the first), and then
 * acknowledges them; ${run} sets their results and returns the batch, which may have grown by
 * write_queue_more. Then ${after}(${owner}) runs, alone as well. */
void write_queue_wait(struct write_queue *q, struct write_request *r,
                      struct write_request *(*run)(void *owner, struct write_request *batch),
                      void (*after)(void *owner), void *owner);
/** For ${run}: takes the requests that came since, NULL = none. */
struct write_request *write_queue_more(struct write_queue *q);
#endif
