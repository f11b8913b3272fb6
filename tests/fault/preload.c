/* preload.c - records what a process tree does to the files below a folder (LD_PRELOAD; see
 * record.h).
 *
 * Each function below performs the real call and appends a record of what it did. The order of the
 * log is the order that a rebuild relies on: a write is recorded after it was made and before its
 * caller can go on, and an fsync is two records around the call, so that a sync covers exactly what
 * had returned before it began.
 *
 * It runs inside foreign programs, between fork and exec too: no allocation, no stdio, no state but
 * two texts from the environment, and the log is opened anew for each record, since the program may
 * close descriptors that it does not know. What it cannot follow (stdio on a file of the folder, a
 * shared writable mapping, an exchange of names) is recorded as RECORD_ESCAPE and makes the rebuild
 * fail, rather than be wrong. SQLite's -shm file is the exception: SQLite writes it by mapping only
 * and makes it anew after a crash. Statically linked programs are not seen: use FLAVOUR=fault. */
#include "tests/fault/record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define IOV_LIMIT 1024

static const char *log_path, *root_path, *boot_path;
static size_t root_size;
static long (*real_syscall)(long, ...);

/* --- the log
 * -------------------------------------------------------------------------------------------------------
 */

/* Performs a system call; -1 and errno as libc does. Other libraries' constructors may come before
 * ours. */
#define CALL(...) (real_syscall ? real_syscall : find_syscall())(__VA_ARGS__)

static long (*find_syscall(void))(long, ...)
{
    real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return real_syscall;
}

static bool recording(void) { return root_path != NULL; }

