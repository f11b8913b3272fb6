/* process.c - see process.h.
 *
 * A process is named by pid and start time. It is signalled through a pidfd: opened first, identity
 * compared then, so that a pid that was given to somebody else in between is not hit. */
#include "jobs/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/vec.h"

typedef VEC(struct process) process_list;

/* Field 22 of /proc/<pid>/stat is the start time; the name in field 2 may hold anything, so count
 * from its end. */
static bool parse_stat(const char *text, struct process *p)
{
    const char *at = strrchr(text, ')');
    char *end;

    if (at == NULL || at[1] != ' ' || at[2] == '\0') return false;
    p->zombie = at[2] == 'Z' || at[2] == 'X';
    end = (char *)at + 3;
    p->parent = (pid_t)strtol(end, &end, 10);
    p->group = (pid_t)strtol(end, &end, 10);
    p->session = (pid_t)strtol(end, &end, 10);
    for (int field = 7; field < 22; field++) (void)strtoll(end, &end, 10);
    p->id.start = strtoull(end, &end, 10);
    return true;
}

bool process_find(pid_t pid, struct process *ret)
{
    char path[32], text[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0) return false;
    text[n] = '\0';
    ret->id.pid = pid;
    return parse_stat(text, ret);
}

bool process_exists(struct process_id id)
{
    struct process p;

    return id.pid > 0 && process_find(id.pid, &p) && p.id.start == id.start;
}

static int open_process(struct process_id id)
{
    int fd = (int)syscall(SYS_pidfd_open, id.pid, 0);

    if (fd < 0 || process_exists(id)) return fd;
    close(fd);
    return -1;
}

bool process_signal(struct process_id id, int signal)
{
    if (id.pid <= 1) return false;
    int fd = open_process(id);
    if (fd < 0) return false;
    long r = syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
    close(fd);
    return r == 0;
}

static void list_all(process_list *ret)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;
    struct process p;

    if (d == NULL) return;
    while ((entry = readdir(d)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && process_find(pid, &p)) VEC_PUSH(ret, p);
    }
    closedir(d);
}

size_t process_kill_descendants(pid_t ancestor)
{
    process_list all = {0};
    VEC(pid_t) parents = {0};
    size_t killed = 0;

    list_all(&all);
    VEC_PUSH(&parents, ancestor);
    for (size_t i = 0; i < parents.n; i++)
        for (size_t k = 0; k < all.n; k++) {
            struct process *p = &all.items[k];
            if (p->parent != parents.items[i] || p->id.pid == ancestor) continue;
            VEC_PUSH(&parents, p->id.pid);
            p->parent = -1; /* taken: a pid that is seen twice must not make a circle */
            if (!p->zombie && process_signal(p->id, SIGKILL)) killed++;
        }
    VEC_DONE(&parents);
    VEC_DONE(&all);
    return killed;
}

static void wait_for_end(struct process_id id, int64_t until)
{
    int fd = open_process(id);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (fd < 0) return;
    int64_t left = until - clock_mono(&system_clock);
    while (left > 0 && poll(&p, 1, (int)left) < 0 && errno == EINTR)
        left = until - clock_mono(&system_clock);
    close(fd);
}

/* Members of the session that are alive; those older than the leader belong to an earlier one of
 * the same number. */
static void list_session(struct process_id leader, process_list *ret)
{
    process_list all = {0};

    list_all(&all);
    for (size_t i = 0; i < all.n; i++) {
        const struct process *p = &all.items[i];
        if (p->session == leader.pid && p->id.start >= leader.start && !p->zombie)
            VEC_PUSH(ret, *p);
    }
    VEC_DONE(&all);
}

void process_kill_session(struct process_id leader, int timeout_ms)
{
    int64_t until = clock_mono(&system_clock) + timeout_ms;
    struct process p;

    if (leader.pid <= 1) return;
    /* A leader with another start time means that the number was given away since, so the session
     * is over. */
    if (process_find(leader.pid, &p) && p.id.start != leader.start) return;
    for (;;) {
        process_list members = {0};
        list_session(leader, &members);
        size_t n = members.n;
        for (size_t i = 0; i < n; i++) process_signal(members.items[i].id, SIGKILL);
        for (size_t i = 0; i < n; i++) wait_for_end(members.items[i].id, until);
        VEC_DONE(&members);
        if (n == 0 || clock_mono(&system_clock) >= until) return;
    }
}
