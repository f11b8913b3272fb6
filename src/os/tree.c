/* tree.c - see tree.h.
 *
 * Folders are entered by descriptor with O_NOFOLLOW. One descriptor per level is held, so a level
 * deeper than DEPTH_MAX is not entered: it is first moved up to the top of the tree under a name of
 * its own and meets its end there. */
#include "os/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64
#define ROUNDS_MAX 200000 /* of moving deep folders up, or of somebody adding names */

struct removal {
    int top;            /* where deep folders are moved to */
    unsigned long next; /* number in the name of the next one moved */
    bool moved;
    bool added; /* a folder was not empty after its content had been removed */
};

static bool is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

static int open_folder(int at, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(at, name, flags);

    if (fd >= 0 || errno != EACCES) return fd;
    if (fchmodat(at, name, 0700, 0) < 0) return -1;
    return openat(at, name, flags);
}

/* unlinkat that gives itself the right to write into the folder when that is all that is missing.
 */
static int unlink_at(int at, const char *name, int flags)
{
    if (unlinkat(at, name, flags) == 0) return 0;
    if (errno != EACCES || fchmod(at, 0700) < 0) return -1;
    return unlinkat(at, name, flags);
}

static int remove_content(struct removal *r, int fd, int depth, struct error *e);

static int move_up(struct removal *r, int at, const char *name, struct error *e)
{
    char moved[48];

    for (;;) {
        snprintf(moved, sizeof(moved), ".removed-%lu", r->next++);
        if (renameat2(at, name, r->top, moved, RENAME_NOREPLACE) == 0) break;
        if (errno != EEXIST) return fail_errno(e, errno, "move %s", name);
    }
    r->moved = true;
    return 0;
}

static int remove_folder(struct removal *r, int at, const char *name, int depth, struct error *e)
{
    if (unlink_at(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    if (depth >= DEPTH_MAX) return move_up(r, at, name, e);
    int fd = open_folder(at, name);
    if (fd < 0) return errno == ENOENT ? 0 : fail_errno(e, errno, "remove folder %s", name);
    if (remove_content(r, fd, depth + 1, e) < 0) return -1;
    if (unlink_at(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return fail_errno(e, errno, "remove folder %s", name);
    r->added = true;
    return 0;
}

static int remove_name(struct removal *r, DIR *d, const struct dirent *entry, int depth,
                       struct error *e)
{
    int at = dirfd(d);

    if (entry->d_type == DT_DIR) return remove_folder(r, at, entry->d_name, depth, e);
    if (unlink_at(at, entry->d_name, 0) == 0 || errno == ENOENT) return 0;
    if (errno == EISDIR || (errno == EPERM && entry->d_type == DT_UNKNOWN))
        return remove_folder(r, at, entry->d_name, depth, e);
    return fail_errno(e, errno, "remove %s", entry->d_name);
}

/* Takes over ${fd}. */
static int remove_content(struct removal *r, int fd, int depth, struct error *e)
{
    DIR *d = fdopendir(fd);
    struct dirent *entry;
    int result = 0;

    if (d == NULL) {
        int sys = errno;
        close(fd);
        return fail_errno(e, sys, "read folder");
    }
    while (result == 0 && (entry = readdir(d)) != NULL)
        if (!is_dot(entry->d_name)) result = remove_name(r, d, entry, depth, e);
    closedir(d);
    return result;
}

static int empty(int top, const char *name, struct error *e)
{
    struct removal r = {.top = top};

    for (int round = 0; round < ROUNDS_MAX; round++) {
        int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return fail_errno(e, errno, "open folder %s", name);
        r.moved = r.added = false;
        if (remove_content(&r, fd, 0, e) < 0) return fail_wrap(e, "%s", name);
        if (!r.moved && !r.added) return 0;
        if (r.added && round > 100) break;
    }
    return fail(e, ERR_BUSY, "folder %s is being written to", name);
}

int tree_empty_at(int at, const char *name, struct error *e)
{
    int fd = open_folder(at, name);

    if (fd < 0) return errno == ENOENT ? 0 : fail_errno(e, errno, "open folder %s", name);
    int r = empty(fd, name, e);
    close(fd);
    return r;
}

int tree_remove_at(int at, const char *name, struct error *e)
{
    for (int round = 0; round < 100; round++) {
        if (unlinkat(at, name, 0) == 0 || errno == ENOENT) return 0;
        if (errno != EISDIR && errno != EPERM) return fail_errno(e, errno, "remove %s", name);
        if (tree_empty_at(at, name, e) < 0) return -1;
        if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
        if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
            return fail_errno(e, errno, "remove folder %s", name);
    }
    return fail(e, ERR_BUSY, "folder %s is being written to", name);
}

static int give_content(int fd, uid_t uid, gid_t gid, int depth, struct error *e);

static int give_name(DIR *d, const char *name, uid_t uid, gid_t gid, int depth, struct error *e)
{
    int fd = openat(dirfd(d), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0) {
        if (depth < DEPTH_MAX && give_content(fd, uid, gid, depth + 1, e) == 0) return 0;
        if (depth < DEPTH_MAX) return -1;
        close(fd);
        return fail(e, ERR_INVALID, "more than %d folders in each other", DEPTH_MAX);
    }
    if (fchownat(dirfd(d), name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno(e, errno, "change the owner of %s", name);
    return 0;
}

/* Takes over ${fd}. */
static int give_content(int fd, uid_t uid, gid_t gid, int depth, struct error *e)
{
    DIR *d = fdopendir(fd);
    struct dirent *entry;
    int result = 0;

    if (d == NULL) {
        int sys = errno;
        close(fd);
        return fail_errno(e, sys, "read folder");
    }
    while (result == 0 && (entry = readdir(d)) != NULL)
        if (!is_dot(entry->d_name)) result = give_name(d, entry->d_name, uid, gid, depth, e);
    if (result == 0 && fchown(dirfd(d), uid, gid) < 0)
        result = fail_errno(e, errno, "change the owner of a folder");
    closedir(d);
    return result;
}

int tree_give(int dir, uid_t uid, gid_t gid, struct error *e)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) return fail_errno(e, errno, "open folder");
    return give_content(fd, uid, gid, 0, e);
}
