/* cgroup.c - see cgroup.h.
 *
 * Where things are: /proc/self/mountinfo names the mounts, /proc/self/cgroup our place in each
 * hierarchy. On a hybrid system the v2 hierarchy has no controllers, yet its groups hold processes
 * and can be killed, which is all we need. */
#include "os/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "os/file.h"

#define PROC_FILE_MAX (1 * MiB)
#define LEFTOVER_S 60 /* age of an empty group that is nobody's any more */

/* Our place "/a/b" in the hierarchy of ${controller} ("" = v2); false when it is not there. */
static bool find_place(const char *controller, char *ret, size_t n)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROC_FILE_MAX);
    struct str rest, line, id, names, name;

    if (file_read("/proc/self/cgroup", &text, NULL) < 0) return false;
    rest = (struct str){buf_str(&text), text.n};
    while (str_cut(&rest, '\n', &line)) {
        if (!str_cut(&line, ':', &id)) continue;
        const char *colon = memchr(line.p, ':', line.n);
        if (colon == NULL) continue;
        names = (struct str){line.p, (size_t)(colon - line.p)};
        struct str place = {colon + 1, line.n - names.n - 1};
        bool ours = names.n == 0 && *controller == '\0';
        while (!ours && *controller && str_cut(&names, ',', &name)) ours = str_eq(name, controller);
        if (!ours || place.n >= n) continue;
        snprintf(ret, n, "%.*s", (int)place.n, place.p);
        return true;
    }
    return false;
}

/* A line of mountinfo: "36 35 98:0 ROOT MOUNT OPTIONS ... - TYPE SOURCE SUPER_OPTIONS". */
static bool match_mount(struct str line, const char *controller, struct str *ret_root,
                        struct str *ret_mount)
{
    struct str word, type, source, options;

    for (int i = 0; i < 3; i++)
        if (!str_cut(&line, ' ', &word)) return false;
    if (!str_cut(&line, ' ', ret_root) || !str_cut(&line, ' ', ret_mount)) return false;
    do {
        if (!str_cut(&line, ' ', &word)) return false;
    } while (!str_eq(word, "-"));
    if (!str_cut(&line, ' ', &type) || !str_cut(&line, ' ', &source)) return false;
    if (*controller == '\0') return str_eq(type, "cgroup2");
    if (!str_eq(type, "cgroup")) return false;
    while (str_cut(&line, ',', &options))
        if (str_eq(options, controller)) return true;
    return false;
}

/* Folder of the group we run in, in the hierarchy of ${controller} ("" = v2). */
static bool find_own(const char *controller, char *ret, size_t n)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROC_FILE_MAX);
    char place[CGROUP_PATH_MAX];
    struct str rest, line, root, mount;

    if (!find_place(controller, place, sizeof(place))) return false;
    if (file_read("/proc/self/mountinfo", &text, NULL) < 0) return false;
    rest = (struct str){buf_str(&text), text.n};
    while (str_cut(&rest, '\n', &line)) {
        if (!match_mount(line, controller, &root, &mount)) continue;
        const char *below = place;
        size_t skip = root.n > 1 ? root.n : 0; /* a container mounts only its own part */
        if (skip && strncmp(place, root.p, skip) == 0) below = place + skip;
        if (strcmp(below, "/") == 0) below = "";
        int used = snprintf(ret, n, "%.*s%s", (int)mount.n, mount.p, below);
        return used > 0 && (size_t)used < n;
    }
    return false;
}

/* Another process may have made a group just now and not filled it yet, so young ones stay. */
static bool is_old(int fd, const char *name)
{
    struct stat st;

    return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_ctime + LEFTOVER_S < clock_now(&system_clock) / 1000;
}

static void remove_empty_groups(int fd)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    struct dirent *entry;

    if (d == NULL) {
        if (again >= 0) close(again);
        return;
    }
    while ((entry = readdir(d)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && is_old(fd, entry->d_name))
            unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    closedir(d);
}

static int open_home(enum cgroup_kind kind, const char *name, struct cgroup_home *h,
                     struct error *e)
{
    const char *controller = kind == CGROUP_V2 ? "" : "freezer";
    const char *needed = kind == CGROUP_V2 ? "cgroup.kill" : "freezer.state";
    char own[CGROUP_PATH_MAX - 80];

