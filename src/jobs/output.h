/* output.h - the log as its supervisor writes it: fragments, the limit, and a full disk. Used by
 * supervisors. */
#ifndef JOBS_OUTPUT_H
#define JOBS_OUTPUT_H
#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"

struct output {
    int fd;           /* the log */
    int null;         /* /dev/null */
    int64_t max;      /* bytes kept */
    int64_t kept;     /* bytes of the script's output in the log */
    uint64_t size;    /* of the log; what is behind it is the rest of a failed write */
    uint64_t seq;     /* of the next fragment */
    uint64_t dropped; /* bytes that are not in the log, for whatever reason */
    uint64_t
        untold; /* those of them that a failed write lost and no line in the log mentions yet */
    bool limit_told;
    uint64_t job; /* ticket_sum */
    char *buffer; /* a header and JOB_FRAGMENT_MAX bytes */
};

/** ${fd}: the empty log of job ${ticket}; ${null}: /dev/null for writing. Both stay the caller's.
 */
void output_init(struct output *o, const char *ticket, int fd, int null, int64_t max);
/** Takes what there is in the pipe ${fd} (non-blocking), one fragment at most: bytes taken, 0 =
 * end, -1 = nothing now. */
long output_take(struct output *o, int fd, enum job_source source);
/** Adds a line of the supervisor's own. */
void output_say(struct output *o, const char *fmt, ...) PRINTF(2, 3);
/** Says what was dropped, when it has not been said yet. */
void output_finish(struct output *o);
#endif
