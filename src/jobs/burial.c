/* burial.c - puts a job to rest whose supervisor is lost; see launcher.h.
 *
 * Lost means: started, no result, and nobody holds the lock. What is left of the script is killed -
 * its group, and its session, when the machine still is in the same run and pid and start time
 * agree - and the result says so, once and for all. Runs as a child of the launcher, which may
 * signal processes of the script's account. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "jobs/launcher.h"
#include "jobs/process.h"
#include "os/lock.h"
#include "os/tree.h"

#define KILL_WAIT_MS 5000

static void kill_group(const struct start_record *s)
{
    if (s->cgroup[0] == '\0' || s->cgroup_kind == CGROUP_NONE) return;
    CLEANUP(closep) int fd = open(s->cgroup, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    cgroup_kill((enum cgroup_kind)s->cgroup_kind, fd);
}

/* Whole fragments in the log; a rest that the supervisor could not finish does not count. */
static uint64_t count_fragments(int dir, const char *ticket)
{
    CLEANUP(closep) int fd = openat(dir, "log", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct fragment_header h;
    struct stat st;
    uint64_t n = 0, sum = ticket_sum(ticket);
    off_t at = 0;

    if (fd < 0 || fstat(fd, &st) < 0) return 0;
    while (pread(fd, &h, sizeof(h), at) == (ssize_t)sizeof(h) && fragment_is_valid(&h, n, sum)) {
        at += (off_t)(sizeof(h) + fragment_length(&h));
        if (at > st.st_size) break;
        n++;
    }
    return n;
}

static void write_result(int dir, const struct start_record *s, bool same_run, struct error *e)
{
    struct result_record r = {.state = JOB_LOST,
                              .exit_code = JOB_EXIT_LOST,
                              .started_ms = s->started_ms,
                              .fragments = count_fragments(dir, s->ticket),
                              .ended_ms = clock_now(&system_clock)};

    snprintf(r.ticket, sizeof(r.ticket), "%s", s->ticket);
    snprintf(r.failure, sizeof(r.failure), "%s",
             same_run ? "the process that watched over the script was killed"
                      : "the machine was restarted while the script ran");
    CLEANUP(closep) int fd = openat(dir, "result", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) (void)fail_errno(e, errno, "open the result");
    else if (result_record_put(fd, &r, e) < 0) (void)fail_wrap(e, "lost job");
}

static int bury(const struct launcher *l, int dir, const char *ticket, struct error *e)
{
    struct result_record result;
    struct start_record start;
    struct error failed = {0};

    if (result_record_get(dir, ticket, &result) && result.state) return 0;
    if (!start_record_get(dir, ticket, &start)) return 0;
    bool same_run = strcmp(start.boot_id, l->boot_id) == 0;
    if (same_run) {
        kill_group(&start);
        process_kill_session(start.script, KILL_WAIT_MS);
        cgroup_remove(&l->cgroup, ticket);
    }
    write_result(dir, &start, same_run, &failed);
    if (failed.kind == ERR_NONE) return 0;
    *e = failed;
    return -1;
}

int burial_run(const struct launcher *l, const char *ticket, struct error *e)
{
    CLEANUP(closep)
    int dir = openat(l->jobs, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (dir < 0) return errno == ENOENT ? 0 : fail_errno(e, errno, "open job %s", ticket);
    CLEANUP(closep) int lock = openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) return fail_errno(e, errno, "open the lock of job %s", ticket);
    int r = lock_try(lock, LOCK_EXCLUSIVE, LOCK_ALIVE, 1, e);
    if (r <= 0) return r < 0 ? -1 : 1;
    return bury(l, dir, ticket, e);
}
