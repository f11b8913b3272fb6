/* builtin.c - the built-in worker: scripts as jobs of this machine (jobs/job.h), behind the
 * interface of all workers.
 *
 * One thread of its own, `news`, waits for the doorbell of the jobs and passes tickets on to the
 * engine. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vec.h"
#include "fleet/driver.h"
#include "fleet/drivers/builtin_environment.h"
#include "os/account.h"
#include "os/file.h"
#include "os/thread.h"
#include "os/tree.h"

struct builtin {
    struct driver driver; /* first: a driver is a builtin */
    struct jobs *jobs;
    char *worker, *name, *jobs_path, *tools, *step, *launcher, *account, *home;
    char **protected_paths;
    int64_t output_max;
    char *path; /* PATH of the scripts */
    char **env; /* what all of them see */
    pthread_t thread;
    bool has_thread;
    int stop_fd;
};

struct driver_output {
    struct job_reader *reader;
};

static struct builtin *self(struct driver *d) { return (struct builtin *)d; }

/* The program's place on PATH, NULL when it is not there; caller frees. */
static char *on_path(const char *path, const char *program)
{
    struct str rest = str_of(path), dir;

    while (str_cut(&rest, ':', &dir)) {
        char *full = xasprintf("%.*s/%s", (int)dir.n, dir.p, program);
        if (access(full, X_OK) == 0) return full;
        free(full);
    }
    return NULL;
}

static int probe(struct driver *d, const char *syntax, struct error *e)
{
    static const struct {
        const char *syntax, *program, *advice;
    } rows[] = {
        {"Bash", "bash", "Bash (bash) is not installed on this worker"},
        {"Python", "python3",
         "Python (python3) is not installed on this worker; install Python 3 or choose Bash"},
        {"PowerShell", "pwsh",
         "PowerShell (pwsh) is not installed on this worker; install PowerShell 7 or choose Bash "
         "or Python"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!str_same(rows[i].syntax, syntax)) continue;
        CLEANUP(freep) char *found = on_path(self(d)->path, rows[i].program);
        return found ? 0 : fail(e, ERR_INVALID, "%s", rows[i].advice);
    }
    return fail(e, ERR_INVALID,
                "the built-in worker cannot run %s; it runs Bash, Python and PowerShell", syntax);
}

static int write_files(struct builtin *b, const struct driver_start *s, struct error *e)
{
    CLEANUP(closep) int dir = job_work_make(b->jobs, s->ticket, e);

    if (dir < 0) return -1;
    for (size_t i = 0; i < s->n_files; i++) {
        const struct driver_file *f = &s->files[i];
        if (file_create_at(dir, f->name, 0600, f->data.p, f->data.n, e) < 0) return -1;
    }
    return 0;
}

/* argv with the executor's own path in the place of its name. */
static const char **real_argv(struct builtin *b, const char *const *argv, char **ret_program)
{
    VEC(const char *) out = {0};

    for (size_t i = 0; argv[i]; i++) VEC_PUSH(&out, argv[i]);
    VEC_PUSH(&out, NULL);
    if (strcmp(argv[0], "bobtail-step") == 0) *ret_program = xstrdup(b->step);
    else *ret_program = on_path(b->path, argv[0]);
    if (*ret_program) out.items[0] = *ret_program;
    return out.items;
}

static char **copy_list(const char *const *list, const char *more)
{
    VEC(char *) out = {0};

    for (size_t i = 0; list && list[i]; i++) VEC_PUSH(&out, xstrdup(list[i]));
    if (more) VEC_PUSH(&out, xstrdup(more));
    VEC_PUSH(&out, NULL);
    return out.items;
}

/* The environment of one script; only the list is the caller's, and its last text. */
static const char **real_env(struct builtin *b, const char *const *extra, const char *work,
                             char **ret_work)
{
    VEC(const char *) out = {0};

    for (size_t i = 0; b->env[i]; i++) VEC_PUSH(&out, b->env[i]);
    for (size_t i = 0; extra && extra[i]; i++) VEC_PUSH(&out, extra[i]);
    *ret_work = xasprintf("OctopusCalamariWorkingDirectory=%s", work);
    VEC_PUSH(&out, *ret_work);
    VEC_PUSH(&out, NULL);
    return out.items;
}

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++) free(list[i]);
    free(list);
}