static void append(struct record *r, const char *name, const struct iovec *data, int count)
{
    struct iovec parts[IOV_LIMIT + 2];

    r->magic = RECORD_MAGIC;
    r->thread = (uint32_t)CALL(SYS_gettid);
    r->name_size = name ? (uint32_t)strlen(name) : 0;
    parts[0] = (struct iovec){r, sizeof(*r)};
    parts[1] = (struct iovec){(void *)name, r->name_size};
    for (int i = 0; i < count; i++) parts[i + 2] = data[i];
    int fd =
        (int)CALL(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    size_t size = sizeof(*r) + r->name_size + r->data_size;
    if (fd < 0 || CALL(SYS_writev, fd, parts, count + 2) != (long)size) {
        static const char text[] = "preload: cannot write the record\n";
        CALL(SYS_write, 2, text, sizeof(text) - 1);
        abort();
    }
    CALL(SYS_close, fd);
}

static void append_bytes(struct record *r, const char *name, const void *data, size_t n)
{
    r->data_size = (uint32_t)n;
    append(r, name, &(struct iovec){(void *)data, n}, n ? 1 : 0);
}

static void escape(const char *what)
{
    append_bytes(&(struct record){.kind = RECORD_ESCAPE}, what, NULL, 0);
}

__attribute__((constructor)) static void preload_start(void)
{
    struct stat st;
    const char *root = getenv(RECORD_ROOT);

    boot_path = getenv(RECORD_BOOT);
    log_path = getenv(RECORD_LOG);
    if (log_path == NULL || root == NULL || stat(root, &st) != 0) return;
    root_size = strlen(root);
    root_path = root;
    append_bytes(&(struct record){.kind = RECORD_START, .inode = st.st_ino}, NULL, NULL, 0);
}

/* --- which file?
 * ---------------------------------------------------------------------------------------------------
 */

static bool below_root(const char *path)
{
    return strncmp(path, root_path, root_size) == 0 &&
           (path[root_size] == '/' || path[root_size] == '\0');
}

/* True when ${fd} is open on something below the folder; fills ${st}. */
static bool watched_fd(int fd, struct stat *st)
{
    char link[64], path[PATH_MAX];

    if (!recording() || fd < 0) return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    long n = CALL(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
    if (n <= 0) return false;
    path[n] = '\0';
    return below_root(path) && fstat(fd, st) == 0;
}

/* The folder of a path that is about to be changed. */
struct place {
    bool watched;
    uint64_t parent;
    char name[NAME_MAX + 1];
};

static struct place place_of(int dir, const char *path)
{
    char folder[PATH_MAX];
    struct place p = {false, 0, ""};
    struct stat st;
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') n--;
    size_t cut = n;
    while (cut > 0 && path[cut - 1] != '/') cut--;
    if (n == 0 || n >= PATH_MAX || n - cut > NAME_MAX) return p;
    memcpy(p.name, path + cut, n - cut);
    p.name[n - cut] = '\0';
    memcpy(folder, cut ? path : ".", cut ? cut : 1);
    folder[cut ? cut : 1] = '\0';
    int fd = (int)CALL(SYS_openat, dir, folder, O_PATH | O_CLOEXEC | O_DIRECTORY, 0);
    if (fd < 0) return p;
    p.watched = watched_fd(fd, &st);
    p.parent = p.watched ? st.st_ino : 0;
    CALL(SYS_close, fd);
    return p;
}

static void record_name(enum record_kind kind, const struct place *p, uint64_t inode, uint32_t mode)
{
    append_bytes(&(struct record){.kind = kind, .parent = p->parent, .inode = inode, .mode = mode},
                 p->name, NULL, 0);
}

/* --- opening
 * -------------------------------------------------------------------------------------------------------
 */

static int record_open(int dir, const char *path, int flags, bool existed, int fd)
{
    struct stat st;
    int saved = errno;

    if (fd >= 0 && watched_fd(fd, &st) && S_ISREG(st.st_mode)) {
        struct place p = place_of(dir, path);
        if ((flags & O_TMPFILE) == O_TMPFILE) p.name[0] = '\0', existed = false;
        if (!existed) record_name(RECORD_CREATE, &p, st.st_ino, st.st_mode & 07777);
        else if (flags & O_TRUNC)
            append_bytes(&(struct record){.kind = RECORD_TRUNCATE, .inode = st.st_ino}, NULL, NULL,
                         0);
    }
    errno = saved;
    return fd;
}

static bool exists(int dir, const char *path)
{
    struct stat st = {0};
    return CALL(SYS_newfstatat, dir, path, &st, 0) == 0;
}

static int do_open(int dir, const char *path, int flags, mode_t mode)
{
    if (boot_path && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) path = boot_path;
    if (!recording() || (flags & (O_CREAT | O_TRUNC | __O_TMPFILE)) == 0)
        return (int)CALL(SYS_openat, dir, path, flags, mode);
    bool existed = (flags & O_CREAT) == 0 || exists(dir, path);
    return record_open(dir, path, flags, existed, (int)CALL(SYS_openat, dir, path, flags, mode));
}

#define MODE_ARGUMENT(last)                \
    mode_t mode = 0;                       \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list ap;                        \
        va_start(ap, last);                \
        mode = va_arg(ap, mode_t);         \
        va_end(ap);                        \
    }
#define OPEN(name)                                    \
    EXPORT int name(const char *path, int flags, ...) \
    {                                                 \
        MODE_ARGUMENT(flags)                          \
        return do_open(AT_FDCWD, path, flags, mode);  \
    }
#define OPENAT(name)                                           \
    EXPORT int name(int dir, const char *path, int flags, ...) \
    {                                                          \
        MODE_ARGUMENT(flags)                                   \
        return do_open(dir, path, flags, mode);                \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
EXPORT int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
EXPORT int __openat_2(int dir, const char *path, int flags) { return do_open(dir, path, flags, 0); }
EXPORT int __openat64_2(int dir, const char *path, int flags)
{
    return do_open(dir, path, flags, 0);
}
EXPORT int creat(const char *path, mode_t mode)
{
    return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
EXPORT int creat64(const char *path, mode_t mode) { return creat(path, mode); }

static int do_temporary(char *pattern, int suffix, int flags)
{
    static int (*real)(char *, int, int);
    if (real == NULL) real = (int (*)(char *, int, int))dlsym(RTLD_NEXT, "mkostemps");
    int fd = real(pattern, suffix, flags);
    return recording() ? record_open(AT_FDCWD, pattern, flags, false, fd) : fd;
}
EXPORT int mkstemp(char *pattern) { return do_temporary(pattern, 0, 0); }
EXPORT int mkstemp64(char *pattern) { return do_temporary(pattern, 0, 0); }
EXPORT int mkostemp(char *pattern, int flags) { return do_temporary(pattern, 0, flags); }
EXPORT int mkostemp64(char *pattern, int flags) { return do_temporary(pattern, 0, flags); }

static FILE *do_fopen(const char *symbol, const char *path, const char *how)
{
    FILE *(*real)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, symbol);
    if (recording() && strpbrk(how, "wa+") && place_of(AT_FDCWD, path).watched)
        escape("fopen for writing");
    return real(path, how);
}
EXPORT FILE *fdopen(int fd, const char *how)
{
    FILE *(*real)(int, const char *) = (FILE * (*)(int, const char *)) dlsym(RTLD_NEXT, "fdopen");
    struct stat st;
    if (strpbrk(how, "wa+") && watched_fd(fd, &st)) escape("fdopen for writing");
    return real(fd, how);
}
EXPORT FILE *fopen(const char *path, const char *how) { return do_fopen("fopen", path, how); }
EXPORT FILE *fopen64(const char *path, const char *how) { return do_fopen("fopen64", path, how); }

/* --- content
 * -------------------------------------------------------------------------------------------------------
 */

/* ${offset} < 0: at the descriptor's own position, which has moved past the ${done} bytes already.
 */
static void record_write(int fd, const struct iovec *iov, int count, int64_t offset, ssize_t done)
{
    struct iovec parts[IOV_LIMIT];
    struct stat st;
    int saved = errno, used = 0;

    if (done > 0 && watched_fd(fd, &st) && S_ISREG(st.st_mode)) {
        int flags = fcntl(fd, F_GETFL);
        if (offset < 0 || (flags & O_APPEND)) offset = lseek(fd, 0, SEEK_CUR) - done;
        size_t left = (size_t)done;
        for (int i = 0; i < count && left > 0; i++) {
            parts[used] = iov[i];
            if (parts[used].iov_len > left) parts[used].iov_len = left;
            left -= parts[used++].iov_len;
        }
        struct record r = {.kind = RECORD_WRITE, .inode = st.st_ino, .offset = offset};
        r.data_size = (uint32_t)done;
        if (flags & O_DSYNC) r.mode = RECORD_DURABLE;
        append(&r, NULL, parts, used);
    }
    errno = saved;
}

static ssize_t do_write(int fd, const void *data, size_t n, int64_t offset)
{
    ssize_t done =
        offset < 0 ? CALL(SYS_write, fd, data, n) : CALL(SYS_pwrite64, fd, data, n, offset);
    record_write(fd, &(struct iovec){(void *)data, n}, 1, offset, done);
    return done;
}
EXPORT ssize_t write(int fd, const void *data, size_t n) { return do_write(fd, data, n, -1); }
EXPORT ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    return do_write(fd, data, n, offset);
}
EXPORT ssize_t pwrite64(int fd, const void *data, size_t n, off_t offset)
{
    return do_write(fd, data, n, offset);
}

static ssize_t do_writev(int fd, const struct iovec *iov, int count, int64_t offset)
{
    ssize_t done = offset < 0 ? CALL(SYS_writev, fd, iov, count)
                              : CALL(SYS_pwritev, fd, iov, count, offset, 0);
    record_write(fd, iov, count, offset, done);
    return done;
}
EXPORT ssize_t writev(int fd, const struct iovec *iov, int n) { return do_writev(fd, iov, n, -1); }
EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
    return do_writev(fd, iov, n, offset);
}
EXPORT ssize_t pwritev64(int fd, const struct iovec *iov, int n, off_t offset)
{
    return do_writev(fd, iov, n, offset);
}

