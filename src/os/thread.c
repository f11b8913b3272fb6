/* thread.c - see thread.h. */
#include "os/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *ctx, struct error *e)
{
    sigset_t all, before;
    pthread_attr_t attr;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 512 * KiB);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int sys = pthread_create(ret, &attr, run, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (sys) return fail_errno(e, sys, "start thread %s", name);
    pthread_setname_np(*ret, name);
    return 0;
}
