/* launcher.c - see launcher.h.
 *
 * A loop: receive a request, fork, let the child answer. The launcher keeps nothing about its
 * children and need not reap them (SA_NOCLDWAIT); whoever asks learns from the end of file of the
 * reply socket that a child has died. When the server goes, the launcher ends, and the supervisors
 * live on. */
#include "jobs/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/id.h"
#include "os/file.h"
#include "os/limit.h"
#include "os/tree.h"

#define PROC_MAGIC 0x9fa0
#define SYS_MAGIC 0x62656572

static int open_folder(const char *root, const char *name, mode_t mode, struct error *e)
{
    CLEANUP(freep) char *path = path_join(root, name);

    if (dir_make(path, mode, e) < 0) return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open folder %s", path);
    return fd;
}

static bool take_number(const char *s, int64_t *ret) { return str_i64(s, 0, UINT32_MAX - 1, ret); }

/* uid, gid, "4,27,100" */
static int parse_account(char **argv, struct account *a, struct error *e)
{
    int64_t uid, gid, group;
    struct str rest = str_of(argv[2]), word;
    char number[24];

    if (!take_number(argv[0], &uid) || !take_number(argv[1], &gid))
        return fail(e, ERR_INVALID, "account %s:%s", argv[0], argv[1]);
    *a = (struct account){.set = true, .uid = (uid_t)uid, .gid = (gid_t)gid};
    while (str_cut(&rest, ',', &word)) {
        snprintf(number, sizeof(number), "%.*s", (int)word.n, word.p);
        if (a->n_groups == ACCOUNT_GROUPS_MAX || !take_number(number, &group))
            return fail(e, ERR_INVALID, "groups %s", argv[2]);
        a->groups[a->n_groups++] = (gid_t)group;
    }
    return 0;
}

#define CANNOT_REACH 255

/* Tries, in a child, whether we may become the account, rather than find out with the first script.
 */