/* What the kernel copied into a file without our seeing it is read back. */
static void record_copied(int fd, int64_t offset, ssize_t done)
{
    struct stat st;
    char link[64], block[65536];
    int saved = errno;

    if (done > 0 && watched_fd(fd, &st) && S_ISREG(st.st_mode)) {
        if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - done;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        int again = (int)CALL(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
        for (ssize_t at = 0; at < done;) {
            size_t want = (size_t)(done - at) < sizeof(block) ? (size_t)(done - at) : sizeof(block);
            ssize_t n = pread(again, block, want, offset + at);
            if (n <= 0) {
                escape("a copy that cannot be read back");
                break;
            }
            struct record r = {.kind = RECORD_WRITE, .inode = st.st_ino, .offset = offset + at};
            append_bytes(&r, NULL, block, (size_t)n);
            at += n;
        }
        CALL(SYS_close, again);
    }
    errno = saved;
}

EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
    ssize_t done = CALL(SYS_sendfile, out, in, offset, n);
    record_copied(out, -1, done);
    return done;
}
EXPORT ssize_t sendfile64(int out, int in, off_t *offset, size_t n)
{
    return sendfile(out, in, offset, n);
}
EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    int64_t at = out_at ? *out_at : -1;
    ssize_t done = CALL(SYS_splice, in, in_at, out, out_at, n, flags);
    record_copied(out, at, done);
    return done;
}
EXPORT ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n,
                               unsigned flags)
{
    int64_t at = out_at ? *out_at : -1;
    ssize_t done = CALL(SYS_copy_file_range, in, in_at, out, out_at, n, flags);
    record_copied(out, at, done);
    return done;
}

