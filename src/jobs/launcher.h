/* launcher.h - the small program that starts everything the server starts, and what its children
 * share with it.
 *
 * One thread, no allocation to speak of, no name services: forking it costs little, however large
 * the server is. */
#ifndef JOBS_LAUNCHER_H
#define JOBS_LAUNCHER_H
#include "jobs/record.h"
#include "jobs/request.h"
#include "os/account.h"
#include "os/cgroup.h"

struct launcher {
    int jobs, work, mutexes; /* folders below the root */
    int null;                /* /dev/null, both ways */
    struct account account;
    struct cgroup_home cgroup;
    char boot_id[BOOT_ID_SIZE];
};

/** Serves the requests that arrive at REQUEST_FD until its other end is closed. ${argv}: program,
 * root, cgroup ("auto", ...), limit of open files, and, for another account, uid, gid, groups
 * separated by commas. The first packet it sends is a reply that says whether it can work. Returns
 * the exit code. */
int launcher_main(int argc, char **argv);

/* What a forked child does with a request; the child ends then. */
/** supervisor.c: one job's life. */
NORETURN void supervisor_run(const struct launcher *l, const struct request *q);
/** burial.c: puts a lost job to rest. 0 = done or nothing to do, 1 = it is alive. */
int burial_run(const struct launcher *l, const char *ticket, struct error *e) MUST_USE;
#endif
