/* tap.c - see tap.h. A test is a child process: it may crash, exit or hang without taking the
 * others along. */
#include "tests/lib/tap.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ftw.h>

static struct test_case *first, **last = &first;
static char folder[64];

void tap_register(struct test_case *t)
{
    *last = t;
    last = &t->next;
}

void tap_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fprintf(stderr, "# %s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    if (folder[0]) nftw(folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

void tap_stop(void)
{
    remove_folder();
    fflush(NULL);
    _exit(1);
}

const char *tap_folder(void)
{
    if (folder[0]) return folder;
    snprintf(folder, sizeof(folder), "/tmp/bobtail-test-XXXXXX");
    if (mkdtemp(folder) == NULL) tap_fail(__FILE__, __LINE__, "mkdtemp failed"), tap_stop();
    return folder;
}

static bool chosen(const struct test_case *t, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(t->name, argv[i])) return true;
    return argc == 1;
}

static bool run_one(struct test_case *t)
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        alarm((unsigned)t->seconds);
        t->run();
        remove_folder();
        exit(0); /* not _exit: the leak checker runs at exit */
    }
    waitpid(pid, &status, 0);
    kill(-pid, SIGKILL);
    if (WIFSIGNALED(status))
        fprintf(stderr, "# %s: %s\n", t->name,
                WTERMSIG(status) == SIGALRM ? "time limit" : strsignal(WTERMSIG(status)));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    int n = 0, failed = 0;

    for (struct test_case *t = first; t; t = t->next) {
        if (!chosen(t, argc, argv)) continue;
        bool ok = run_one(t);
        printf("%s %d - %s\n", ok ? "ok" : "not ok", ++n, t->name);
        failed += !ok;
    }
    printf("1..%d\n", n);
    return failed ? 1 : 0;
}
