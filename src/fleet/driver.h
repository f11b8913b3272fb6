/* driver.h - one interface for every kind of worker: start a script by ticket, follow its output,
 * stop it, fetch its files, clean up.
 *
 * A ticket names one start for ever: starting it again is answered with what the first start did.
 * All functions: any thread; those that talk to a worker may block on it. */
#ifndef FLEET_DRIVER_H
#define FLEET_DRIVER_H
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "jobs/job.h"

struct driver_file {
    const char *name; /* in the script's work folder */
    struct str data;
};
struct driver_start {
    const char *ticket;
    /** The program and its arguments. argv[0] "bobtail-step" means the step executor that fits the
     * worker. */
    const char *const *argv;
    const char *const *env; /* "NAME=value", added to the worker's own environment for scripts */
    const struct driver_file *files;
    size_t n_files;
    struct str input; /* given on standard input */
    enum job_isolation isolation;
    const char *mutex, *holder;
    int grace_ms;
    /** Monotonic ms after which this start has no effect any more (ERR_FENCED); 0 = no limit. */
    int64_t start_until;
};

/** What a script's output is read with; job.h has the shapes. */
struct driver_output;

struct driver;
struct driver_ops {
    /** Can this worker run scripts of ${syntax} (Bash, Python, PowerShell)? ERR_INVALID with the
     * sentence for people. */
    int (*probe)(struct driver *d, const char *syntax, struct error *e);
    /** 0 = started, 1 = had been started before. An error means that the script has certainly not
     * started, except for ERR_TIMEOUT: the same start tells later. */
    int (*start)(struct driver *d, const struct driver_start *s, struct error *e);
    int (*status)(struct driver *d, const char *ticket, struct job_status *ret, struct error *e);
    int (*open)(struct driver *d, const char *ticket, uint64_t next_fragment,
                struct driver_output **ret, struct error *e);
    int (*read)(struct driver_output *o, size_t max, struct job_fragment **ret, size_t *ret_n,
                struct error *e);
    void (*close)(struct driver_output *o);
    /** News of ${ticket} are told to the listener from now on, once at once. */
    int (*follow)(struct driver *d, const char *ticket, struct error *e);
    void (*unfollow)(struct driver *d, const char *ticket);
    int (*cancel)(struct driver *d, const char *ticket, int grace_ms, enum job_stop_reason why,
                  struct error *e);
    /** A descriptor to read a file that the script named, opened with the script's rights. */
    int (*artifact)(struct driver *d, const char *ticket, const char *path, struct error *e);
    /** Removes what the worker keeps of an ended script; ${keep_work}: but not its working folder.
     * Fine when it is gone; ERR_BUSY while it runs. */
    int (*complete)(struct driver *d, const char *ticket, bool keep_work, struct error *e);
    /** Removes what is left of scripts that do not run, that nobody has touched for ${idle_ms}, and
     * whose ticket is no key of ${used}; counts them. */
    int (*sweep)(struct driver *d, const struct map *used, int64_t idle_ms, size_t *ret_removed,
                 struct error *e);
    /** No news is told any more when it returns. */
    void (*silence)(struct driver *d);
    void (*free)(struct driver *d);
};
typedef void driver_news(void *ctx, const char *ticket);
struct driver {
    const struct driver_ops *ops;
    const char *worker;    /* how the journal names it: "builtin/<node id>" */
    const char *name;      /* how people know it */
    const char *jobs_path; /* folder of its jobs on this machine */
    /** Called, from a thread of the driver, when there is news of a followed ticket; set before the
     * first follow. */
    driver_news *news;
    void *news_ctx;
};

struct builtin_options {
    const char *jobs_path, *tools_path, *launcher_path, *step_path;
    const char *account; /* scripts run as; NULL = as the server */
    const char *const
        *protected_paths; /* NULL-terminated: what a script may not name as an artifact */
    const char *worker, *name;
    int64_t output_max; /* bytes of output kept of one script */
};
/** The built-in worker: jobs of this machine below ${jobs_path}. */
int driver_builtin(const struct builtin_options *o, struct driver **ret, struct error *e) MUST_USE;
/** The jobs of another node of this machine, followed where they are; options as those of ${own}.
 */
int driver_builtin_of(struct driver *own, const char *jobs_path, const char *worker,
                      const char *name, struct driver **ret, struct error *e) MUST_USE;
void driver_silence(struct driver *d);
void driver_free(struct driver *d);
#endif
