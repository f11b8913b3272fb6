/* claim.c - see claim.h.
 *
 * Several processes may want to start the same ticket at the same time: a second server, or the
 * same one that repeats a request after its launcher was killed. The file `lock` has two bytes:
 * CLAIM is held only while it is decided, ALIVE by the supervisor for its life. A valid start
 * record is the decision: from then on the job counts as started, whatever happens. Before it is
 * written we ask once more whether whoever asked is still there: a request that was left over in
 * the queue of a dead server's launcher must not start anything, since its successor may have run
 * and removed the job meanwhile. */
#include "jobs/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "jobs/process.h"
#include "os/lock.h"
#include "os/tree.h"

#define TRIES 100
/* Files are closed in the order of their numbers when a process ends, or in the opposite order.
 * With the lock between two files whose closing rings, one ring always comes after the lock has
 * become free. */
#define LOCK_FD_MIN 50
#define LOG_FD_MIN 60

static int renumber(int *fd, int least, struct error *e)
{
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, least);

    if (moved < 0) return fail_errno(e, errno, "move a descriptor");
    close(*fd);
    *fd = moved;
    return 0;
}

/* The folder of an earlier job gets our name, when it is still there and no folder has our name
 * yet. */
static bool use_spare(const struct launcher *l, const struct request *q)
{
    return q->head.spare[0] &&
           renameat2(l->jobs, q->head.spare, l->jobs, q->head.ticket, RENAME_NOREPLACE) == 0;
}

/* Opens folder and lock: 1, or 0 when the folder was removed in between. */
static int open_lock(const struct launcher *l, const struct request *q, struct claim *c,
                     struct error *e)
{
    const char *ticket = q->head.ticket;
    struct stat by_name, by_fd;

