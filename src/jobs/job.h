/* job.h - a script as a durable job in a folder (ARCHITECTURE: "The job").
 *
 * A job is named by its ticket and lives in two folders below one root: <root>/jobs/<ticket>/
 * (0700, ours: start record, `log`, `result`, `lock`, `control`) and <root>/work/<ticket>/ (the
 * script's own, belongs to the account it runs as). Each script runs under a supervisor process of
 * its own, which outlives the caller: whoever opens the same root later finds the job by its
 * ticket. The supervisors are forked by a small launcher program that jobs_open starts and that
 * comes back when it is killed.
 *
 * Any thread may call anything here, except that one `struct job_reader` belongs to one thread at a
 * time. */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

#define JOB_TICKET_MAX 64
#define JOB_FRAGMENT_MAX ((size_t)64 * 1024) /* bytes of output in one fragment */
#define JOB_OUTPUT_MAX_DEFAULT ((int64_t)1 << 30)

/* Exit codes that no script can have; the names are those of the Tentacle protocol. */
#define JOB_EXIT_FATAL (-41)     /* could not be started: job_status.failure says why */
#define JOB_EXIT_CANCELLED (-43) /* cancelled before the script ran */
#define JOB_EXIT_TIMEOUT (-44)   /* timed out before the script ran, or waiting for the mutex */
#define JOB_EXIT_LOST (-46)      /* the supervisor was lost; what the script did is not known */
#define JOB_EXIT_ABANDONED (-48) /* could not be killed */

struct jobs;

struct jobs_options {
    const char *root;          /* absolute; made when missing */
    const char *launcher_path; /* the bobtail-launcher program */
    const char *account;       /* name of the account scripts run as; NULL = the caller's own */
    const char *const
        *protected_paths; /* folders that no artifact may come from; NULL-terminated, or NULL */
    int64_t output_max;   /* bytes of output kept per job; 0 = JOB_OUTPUT_MAX_DEFAULT */
    bool durable;       /* fsync the start record and its folder before the script starts (external
                           agents) */
    const char *cgroup; /* "auto" (or NULL), "v2", "v1" or "none"; anything but auto fails when it
                           is not there */
    int abandon_ms;     /* a script that is still there so long after its cancel is abandoned; 0 = 2
                           minutes */
    int answer_ms;      /* the launcher is killed, and another one started, when it does not answer
                           for so long; 0 = 5 minutes */
};

/** Opens the jobs below ${o}->root and starts the launcher. Fails when the launcher cannot be
 * started or may not act as ${o}->account. The caller closes. */
int jobs_open(const struct jobs_options *o, struct jobs **ret, struct error *e) MUST_USE;
/** Scripts keep running. Accepts NULL. */
void jobs_close(struct jobs *j);
void jobs_closep(struct jobs **j); /* for CLEANUP */

enum job_isolation {
    JOB_NO_ISOLATION, /* takes no mutex at all */
    JOB_SHARED,       /* together with other shared ones */
    JOB_EXCLUSIVE,    /* alone */
};

struct job_spec {
    const char *ticket;      /* id_ticket_valid */
    const char *const *argv; /* NULL-terminated; argv[0] without '/' is looked up in env's PATH */
    const char *const *env;  /* NULL-terminated "K=V": the whole environment; NULL = empty */
    const void *input; /* what the program reads on its standard input; never in its arguments */
    size_t input_n;    /* 0 = /dev/null */
    enum job_isolation isolation;
    const char *mutex; /* name; needed unless JOB_NO_ISOLATION */
    const char
        *holder; /* told to those who wait for the mutex, e.g. "ServerTasks-12"; up to 200 bytes */
    int64_t
        mutex_timeout_ms; /* longest wait for the mutex; 0 = no limit. Past it: JOB_EXIT_TIMEOUT */
    int grace_ms;         /* SIGTERM to SIGKILL when the stop order does not say; 0 = 5000 */
    int64_t start_until;  /* monotonic ms after which it must not start any more; 0 = no limit. Past
                             it: ERR_FENCED */
};

/** Makes work/<ticket> when missing and returns a descriptor of the folder (O_CLOEXEC, the caller
 * closes), so that files can be written there before job_start hands the folder and what is in it
 * to the account. */
int job_work_make(struct jobs *j, const char *ticket, struct error *e) MUST_USE;
/** Absolute path of work/<ticket>, whether it exists or not; caller frees. */
char *job_work_path(struct jobs *j, const char *ticket);

/** Starts the script of ${s}; idempotent by ticket, also between processes: a job that has once
 * been started is never started again. Returns 0 = started by this call, 1 = was there already
 * (running, ended or lost: see job_status). The script has not necessarily been exec'ed yet;
 * whether that worked is in the status. On -1 nothing has been started: ERR_INVALID (spec),
 * ERR_NO_SPACE, ERR_UNREACHABLE (launcher cannot be started); except for ERR_TIMEOUT: it may yet be
 * started, the same call tells later. */
int job_start(struct jobs *j, const struct job_spec *s, struct error *e) MUST_USE;

