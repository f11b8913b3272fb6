/* g11_spawn.c - how fast scripts are started while the starting process is small and while it holds
 * 512 MiB.
 *
 *     g11_spawn LAUNCHER FOLDER ROUNDS JOBS
 *
 * In turn, ROUNDS times each: small, large. Per turn JOBS jobs of /bin/true from job_start to the
 * result, by doorbell, and the peer: fork and exec of /bin/true by this process itself. Prints the
 * median rates and how they compare. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "base/lang.h"
#include "jobs/job.h"
#include "stopwatch.h"

#define ROUNDS_MAX 100
#define HELD (512 * MiB)

static struct error err;

static void must(int r)
{
    if (r >= 0) return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static void wait_result(struct jobs *j, const char *ticket)
{
    char rung[JOB_TICKET_MAX + 1];
    struct pollfd p = {.fd = jobs_news_fd(j), .events = POLLIN};
    struct job_status st;

    must(jobs_follow(j, ticket, &err));
    for (;;) {
        must(job_status(j, ticket, &st, &err));
        if (st.state >= JOB_ENDED) break;
        poll(&p, 1, -1);
        while (jobs_news(j, rung)) {
        }
    }
    if (st.exit_code != 0) fprintf(stderr, "exit code %d %s\n", st.exit_code, st.failure), exit(1);
}

static double jobs_per_s(struct jobs *j, int n)
{
    static const char *const argv[] = {"/bin/true", NULL};
    double begun = now_s();

    for (int i = 0; i < n; i++) {
        char ticket[TICKET_SIZE];
        struct job_spec s = {.ticket = id_ticket(ticket), .argv = argv};
        must(job_start(j, &s, &err));
        wait_result(j, ticket);
        must(job_complete(j, ticket, &err));
    }
    return n / (now_s() - begun);
}

static double forks_per_s(int n)
{
    double begun = now_s();

    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(127);
        }
        waitpid(pid, NULL, 0);
    }
    return n / (now_s() - begun);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), by_value);
    return values[n / 2];
}

int main(int argc, char **argv)
{
    double jobs_rate[2][ROUNDS_MAX], fork_rate[2][ROUNDS_MAX];
    struct jobs *j;

    if (argc != 5) return fprintf(stderr, "usage: g11_spawn LAUNCHER FOLDER ROUNDS JOBS\n"), 2;
    struct jobs_options o = {.launcher_path = argv[1], .root = argv[2]};
    int rounds = (int)strtol(argv[3], NULL, 10), n = (int)strtol(argv[4], NULL, 10);
    if (rounds < 1 || rounds > ROUNDS_MAX || n < 1) return 2;
    must(jobs_open(&o, &j, &err));
    for (int i = 0; i < rounds; i++)
        for (int large = 0; large < 2; large++) {
            char *held = NULL;
            if (large) {
                held = mmap(NULL, HELD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (held == MAP_FAILED) return perror("mmap"), 1;
                madvise(held, HELD,
                        MADV_NOHUGEPAGE); /* a heap grown in small steps has small pages */
                memset(held, 1, HELD);
            }
            jobs_rate[large][i] = jobs_per_s(j, n);
            fork_rate[large][i] = forks_per_s(large ? n / 10 + 1 : n);
            if (large) munmap(held, HELD);
        }
    jobs_close(j);
    double small = median(jobs_rate[0], rounds), large = median(jobs_rate[1], rounds);
    double fork_small = median(fork_rate[0], rounds), fork_large = median(fork_rate[1], rounds);
    printf("jobs one after the other, start to result to removed: %.0f/s from a small process, "
           "%.0f/s holding 512 MiB: "
           "%.2f x\n",
           small, large, large / small);
    printf("peer, fork and exec by the process itself:            %.0f/s from a small process, "
           "%.0f/s holding 512 MiB: "
           "%.2f x\n",
           fork_small, fork_large, fork_large / fork_small);
    return 0;
}
