/* pool.h - a bounded set of connections that are opened when all others are taken; for src/db only.
 * Any thread. */
#ifndef DB_POOL_H
#define DB_POOL_H
#include <pthread.h>

#include "base/error.h"
#include "base/vec.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    VEC(void *) idle;
    int open, max;
};
void pool_setup(struct pool *p, int max);
/** The connection used last, a new one by ${make}(${owner}) when none is idle, or waits when ${max}
 * are open. */
int pool_take(struct pool *p, int (*make)(void *owner, void **ret, struct error *e), void *owner,
              void **ret, struct error *e) MUST_USE;
void pool_return(struct pool *p, void *connection);
/** Instead of pool_return: the caller closes the connection. */
void pool_forget(struct pool *p);
/** Any idle connection, which no longer counts as open; NULL when there is none. */
void *pool_drain(struct pool *p);
/** All must have been drained. */
void pool_done(struct pool *p);
#endif
