/* job_log.c - a script's output from its pipe into the job's log, and from there to whoever reads
 * it.
 *
 *     job_log LAUNCHER FOLDER
 *
 * A script prints 1 GiB; then the log is read from its beginning, three times. Prints MB/s, and
 * beside it the same output through `cat` into a file. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/id.h"
#include "jobs/job.h"
#include "stopwatch.h"

#define PRINTED "head -c 1073741824 /dev/zero"

static struct error err;

static void must(int r)
{
    if (r >= 0) return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static double run_job(struct jobs *j, const char *ticket)
{
    static const char *const argv[] = {"/bin/sh", "-c", PRINTED, NULL};
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    struct job_spec s = {.ticket = ticket, .argv = argv, .env = env};
    char rung[JOB_TICKET_MAX + 1];
    struct pollfd p = {.fd = jobs_news_fd(j), .events = POLLIN};
    struct job_status st;
    double begun = now_s();

    must(job_start(j, &s, &err));
    must(jobs_follow(j, ticket, &err));
    for (;;) {
        must(job_status(j, ticket, &st, &err));
        if (st.state >= JOB_ENDED) return 1024 * 1.048576 / (now_s() - begun);
        poll(&p, 1, -1);
        while (jobs_news(j, rung)) {
        }
    }
}

static double read_log(struct jobs *j, const char *ticket)
{
    struct job_reader *r;
    struct job_fragment *f;
    size_t n, bytes = 0;
    double begun = now_s();

    must(job_reader_open(j, ticket, 0, &r, &err));
    do {
        must(job_read(r, 512 * KiB, &f, &n, &err));
        for (size_t i = 0; i < n; i++) bytes += f[i].data.n;
    } while (n);
    job_reader_close(r);
    return (double)bytes / 1e6 / (now_s() - begun);
}

static double run_peer(const char *folder)
{
    CLEANUP(freep) char *script = xasprintf(PRINTED " | cat > %s/peer", folder);
    double begun = now_s();

    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return 1024 * 1.048576 / (now_s() - begun);
}

int main(int argc, char **argv)
{
    struct jobs *j;
    char ticket[TICKET_SIZE];

    if (argc != 3) return fprintf(stderr, "usage: job_log LAUNCHER FOLDER\n"), 2;
    struct jobs_options o = {
        .launcher_path = argv[1], .root = argv[2], .output_max = (int64_t)4 << 30};
    must(jobs_open(&o, &j, &err));
    id_ticket(ticket);
    printf("script to job log:       %5.0f MB/s\n", run_job(j, ticket));
    printf("peer, cat into a file:   %5.0f MB/s\n", run_peer(argv[2]));
    for (int i = 0; i < 3; i++)
        printf("reading the job's log:   %5.0f MB/s\n", read_log(j, ticket));
    must(job_complete(j, ticket, &err));
    jobs_close(j);
    return 0;
}