static int start(struct driver *d, const struct driver_start *s, struct error *e)
{
    struct builtin *b = self(d);
    struct job_status js;

    if (job_status(b->jobs, s->ticket, &js, e) < 0) return -1;
    if (js.state != JOB_UNKNOWN) return 1;
    /* what a start that was cut short left in the work folder is made anew */
    if (job_complete(b->jobs, s->ticket, e) < 0 || write_files(b, s, e) < 0) return -1;
    CLEANUP(freep) char *work = job_work_path(b->jobs, s->ticket);
    CLEANUP(freep) char *program = NULL;
    CLEANUP(freep) const char **argv = real_argv(b, s->argv, &program);
    if (program == NULL)
        return fail(e, ERR_INVALID, "%s is not installed on this worker", s->argv[0]);
    CLEANUP(freep) char *work_text = NULL;
    CLEANUP(freep) const char **env = real_env(b, s->env, work, &work_text);
    struct job_spec spec = {.ticket = s->ticket,
                            .argv = argv,
                            .env = env,
                            .input = s->input.p,
                            .input_n = s->input.n,
                            .isolation = s->isolation,
                            .mutex = s->mutex,
                            .holder = s->holder,
                            .grace_ms = s->grace_ms,
                            .start_until = s->start_until};
    int r = job_start(b->jobs, &spec, e);
    struct error ignored;
    /* too late: nobody else has this ticket yet, or has had it and cleaned up */
    if (r < 0 && e->kind == ERR_FENCED) (void)!job_complete(b->jobs, s->ticket, &ignored);
    return r;
}

static int status(struct driver *d, const char *ticket, struct job_status *ret, struct error *e)
{
    return job_status(self(d)->jobs, ticket, ret, e);
}

static int open_output(struct driver *d, const char *ticket, uint64_t next,
                       struct driver_output **ret, struct error *e)
{
    struct job_reader *reader;

    if (job_reader_open(self(d)->jobs, ticket, next, &reader, e) < 0) return -1;
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->reader = reader;
    return 0;
}

static int read_output(struct driver_output *o, size_t max, struct job_fragment **ret,
                       size_t *ret_n, struct error *e)
{
    return job_read(o->reader, max, ret, ret_n, e);
}

static void close_output(struct driver_output *o)
{
    job_reader_close(o->reader);
    free(o);
}

static int follow(struct driver *d, const char *ticket, struct error *e)
{
    return jobs_follow(self(d)->jobs, ticket, e);
}

static void unfollow(struct driver *d, const char *ticket) { jobs_unfollow(self(d)->jobs, ticket); }

static int cancel(struct driver *d, const char *ticket, int grace_ms, enum job_stop_reason why,
                  struct error *e)
{
    return job_cancel(self(d)->jobs, ticket, grace_ms, why, e);
}

static int artifact(struct driver *d, const char *ticket, const char *path, struct error *e)
{
    return job_open_artifact(self(d)->jobs, ticket, path, e);
}

static int complete(struct driver *d, const char *ticket, bool keep_work, struct error *e)
{
    struct jobs *j = self(d)->jobs;

    return keep_work ? job_forget(j, ticket, e) : job_complete(j, ticket, e);
}

static int sweep(struct driver *d, const struct map *used, int64_t idle_ms, size_t *ret_removed,
                 struct error *e)
{
    struct jobs *j = self(d)->jobs;
    char(*tickets)[JOB_TICKET_MAX + 1];
    struct error why = {0};
    size_t n;

    if (jobs_list(j, idle_ms, &tickets, &n, e) < 0) return -1;
    *ret_removed = 0;
    for (size_t i = 0; i < n; i++) {
        if (map_get(used, tickets[i])) continue;
        if (job_complete(j, tickets[i], &why) == 0) ++*ret_removed;
        else if (why.kind != ERR_BUSY) log_warn("builtin", "%s: %s", tickets[i], why.text);
    }
    free(tickets);
    return 0;
}

static void silence(struct driver *d)
{
    struct builtin *b = self(d);

    if (!b->has_thread) return;
    ASSERT(eventfd_write(b->stop_fd, 1) == 0);
    pthread_join(b->thread, NULL);
    b->has_thread = false;
}

static void free_driver(struct driver *d)
{
    struct builtin *b = self(d);

    silence(d);
    if (b->stop_fd >= 0) close(b->stop_fd);
    jobs_close(b->jobs);
    char *texts[] = {b->worker,   b->name,    b->jobs_path, b->tools, b->step,
                     b->launcher, b->account, b->home,      b->path};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) free(texts[i]);
    free_list(b->protected_paths);
    free_list(b->env);
    free(b);
}

