/* jobs.c - opening and closing a jobs root; what concerns all of its jobs. See job.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/map.h"
#include "base/str.h"
#include "jobs/jobs_priv.h"
#include "os/file.h"
#include "os/limit.h"
#include "os/tree.h"

int ticket_check(const char *ticket, struct error *e)
{
    if (ticket && id_ticket_valid(ticket)) return 0;
    return fail(e, ERR_INVALID, "ticket \"%.80s\" is not 8 to 64 letters and digits",
                ticket ? ticket : "");
}

static int open_folder(struct jobs *j, const char *name, mode_t mode, struct error *e)
{
    CLEANUP(freep) char *path = path_join(j->root, name);

    if (dir_make(path, mode, e) < 0) return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open folder %s", path);
    return fd;
}

static int find_account(struct jobs *j, const char *name, struct error *e)
{
    if (name == NULL || *name == '\0') return 0;
    if (account_find(name, &j->account, e) < 0) return -1;
    /* Our own account needs no change, and no right to make one. */
    if (j->account.uid == geteuid()) j->account = (struct account){.set = false};
    return 0;
}

static void make_launcher_arguments(struct jobs *j, const struct jobs_options *o)
{
    struct buf groups = BUF_INIT(4096);
    char **arg = j->launcher_argv;

    *arg++ = xstrdup(o->launcher_path);
    *arg++ = j->root;
    *arg++ = xstrdup(o->cgroup ? o->cgroup : "auto");
    snprintf(j->numbers[2], sizeof(j->numbers[2]), "%lld", (long long)limit_given_files());
    *arg++ = j->numbers[2];
    if (j->account.set) {
        snprintf(j->numbers[0], sizeof(j->numbers[0]), "%u", (unsigned)j->account.uid);
        snprintf(j->numbers[1], sizeof(j->numbers[1]), "%u", (unsigned)j->account.gid);
        for (int i = 0; i < j->account.n_groups; i++)
            buf_addf(&groups, "%s%u", i ? "," : "", (unsigned)j->account.groups[i]);
        *arg++ = j->numbers[0];
        *arg++ = j->numbers[1];
        *arg++ = j->groups = buf_take(&groups);
    }
    *arg = NULL;
}

static char **copy_paths(const char *const *paths)
{
    size_t n = 0;

    while (paths && paths[n]) n++;
    char **copy = xcalloc(n + 1, sizeof(*copy));
    for (size_t i = 0; i < n; i++) copy[i] = xstrdup(paths[i]);
    return copy;
}

/* Removes a folder that job_complete had begun to remove when its process was killed, or that was
 * spare when its process ended. A spare one gets another name first, so that nobody can begin to
 * use it meanwhile. */
static int remove_leftover(struct jobs *j, const char *name, struct error *e)
{
    char removed[sizeof(REMOVED_PREFIX) + SPARE_NAME_SIZE];

    if (str_starts(name, REMOVED_PREFIX)) return tree_remove_at(j->jobs, name, e);
    if (!str_starts(name, SPARE_PREFIX) || strlen(name) >= SPARE_NAME_SIZE) return 0;
    snprintf(removed, sizeof(removed), REMOVED_PREFIX "%.*s", SPARE_NAME_SIZE, name);
    if (renameat(j->jobs, name, j->jobs, removed) < 0) return 0; /* somebody has it */
    return tree_remove_at(j->jobs, removed, e);
}

