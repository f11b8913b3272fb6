/* mutex.h - the isolation mutex: a fair reader/writer lock per name, between processes, free when
 * its holder dies.
 *
 * Two files per name: `gate` and `room`. Whoever wants the mutex takes the gate, then the room,
 * then leaves the gate, each time shared or alone as he wants the mutex. One who waits for the room
 * alone holds the gate and is not overtaken; shared ones pass it side by side, so that none of them
 * ever waits for another. Used by supervisors. */
#ifndef JOBS_MUTEX_H
#define JOBS_MUTEX_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct mutex {
    int gate, room; /* -1 = none */
    bool exclusive;
};
#define MUTEX_NONE    \
    {                 \
        -1, -1, false \
    }
#define MUTEX_HOLDER_MAX 200

/** Opens ${name} (any text) in folder ${dir}. */
int mutex_open(int dir, const char *name, bool exclusive, struct mutex *ret,
               struct error *e) MUST_USE;
/** 1 = taken, 0 = held by others: mutex_wait, or mutex_close to give up. */
int mutex_try(struct mutex *m, struct error *e) MUST_USE;
/** Starts a child process that waits for the mutex: its exit with 0 says that the mutex is taken
 * (by us, since the open files are shared). To give up, kill it, reap it and mutex_close. The child
 * dies with its parent. */
pid_t mutex_wait(struct mutex *m, struct error *e) MUST_USE;
/** Leaves ${text} for those who wait. Once, after taking it. */
void mutex_sign(struct mutex *m, const char *text);
/** Who holds it, as "A, B and 3 more", or "another script". */
void mutex_holders(const struct mutex *m, char *ret, size_t n);
/** Releases it. */
void mutex_close(struct mutex *m);
#endif
