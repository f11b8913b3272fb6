/* follow.h - the doorbell: which jobs have news (job.h, jobs_follow and jobs_news). Any thread. */
#ifndef JOBS_FOLLOW_H
#define JOBS_FOLLOW_H
#include "base/error.h"
#include "jobs/job.h"

struct follow;
int follow_new(struct follow **ret, struct error *e) MUST_USE;
void follow_free(struct follow *f);
int follow_fd(const struct follow *f);
/** Watches folder ${path} of job ${ticket}; again is fine and rings once more. */
int follow_add(struct follow *f, const char *ticket, const char *path, struct error *e) MUST_USE;
void follow_remove(struct follow *f, const char *ticket);
int follow_next(struct follow *f, char ticket[JOB_TICKET_MAX + 1]);
#endif
