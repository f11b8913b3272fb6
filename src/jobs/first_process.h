/* first_process.h - being the first process of a container. */
#ifndef JOBS_FIRST_PROCESS_H
#define JOBS_FIRST_PROCESS_H
#include "base/error.h"

/** When this process is the first one of a container, a child goes on in its place, and it stays
 * itself to do what a first process does: it reaps the orphans that end, passes signals on to the
 * child, and ends as the child ends. So the program never meets children that it did not start.
 * Before other threads start; returns in the child, or at once where there is nothing to do. */
int first_process_leave(struct error *e) MUST_USE;
#endif