static void record_size(int fd, int64_t size)
{
    struct stat st;
    int saved = errno;
    if (watched_fd(fd, &st))
        append_bytes(&(struct record){.kind = RECORD_TRUNCATE, .inode = st.st_ino, .offset = size},
                     NULL, NULL, 0);
    errno = saved;
}

EXPORT int ftruncate(int fd, off_t size)
{
    int r = (int)CALL(SYS_ftruncate, fd, size);
    if (r == 0) record_size(fd, size);
    return r;
}
EXPORT int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }
EXPORT int truncate(const char *path, off_t size)
{
    int fd = (int)CALL(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    int r = ftruncate(fd, size);
    CALL(SYS_close, fd);
    return r;
}
EXPORT int truncate64(const char *path, off_t size) { return truncate(path, size); }

/* Only the size that it gives the file is seen later; other modes change content. */
EXPORT int fallocate(int fd, int mode, off_t offset, off_t size)
{
    struct stat before, after;
    bool watched = watched_fd(fd, &before);
    int r = (int)CALL(SYS_fallocate, fd, mode, offset, size);

    if (r == 0 && watched) {
        if (mode & ~FALLOC_FL_KEEP_SIZE) escape("fallocate that changes content");
        if (fstat(fd, &after) == 0 && after.st_size != before.st_size)
            record_size(fd, after.st_size);
    }
    return r;
}
EXPORT int fallocate64(int fd, int mode, off_t offset, off_t size)
{
    return fallocate(fd, mode, offset, size);
}
EXPORT int posix_fallocate(int fd, off_t offset, off_t size)
{
    int saved = errno, r = fallocate(fd, 0, offset, size) == 0 ? 0 : errno;
    errno = saved;
    return r;
}
EXPORT int posix_fallocate64(int fd, off_t offset, off_t size)
{
    return posix_fallocate(fd, offset, size);
}

static bool is_sqlite_index(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    long n = CALL(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path));
    return n > 4 && memcmp(path + n - 4, "-shm", 4) == 0;
}

EXPORT void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    struct stat st;
    if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && watched_fd(fd, &st) &&
        !is_sqlite_index(fd))
        escape("a shared writable mapping");
    return (void *)CALL(SYS_mmap, at, n, protection, flags, fd, offset);
}
EXPORT void *mmap64(void *at, size_t n, int p, int flags, int fd, off_t offset)
{
    return mmap(at, n, p, flags, fd, offset);
}

/* --- durability
 * ----------------------------------------------------------------------------------------------------
 */

static int do_sync(long call, int fd)
{
    struct stat st;
    bool watched = watched_fd(fd, &st);

    if (watched)
        append_bytes(&(struct record){.kind = RECORD_SYNC_BEGIN, .inode = st.st_ino}, NULL, NULL,
                     0);
    int r = (int)CALL(call, fd);
    int saved = errno;
    if (watched && r == 0)
        append_bytes(&(struct record){.kind = RECORD_SYNC_END, .inode = st.st_ino}, NULL, NULL, 0);
    errno = saved;
    return r;
}
EXPORT int fsync(int fd) { return do_sync(SYS_fsync, fd); }
EXPORT int fdatasync(int fd) { return do_sync(SYS_fdatasync, fd); }
EXPORT int syncfs(int fd)
{
    int r = (int)CALL(SYS_syncfs, fd);
    if (r == 0 && recording())
        append_bytes(&(struct record){.kind = RECORD_SYNC_ALL}, NULL, NULL, 0);
    return r;
}
/* sync_file_range promises nothing about durability, so it is not recorded. */

/* --- names
 * ---------------------------------------------------------------------------------------------------------
 */

