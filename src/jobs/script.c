/* script.c - see script.h.
 *
 * The child shares our memory until it has exec'ed (like vfork, but on a stack of its own, so that
 * nothing of ours is overwritten): no page tables are copied, and why it failed is simply left in a
 * struct. It makes raw system calls only, since library wrappers and sanitizers assume that memory
 * and thread are one. */
#include "jobs/script.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#define STACK_SIZE ((size_t)64 * 1024)
#define RAW __attribute__((no_sanitize("address", "thread", "undefined")))
#define PATHS_MAX 64

enum failed_at { AT_EXEC, AT_FOLDER, AT_ACCOUNT, AT_OTHER };

struct birth {
    const struct script *s;
    const char *const *programs; /* to try in turn, NULL-terminated */
    pid_t parent;
    volatile int failed; /* errno, 0 = has become the program */
    volatile int where;  /* enum failed_at */
};

RAW static int give_up(struct birth *b, enum failed_at where, int sys)
{
    b->where = where;
    b->failed = sys;
    syscall(SYS_exit_group, 127);
    return 127;
}

/* Signals that the launcher's starter ignored were set back when the launcher started; only the
 * mask is left. */
RAW static long unblock_signals(void)
{
    uint64_t none = 0;

    return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

RAW static int become(void *argument)
{
    struct birth *b = argument;
    const struct script *s = b->s;
    int sys;

    syscall(SYS_setsid);
    if (s->cgroup >= 0 && !s->cgroup_by_clone) {
        long fd = syscall(SYS_openat, s->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
        if (fd >= 0) syscall(SYS_write, fd, "0", 1);
    }
    if (syscall(SYS_dup3, s->in, 0, 0) < 0 || syscall(SYS_dup3, s->out, 1, 0) < 0 ||
        syscall(SYS_dup3, s->err, 2, 0) < 0)
        return give_up(b, AT_OTHER, errno);
    if ((sys = account_enter(s->account)) != 0) return give_up(b, AT_ACCOUNT, sys);
    if (syscall(SYS_fchdir, s->dir) < 0) return give_up(b, AT_FOLDER, errno);
    /* After the change of account, which would reset it. */
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (syscall(SYS_getppid) != b->parent) return give_up(b, AT_OTHER, ECHILD);
    unblock_signals();
    for (const char *const *p = b->programs; *p; p++) {
        syscall(SYS_execve, *p, s->argv, s->env);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
    }
    return give_up(b, AT_EXEC, errno);
}

#ifdef __x86_64__
/* clone3 that gives the child a stack of its own and runs become() on it. */
RAW static long clone_into(struct clone_args *args, void *argument)
{
    register int (*fn)(void *) __asm__("r8") = become;
    register void *arg __asm__("r9") = argument;
    long r;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r9, %%rdi\n\t"
                     "call *%%r8\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov $60, %%eax\n\t"
                     "syscall\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(r)
                     : "a"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(fn), "r"(arg)
                     : "rcx", "r11", "rdx", "r10", "memory", "cc");
    if (r >= 0) return r;
    errno = (int)-r;
    return -1;
}
#else
static long clone_into(struct clone_args *args, void *argument)
{
    errno = ENOSYS;
    return -1;
}
#endif

static pid_t give_birth(struct birth *b, struct script *s, char *stack)
{
    if (s->cgroup >= 0 && s->cgroup_by_clone) {
        struct clone_args args = {
            .flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP,
            .exit_signal = SIGCHLD,
            .stack = (uint64_t)(uintptr_t)stack,
            .stack_size = STACK_SIZE,
            .cgroup = (uint64_t)s->cgroup,
        };
        long pid = clone_into(&args, b);
        if (pid >= 0) return (pid_t)pid;
        s->cgroup_by_clone = false; /* an older kernel or a group that refuses: try by hand */
    }
    return clone(become, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, b);
}

static pid_t explain(const struct birth *b, pid_t pid, struct error *e)
{
    static const char *const what[] = {[AT_EXEC] = "run",
                                       [AT_FOLDER] = "enter the working folder for",
                                       [AT_ACCOUNT] = "take on the account for",
                                       [AT_OTHER] = "prepare"};

    waitpid(pid, NULL, 0);
    return fail_errno(e, b->failed, "cannot %s %.200s", what[b->where], b->s->argv[0]);
}

/* The files that argv[0] can mean: itself, or, when it has no slash, those in the PATH of the
 * script's environment. */
static void add_programs(const struct script *s, struct buf *texts, const char **ret)
{
    const char *path = "/usr/local/bin:/usr/bin:/bin", *name = s->argv[0];
    size_t offsets[PATHS_MAX], n = 0;
    struct str rest, folder;

    if (strchr(name, '/') || !*name) {
        ret[0] = name;
        return;
    }
    for (char *const *v = s->env; *v; v++)
        if (strncmp(*v, "PATH=", 5) == 0) path = *v + 5;
    rest = str_of(path);
    while (n < PATHS_MAX - 1 && str_cut(&rest, ':', &folder)) {
        offsets[n++] = texts->n;
        buf_addf(texts, "%.*s/%s", (int)folder.n, folder.n ? folder.p : ".", name);
        buf_add(texts, "", 1);
    }
    for (size_t i = 0; i < n; i++) ret[i] = texts->p + offsets[i];
    if (n == 0) ret[0] = name;
}

pid_t script_start(const struct script *s, struct error *e)
{
    CLEANUP(buf_done) struct buf texts = BUF_INIT(1 * MiB);
    const char *programs[PATHS_MAX] = {NULL};
    struct script copy = *s;
    struct birth b = {.s = &copy, .programs = programs, .parent = getpid()};

    add_programs(s, &texts, programs);
    if (texts.overflow) return fail(e, ERR_INVALID, "PATH of the script is too long");
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return fail_errno(e, errno, "memory for a new process");
    pid_t pid = give_birth(&b, &copy, stack);
    int sys = errno;
    munmap(stack, STACK_SIZE);
    if (pid < 0) return fail_errno(e, sys, "cannot start a process for %.200s", s->argv[0]);
    if (b.failed) return explain(&b, pid, e);
    return pid;
}
