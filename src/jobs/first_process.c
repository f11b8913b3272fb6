/* first_process.c - see first_process.h. */
#include "jobs/first_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(pid_t child)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == child) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

NORETURN static void look_after(pid_t child, const sigset_t *signals)
{
    int got;

    for (;;) {
        if (sigwait(signals, &got) != 0) continue;
        if (got == SIGCHLD) reap(child);
        else kill(child, got);
    }
}

int first_process_leave(struct error *e)
{
    static const int passed_on[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t signals, before;

    if (getpid() != 1) return 0;
    sigemptyset(&signals);
    for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) sigaddset(&signals, passed_on[i]);
    sigprocmask(SIG_BLOCK, &signals, &before);
    pid_t child = fork();
    if (child > 0) look_after(child, &signals);
    int sys = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child < 0 ? fail_errno(e, sys, "fork") : 0;
}
