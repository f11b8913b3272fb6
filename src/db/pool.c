/* pool.c - see pool.h. A stack, so that few connections stay warm and the others are never opened.
 */
#include "db/pool.h"

void pool_setup(struct pool *p, int max)
{
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->max = max;
}

int pool_take(struct pool *p, int (*make)(void *, void **, struct error *), void *owner, void **ret,
              struct error *e)
{
    pthread_mutex_lock(&p->lock);
    while (p->idle.n == 0 && p->open == p->max) pthread_cond_wait(&p->changed, &p->lock);
    void *found = p->idle.n ? p->idle.items[--p->idle.n] : NULL;
    if (found == NULL) p->open++;
    pthread_mutex_unlock(&p->lock);
    if (found) {
        *ret = found;
        return 0;
    }
    if (make(owner, ret, e) == 0) return 0;
    pool_forget(p);
    return -1;
}

void pool_return(struct pool *p, void *connection)
{
    pthread_mutex_lock(&p->lock);
    VEC_PUSH(&p->idle, connection);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void pool_forget(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->open--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void *pool_drain(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    void *found = p->idle.n ? p->idle.items[--p->idle.n] : NULL;
    if (found) p->open--;
    pthread_mutex_unlock(&p->lock);
    return found;
}

void pool_done(struct pool *p)
{
    ASSERT(p->open == 0 && p->idle.n == 0);
    VEC_DONE(&p->idle);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
}
