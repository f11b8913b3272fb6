/* claim.h - deciding, for good, that this process is the one that starts a job. Used by
 * supervisors. */
#ifndef JOBS_CLAIM_H
#define JOBS_CLAIM_H
#include "jobs/launcher.h"

struct claim {
    int dir;                            /* jobs/<ticket> */
    int lock, start, result, log;       /* its files, for writing */
    int control;                        /* its FIFO, for reading, not blocking */
    struct start_record start_record;   /* as written */
    struct result_record result_record; /* not final yet */
};

/** 0 = the job is ours to start: the folder is complete and locked. 1 = it was started before. -1 =
 * error, not started. */
int claim_take(const struct launcher *l, const struct request *q, struct claim *ret,
               struct error *e) MUST_USE;
/** Puts the names of log, start record and result back where they were, should a script of the same
 * account have removed or replaced them. */
void claim_restore(struct claim *c);
#endif