static const struct driver_ops builtin_ops = {.probe = probe,
                                              .start = start,
                                              .status = status,
                                              .open = open_output,
                                              .read = read_output,
                                              .close = close_output,
                                              .follow = follow,
                                              .unfollow = unfollow,
                                              .cancel = cancel,
                                              .artifact = artifact,
                                              .complete = complete,
                                              .sweep = sweep,
                                              .silence = silence,
                                              .free = free_driver};

static void *news_thread(void *ctx)
{
    struct builtin *b = ctx;
    struct pollfd fds[2] = {{.fd = b->stop_fd, .events = POLLIN},
                            {.fd = jobs_news_fd(b->jobs), .events = POLLIN}};
    char ticket[JOB_TICKET_MAX + 1];

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[0].revents) break;
        while (jobs_news(b->jobs, ticket))
            if (b->driver.news) b->driver.news(b->driver.news_ctx, ticket);
    }
    return NULL;
}

/* Scripts have the home of their account, and it owns the folder in which their helper files are
 * made. */
static int prepare_account(struct builtin *b, struct error *e)
{
    const char *home = getenv("HOME");
    struct account a;

    if (b->account == NULL) {
        b->home = xstrdup(home ? home : "/");
        return 0;
    }
    if (account_find(b->account, &a, e) < 0) return -1;
    b->home = xstrdup(a.home);
    CLEANUP(closep) int tools = open(b->tools, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tools < 0) return fail_errno(e, errno, "open folder %s", b->tools);
    return tree_give(tools, a.uid, a.gid, e);
}

static void copy_options(struct builtin *b, const struct builtin_options *o, const char *protect)
{
    b->worker = xstrdup(o->worker);
    b->name = xstrdup(o->name);
    b->jobs_path = xstrdup(o->jobs_path);
    b->tools = xstrdup(o->tools_path);
    b->step = xstrdup(o->step_path);
    b->launcher = xstrdup(o->launcher_path);
    b->account = o->account ? xstrdup(o->account) : NULL;
    b->protected_paths = copy_list(o->protected_paths, protect);
    b->output_max = o->output_max;
    b->path = xstrdup(getenv("PATH") ? getenv("PATH") : "/usr/local/bin:/usr/bin:/bin");
    b->driver = (struct driver){
        .ops = &builtin_ops, .worker = b->worker, .name = b->name, .jobs_path = b->jobs_path};
}

static int open_builtin(struct builtin *b, struct error *e)
{
    struct jobs_options jo = {.root = b->jobs_path,
                              .launcher_path = b->launcher,
                              .account = b->account,
                              .output_max = b->output_max,
                              .protected_paths = (const char *const *)b->protected_paths};

    b->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (b->stop_fd < 0) return fail_errno(e, errno, "eventfd");
    if (prepare_account(b, e) < 0) return -1;
    struct builtin_place place = {b->path, b->home, b->account, b->tools, b->step};
    b->env = builtin_environment(&place);
    if (jobs_open(&jo, &b->jobs, e) < 0 || thread_start(&b->thread, "news", news_thread, b, e) < 0)
        return -1;
    b->has_thread = true;
    return 0;
}

/* ${protect}: one more folder that scripts may not name files of; NULL = none. */
static int make_builtin(const struct builtin_options *o, const char *protect, struct driver **ret,
                        struct error *e)
{
    struct builtin *b = xcalloc(1, sizeof(*b));

    copy_options(b, o, protect);
    if (open_builtin(b, e) < 0) {
        free_driver(&b->driver);
        return -1;
    }
    *ret = &b->driver;
    return 0;
}

int driver_builtin(const struct builtin_options *o, struct driver **ret, struct error *e)
{
    return make_builtin(o, NULL, ret, e);
}

int driver_builtin_of(struct driver *own, const char *jobs_path, const char *worker,
                      const char *name, struct driver **ret, struct error *e)
{
    const struct builtin *b = self(own);
    struct builtin_options o = {.jobs_path = jobs_path,
                                .tools_path = b->tools,
                                .launcher_path = b->launcher,
                                .step_path = b->step,
                                .account = b->account,
                                .protected_paths = (const char *const *)b->protected_paths,
                                .worker = worker,
                                .name = name,
                                .output_max = b->output_max};
    CLEANUP(freep) char *data = xasprintf("%s/..", jobs_path); /* that node's data folder */

    return make_builtin(&o, data, ret, e);
}

void driver_silence(struct driver *d) { d->ops->silence(d); }

void driver_free(struct driver *d)
{
    if (d) d->ops->free(d);
}
