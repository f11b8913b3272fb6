/* job.c - one job as its starter sees it: start, status, stop, removal. See job.h.
 *
 * All knowledge is in the folder: a final result ends every question; else a valid start record
 * says that it was started; else it was not. Whether a started job without result is alive is told
 * by the lock alone. */
#include "jobs/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/id.h"
#include "jobs/jobs_priv.h"
#include "jobs/mutex.h"
#include "jobs/process.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/tree.h"

int job_folder_open(struct jobs *j, const char *ticket, struct error *e)
{
    if (ticket_check(ticket, e) < 0) return -1;
    int fd = openat(j->jobs, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "job %s", ticket);
    return fd;
}

/* ---- the working folder ---- */

int job_work_make(struct jobs *j, const char *ticket, struct error *e)
{
    CHECK(j, JOBS_MAGIC);
    if (ticket_check(ticket, e) < 0) return -1;
    if (mkdirat(j->work, ticket, 0700) < 0 && errno != EEXIST)
        return fail_errno(e, errno, "make the working folder of job %s", ticket);
    int fd = openat(j->work, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) /* the account's already */
        fd = openat(j->work, ticket, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open the working folder of job %s", ticket);
    return fd;
}

char *job_work_path(struct jobs *j, const char *ticket)
{
    return xasprintf("%s/work/%s", j->root, ticket);
}

/* ---- start ---- */

static int check_spec(const struct job_spec *s, struct error *e)
{
    if (ticket_check(s->ticket, e) < 0) return -1;
    if (s->argv == NULL || s->argv[0] == NULL)
        return fail(e, ERR_INVALID, "job %s has no program", s->ticket);
    if (s->isolation != JOB_NO_ISOLATION && (s->mutex == NULL || *s->mutex == '\0'))
        return fail(e, ERR_INVALID, "job %s is isolated but names no mutex", s->ticket);
    return 0;
}

static void add_text(struct buf *b, const char *s)
{
    buf_add(b, s ? s : "", s ? strlen(s) + 1 : 1);
}

static uint32_t add_texts(struct buf *b, const char *const *list)
{
    uint32_t n = 0;

    for (; list && list[n]; n++) add_text(b, list[n]);
    return n;
}

/* The script's standard input as a file in memory; -1 with e->kind untouched when there is none. */
static int make_input(const struct job_spec *s, int *ret, struct error *e)
{
    CLEANUP(closep) int fd = -1;

    *ret = -1;
    if (s->input_n == 0) return 0;
    fd = memfd_create("bobtail-input", MFD_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "make memory file");
    if (file_write_all(fd, s->input, s->input_n, e) < 0) return -1;
    *ret = fd;
    fd = -1;
    return 0;
}

int job_start(struct jobs *j, const struct job_spec *s, struct error *e)
{
    CLEANUP(buf_done) struct buf texts = BUF_INIT(REQUEST_TEXTS_MAX + 1);
    CLEANUP(closep) int input = -1;
    struct request_head head = {.op = REQUEST_START,
                                .durable = j->durable,
                                .isolation = s->isolation,
                                .grace_ms = s->grace_ms,
                                .abandon_ms = j->abandon_ms,
                                .mutex_timeout_ms = s->mutex_timeout_ms,
                                .start_until = s->start_until,
                                .output_max = j->output_max};
    char holder[MUTEX_HOLDER_MAX + 1];

    CHECK(j, JOBS_MAGIC);
    if (check_spec(s, e) < 0 || make_input(s, &input, e) < 0) return -1;
    snprintf(head.ticket, sizeof(head.ticket), "%s", s->ticket);
    snprintf(holder, sizeof(holder), "%s", s->holder ? s->holder : "");
    add_text(&texts, s->mutex);
    add_text(&texts, holder);
    add_text(&texts, "");
    spare_take(j->spares, head.spare);
    head.argc = add_texts(&texts, s->argv);
    head.envc = add_texts(&texts, s->env);
    int r = link_call(&j->link, &head, &texts, input, NULL, e);
    if (r != 0) spare_give_back(j->spares, head.spare);
    return r;
}

/* ---- status ---- */

static void fill_from_result(struct job_status *st, const struct result_record *r)
{
    *st = (struct job_status){.state = (enum job_state)r->state,
                              .exit_code = r->exit_code,
                              .signal = r->signal,
                              .oom = r->oom,
                              .cancelled = r->cancelled,
                              .timed_out = r->timed_out,
                              .abandoned = r->abandoned,
                              .started_ms = r->started_ms,
                              .ended_ms = r->ended_ms,
                              .fragments = r->fragments,
                              .dropped_bytes = r->dropped_bytes,
                              .untold_bytes = r->untold_bytes};
    snprintf(st->failure, sizeof(st->failure), "%s", r->failure);
}

static bool is_alive(int dir)
{
    CLEANUP(closep) int lock = openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return lock >= 0 && lock_is_held(lock, LOCK_ALIVE, 1);
}

/* What the folder says; LOST is only a suspicion yet. */
static void look(int dir, const char *ticket, struct job_status *ret)
{
    struct result_record result;
    struct start_record start;

    *ret = (struct job_status){.state = JOB_UNKNOWN};
    if (result_record_get(dir, ticket, &result) && result.state) {
        fill_from_result(ret, &result);
        return;
    }
    bool alive = is_alive(dir);
    if (start_record_get(dir, ticket, &start)) {
        ret->state = alive ? (enum job_state)start.state : JOB_LOST;
        ret->started_ms = start.started_ms;
        memcpy(ret->waits_for, start.waits_for, sizeof(ret->waits_for));
    } else if (alive) {
        ret->state = JOB_STARTING;
    }
    /* Between the first look at the result and that at the lock it may have ended. */
    if (!alive && result_record_get(dir, ticket, &result) && result.state)
        fill_from_result(ret, &result);
}

int job_status(struct jobs *j, const char *ticket, struct job_status *ret, struct error *e)
{
    struct error missing = {0};
    CLEANUP(closep) int dir = job_folder_open(j, ticket, &missing);

    CHECK(j, JOBS_MAGIC);
    if (dir < 0 && missing.kind == ERR_NOT_FOUND) {
        *ret = (struct job_status){.state = JOB_UNKNOWN};
        return 0;
    }
    if (dir < 0) return fail(e, missing.kind, "%s", missing.text);
    look(dir, ticket, ret);
    if (ret->state != JOB_LOST || ret->ended_ms) return 0;
    if (jobs_ask(j, REQUEST_BURY, ticket, "", NULL, e) < 0) return -1;
    look(dir, ticket, ret);
    return 0;
}

/* ---- stop ---- */

int supervisor_file_open(const struct start_record *s, int fd, int flags)
{
    char path[64];

    if (!process_exists(s->supervisor)) return -1;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", s->supervisor.pid, fd);
    return open(path, flags | O_CLOEXEC);
}

static bool is_fifo(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* -1 when nobody listens any more. */
static int open_control(int dir, const struct start_record *s)
{
    int fd = openat(dir, "control", O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    if (is_fifo(fd) || (fd < 0 && errno == ENXIO)) return fd;
    closep(&fd); /* replaced by the script */
    return supervisor_file_open(s, s->control_fd, O_WRONLY | O_NONBLOCK);
}

/* Waits until it is decided whether the job is being started. */
static int await_decision(int dir, const char *ticket, struct start_record *ret, struct error *e)
{
    if (start_record_get(dir, ticket, ret)) return 1;
    CLEANUP(closep) int lock = openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (lock < 0) return 0;
    if (lock_wait(lock, LOCK_EXCLUSIVE, LOCK_CLAIM, 1, e) < 0) return -1;
    return start_record_get(dir, ticket, ret);
}

int job_cancel(struct jobs *j, const char *ticket, int grace_ms, enum job_stop_reason why,
               struct error *e)
{
    CLEANUP(closep) int dir = job_folder_open(j, ticket, e);
    struct stop_order order = {STOP_ORDER_MAGIC, why, grace_ms, ticket_sum(ticket)};
    struct start_record start;

    CHECK(j, JOBS_MAGIC);
    if (dir < 0) return -1;
    int started = await_decision(dir, ticket, &start, e);
    if (started < 0) return -1;
    if (!started) return fail(e, ERR_NOT_FOUND, "job %s was not started", ticket);
    CLEANUP(closep) int control = open_control(dir, &start);
    if (control < 0) return 0;
    if (write(control, &order, sizeof(order)) == (ssize_t)sizeof(order)) return 0;
    /* EPIPE: it has just ended; EAGAIN: it is full of orders already. */
    return errno == EPIPE || errno == EAGAIN ? 0 : fail_errno(e, errno, "stop job %s", ticket);
}

/* ---- removal ---- */

static int remove_work(struct jobs *j, const char *ticket, struct error *e)
{
    struct stat st;

    if (fstatat(j->work, ticket, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_errno(e, errno, "working folder of job %s", ticket);
    if (j->account.set && st.st_uid == j->account.uid) {
        /* What the account cannot remove, like files of root, is left for us, if we can. */
        struct error ignored;
        (void)!jobs_ask(j, REQUEST_EMPTY, ticket, "", NULL, &ignored);
    }
    return tree_remove_at(j->work, ticket, e);
}

/* In one step for whoever looks, so that a job that is half removed cannot be taken for one that
 * was never started. */
static int remove_records(struct jobs *j, const char *ticket, struct error *e)
{
    char removed[sizeof(REMOVED_PREFIX) + JOB_TICKET_MAX];

    snprintf(removed, sizeof(removed), REMOVED_PREFIX "%s", ticket);
    if (renameat(j->jobs, ticket, j->jobs, removed) < 0) {
        if (errno == ENOENT) return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
            return fail_errno(e, errno, "remove job %s", ticket);
        if (tree_remove_at(j->jobs, removed, e) < 0) return -1;
        if (renameat(j->jobs, ticket, j->jobs, removed) < 0 && errno != ENOENT)
            return fail_errno(e, errno, "remove job %s", ticket);
    }
    return tree_remove_at(j->jobs, removed, e);
}

static int end_job(struct jobs *j, const char *ticket, bool keep_work, struct error *e)
{
    struct job_status st;

    if (ticket_check(ticket, e) < 0 || job_status(j, ticket, &st, e) < 0) return -1;
    if (st.state == JOB_STARTING || st.state == JOB_WAITING || st.state == JOB_RUNNING)
        return fail(e, ERR_BUSY, "job %s is still running", ticket);
    if (!keep_work && remove_work(j, ticket, e) < 0) return -1;
    follow_remove(j->follow, ticket);
    if (st.state == JOB_ENDED && !st.abandoned && spare_keep(j->spares, j->jobs, ticket)) return 0;
    return remove_records(j, ticket, e);
}

int job_complete(struct jobs *j, const char *ticket, struct error *e)
{
    return end_job(j, ticket, false, e);
}

int job_forget(struct jobs *j, const char *ticket, struct error *e)
{
    return end_job(j, ticket, true, e);
}
