/* supervisor.c - one job's life: a process of its own, forked by the launcher (see launcher.h),
 * that outlives all others.
 *
 * Order: claim the job (claim.h) and answer; take the mutex; start the script; copy its output
 * until the script has ended and its output too; write the result; go. One thread and one poll:
 * signals come by signalfd, stop orders by the FIFO `control`, nothing is ever waited for by
 * sleeping.
 *
 * Every process that the script leaves behind becomes our child (we are a subreaper), so "no child
 * left" means that the whole tree is gone. After a normal end the rest of the tree is left alone;
 * when it still holds the output pipes, this process stays to empty them, so that a daemon is not
 * killed by its own output. On a stop the tree is killed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/time.h"
#include "jobs/claim.h"
#include "jobs/launcher.h"
#include "jobs/mutex.h"
#include "jobs/output.h"
#include "jobs/process.h"
#include "jobs/script.h"
#include "os/tree.h"

#define OUTPUT_WAIT_MS 5000 /* after the script's end, for the end of its output */
#define GRACE_MS 5000
#define ABANDON_MS (2 * 60 * 1000)
#define TAKES_PER_TURN 32 /* fragments read from a pipe before orders are looked at again */
#define NEVER INT64_MAX

struct stop {
    enum job_stop_reason why; /* of the first order; 0 = none */
    bool give_up;             /* abandon at once */
    bool killed;              /* SIGKILL has been sent */
    int64_t kill_at, abandon_at;
};

struct supervisor {
    const struct launcher *l;
    const struct request *q;
    struct claim c;
    struct output output;
    struct mutex mutex;
    int signals;       /* signalfd of SIGCHLD */
    int out, err;      /* our ends of the script's pipes; -1 = at their end */
    int cgroup;        /* folder of the script's group, -1 = none */
    pid_t script;      /* 0 = not started */
    pid_t waiter;      /* the child that waits for the mutex, 0 = none */
    bool waiter_ended; /* with waiter_status */
    int waiter_status;
    bool ended; /* the script, with script_status */
    int script_status;
    int64_t ended_at; /* monotonic */
    bool no_children; /* as of the last look */
    struct stop stop;
    uint64_t oom_kills;
};

static int64_t mono(void) { return clock_mono(&system_clock); }

/* ---- orders and children ---- */

static void apply_order(struct supervisor *s, const struct stop_order *o)
{
    const struct request_head *h = &s->q->head;
    int64_t now = mono();
    int64_t grace = o->grace_ms >= 0 ? o->grace_ms : h->grace_ms > 0 ? h->grace_ms : GRACE_MS;
    int64_t abandon = h->abandon_ms > 0 ? h->abandon_ms : ABANDON_MS;

    if (o->magic != STOP_ORDER_MAGIC || o->job != s->output.job || o->why < JOB_STOP_CANCEL ||
        o->why > JOB_STOP_ABANDON)
        return;
    if (o->why == JOB_STOP_ABANDON) {
        s->stop.give_up = true;
        grace = 0;
    }
    if (!s->stop.why) {
        s->stop.why = (enum job_stop_reason)o->why;
        s->stop.kill_at = NEVER;
        if (s->script && !s->ended && grace > 0) kill(-s->script, SIGTERM);
    }
    if (now + grace < s->stop.kill_at) s->stop.kill_at = now + grace;
    s->stop.abandon_at = s->stop.give_up ? now : s->stop.kill_at + abandon;
}

static void read_orders(struct supervisor *s)
{
    struct stop_order o;

    while (read(s->c.control, &o, sizeof(o)) == (ssize_t)sizeof(o)) apply_order(s, &o);
}

static void reap(struct supervisor *s)
{
    struct signalfd_siginfo info[8];
    int status;
    pid_t pid;

    while (read(s->signals, info, sizeof(info)) > 0) {
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == s->waiter) {
            s->waiter_ended = true;
            s->waiter_status = status;
        } else if (pid == s->script && !s->ended) {
            s->ended = true;
            s->script_status = status;
            s->ended_at = mono();
        }
    }
    s->no_children = pid < 0 && errno == ECHILD;
}

static int poll_ms(int64_t until)
{
    int64_t left;

    if (until == NEVER) return -1;
    left = until - mono();
    return left <= 0 ? 0 : left > 1000000 ? 1000000 : (int)left + 1;
}

/* ---- the records ---- */