static int try_account(const struct account *a, const char *root, struct error *e)
{
    int status = 0;

    if (!a->set) return 0;
    pid_t pid = fork();
    if (pid == 0) {
        int sys = account_enter(a);
        _exit(sys ? sys & 0x7f : access(root, X_OK) < 0 ? CANNOT_REACH : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) return fail_errno(e, errno, "try the account");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    if (WEXITSTATUS(status) == CANNOT_REACH)
        return fail(e, ERR_DENIED, "scripts run as uid %u, which may not enter %s",
                    (unsigned)a->uid, root);
    return fail_errno(e, WEXITSTATUS(status),
                      "the launcher may not start scripts as uid %u; it needs to run as root or to "
                      "have the capabilities setuid, setgid, chown and kill",
                      (unsigned)a->uid);
}

static int set_up(struct launcher *l, int argc, char **argv, struct error *e)
{
    int64_t files;

    if (argc != 4 && argc != 7) return fail(e, ERR_INVALID, "launcher: %d arguments", argc);
    if (!str_i64(argv[3], 1, INT64_MAX, &files)) return fail(e, ERR_INVALID, "files %s", argv[3]);
    limit_set_files(files);
    if (argc == 7 && parse_account(argv + 4, &l->account, e) < 0) return -1;
    if ((l->null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
        return fail_errno(e, errno, "open /dev/null");
    if ((l->jobs = open_folder(argv[1], "jobs", 0700, e)) < 0) return -1;
    if ((l->work = open_folder(argv[1], "work", 0711, e)) < 0) return -1;
    if ((l->mutexes = open_folder(argv[1], "mutex", 0700, e)) < 0) return -1;
    if (cgroup_home_open(argv[2], "bobtail-jobs", &l->cgroup, e) < 0) return -1;
    boot_id_get(l->boot_id);
    return try_account(&l->account, argv[1], e);
}

/* A script must not inherit what whoever started the server happened to ignore or block. By raw
 * system calls, since the library hides the signals that it uses itself, which may be ignored as
 * well. */
static void reset_signals(void)
{
    const uint64_t plain[8] = {0}; /* struct kernel_sigaction with SIG_DFL */
    sigset_t none;

    for (int s = 1; s < _NSIG; s++) syscall(SYS_rt_sigaction, s, plain, NULL, sizeof(uint64_t));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void forget_children(void)
{
    struct sigaction forget = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};

    sigaction(SIGCHLD, &forget, NULL);
}

static int open_artifact(const struct launcher *l, const struct request *q, struct error *e)
{
    struct stat st;
    struct statfs fs;
    CLEANUP(closep)
    int dir = openat(l->work, q->head.ticket, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int sys = account_enter(&l->account);

    if (sys) return fail_errno(e, sys, "take on the script's account");
    if (dir < 0 || fchdir(dir) < 0) return fail_errno(e, errno, "the working folder of the script");
    /* Not waiting for the other end of a FIFO that a script may have put there. */
    CLEANUP(closep) int fd = open(q->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open %.200s", q->path);
    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0) return fail_errno(e, errno, "%.200s", q->path);
    if (!S_ISREG(st.st_mode) || fs.f_type == PROC_MAGIC || fs.f_type == SYS_MAGIC)
        return fail(e, ERR_INVALID, "%.200s is not a regular file", q->path);
    int taken = fd;
    fd = -1;
    return taken;
}

static int empty_work(const struct launcher *l, const struct request *q, struct error *e)
{
    int sys = account_enter(&l->account);

    if (sys) return fail_errno(e, sys, "take on the script's account");
    return tree_empty_at(l->work, q->head.ticket, e);
}

NORETURN static void serve(const struct launcher *l, const struct request *q)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    struct error e = {0};
    int code = -1, fd = -1;

    sigaction(SIGCHLD, &plain, NULL);
    switch (q->head.op) {
    case REQUEST_START: supervisor_run(l, q);
    case REQUEST_BURY: code = burial_run(l, q->head.ticket, &e); break;
    case REQUEST_EMPTY: code = empty_work(l, q, &e); break;
    case REQUEST_ARTIFACT:
        fd = open_artifact(l, q, &e);
        code = fd < 0 ? -1 : 0;
        break;
    default: (void)fail(&e, ERR_INVALID, "request %d is not known", (int)q->head.op);
    }
    reply_send(q->reply, code, &e, fd);
    _exit(0);
}

static void handle(const struct launcher *l, const struct request *q)
{
    struct error e = {0};

    if (!id_ticket_valid(q->head.ticket)) {
        (void)fail(&e, ERR_INVALID, "ticket \"%s\"", q->head.ticket);
        reply_send(q->reply, -1, &e, -1);
    } else {
        pid_t pid = fork();
        if (pid == 0) {
            close(REQUEST_FD);
            serve(l, q);
        }
        if (pid < 0) {
            (void)fail_errno(&e, errno, "start a supervisor");
            reply_send(q->reply, -1, &e, -1);
        }
    }
    close(q->reply);
    if (q->input >= 0) close(q->input);
}

int launcher_main(int argc, char **argv)
{
    struct launcher l = {.jobs = -1, .work = -1, .mutexes = -1, .null = -1};
    struct request q;
    struct error e = {0};
    int r;

    setsid(); /* the terminal's Ctrl-C is the server's business */
    if (chdir("/") < 0) return 1;
    reset_signals();
    fcntl(REQUEST_FD, F_SETFD, FD_CLOEXEC);
    close_range(REQUEST_FD + 1, ~0U, 0);
    r = set_up(&l, argc, argv, &e);
    reply_send(REQUEST_FD, r, &e, -1);
    if (r < 0) return 1;
    forget_children();
    while ((r = request_receive(REQUEST_FD, &q, &e)) != 0) {
        if (r < 0) return 1; /* the server is not one of ours */
        handle(&l, &q);
    }
    return 0;
}