static void remove_leftovers(struct jobs *j)
{
    int fd = openat(j->jobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (d == NULL) return;
    while ((entry = readdir(d)) != NULL)
        if (remove_leftover(j, entry->d_name, NULL) < 0)
            break; /* they take space only: the next start tries again */
    closedir(d);
}

static int open_all(struct jobs *j, const struct jobs_options *o, struct error *e)
{
    if (dir_make(j->root, 0711, e) < 0 || find_account(j, o->account, e) < 0) return -1;
    if ((j->jobs = open_folder(j, "jobs", 0700, e)) < 0) return -1;
    if ((j->work = open_folder(j, "work", 0711, e)) < 0) return -1;
    remove_leftovers(j);
    make_launcher_arguments(j, o);
    if (follow_new(&j->follow, e) < 0) return -1;
    return link_start(&j->link, e);
}

int jobs_open(const struct jobs_options *o, struct jobs **ret, struct error *e)
{
    if (o->root[0] != '/') return fail(e, ERR_INVALID, "jobs folder %s is not absolute", o->root);

    CLEANUP(jobs_closep) struct jobs *j = xcalloc(1, sizeof(*j));
    j->magic = JOBS_MAGIC;
    j->root = xstrdup(o->root);
    j->jobs = j->work = -1;
    j->output_max = o->output_max > 0 ? o->output_max : JOB_OUTPUT_MAX_DEFAULT;
    j->durable = o->durable;
    j->abandon_ms = o->abandon_ms;
    j->protected_paths = copy_paths(o->protected_paths);
    boot_id_get(j->boot_id);
    j->spares = spares_new();
    link_init(&j->link, j->launcher_argv, o->answer_ms);
    if (open_all(j, o, e) < 0) return -1;
    *ret = TAKE(j);
    return 0;
}

void jobs_close(struct jobs *j)
{
    if (j == NULL) return;
    CHECK(j, JOBS_MAGIC);
    link_done(&j->link);
    follow_free(j->follow);
    spares_free(j->spares);
    closep(&j->jobs);
    closep(&j->work);
    for (char **p = j->protected_paths; *p; p++) free(*p);
    free(j->protected_paths);
    free(j->launcher_argv[0]);
    free(j->launcher_argv[2]);
    free(j->groups);
    free(j->root);
    j->magic = 0;
    free(j);
}

void jobs_closep(struct jobs **j)
{
    jobs_close(*j);
    *j = NULL;
}

int jobs_ask(struct jobs *j, enum request_op op, const char *ticket, const char *path, int *ret_fd,
             struct error *e)
{
    CLEANUP(buf_done) struct buf texts = BUF_INIT(REQUEST_INLINE_MAX);
    struct request_head head = {.op = op};

    snprintf(head.ticket, sizeof(head.ticket), "%s", ticket);
    buf_add(&texts, "\0", 2); /* mutex and holder */
    buf_add(&texts, path, strlen(path) + 1);
    return link_call(&j->link, &head, &texts, -1, ret_fd, e);
}

int jobs_follow(struct jobs *j, const char *ticket, struct error *e)
{
    if (ticket_check(ticket, e) < 0) return -1;
    CLEANUP(freep) char *path = xasprintf("%s/jobs/%s", j->root, ticket);
    return follow_add(j->follow, ticket, path, e);
}

void jobs_unfollow(struct jobs *j, const char *ticket) { follow_remove(j->follow, ticket); }
int jobs_news_fd(struct jobs *j) { return follow_fd(j->follow); }
int jobs_news(struct jobs *j, char ticket[JOB_TICKET_MAX + 1])
{
    return follow_next(j->follow, ticket);
}

/* Is the folder without change since ${before_s}? */
static bool is_idle(int parent, const char *name, int64_t before_s)
{
    struct stat st;

    return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec <= before_s;
}

/* Notes each ticket: with ${idle}, or with the map itself when one of its folders was changed. */
static int list_folder(int folder, int64_t before_s, struct map *tickets, void *idle,
                       struct error *e)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (d == NULL) {
        int sys = errno;
        closep(&fd);
        return fail_errno(e, sys, "list jobs");
    }
    while ((entry = readdir(d)) != NULL) {
        if (!id_ticket_valid(entry->d_name)) continue;
        void *before = map_put(tickets, entry->d_name, idle);
        bool busy = before == tickets || !is_idle(folder, entry->d_name, before_s);
        if (busy) map_put(tickets, entry->d_name, tickets);
    }
    closedir(d);
    return 0;
}

int jobs_list(struct jobs *j, int64_t idle_ms, char (**ret)[JOB_TICKET_MAX + 1], size_t *ret_n,
              struct error *e)
{
    struct map *tickets = map_new(false);
    int64_t before_s = (clock_now(&system_clock) - idle_ms) / 1000;
    const char *ticket;
    size_t at = 0, n = 0;
    void *found;

    if (list_folder(j->jobs, before_s, tickets, j, e) < 0 ||
        list_folder(j->work, before_s, tickets, j, e) < 0) {
        map_free(tickets, NULL);
        return -1;
    }
    char(*list)[JOB_TICKET_MAX + 1] = xcalloc(map_count(tickets) + 1, sizeof(*list));
    while (map_each(tickets, &at, &ticket, &found))
        if (found == j) snprintf(list[n++], sizeof(list[0]), "%s", ticket);
    map_free(tickets, NULL);
    *ret = list;
    *ret_n = n;
    return 0;
}