static void tell_state(struct supervisor *s, enum job_state state)
{
    struct error e = {0};

    s->c.start_record.state = state;
    if (start_record_put(s->c.start, &s->c.start_record, &e) < 0)
        output_say(&s->output, "%s", e.text);
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void judge_end(struct supervisor *s, struct result_record *r)
{
    bool killed = WIFSIGNALED(s->script_status);

    r->exit_code = exit_code_of(s->script_status);
    r->signal = killed ? WTERMSIG(s->script_status) : 0;
    if (r->exit_code == 128 + SIGKILL && !s->stop.killed)
        r->oom = cgroup_oom_kills(&s->l->cgroup) > s->oom_kills;
}

static void judge(struct supervisor *s, struct result_record *r)
{
    if (s->ended) judge_end(s, r);
    r->cancelled = s->stop.why == JOB_STOP_CANCEL;
    r->timed_out = s->stop.why == JOB_STOP_TIMEOUT;
    if (s->script && s->stop.why && !s->no_children && (s->stop.give_up || s->stop.killed)) {
        r->abandoned = 1;
        r->exit_code = JOB_EXIT_ABANDONED;
    }
}

static void leave_group(struct supervisor *s)
{
    if (s->cgroup < 0) return;
    closep(&s->cgroup);
    cgroup_remove(&s->l->cgroup, s->q->head.ticket); /* stays while a daemon is in it */
}

/* Writes the result. The log is complete and the mutex free before anybody can see that the job has
 * ended. */
static void conclude(struct supervisor *s)
{
    struct result_record *r = &s->c.result_record;

    output_finish(&s->output);
    mutex_close(&s->mutex);
    r->fragments = s->output.seq;
    r->dropped_bytes = s->output.dropped;
    r->untold_bytes = s->output.untold;
    r->started_ms = s->c.start_record.started_ms;
    r->ended_ms = clock_now(&system_clock);
    r->state = JOB_ENDED;
    claim_restore(&s->c);
    /* Overwrites what is there, so it needs no space; a disk that fails loses the job, as its log
     * does. */
    if (result_record_put(s->c.result, r, NULL) < 0)
        output_say(&s->output, "the result could not be written");
    leave_group(s);
}

NORETURN static void conclude_unstarted(struct supervisor *s, int exit_code, const char *why)
{
    struct result_record *r = &s->c.result_record;

    r->exit_code = exit_code;
    r->cancelled = s->stop.why == JOB_STOP_CANCEL;
    r->timed_out = s->stop.why == JOB_STOP_TIMEOUT || exit_code == JOB_EXIT_TIMEOUT;
    r->abandoned = s->stop.why == JOB_STOP_ABANDON;
    snprintf(r->failure, sizeof(r->failure), "%s", why);
    if (*why) output_say(&s->output, "%s", why);
    conclude(s);
    _exit(0);
}

/* ---- the mutex ---- */

NORETURN static void stopped_unstarted(struct supervisor *s)
{
    static const int codes[] = {[JOB_STOP_CANCEL] = JOB_EXIT_CANCELLED,
                                [JOB_STOP_TIMEOUT] = JOB_EXIT_TIMEOUT,
                                [JOB_STOP_ABANDON] = JOB_EXIT_ABANDONED};

    conclude_unstarted(s, codes[s->stop.why], "");
}

static void end_waiter(struct supervisor *s)
{
    if (s->waiter_ended) return;
    kill(s->waiter, SIGKILL);
    waitpid(s->waiter, NULL, 0);
}

static void say_taken(struct supervisor *s, int64_t since)
{
    char text[64];

    output_say(&s->output, "mutex \"%s\" taken after %s", s->q->mutex,
               time_duration(mono() - since, text));
}

static void say_waiting(struct supervisor *s)
{
    mutex_holders(&s->mutex, s->c.start_record.waits_for, sizeof(s->c.start_record.waits_for));
    output_say(&s->output, "waiting for mutex \"%s\" held by %s", s->q->mutex,
               s->c.start_record.waits_for);
    tell_state(s, JOB_WAITING);
}

static void wait_for_mutex(struct supervisor *s)
{
    int64_t since = mono(), limit = s->q->head.mutex_timeout_ms;
    int64_t until = limit > 0 ? since + limit : NEVER;
    struct pollfd p[] = {{s->signals, POLLIN, 0}, {s->c.control, POLLIN, 0}};
    struct error e = {0};

    say_waiting(s);
    s->waiter = mutex_wait(&s->mutex, &e);
    if (s->waiter < 0) conclude_unstarted(s, JOB_EXIT_FATAL, e.text);
    while (!s->waiter_ended && !s->stop.why && mono() < until) {
        poll(p, ARRAY_LEN(p), poll_ms(until));
        read_orders(s);
        reap(s);
    }
    end_waiter(s);
    s->c.start_record.waits_for[0] = '\0';
    if (s->stop.why) stopped_unstarted(s);
    if (!s->waiter_ended)
        conclude_unstarted(s, JOB_EXIT_TIMEOUT, "the wait for the mutex took too long");
    if (s->waiter_status) conclude_unstarted(s, JOB_EXIT_FATAL, "the wait for the mutex failed");
    say_taken(s, since);
}

static void take_mutex(struct supervisor *s)
{
    const struct request *q = s->q;
    struct error e = {0};

    if (q->head.isolation == JOB_NO_ISOLATION) return;
    if (mutex_open(s->l->mutexes, q->mutex, q->head.isolation == JOB_EXCLUSIVE, &s->mutex, &e) < 0)
        conclude_unstarted(s, JOB_EXIT_FATAL, e.text);
    int r = mutex_try(&s->mutex, &e);
    if (r < 0) conclude_unstarted(s, JOB_EXIT_FATAL, e.text);
    if (r == 0) wait_for_mutex(s);
    mutex_sign(&s->mutex, q->holder);
}

/* ---- starting the script ---- */

static int open_work(struct supervisor *s, struct error *e)
{
    const char *ticket = s->q->head.ticket;
    const struct account *a = &s->l->account;

    if (mkdirat(s->l->work, ticket, 0700) < 0 && errno != EEXIST)
        return fail_errno(e, errno, "make the working folder of job %s", ticket);
    int fd = openat(s->l->work, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail_errno(e, errno, "open the working folder of job %s", ticket);
    if (a->set && tree_give(fd, a->uid, a->gid, e) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_pipe(int *ret_ours, int *ret_theirs, struct error *e)
{
    int p[2];

    if (pipe2(p, O_CLOEXEC) < 0) return fail_errno(e, errno, "make a pipe");
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    *ret_ours = p[0];
    *ret_theirs = p[1];
    return 0;
}

static int open_input(struct supervisor *s, struct error *e)
{
    if (s->q->input < 0) return fcntl(s->l->null, F_DUPFD_CLOEXEC, 3);
    if (lseek(s->q->input, 0, SEEK_SET) < 0) return fail_errno(e, errno, "the script's input");
    return s->q->input;
}

static int try_start(struct supervisor *s, struct error *e)
{
    CLEANUP(closep) int dir = open_work(s, e);
    CLEANUP(closep) int in = -1;
    CLEANUP(closep) int out = -1;
    CLEANUP(closep) int err = -1;

    if (dir < 0 || (in = open_input(s, e)) < 0) return -1;
    if (open_pipe(&s->out, &out, e) < 0 || open_pipe(&s->err, &err, e) < 0) return -1;
    s->cgroup = cgroup_make(&s->l->cgroup, s->q->head.ticket);
    s->oom_kills = cgroup_oom_kills(&s->l->cgroup);
    struct script script = {.argv = s->q->argv,
                            .env = s->q->env,
                            .account = &s->l->account,
                            .dir = dir,
                            .in = in,
                            .out = out,
                            .err = err,
                            .cgroup = s->cgroup,
                            .cgroup_by_clone = s->l->cgroup.kind == CGROUP_V2};
    s->c.start_record.started_ms = clock_now(&system_clock);
    s->script = script_start(&script, e);
    return s->script < 0 ? -1 : 0;
}

/* What it is, for whoever finds the job without its supervisor. */
static void tell_running(struct supervisor *s)
{
    struct start_record *r = &s->c.start_record;
    struct process p;

    if (process_find(s->script, &p)) r->script = p.id;
    if (s->cgroup >= 0)
        snprintf(r->cgroup, sizeof(r->cgroup), "%s/%s", s->l->cgroup.path, s->q->head.ticket);
    tell_state(s, JOB_RUNNING);
}

static void start_script(struct supervisor *s)
{
    struct error e = {0};

    read_orders(s);
    if (s->stop.why) stopped_unstarted(s);
    if (try_start(s, &e) < 0) {
        s->script = 0;
        s->c.start_record.started_ms = 0;
        conclude_unstarted(s, JOB_EXIT_FATAL, e.text);
    }
    tell_running(s);
}

/* ---- while it runs ---- */

static void take_output(struct supervisor *s, int *fd, enum job_source source)
{
    for (int i = 0; i < TAKES_PER_TURN; i++) {
        long n = output_take(&s->output, *fd, source);
        if (n > 0) continue;
        if (n == 0 || errno != EAGAIN) closep(fd);
        return;
    }
}

static bool group_is_gone(const struct supervisor *s)
{
    return s->ended && kill(-s->script, 0) < 0 && errno == ESRCH;
}

static void kill_tree(struct supervisor *s)
{
    cgroup_kill(s->l->cgroup.kind, s->cgroup);
    if (!s->ended) kill(-s->script, SIGKILL);
    process_kill_descendants(getpid());
    s->stop.killed = true;
}

/* What a stop wants done now. After the first SIGKILL, whoever was forked meanwhile gets his when a
 * child has ended. */
static void press_on(struct supervisor *s, bool child_ended)
{
    if (!s->stop.why || s->no_children) return;
    if (s->stop.killed ? child_ended : mono() >= s->stop.kill_at || group_is_gone(s)) kill_tree(s);
}

static bool is_over(const struct supervisor *s)
{
    bool silent = s->out < 0 && s->err < 0;
    int64_t now = mono();

    if (s->stop.why) {
        if (now >= s->stop.abandon_at && (s->stop.killed || s->no_children)) return true;
        if (!s->no_children) return false;
    }
    return s->ended && (silent || now >= s->ended_at + OUTPUT_WAIT_MS);
}

static int64_t next_deadline(const struct supervisor *s)
{
    int64_t at = NEVER;

    if (s->stop.why && !s->stop.killed && !s->no_children) at = s->stop.kill_at;
    if (s->stop.why && s->stop.abandon_at < at) at = s->stop.abandon_at;
    if (s->ended && s->ended_at + OUTPUT_WAIT_MS < at && (!s->stop.why || s->no_children))
        at = s->ended_at + OUTPUT_WAIT_MS;
    return at;
}

static void follow_script(struct supervisor *s)
{
    while (!is_over(s)) {
        struct pollfd p[] = {{s->signals, POLLIN, 0},
                             {s->c.control, POLLIN, 0},
                             {s->out, POLLIN, 0},
                             {s->err, POLLIN, 0}};
        if (poll(p, ARRAY_LEN(p), poll_ms(next_deadline(s))) < 0) continue;
        if (p[1].revents) read_orders(s);
        if (p[2].revents) take_output(s, &s->out, JOB_STDOUT);
        if (p[3].revents) take_output(s, &s->err, JOB_STDERR);
        if (p[0].revents) reap(s);
        press_on(s, p[0].revents != 0);
    }
    if (s->out >= 0) take_output(s, &s->out, JOB_STDOUT);
    if (s->err >= 0) take_output(s, &s->err, JOB_STDERR);
}

/* ---- afterwards ---- */

static void empty_pipe(struct supervisor *s, int *fd)
{
    if (output_take(&s->output, *fd, JOB_STDOUT) == 0) closep(fd);
}

/* A process in the background still has our pipes as its output: it must be able to go on writing.
 */
static void serve_background(struct supervisor *s)
{
    struct sigaction forget = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigset_t none;

    if (s->out < 0 && s->err < 0) return;
    closep(&s->c.result);
    closep(&s->c.lock);
    closep(&s->c.control);
    closep(&s->c.start);
    closep(&s->c.dir);
    closep(&s->c.log);
    closep(&s->signals);
    sigaction(SIGCHLD, &forget, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    s->output.max = 0; /* all goes to /dev/null */
    s->output.limit_told = true;
    while (s->out >= 0 || s->err >= 0) {
        struct pollfd p[] = {{s->out, POLLIN, 0}, {s->err, POLLIN, 0}};
        if (poll(p, ARRAY_LEN(p), -1) < 0) continue;
        if (p[0].revents) empty_pipe(s, &s->out);
        if (p[1].revents) empty_pipe(s, &s->err);
    }
}

static void become_supervisor(struct supervisor *s)
{
    sigset_t all, child;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "bobtail-job");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    s->signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    /* Whoever reads the server's output to its end must not wait for us. */
    dup2(s->l->null, STDERR_FILENO);
}

void supervisor_run(const struct launcher *l, const struct request *q)
{
    struct supervisor s = {.l = l, .q = q, .mutex = MUTEX_NONE, .out = -1, .err = -1, .cgroup = -1};
    struct error e = {0};

    become_supervisor(&s);
    int r = s.signals < 0 ? fail_errno(&e, errno, "signalfd") : claim_take(l, q, &s.c, &e);
    reply_send(q->reply, r, &e, -1);
    close(q->reply);
    if (r != 0) _exit(0);
    output_init(&s.output, q->head.ticket, s.c.log, l->null, q->head.output_max);
    take_mutex(&s);
    start_script(&s);
    follow_script(&s);
    judge(&s, &s.c.result_record);
    conclude(&s);
    if (!s.c.result_record.abandoned) serve_background(&s);
    _exit(0);
}