enum job_stop_reason {
    JOB_STOP_CANCEL = 1, /* job_status.cancelled */
    JOB_STOP_TIMEOUT,    /* job_status.timed_out */
    JOB_STOP_ABANDON,    /* kill and do not wait: JOB_EXIT_ABANDONED at once */
};
/** Orders the script and all that it started to be stopped: SIGTERM to its process group, SIGKILL
 * to the whole tree after ${grace_ms} (-1: the spec's; 0: at once). A script that waits for the
 * mutex ends at once. The first order's reason counts; a later one can shorten the grace or
 * abandon. Returns at once; 0 also when the job has ended already. ERR_NOT_FOUND when no such job
 * was started. */
int job_cancel(struct jobs *j, const char *ticket, int grace_ms, enum job_stop_reason why,
               struct error *e) MUST_USE;

/** Removes both folders of a job that is over; fine when they are gone. ERR_BUSY while it runs. */
int job_complete(struct jobs *j, const char *ticket, struct error *e) MUST_USE;
/** The same, but leaves its working folder as it is. */
int job_forget(struct jobs *j, const char *ticket, struct error *e) MUST_USE;

enum job_state {
    JOB_UNKNOWN,  /* no such job was started */
    JOB_STARTING, /* taken on; the script is not exec'ed yet */
    JOB_WAITING,  /* for the mutex; `waits_for` names who holds it */
    JOB_RUNNING,
    JOB_ENDED, /* the result is final, and the log complete */
    JOB_LOST,  /* the supervisor or the machine went away: exit code JOB_EXIT_LOST, final; what was
                  left is killed */
};

struct job_status {
    enum job_state state;
    /* the rest of the line group counts when ENDED or LOST */
    int exit_code; /* the script's own 0..255, 128 + signal, or a JOB_EXIT_* */
    int signal;    /* that killed the script, or 0 */
    bool oom;      /* killed because its memory cgroup was full */
    bool cancelled, timed_out, abandoned;
    int64_t started_ms; /* UTC, exec of the script; 0 = not (yet) */
    int64_t ended_ms;
    uint64_t fragments;     /* in the log; those of an ended job have the numbers 0..fragments-1 */
    uint64_t dropped_bytes; /* output not kept: limit reached, or disk full */
    uint64_t untold_bytes;  /* those of them that no line of the log tells: it could not be written
                               to its end */
    char waits_for[256];    /* WAITING: holders of the mutex */
    char failure[256];      /* why it could not be started; "" otherwise */
};
/** What is known of the job now. A lost one is put to rest by this call (see JOB_LOST). */
int job_status(struct jobs *j, const char *ticket, struct job_status *ret,
               struct error *e) MUST_USE;

enum job_source { JOB_STDOUT = 1, JOB_STDERR = 2, JOB_SYSTEM = 3 /* the supervisor's own lines */ };
struct job_fragment {
    uint64_t seq;   /* 0, 1, 2, ... without gap */
    int64_t at_ms;  /* UTC, when it was read from the script */
    int source;     /* enum job_source */
    bool continues; /* does not end with a newline: the next fragment of this source goes on with
                       the line */
    struct str data;
};
struct job_reader;
/** Reads the log from fragment ${next_seq} on. ERR_NOT_FOUND without such a job; ERR_CORRUPT when
 * the script destroyed its log. The caller closes; the reader outlives job_complete, but not ${j}.
 */
int job_reader_open(struct jobs *j, const char *ticket, uint64_t next_seq, struct job_reader **ret,
                    struct error *e) MUST_USE;
/** The next complete fragments, at most ${max_bytes} of log (but at least one fragment, when there
 * is one); 0 fragments = nothing new. Their memory is valid until the next call on this reader.
 * Fragments of a running job appear as they are written; a job is read to its end when it was ENDED
 * or LOST before a read that returned 0. */
int job_read(struct job_reader *r, size_t max_bytes, struct job_fragment **ret, size_t *ret_n,
             struct error *e) MUST_USE;
void job_reader_close(struct job_reader *r);
void job_reader_closep(struct job_reader **r); /* for CLEANUP */

/** Rings when the job's log, state or result changes or its supervisor dies; rings once right away.
 */
int jobs_follow(struct jobs *j, const char *ticket, struct error *e) MUST_USE;
void jobs_unfollow(struct jobs *j, const char *ticket);
/** Descriptor that is readable while there may be news; for poll and epoll, level-triggered. Owned
 * by ${j}. */
int jobs_news_fd(struct jobs *j);
/** The next followed job with news; 1, or 0 = none now (call until then). Each ticket once, however
 * often it rang. */
int jobs_news(struct jobs *j, char ticket[JOB_TICKET_MAX + 1]);

/** Tickets that have a folder on disk in which nothing was made or removed for ${idle_ms}, in no
 * order; the caller frees the array. */
int jobs_list(struct jobs *j, int64_t idle_ms, char (**ret)[JOB_TICKET_MAX + 1], size_t *ret_n,
              struct error *e) MUST_USE;

/** Opens for reading a regular file that a script named, with the rights of the script's account
 * and no others; a relative
 *  ${path} is below work/<ticket>. Returns the descriptor, which the caller closes. ERR_DENIED when
 * it lies in a protected folder, also when it is reached through links. */
int job_open_artifact(struct jobs *j, const char *ticket, const char *path,
                      struct error *e) MUST_USE;
#endif
