/* crew.h - the `req` threads: run jobs in the order they came. */
#ifndef HTTP_CREW_H
#define HTTP_CREW_H
#include "base/error.h"

struct crew;
struct job { /* a member of what it works on; in one queue at a time */
    struct job *next;
    void (*run)(struct job *);
};
/** Threads are named ${name}-0, ... */
int crew_start(const char *name, int threads, struct crew **ret, struct error *e) MUST_USE;
/** Queues ${j}; any thread, never blocks. */
void crew_submit(struct crew *c, struct job *j);
/** Runs what is queued and joins the threads; NULL is fine. Nothing may be submitted any more. */
void crew_stop(struct crew *c);
/** Frees a stopped crew; NULL is fine. Whoever has submitted something must have returned from it.
 */
void crew_free(struct crew *c);
#endif
