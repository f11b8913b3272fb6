/* record.h - what a job's folder holds: the start record, the result, the headers of the log's
 * fragments.
 *
 * All are in the byte order of the machine, since a job never leaves it. A record is written with
 * one pwrite and carries a checksum, so that a reader sees either a whole one or none. All of them
 * are bound to their job's ticket: what an earlier job left in a folder that is used again (see
 * spare.h), or a power cut uncovered, does not count. Any thread. */
#ifndef JOBS_RECORD_H
#define JOBS_RECORD_H
#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"
#include "os/boot.h"

/* Bytes of the file `lock` that are locked. */
enum {
    LOCK_ALIVE = 0, /* held by the supervisor for its life */
    LOCK_CLAIM = 1, /* held while it is decided who starts the job */
};

struct process_id {
    int32_t pid; /* 0 = none */
    uint64_t
        start; /* clock ticks since boot, from /proc/<pid>/stat: a pid alone is never trusted */
};

/* File `start`. When it is valid the job has been started, or will never be. */
struct start_record {
    uint32_t magic, size;
    uint64_t check;
    char ticket[JOB_TICKET_MAX + 1];
    int32_t state; /* JOB_STARTING, JOB_WAITING or JOB_RUNNING */
    int32_t cgroup_kind;
    char boot_id[BOOT_ID_SIZE];
    struct process_id supervisor, script;
    uint64_t log_device, log_inode;
    int32_t log_fd, control_fd; /* of the supervisor, for a script that replaces its files */
    int64_t started_ms;
    char cgroup[600];
    char waits_for[256];
};

/* File `result`: written full length before the script starts, so that overwriting it needs no
 * space. */
struct result_record {
    uint32_t magic, size;
    uint64_t check;
    char ticket[JOB_TICKET_MAX + 1];
    int32_t state; /* JOB_ENDED or JOB_LOST when final, else 0 */
    int32_t exit_code, signal;
    uint8_t oom, cancelled, timed_out, abandoned;
    int64_t started_ms, ended_ms;
    uint64_t fragments, dropped_bytes, untold_bytes;
    char failure[256];
};

/* In front of the bytes of a fragment in `log`. */
struct fragment_header {
    uint16_t length_less_1; /* of the bytes behind it: 1..JOB_FRAGMENT_MAX */
    uint8_t source;         /* enum job_source */
    uint8_t continues;
    uint32_t check; /* sum of the other members and the ticket */
    uint64_t seq;
    int64_t at_ms;
};

/* What is written to the FIFO `control`. */
struct stop_order {
    uint32_t magic;
    int32_t why; /* enum job_stop_reason */
    int32_t grace_ms;
    uint64_t job; /* ticket_sum */
};
#define STOP_ORDER_MAGIC 0x706f7473u

/** Writes ${r} into ${fd}; a full record each time. Its ticket is set. */
int start_record_put(int fd, struct start_record *r, struct error *e) MUST_USE;
int result_record_put(int fd, struct result_record *r, struct error *e) MUST_USE;
/** Reads `start` (`result`) of job ${ticket} in folder ${dir}: 1 = there and whole, 0 = not. */
int start_record_get(int dir, const char *ticket, struct start_record *ret);
int result_record_get(int dir, const char *ticket, struct result_record *ret);

/** A number for the ticket. */
uint64_t ticket_sum(const char *ticket);
static inline size_t fragment_length(const struct fragment_header *h)
{
    return h->length_less_1 + (size_t)1;
}
uint32_t fragment_check(const struct fragment_header *h, uint64_t sum);
/** True for a header that can be trusted to stand where fragment ${seq} of the job with ticket_sum
 * ${sum} begins. */
bool fragment_is_valid(const struct fragment_header *h, uint64_t seq, uint64_t sum);
#endif