    if (!use_spare(l, q) && mkdirat(l->jobs, ticket, 0700) < 0 && errno != EEXIST)
        return fail_errno(e, errno, "make the folder of job %s", ticket);
    c->dir = openat(l->jobs, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (c->dir < 0)
        return errno == ENOENT ? 0 : fail_errno(e, errno, "open the folder of job %s", ticket);
    c->lock = openat(c->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (c->lock < 0)
        return errno == ENOENT ? 0 : fail_errno(e, errno, "open the lock of job %s", ticket);
    if (lock_wait(c->lock, LOCK_EXCLUSIVE, LOCK_CLAIM, 1, e) < 0) return -1;
    return fstatat(l->jobs, ticket, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(c->dir, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
           by_name.st_dev == by_fd.st_dev;
}

/* What an earlier job has left in the file does not count for this one, so its blocks may stay. */
static int create(int dir, const char *name, int more, int *ret, struct error *e)
{
    *ret = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | more, 0600);
    if (*ret < 0) return fail_errno(e, errno, "create the job's %s", name);
    return 0;
}

static int make_files(struct claim *c, struct error *e)
{
    struct stat st;

    if (create(c->dir, "result", 0, &c->result, e) < 0) return -1;
    if (result_record_put(c->result, &c->result_record, e) < 0) return -1;
    if (create(c->dir, "log", O_TRUNC, &c->log, e) < 0 || fstat(c->log, &st) < 0) return -1;
    c->start_record.log_device = st.st_dev;
    c->start_record.log_inode = st.st_ino;
    if (mkfifoat(c->dir, "control", 0600) < 0 && errno != EEXIST)
        return fail_errno(e, errno, "create the job's control");
    c->control = openat(c->dir, "control", O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (c->control < 0) return fail_errno(e, errno, "open the job's control");
    if (renumber(&c->lock, LOCK_FD_MIN, e) < 0 || renumber(&c->log, LOG_FD_MIN, e) < 0) return -1;
    return create(c->dir, "start", 0, &c->start, e);
}

static bool asker_has_gone(const struct request *q)
{
    struct pollfd p = {.fd = q->reply};

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* A power cut must not make the job look as if it had never been started. */
static int sync_start(const struct launcher *l, const struct claim *c, struct error *e)
{
    if (fsync(c->start) < 0 || fsync(c->dir) < 0 || fsync(l->jobs) < 0)
        return fail_errno(e, errno, "fsync the job's start record");
    return 0;
}

static int decide(const struct launcher *l, const struct request *q, struct claim *c,
                  struct error *e)
{
    struct start_record *s = &c->start_record;
    struct process self;

    *s = (struct start_record){.state = JOB_STARTING, .cgroup_kind = l->cgroup.kind};
    memcpy(s->ticket, q->head.ticket, sizeof(s->ticket));
    memcpy(c->result_record.ticket, q->head.ticket, sizeof(c->result_record.ticket));
    memcpy(s->boot_id, l->boot_id, sizeof(s->boot_id));
    if (!process_find(getpid(), &self)) return fail(e, ERR_INTERNAL, "no /proc/%d/stat", getpid());
    s->supervisor = self.id;
    if (make_files(c, e) < 0) return -1;
    s->log_fd = c->log;
    s->control_fd = c->control;
    if (asker_has_gone(q)) return fail(e, ERR_CANCELLED, "whoever asked for the start has gone");
    if (q->head.start_until && clock_mono(&system_clock) >= q->head.start_until)
        return fail(e, ERR_FENCED, "the start of job %s comes too late", q->head.ticket);
    if (start_record_put(c->start, s, e) == 0 && (!q->head.durable || sync_start(l, c, e) == 0))
        return 0;
    unlinkat(c->dir, "start", 0);
    return -1;
}

static int take_locked(const struct launcher *l, const struct request *q, struct claim *c,
                       struct error *e)
{
    struct start_record earlier;
    int alive = lock_try(c->lock, LOCK_EXCLUSIVE, LOCK_ALIVE, 1, e);

    if (alive < 0) return -1;
    if (!alive || start_record_get(c->dir, q->head.ticket, &earlier)) return 1;
    if (decide(l, q, c, e) < 0) return -1;
    lock_release(c->lock, LOCK_CLAIM, 1);
    return 0;
}

static void close_all(struct claim *c)
{
    closep(&c->control);
    closep(&c->log);
    closep(&c->start);
    closep(&c->result);
    closep(&c->lock);
    closep(&c->dir);
}

int claim_take(const struct launcher *l, const struct request *q, struct claim *ret,
               struct error *e)
{
    for (int i = 0; i < TRIES; i++) {
        struct claim c = {-1, -1, -1, -1, -1, -1, {0}, {0}};
        int r = open_lock(l, q, &c, e);
        if (r > 0) {
            r = take_locked(l, q, &c, e);
            if (r == 0) *ret = c;
            if (r != 0) close_all(&c);
            return r;
        }
        close_all(&c);
        if (r < 0) return -1;
    }
    return fail(e, ERR_BUSY, "the folder of job %s keeps being removed", q->head.ticket);
}

/* A removed file has no name to link from any more: its content goes into a new one. */
static int copy_file(int from, int dir, const char *name)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    off_t at = 0;

    if (fd < 0) return -1;
    while (sendfile(fd, from, &at, 1 << 30) > 0) {
    }
    return fd;
}

/* Gives the open file ${fd} its name back; the descriptor of a copy that took its place when that
 * could not be, else -1. */
static int restore_name(int dir, const char *name, int fd)
{
    struct stat by_name, by_fd;
    char path[40];

    if (fstat(fd, &by_fd) < 0) return -1;
    if (fstatat(dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && by_name.st_ino == by_fd.st_ino &&
        by_name.st_dev == by_fd.st_dev)
        return -1;
    if (tree_remove_at(dir, name, NULL) < 0) return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (by_fd.st_nlink > 0 && linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0) return -1;
    return copy_file(fd, dir, name);
}

/* From now on the copy, if there is one, is the file. */
static void replace(int *fd, int copy)
{
    if (copy < 0) return;
    dup3(copy, *fd, O_CLOEXEC);
    close(copy);
}

void claim_restore(struct claim *c)
{
    struct stat st;

    replace(&c->start, restore_name(c->dir, "start", c->start));
    replace(&c->result, restore_name(c->dir, "result", c->result));
    int copy = restore_name(c->dir, "log", c->log);
    if (copy < 0 || fstat(copy, &st) < 0) return;
    c->start_record.log_device = st.st_dev;
    c->start_record.log_inode = st.st_ino;
    /* At every moment the record names the file that has the name or the one we have open. */
    if (start_record_put(c->start, &c->start_record, NULL) == 0) replace(&c->log, copy);
}
