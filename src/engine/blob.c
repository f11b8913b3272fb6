/* blob.c - see blob.h. A blob is written to a temporary name, synced, and renamed to its hash: half
 * a blob has no name. A large one is sent to the disk while it is written, so that the sync at its
 * end has little left to wait for.
 *
 * A blob that is stored once more gets a new file and with it a new time. The sweep looks at the
 * time and removes under a lock that naming shares, across nodes: it never takes away the file that
 * somebody has just named and whose row is still to come. */
#include "engine/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/id.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/tree.h"

#define COPY (256 * KiB)
#define PUSH ((int64_t)(8 * MiB)) /* written before the disk is asked to begin with it */

int blobs_open(struct arena *a, const char *folder, const char *node_id, struct blobs *ret,
               struct error *e)
{
    const char *incoming = arena_fmt(a, "%s/incoming-%s", folder, node_id);

    if (dir_make(incoming, 0700, e) < 0) return -1;
    if (tree_empty_at(AT_FDCWD, incoming, e) < 0)
        return fail_wrap(e, "half-written files in %s", incoming);
    *ret = (struct blobs){arena_strdup(a, folder), incoming};
    return 0;
}

int blob_begin(struct blob_file *f, const struct blobs *b, struct error *e)
{
    char ticket[TICKET_SIZE];

    *f = (struct blob_file){.store = b, .fd = -1};
    f->path = xasprintf("%s/%s", b->incoming, id_ticket(ticket));
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        int sys = errno;
        free(TAKE(f->path));
        return fail_errno(e, sys, "create a file in %s", b->incoming);
    }
    digest_begin(&f->digest);
    return 0;
}

int blob_add(struct blob_file *f, const void *data, size_t n, struct error *e)
{
    if (f->size + (int64_t)n > FAULT_NUMBER("BOBTAIL_BLOB_ROOM", INT64_MAX))
        return fail_errno(e, ENOSPC, "write to %s", f->store->incoming);
    if (file_write_all(f->fd, data, n, e) < 0) return -1;
    digest_add(&f->digest, data, n);
    f->size += (int64_t)n;
    if (f->size - f->pushed < PUSH) return 0;
    /* only a hint: where it is not possible, the sync at the end does all */
    (void)sync_file_range(f->fd, f->pushed, f->size - f->pushed, SYNC_FILE_RANGE_WRITE);
    f->pushed = f->size;
    return 0;
}

/* Takes the lock between naming and sweeping; close the descriptor to let it go. */
static int take_lock(const struct blobs *b, enum lock_kind kind, struct error *e)
{
    CLEANUP(freep) char *path = path_join(b->folder, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) return fail_errno(e, errno, "open %s", path);
    if (lock_wait(fd, kind, 0, 1, e) == 0) return fd;
    close(fd);
    return -1;
}

/* Gives the finished file its name. */
static int name_blob(struct blob_file *f, const char *hash, struct error *e)
{
    const char *folder = f->store->folder;
    CLEANUP(freep) char *dir = xasprintf("%s/%.2s", folder, hash);
    CLEANUP(freep) char *path = xasprintf("%s/%s", dir, hash + 2);
    CLEANUP(closep) int lock = take_lock(f->store, LOCK_SHARED, e);

    if (lock < 0 || dir_make(dir, 0700, e) < 0) return -1;
    if (rename(f->path, path) < 0) return fail_errno(e, errno, "rename blob %s", hash);
    free(TAKE(f->path));
    if (dir_sync(dir, e) < 0) return -1;
    return dir_sync(folder, e);
}

int blob_finish(struct blob_file *f, char hash[DIGEST_HEX_SIZE], struct error *e)
{
    digest_end(&f->digest, hash);
    FAULT_POINT("blob.written");
    if (fsync(f->fd) < 0) return fail_errno(e, errno, "fsync blob");
    if (name_blob(f, hash, e) < 0) return -1;
    FAULT_POINT("blob.named");
    return 0;
}

void blob_done(struct blob_file *f)
{
    if (f->fd >= 0 && f->store) close(f->fd);
    if (f->path) unlink(f->path);
    free(f->path);
    *f = (struct blob_file){.fd = -1};
}

static int copy(int from, struct blob_file *to, struct error *e)
{
    CLEANUP(freep) char *chunk = xmalloc(COPY);

    for (;;) {
        ssize_t got = read(from, chunk, COPY);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read");
        if (got == 0) return 0;
        if (blob_add(to, chunk, (size_t)got, e) < 0) return -1;
    }
}

int blob_store_fd(const struct blobs *b, int fd, struct arena *a, const char **ret_hash,
                  int64_t *ret_size, struct error *e)
{
    CLEANUP(blob_done) struct blob_file f = {.fd = -1};
    char hash[DIGEST_HEX_SIZE];

    if (blob_begin(&f, b, e) < 0 || copy(fd, &f, e) < 0 || blob_finish(&f, hash, e) < 0) return -1;
    *ret_hash = arena_strdup(a, hash);
    *ret_size = f.size;
    return 0;
}

int blob_open(const struct blobs *b, const char *hash, struct error *e)
{
    CLEANUP(freep) char *path = xasprintf("%s/%.2s/%s", b->folder, hash, hash + 2);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return fd < 0 ? fail_errno(e, errno, "open blob %s", hash) : fd;
}

/* ---- sweeping ---- */

struct sweep {
    const struct blobs *store;
    const char *const *used;
    size_t n;
    int64_t before_ms;
    size_t removed;
};

static bool is_hex(const char *name, size_t n)
{
    return strlen(name) == n && strspn(name, "0123456789abcdef") == n;
}

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_old(int dir, const char *name, int64_t before_ms)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 < before_ms;
}

static int sweep_one(struct sweep *s, int dir, const char *prefix, const char *name,
                     struct error *e)
{
    char hash[DIGEST_HEX_SIZE];

    snprintf(hash, sizeof(hash), "%.2s%.62s", prefix, name);
    if (!is_old(dir, name, s->before_ms) ||
        (s->n && bsearch(hash, s->used, s->n, sizeof(*s->used), by_text)))
        return 0;
    CLEANUP(closep) int lock = take_lock(s->store, LOCK_EXCLUSIVE, e);
    if (lock < 0) return -1;
    if (!is_old(dir, name, s->before_ms)) return 0;
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return fail_errno(e, errno, "remove blob %s", hash);
    s->removed++;
    return 0;
}

/* The blobs of folder ${prefix}, or, when it is NULL, of all such folders in ${path}. */
static int sweep_folder(struct sweep *s, const char *path, const char *prefix, struct error *e)
{
    DIR *d = opendir(path);
    struct dirent *x;
    int r = 0;

    if (d == NULL) return errno == ENOENT ? 0 : fail_errno(e, errno, "open %s", path);
    while (r == 0 && (x = readdir(d)) != NULL) {
        if (prefix && is_hex(x->d_name, DIGEST_HEX_SIZE - 3)) {
            r = sweep_one(s, dirfd(d), prefix, x->d_name, e);
        } else if (prefix == NULL && is_hex(x->d_name, 2)) {
            CLEANUP(freep) char *inner = path_join(path, x->d_name);
            r = sweep_folder(s, inner, x->d_name, e);
        }
    }
    closedir(d);
    return r;
}

int blobs_sweep(const struct blobs *b, const char *const *used, size_t n, int64_t before_ms,
                size_t *removed, struct error *e)
{
    struct sweep s = {b, used, n, before_ms, 0};
    int r = sweep_folder(&s, b->folder, NULL, e);

    *removed += s.removed;
    return r;
}
