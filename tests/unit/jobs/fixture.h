/* fixture.h - what the tests of jobs share: a jobs root in the test's folder, shell scripts as
 * jobs, waiting by doorbell. */
#ifndef TESTS_JOBS_FIXTURE_H
#define TESTS_JOBS_FIXTURE_H
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/id.h"
#include "jobs/job.h"
#include "jobs/process.h"
#include "jobs/record.h"
#include "os/file.h"
#include "tests/lib/tap.h"

#define UNUSED __attribute__((unused))

static struct error err;
static char root_folder[128];

/* The program under test: beside the tests, or where BOBTAIL_LAUNCHER says. */
static UNUSED const char *launcher_path(void)
{
    static char path[PATH_MAX];
    char self[PATH_MAX];
    const char *given = getenv("BOBTAIL_LAUNCHER");

    if (given) return given;
    if (path[0]) return path;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    EXPECT(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, sizeof(path), "%.4000s/../../../bin/bobtail-launcher", self);
    return path;
}

/* Found out before a test enters a mount namespace of its own, where the path may read differently.
 */
__attribute__((constructor)) static void find_launcher(void) { (void)launcher_path(); }

static UNUSED struct jobs *open_with(struct jobs_options o)
{
    struct jobs *j = NULL;

    if (!root_folder[0]) {
        chmod(tap_folder(), 0755);
        snprintf(root_folder, sizeof(root_folder), "%s/root", tap_folder());
    }
    if (o.root == NULL) o.root = root_folder;
    o.launcher_path = launcher_path();
    EXPECT_OK(jobs_open(&o, &j, &err));
    return j;
}

static UNUSED struct jobs *open_plain(void) { return open_with((struct jobs_options){0}); }

static const char *const plain_env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};

/* Starts `sh -c ${script}`; ${ticket} is filled in when it is empty. */
static UNUSED int start_spec(struct jobs *j, char ticket[TICKET_SIZE], const char *script,
                             struct job_spec s)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};

    if (!ticket[0]) id_ticket(ticket);
    s.ticket = ticket;
    if (s.argv == NULL) s.argv = argv;
    if (s.env == NULL) s.env = plain_env;
    int r = job_start(j, &s, &err);
    if (r < 0) tap_fail(__FILE__, __LINE__, "job_start: %s", err.text), tap_stop();
    return r;
}

static UNUSED int start(struct jobs *j, char ticket[TICKET_SIZE], const char *script)
{
    return start_spec(j, ticket, script, (struct job_spec){0});
}

static UNUSED void wait_for_news(struct jobs *j)
{
    char ticket[JOB_TICKET_MAX + 1];
    struct pollfd p = {.fd = jobs_news_fd(j), .events = POLLIN};

    if (poll(&p, 1, 20000) <= 0) tap_fail(__FILE__, __LINE__, "no news in 20 s"), tap_stop();
    while (jobs_news(j, ticket)) {
    }
}

/* Waits by doorbell until the job's state is at least ${state}. */
static UNUSED struct job_status wait_state(struct jobs *j, const char *ticket, enum job_state state)
{
    struct job_status st;

    EXPECT_OK(jobs_follow(j, ticket, &err));
    for (;;) {
        EXPECT_OK(job_status(j, ticket, &st, &err));
        if (st.state >= state) break;
        wait_for_news(j);
    }
    jobs_unfollow(j, ticket);
    return st;
}

static UNUSED struct job_status wait_end(struct jobs *j, const char *ticket)
{
    return wait_state(j, ticket, JOB_ENDED);
}

static UNUSED struct job_status run(struct jobs *j, char ticket[TICKET_SIZE], const char *script)
{
    EXPECT_INT(start(j, ticket, script), 0);
    return wait_end(j, ticket);
}

/* All bytes of ${source} (0 = any) that are in the log now; checks that the numbers have no gap. */
static UNUSED uint64_t read_log(struct jobs *j, const char *ticket, int source, struct buf *out)
{
    CLEANUP(job_reader_closep) struct job_reader *r = NULL;
    struct job_fragment *f;
    uint64_t next = 0;
    size_t n;

    EXPECT_OK(job_reader_open(j, ticket, 0, &r, &err));
    do {
        EXPECT_OK(job_read(r, 1 * MiB, &f, &n, &err));
        for (size_t i = 0; i < n; i++) {
            EXPECT_INT(f[i].seq, next++);
            if (source == 0 || f[i].source == source) buf_add(out, f[i].data.p, f[i].data.n);
        }
    } while (n);
    return next;
}

/* The log holds ${text} from ${source}; the job has ended. */
static UNUSED void expect_log(struct jobs *j, const char *ticket, int source, const char *text)
{
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);

    read_log(j, ticket, source, &got);
    EXPECT_STR(buf_str(&got), text);
}

static UNUSED bool log_has(struct jobs *j, const char *ticket, int source, const char *text)
{
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);

    read_log(j, ticket, source, &got);
    return strstr(buf_str(&got), text) != NULL;
}

/* Waits until the running job's log holds ${text}. */
static UNUSED void wait_log(struct jobs *j, const char *ticket, const char *text)
{
    EXPECT_OK(jobs_follow(j, ticket, &err));
    while (!log_has(j, ticket, 0, text)) wait_for_news(j);
    jobs_unfollow(j, ticket);
}

static UNUSED struct start_record start_record_of(const char *ticket)
{
    struct start_record s;
    CLEANUP(freep) char *path = xasprintf("%s/jobs/%s", root_folder, ticket);
    CLEANUP(closep) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT(dir >= 0);
    EXPECT_INT(start_record_get(dir, ticket, &s), 1);
    return s;
}

/* The start record once it names the script's process. */
static UNUSED struct start_record running_record(struct jobs *j, const char *ticket)
{
    wait_state(j, ticket, JOB_RUNNING);
    return start_record_of(ticket);
}

/* Waits for the end of a process that need not be our child. */
static UNUSED void wait_gone(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (fd < 0) return;
    if (poll(&p, 1, 20000) <= 0)
        tap_fail(__FILE__, __LINE__, "process %d does not end", pid), tap_stop();
    close(fd);
}

static UNUSED pid_t pid_in_file(const char *path)
{
    CLEANUP(buf_done) struct buf b = BUF_INIT(64);

    EXPECT_OK(file_read(path, &b, &err));
    return (pid_t)strtol(buf_str(&b), NULL, 10);
}

static UNUSED bool is_running(pid_t pid)
{
    struct process p;

    return pid > 0 && process_find(pid, &p) && !p.zombie;
}

/* "${folder of the test}/${name}" */
static UNUSED char *in_folder(const char *name) { return xasprintf("%s/%s", tap_folder(), name); }

/* The process id of the launcher that this process started. */
static UNUSED pid_t launcher_pid(void)
{
    char path[64];
    struct process p;

    for (pid_t pid = getpid() + 1; pid < getpid() + 200000; pid++) {
        char name[64] = "";
        if (!process_find(pid, &p) || p.parent != getpid()) continue;
        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ssize_t n = read(fd, name, sizeof(name) - 1);
        close(fd);
        if (n > 0 && strncmp(name, "bobtail-launche", 15) == 0) return pid;
    }
    return -1;
}
#endif
