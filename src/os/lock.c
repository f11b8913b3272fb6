/* lock.c - see lock.h. */
#include "os/lock.h"

#include <errno.h>
#include <fcntl.h>

static struct flock range(short type, off_t at, off_t n)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = n};
}

static short type_of(enum lock_kind kind) { return kind == LOCK_SHARED ? F_RDLCK : F_WRLCK; }

int lock_try(int fd, enum lock_kind kind, off_t at, off_t n, struct error *e)
{
    struct flock l = range(type_of(kind), at, n);

    if (fcntl(fd, F_OFD_SETLK, &l) == 0) return 1;
    if (errno == EAGAIN || errno == EACCES) return 0;
    return fail_errno(e, errno, "lock");
}

int lock_wait(int fd, enum lock_kind kind, off_t at, off_t n, struct error *e)
{
    struct flock l = range(type_of(kind), at, n);

    while (fcntl(fd, F_OFD_SETLKW, &l) < 0)
        if (errno != EINTR) return fail_errno(e, errno, "wait for lock");
    return 0;
}

void lock_release(int fd, off_t at, off_t n)
{
    struct flock l = range(F_UNLCK, at, n);

    fcntl(fd, F_OFD_SETLK, &l);
}

bool lock_is_held(int fd, off_t at, off_t n)
{
    struct flock l = range(F_WRLCK, at, n);

    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}
