/* artifact.c - opening a file that a script named; see job.h.
 *
 * The launcher's child opens it, as the script's account. That says nothing where the account is
 * our own, so what was opened is looked at: where it really lies (whatever links led there) and
 * whether it is a second name of a protected file. The script's own working folder is always
 * allowed, although it usually lies in the server's data folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "jobs/jobs_priv.h"
#include "os/file.h"

/* Where the open file ${fd} lies, by the kernel's word. */
static bool real_path(int fd, char ret[PATH_MAX])
{
    char link[40];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, ret, PATH_MAX - 1);
    if (n <= 0) return false;
    ret[n] = '\0';
    return true;
}

static bool real_path_of(const char *path, char ret[PATH_MAX])
{
    CLEANUP(closep) int fd = open(path, O_PATH | O_CLOEXEC);

    return fd >= 0 && real_path(fd, ret);
}

static bool is_within(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 &&
           (path[n] == '/' || path[n] == '\0' || folder[n - 1] == '/');
}

/* True when a file directly in ${folder}, where the server keeps what is secret, is the same file
 * as ${st}. */
static bool has_other_name_in(const char *folder, const struct stat *st)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    struct stat other;
    bool same = false;

    if (d == NULL)
        return stat(folder, &other) == 0 && other.st_ino == st->st_ino &&
               other.st_dev == st->st_dev;
    while (!same && (entry = readdir(d)) != NULL)
        same = fstatat(dirfd(d), entry->d_name, &other, 0) == 0 && other.st_ino == st->st_ino &&
               other.st_dev == st->st_dev;
    closedir(d);
    return same;
}

static int refuse(struct error *e, const char *path, const char *folder)
{
    return fail(
        e, ERR_DENIED,
        "the script names %.150s as an artifact, which lies in the server's own folder %.100s",
        path, folder);
}

static int check_allowed(struct jobs *j, const char *ticket, const char *path, int fd,
                         struct error *e)
{
    CLEANUP(freep) char *work = job_work_path(j, ticket);
    char real[PATH_MAX], folder[PATH_MAX];
    struct stat st;

    if (!real_path(fd, real) || fstat(fd, &st) < 0)
        return fail(e, ERR_DENIED, "artifact %.200s: where it lies cannot be found out", path);
    bool own = real_path_of(work, folder) && is_within(real, folder);
    for (char **p = j->protected_paths; *p; p++) {
        if (!real_path_of(*p, folder)) continue;
        if (!own && is_within(real, folder)) return refuse(e, path, *p);
        if (st.st_nlink != 1 && has_other_name_in(folder, &st)) return refuse(e, path, *p);
    }
    return 0;
}

int job_open_artifact(struct jobs *j, const char *ticket, const char *path, struct error *e)
{
    int fd = -1;

    CHECK(j, JOBS_MAGIC);
    if (ticket_check(ticket, e) < 0) return -1;
    if (path == NULL || *path == '\0' || strlen(path) >= PATH_MAX)
        return fail(e, ERR_INVALID, "path of the artifact is empty or too long");
    if (jobs_ask(j, REQUEST_ARTIFACT, ticket, path, &fd, e) < 0) return -1;
    if (fd < 0) return fail(e, ERR_INTERNAL, "the launcher sent no file for artifact %.200s", path);
    if (check_allowed(j, ticket, path, fd, e) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