    if (!find_own(controller, own, sizeof(own)))
        return fail(e, ERR_NOT_FOUND, "there is no cgroup %s here",
                    kind == CGROUP_V2 ? "v2" : "v1 freezer");
    snprintf(h->path, sizeof(h->path), "%s/%s", own, name);
    if (mkdir(h->path, 0755) < 0 && errno != EEXIST)
        return fail_errno(e, errno, "make cgroup %s", h->path);
    CLEANUP(closep) int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open cgroup %s", h->path);
    if (faccessat(fd, needed, W_OK, 0) < 0 || faccessat(fd, ".", W_OK, 0) < 0)
        return fail_errno(e, errno, "use cgroup %s", h->path);
    remove_empty_groups(fd);
    h->kind = kind;
    h->fd = fd;
    fd = -1;
    return 0;
}

static int open_memory_counters(void)
{
    char own[CGROUP_PATH_MAX];
    CLEANUP(freep) char *path = NULL;

    if (find_own("", own, sizeof(own))) {
        path = xasprintf("%s/memory.events", own);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) return fd;
    }
    if (!find_own("memory", own, sizeof(own))) return -1;
    free(path);
    path = xasprintf("%s/memory.oom_control", own);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int cgroup_home_open(const char *wanted, const char *name, struct cgroup_home *ret, struct error *e)
{
    struct cgroup_home h = {.kind = CGROUP_NONE, .fd = -1, .memory_fd = -1};
    int r = 0;

    if (strcmp(wanted, "auto") == 0) {
        if (open_home(CGROUP_V2, name, &h, NULL) < 0 && open_home(CGROUP_V1, name, &h, NULL) < 0)
            h.path[0] = '\0';
    } else if (strcmp(wanted, "v2") == 0) {
        r = open_home(CGROUP_V2, name, &h, e);
    } else if (strcmp(wanted, "v1") == 0) {
        r = open_home(CGROUP_V1, name, &h, e);
    } else if (strcmp(wanted, "none") != 0) {
        r = fail(e, ERR_INVALID, "cgroup \"%s\" is none of auto, v2, v1, none", wanted);
    }
    if (r < 0) return -1;
    h.memory_fd = open_memory_counters();
    *ret = h;
    return 0;
}

int cgroup_make(const struct cgroup_home *h, const char *name)
{
    if (h->kind == CGROUP_NONE) return -1;
    if (mkdirat(h->fd, name, 0755) < 0 && errno != EEXIST) return -1;
    return openat(h->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void cgroup_remove(const struct cgroup_home *h, const char *name)
{
    if (h->kind != CGROUP_NONE) unlinkat(h->fd, name, AT_REMOVEDIR);
}

static void put(int dir, const char *name, const char *text)
{
    CLEANUP(closep) int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

    if (fd < 0) return;
    ssize_t written = write(fd, text, strlen(text));
    (void)written; /* a group that is gone has nothing left to kill */
}

static void kill_listed(int dir)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROC_FILE_MAX);
    struct str rest, line;

    if (file_read_at(dir, "cgroup.procs", &text, NULL) < 0) return;
    rest = (struct str){buf_str(&text), text.n};
    while (str_cut(&rest, '\n', &line)) {
        pid_t pid = (pid_t)strtol(line.p, NULL, 10);
        if (pid > 1) kill(pid, SIGKILL);
    }
}

void cgroup_kill(enum cgroup_kind kind, int fd)
{
    if (fd < 0) return;
    if (kind == CGROUP_V2) put(fd, "cgroup.kill", "1");
    if (kind != CGROUP_V1) return;
    put(fd, "freezer.state", "FROZEN"); /* so that none forks while the list is read */
    kill_listed(fd);
    put(fd, "freezer.state", "THAWED");
}

uint64_t cgroup_oom_kills(const struct cgroup_home *h)
{
    char text[1024];

    if (h->memory_fd < 0) return 0;
    ssize_t n = pread(h->memory_fd, text, sizeof(text) - 1, 0);
    if (n <= 0) return 0;
    text[n] = '\0';
    const char *at = strstr(text, "oom_kill ");
    return at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
}