static int do_rename(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (!recording()) return (int)CALL(SYS_renameat2, from_dir, from, to_dir, to, flags);
    struct place a = place_of(from_dir, from), b = place_of(to_dir, to);
    int r = (int)CALL(SYS_renameat2, from_dir, from, to_dir, to, flags);
    int saved = errno;
    if (r == 0 && (a.watched || b.watched)) {
        if (a.watched != b.watched) escape("a rename across the folder's border");
        if (flags & RENAME_EXCHANGE) escape("an exchange of names");
        struct record rec = {
            .kind = RECORD_RENAME, .parent = a.parent, .offset = (int64_t)b.parent};
        append_bytes(&rec, a.name, b.name, strlen(b.name));
    }
    errno = saved;
    return r;
}
EXPORT int rename(const char *from, const char *to)
{
    return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int renameat(int a, const char *from, int b, const char *to)
{
    return do_rename(a, from, b, to, 0);
}
EXPORT int renameat2(int a, const char *from, int b, const char *to, unsigned f)
{
    return do_rename(a, from, b, to, f);
}

static void record_new_name(enum record_kind kind, int dir, const char *path, const char *target)
{
    struct place p;
    struct stat st = {0};
    int saved = errno;

    if (recording() && (p = place_of(dir, path)).watched &&
        CALL(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        struct record r = {
            .kind = kind, .parent = p.parent, .inode = st.st_ino, .mode = st.st_mode & 07777};
        append_bytes(&r, p.name, target, target ? strlen(target) : 0);
    }
    errno = saved;
}

EXPORT int linkat(int a, const char *from, int b, const char *to, int flags)
{
    int r = (int)CALL(SYS_linkat, a, from, b, to, flags);
    if (r == 0) record_new_name(RECORD_LINK, b, to, NULL);
    return r;
}
EXPORT int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int symlinkat(const char *target, int dir, const char *path)
{
    int r = (int)CALL(SYS_symlinkat, target, dir, path);
    if (r == 0) record_new_name(RECORD_SYMLINK, dir, path, target);
    return r;
}
EXPORT int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}
EXPORT int mkdirat(int dir, const char *path, mode_t mode)
{
    int r = (int)CALL(SYS_mkdirat, dir, path, mode);
    if (r == 0) record_new_name(RECORD_MKDIR, dir, path, NULL);
    return r;
}
EXPORT int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
EXPORT char *mkdtemp(char *pattern)
{
    static char *(*real)(char *);
    if (real == NULL) real = (char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp");
    char *path = real(pattern);
    if (path) record_new_name(RECORD_MKDIR, AT_FDCWD, path, NULL);
    return path;
}

EXPORT int unlinkat(int dir, const char *path, int flags)
{
    if (!recording()) return (int)CALL(SYS_unlinkat, dir, path, flags);
    struct place p = place_of(dir, path);
    int r = (int)CALL(SYS_unlinkat, dir, path, flags);
    int saved = errno;
    if (r == 0 && p.watched) record_name(RECORD_UNLINK, &p, 0, 0);
    errno = saved;
    return r;
}
EXPORT int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORT int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int remove(const char *path)
{
    int r = unlinkat(AT_FDCWD, path, 0);
    return r == 0 || (errno != EISDIR && errno != EPERM) ? r : rmdir(path);
}

EXPORT int fchmod(int fd, mode_t mode)
{
    struct stat st;
    int r = (int)CALL(SYS_fchmod, fd, mode);
    if (r == 0 && watched_fd(fd, &st))
        append_bytes(&(struct record){.kind = RECORD_MODE, .inode = st.st_ino, .mode = mode}, NULL,
                     NULL, 0);
    return r;
}
EXPORT int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
    int r = (int)CALL(SYS_fchmodat, dir, path, mode);
    (void)flags;
    if (r == 0) record_new_name(RECORD_MODE, dir, path, NULL);
    return r;
}
EXPORT int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

/* --- the generic door, used for calls without a libc function
 * -------------------------------------------------------- */

static long open_how_call(int dir, const char *path, const struct open_how *how, size_t size)
{
    int flags = (int)how->flags;
    bool existed = (flags & O_CREAT) == 0 || exists(dir, path);
    long fd = CALL(SYS_openat2, dir, path, how, size);
    return recording() ? record_open(dir, path, flags, existed, (int)fd) : fd;
}

EXPORT long syscall(long number, ...)
{
    long a[6];
    va_list ap;

    va_start(ap, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(ap, long);
    va_end(ap);
    if (number == SYS_openat2)
        return open_how_call((int)a[0], (const char *)a[1], (const struct open_how *)a[2],
                             (size_t)a[3]);
    if (number == SYS_renameat2)
        return do_rename((int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3],
                         (unsigned)a[4]);
    return CALL(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
