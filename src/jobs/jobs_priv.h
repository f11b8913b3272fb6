/* jobs_priv.h - struct jobs, for the files that make up job.h. */
#ifndef JOBS_JOBS_PRIV_H
#define JOBS_JOBS_PRIV_H
#include "jobs/follow.h"
#include "jobs/job.h"
#include "jobs/link.h"
#include "jobs/record.h"
#include "jobs/spare.h"
#include "os/account.h"

#define JOBS_MAGIC 0x6a6f6273u
#define REMOVED_PREFIX "removed-" /* of a folder in jobs/ that is on its way out */

struct jobs {
    unsigned magic;
    char *root;
    int jobs, work; /* folders below the root */
    struct account account;
    char boot_id[BOOT_ID_SIZE];
    int64_t output_max;
    bool durable;
    int abandon_ms;
    char **protected_paths; /* NULL-terminated */
    char *launcher_argv[8];
    char numbers[3][24], *groups;
    struct launcher_link link;
    struct follow *follow;
    struct spares *spares;
};

/** ERR_INVALID unless ${ticket} may be used as a file name. */
int ticket_check(const char *ticket, struct error *e) MUST_USE;
/** Folder jobs/<ticket>; ERR_NOT_FOUND. */
int job_folder_open(struct jobs *j, const char *ticket, struct error *e) MUST_USE;
/** Opens what the supervisor of ${s} has open as ${fd}; -1 when it is not alive. */
int supervisor_file_open(const struct start_record *s, int fd, int flags);
/** A request about ${ticket} with no texts but ${path}. */
int jobs_ask(struct jobs *j, enum request_op op, const char *ticket, const char *path, int *ret_fd,
             struct error *e) MUST_USE;
#endif
