/* lock.c - see lock.h. The file stays when the lock is let go: removing it would race with the next
 * process. The link behind a database's name is resolved first, so that two names of one file have
 * one lock. */
#include "db/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "os/file.h"

static int taken(int fd, const char *path, struct error *e)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

    if (n <= 0) return fail(e, ERR_CONFLICT, "the database %s is in use by another process", path);
    pid[strcspn(pid, "\n")] = '\0';
    return fail(e, ERR_CONFLICT, "the database %s is in use by process %s", path, pid);
}

static int write_pid(int fd, const char *name, struct error *e)
{
    char pid[32];
    int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

    if (ftruncate(fd, 0) < 0) return fail_errno(e, errno, "truncate %s", name);
    if (pwrite(fd, pid, (size_t)n, 0) != n) return fail_errno(e, errno, "write %s", name);
    return 0;
}

int lock_take(const char *path, struct error *e)
{
    CLEANUP(freep) char *real = realpath(path, NULL);
    CLEANUP(freep) char *name = xasprintf("%s.lock", real ? real : path);
    CLEANUP(closep) int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) return fail_errno(e, errno, "create %s", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) return taken(fd, path, e);
        return fail_errno(e, errno, "lock %s", name);
    }
    if (write_pid(fd, name, e) < 0) return -1;
    int held = fd;
    fd = -1;
    return held;
}
