/* file.c - see file.h. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

static int read_all(int fd, const char *name, struct buf *out, struct error *e)
{
    for (;;) {
        char *at = buf_reserve(out, 64 * KiB);
        ssize_t got = read(fd, at, 64 * KiB);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read %s", name);
        out->n += (size_t)got;
        out->p[out->n] = '\0';
        if (got == 0) return 0;
        if (out->n > out->max)
            return fail(e, ERR_TOO_LARGE, "%s is larger than %zu bytes", name, out->max);
    }
}

int file_read_at(int dirfd, const char *name, struct buf *out, struct error *e)
{
    CLEANUP(closep) int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0) return fail_errno(e, errno, "open %s", name);
    return read_all(fd, name, out, e);
}

int file_read(const char *path, struct buf *out, struct error *e)
{
    return file_read_at(AT_FDCWD, path, out, e);
}

int file_write_all(int fd, const void *data, size_t n, struct error *e)
{
    const char *p = data;

    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(e, errno, "write");
        p += put;
        n -= (size_t)put;
    }
    return 0;
}

int file_create_at(int dirfd, const char *name, mode_t mode, const void *data, size_t n,
                   struct error *e)
{
    CLEANUP(closep) int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0) return fail_errno(e, errno, "create %s", name);
    if (file_write_all(fd, data, n, e) < 0) return fail_wrap(e, "%s", name);
    return 0;
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int write_synced(const char *path, mode_t mode, const void *data, size_t n, struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0) return fail_errno(e, errno, "create %s", path);
    if (file_write_all(fd, data, n, e) < 0) return fail_wrap(e, "%s", path);
    if (fsync(fd) < 0) return fail_errno(e, errno, "fsync %s", path);
    return 0;
}

int file_replace(const char *path, mode_t mode, const void *data, size_t n, struct error *e)
{
    CLEANUP(freep) char *tmp = xasprintf("%s.%d.tmp", path, (int)getpid());
    CLEANUP(freep) char *dir = parent_of(path);

    if (write_synced(tmp, mode, data, n, e) < 0) {
        unlink(tmp);
        return -1;
    }
    if (rename(tmp, path) < 0) {
        int sys = errno;
        unlink(tmp);
        return fail_errno(e, sys, "rename %s to %s", tmp, path);
    }
    return dir_sync(dir, e);
}

int dir_sync(const char *path, struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) return fail_errno(e, errno, "open folder %s", path);
    if (fsync(fd) < 0) return fail_errno(e, errno, "fsync folder %s", path);
    return 0;
}

static int make_one(const char *path, mode_t mode, struct error *e)
{
    if (mkdir(path, mode) < 0)
        return errno == EEXIST ? 0 : fail_errno(e, errno, "make folder %s", path);
    return chmod(path, mode) < 0 ? fail_errno(e, errno, "chmod %s", path) : 0;
}

int dir_make(const char *path, mode_t mode, struct error *e)
{
    CLEANUP(freep) char *p = xstrdup(path);

    for (char *at = p + 1; *at; at++) {
        if (*at != '/') continue;
        *at = '\0';
        if (make_one(p, mode, e) < 0) return -1;
        *at = '/';
    }
    return make_one(p, mode, e);
}

char *path_join(const char *dir, const char *name) { return xasprintf("%s/%s", dir, name); }
