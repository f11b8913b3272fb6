/* blob.c - see blob.h. A blob is written to a temporary name, synced, and renamed to its hash: half
 * a blob has no name. */
#include "engine/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "crypt/digest.h"
#include "os/file.h"

static int copy(int from, int to, struct digest *d, int64_t *size, struct error *e)
{
    CLEANUP(freep) char *chunk = xmalloc(256 * KiB);

    for (*size = 0;;) {
        ssize_t got = read(from, chunk, 256 * KiB);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read");
        if (got == 0) return 0;
        digest_add(d, chunk, (size_t)got);
        if (file_write_all(to, chunk, (size_t)got, e) < 0) return -1;
        *size += got;
    }
}

/* Gives the finished temporary file its name. */
static int name_blob(const char *folder, const char *tmp, const char *hash, struct error *e)
{
    CLEANUP(freep) char *dir = xasprintf("%s/%.2s", folder, hash);
    CLEANUP(freep) char *path = xasprintf("%s/%s", dir, hash + 2);

    if (dir_make(dir, 0700, e) < 0) return -1;
    if (rename(tmp, path) < 0) return fail_errno(e, errno, "rename blob %s", hash);
    if (dir_sync(dir, e) < 0) return -1;
    return dir_sync(folder, e);
}

int blob_store_fd(const char *folder, int fd, struct arena *a, const char **ret_hash,
                  int64_t *ret_size, struct error *e)
{
    char ticket[TICKET_SIZE], hash[DIGEST_HEX_SIZE];
    CLEANUP(freep) char *tmp = xasprintf("%s/%s.tmp", folder, id_ticket(ticket));
    CLEANUP(closep) int out = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct digest d;
    int64_t size;

    if (out < 0) return fail_errno(e, errno, "create blob below %s", folder);
    digest_begin(&d);
    int r = copy(fd, out, &d, &size, e);
    if (r == 0 && fsync(out) < 0) r = fail_errno(e, errno, "fsync blob");
    digest_end(&d, hash);
    if (r == 0) r = name_blob(folder, tmp, hash, e);
    if (r < 0) {
        unlink(tmp);
        return -1;
    }
    *ret_hash = arena_strdup(a, hash);
    *ret_size = size;
    return 0;
}

int blob_open(const char *folder, const char *hash, struct error *e)
{
    CLEANUP(freep) char *path = xasprintf("%s/%.2s/%s", folder, hash, hash + 2);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return fd < 0 ? fail_errno(e, errno, "open blob %s", hash) : fd;
}

int blob_store(const char *folder, const void *data, size_t n, struct arena *a,
               const char **ret_hash, struct error *e)
{
    CLEANUP(closep) int fd = memfd_create("blob", MFD_CLOEXEC);
    int64_t size;

    if (fd < 0) return fail_errno(e, errno, "memfd");
    if (file_write_all(fd, data, n, e) < 0) return -1;
    if (lseek(fd, 0, SEEK_SET) < 0) return fail_errno(e, errno, "lseek");
    return blob_store_fd(folder, fd, a, ret_hash, &size, e);
}
