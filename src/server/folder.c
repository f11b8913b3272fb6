/* folder.c - see folder.h. */
#include "server/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "os/file.h"
#include "os/lock.h"

/* The file says which process has the folder. */
static int lock_file(const char *folder, const char *path, int fd, struct error *e)
{
    CLEANUP(buf_done) struct buf holder = BUF_INIT(64);
    char pid[32];

    int r = lock_try(fd, LOCK_EXCLUSIVE, 0, 1, e);
    if (r < 0) return -1;
    if (r == 0) {
        if (file_read(path, &holder, e) < 0) return -1;
        return fail(e, ERR_CONFLICT, "another server (process %.20s) runs on the data folder %s",
                    holder.n ? buf_str(&holder) : "unknown", folder);
    }
    int n = snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        return fail_errno(e, errno, "write %s", path);
    return 0;
}

static int lock_folder(const char *folder, int *ret, struct error *e)
{
    CLEANUP(freep) char *path = path_join(folder, "server.lock");
    CLEANUP(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) return fail_errno(e, errno, "open %s", path);
    if (lock_file(folder, path, fd, e) < 0) return -1;
    *ret = fd;
    fd = -1;
    return 0;
}

/* The account of the scripts must be able to pass through to its work folder and the tools; what
 * lies in the data folder otherwise is ours alone, by the umask. */
int folder_take(const char *path, int *ret_lock, struct error *e)
{
    static const struct {
        const char *name;
        mode_t mode;
    } rows[] = {{"blobs", 0700}, {"builtin", 0711}, {"tools", 0755}};

    if (dir_make(path, 0711, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(freep) char *inner = path_join(path, rows[i].name);
        if (dir_make(inner, rows[i].mode, e) < 0) return -1;
    }
    return lock_folder(path, ret_lock, e);
}

/* The node's id belongs to its data folder: made once. */
int folder_node_id(const char *folder, struct arena *a, const char **ret, struct error *e)
{
    const char *path = arena_fmt(a, "%s/node-id", folder);
    CLEANUP(buf_done) struct buf text = BUF_INIT(128);
    struct error why = {0};
    char ticket[TICKET_SIZE];

    if (file_read(path, &text, &why) == 0) {
        *ret = arena_strndup(a, text.p, text.n);
        return 0;
    }
    if (why.sys != ENOENT) {
        *e = why;
        return -1;
    }
    *ret = arena_fmt(a, "OctopusServerNodes-%.8s", id_ticket(ticket));
    return file_replace(path, 0600, *ret, strlen(*ret), e);
}
