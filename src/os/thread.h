/* thread.h - named threads with signals blocked. */
#ifndef OS_THREAD_H
#define OS_THREAD_H
#include <pthread.h>

#include "base/error.h"

/** Starts a thread named ${name} (15 characters at most) that runs ${run}(${ctx}) with all signals
 * blocked. */
int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *ctx,
                 struct error *e) MUST_USE;
#endif
