/* link.c - see link.h.
 *
 * Each request brings a socket for its answer. While somebody works on the request, its other end
 * is open somewhere; when the launcher or the child that worked on it is killed, we read the end of
 * file, and nobody else can come and answer later. So repeating it is safe wherever the job's
 * folder says what has been done. */
#include "jobs/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#define TRIES 10
#define DEADLINE_MS (5 * 60 * 1000) /* removing a large folder takes its time */
#define DEATH_MS 1000               /* for a killed launcher to let go of its sockets */

void link_init(struct launcher_link *l, char *const *argv, int deadline_ms)
{
    *l = (struct launcher_link){
        .argv = argv, .socket = -1, .deadline_ms = deadline_ms > 0 ? deadline_ms : DEADLINE_MS};
    pthread_mutex_init(&l->lock, NULL);
}

static int spawn(const struct launcher_link *l, int socket, pid_t *ret, struct error *e)
{
    static char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, socket, REQUEST_FD);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int sys = posix_spawn(ret, l->argv[0], &files, &attributes, l->argv, no_environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (sys == 0) return 0;
    (void)fail_errno(e, sys, "start %s", l->argv[0]);
    if (e) e->kind = ERR_UNREACHABLE;
    return -1;
}

/* True when there is an answer, or the end of file, within ${ms}. */
static bool is_answered(int socket, int ms)
{
    struct pollfd p = {.fd = socket, .events = POLLIN};
    int64_t end = clock_mono(&system_clock) + ms;
    int n;

    while ((n = poll(&p, 1, ms)) < 0 && errno == EINTR)
        ms = (int)(end > clock_mono(&system_clock) ? end - clock_mono(&system_clock) : 0);
    return n != 0;
}

static int await_ready(const struct launcher_link *l, struct error *e)
{
    const char *path = l->argv[0];
    int socket = l->socket;
    struct reply r;

    if (!is_answered(socket, l->deadline_ms)) {
        kill(l->pid, SIGKILL);
        return fail(e, ERR_UNREACHABLE, "%s does not answer", path);
    }
    int got = reply_receive(socket, &r, NULL, e);

    if (got < 0) return -1;
    if (got == 0) return fail(e, ERR_UNREACHABLE, "%s ended at once", path);
    if (r.code < 0) return fail(e, (enum error_kind)r.kind, "%s: %.400s", path, r.text);
    return 0;
}

static void bury_launcher(struct launcher_link *l)
{
    closep(&l->socket);
    if (l->pid <= 0) return;
    while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    l->pid = 0;
}

/* The caller holds the lock. */
static int start_locked(struct launcher_link *l, struct error *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno(e, errno, "socket for the launcher");
    int r = spawn(l, pair[1], &l->pid, e);
    close(pair[1]);
    l->socket = pair[0];
    if (r < 0) l->pid = 0;
    if (r == 0) r = await_ready(l, e);
    if (r < 0) bury_launcher(l);
    l->born++;
    return r;
}

int link_start(struct launcher_link *l, struct error *e)
{
    pthread_mutex_lock(&l->lock);
    int r = l->socket >= 0 ? 0 : start_locked(l, e);
    pthread_mutex_unlock(&l->lock);
    return r;
}

void link_done(struct launcher_link *l)
{
    bury_launcher(l);
    pthread_mutex_destroy(&l->lock);
}

/* Drops launcher number ${born} when it has died; another thread may have done so already. */
static void drop_dead(struct launcher_link *l, unsigned long born, bool surely)
{
    pthread_mutex_lock(&l->lock);
    struct pollfd p = {.fd = l->socket};
    bool dead = surely || (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)));
    if (l->socket >= 0 && l->born == born && dead) {
        log_warn("jobs", "the launcher (pid %d) has died and is started again", (int)l->pid);
        bury_launcher(l);
    }
    pthread_mutex_unlock(&l->lock);
}

/* Launcher number ${born} is stuck: kills it. Its requests that nobody works on end with it. */
static void kill_stuck(struct launcher_link *l, unsigned long born)
{
    pthread_mutex_lock(&l->lock);
    if (l->pid > 0 && l->born == born) {
        log_warn("jobs", "the launcher (pid %d) does not answer and is killed", (int)l->pid);
        kill(l->pid, SIGKILL);
    }
    pthread_mutex_unlock(&l->lock);
}

/* 1 = answered, 0 = whoever worked on it died. */
static int await_answer(struct launcher_link *l, unsigned long born, int socket, struct reply *ret,
                        int *ret_fd, struct error *e)
{
    if (is_answered(socket, l->deadline_ms)) return reply_receive(socket, ret, ret_fd, e);
    kill_stuck(l, born);
    if (is_answered(socket, DEATH_MS)) return reply_receive(socket, ret, ret_fd, e);
    return fail(e, ERR_TIMEOUT, "%s has not answered for %d seconds", l->argv[0],
                l->deadline_ms / 1000);
}

/* 1 = answered, 0 = whoever worked on it died. */
static int ask(struct launcher_link *l, struct request_head *head, const struct buf *texts,
               int input, struct reply *ret, int *ret_fd, struct error *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno(e, errno, "socket for the launcher's answer");
    pthread_mutex_lock(&l->lock);
    int r = l->socket >= 0 ? 0 : start_locked(l, e);
    unsigned long born = l->born;
    bool started = r == 0;
    if (started) r = request_send(l->socket, head, texts, pair[1], input, e);
    pthread_mutex_unlock(&l->lock);
    close(pair[1]);
    if (r == 0) r = await_answer(l, born, pair[0], ret, ret_fd, e);
    close(pair[0]);
    if (started && r < 0 && e->kind == ERR_UNREACHABLE) r = 0;
    if (started && r == 0) drop_dead(l, born, false);
    return r;
}

int link_call(struct launcher_link *l, struct request_head *head, const struct buf *texts,
              int input, int *ret_fd, struct error *e)
{
    struct error scratch = {0};
    struct reply reply;

    if (e == NULL) e = &scratch;
    for (int i = 0; i < TRIES; i++) {
        int r = ask(l, head, texts, input, &reply, ret_fd, e);
        if (r < 0) return -1;
        if (r == 0) continue;
        if (reply.code < 0) return fail(e, (enum error_kind)reply.kind, "%s", reply.text);
        return reply.code;
    }
    return fail(e, ERR_UNREACHABLE, "%s dies again and again", l->argv[0]);
}
