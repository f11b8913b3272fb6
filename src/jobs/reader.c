/* reader.c - reading a job's log, while it is written and afterwards; see job.h.
 *
 * Large reads into one buffer, and a walk over the headers in it: no work per line. What does not
 * end within the buffer is read again from its beginning the next time; a header that is not valid
 * where a fragment must begin counts as "not written yet". The log is identified by the inode in
 * the start record, so that a link in its place is not followed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "jobs/jobs_priv.h"

#define READER_MAGIC 0x6a6f6272u
#define READ_MIN (sizeof(struct fragment_header) + JOB_FRAGMENT_MAX)
#define READ_MAX (16 * MiB)
#define SKIP_STEP (1 * MiB)
#define OPEN_TRIES 3

struct job_reader {
    unsigned magic;
    int fd;
    off_t at;      /* of fragment ${seq} */
    uint64_t seq;  /* of the next fragment in the log */
    uint64_t job;  /* ticket_sum */
    uint64_t want; /* first fragment to hand out */
    char *buffer;
    size_t size; /* of buffer */
    VEC(struct job_fragment) fragments;
};

static bool is_log(int fd, const struct start_record *s)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == s->log_inode &&
           st.st_dev == s->log_device;
}

static int open_log(int dir, const char *ticket, struct error *e)
{
    struct start_record s;

    for (int i = 0; i < OPEN_TRIES; i++) { /* the supervisor may put the log back meanwhile */
        if (!start_record_get(dir, ticket, &s))
            return fail(e, ERR_NOT_FOUND, "job %s was not started", ticket);
        int fd = openat(dir, "log", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (is_log(fd, &s)) return fd;
        closep(&fd);
        fd = supervisor_file_open(&s, s.log_fd, O_RDONLY);
        if (is_log(fd, &s)) return fd;
        closep(&fd);
    }
    return fail(e, ERR_CORRUPT, "the script of job %s has removed or replaced its log", ticket);
}

int job_reader_open(struct jobs *j, const char *ticket, uint64_t next_seq, struct job_reader **ret,
                    struct error *e)
{
    CLEANUP(closep) int dir = job_folder_open(j, ticket, e);

    CHECK(j, JOBS_MAGIC);
    if (dir < 0) return -1;
    int fd = open_log(dir, ticket, e);
    if (fd < 0) return -1;
    struct job_reader *r = xcalloc(1, sizeof(*r));
    r->magic = READER_MAGIC;
    r->fd = fd;
    r->job = ticket_sum(ticket);
    r->want = next_seq;
    *ret = r;
    return 0;
}

static int fill(struct job_reader *r, size_t wanted, size_t *ret_n, struct error *e)
{
    if (wanted > r->size) {
        free(r->buffer);
        r->buffer = xmalloc(wanted);
        r->size = wanted;
    }
    for (;;) {
        ssize_t n = pread(r->fd, r->buffer, wanted, r->at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(e, errno, "read the job's log");
        *ret_n = (size_t)n;
        return 0;
    }
}

/* Takes the fragments that are whole within the first ${n} bytes of the buffer; returns how many
 * there were. */
static size_t walk(struct job_reader *r, size_t n)
{
    struct fragment_header h;
    size_t at = 0, taken = 0;

    while (n - at >= sizeof(h)) {
        memcpy(&h, r->buffer + at, sizeof(h));
        if (!fragment_is_valid(&h, r->seq, r->job) || n - at - sizeof(h) < fragment_length(&h))
            break;
        if (h.seq >= r->want)
            VEC_PUSH(&r->fragments, ((struct job_fragment){
                                        .seq = h.seq,
                                        .at_ms = h.at_ms,
                                        .source = h.source,
                                        .continues = h.continues,
                                        .data = {r->buffer + at + sizeof(h), fragment_length(&h)},
                                    }));
        at += sizeof(h) + fragment_length(&h);
        r->seq++;
        taken++;
    }
    r->at += (off_t)at;
    return taken;
}

int job_read(struct job_reader *r, size_t max_bytes, struct job_fragment **ret, size_t *ret_n,
             struct error *e)
{
    size_t wanted = max_bytes < READ_MIN ? READ_MIN : max_bytes > READ_MAX ? READ_MAX : max_bytes;
    size_t n = 0, taken;

    CHECK(r, READER_MAGIC);
    r->fragments.n = 0;
    do {
        bool skipping = r->seq < r->want;
        if (fill(r, skipping && wanted < SKIP_STEP ? SKIP_STEP : wanted, &n, e) < 0) return -1;
        taken = walk(r, n);
    } while (taken && r->fragments.n == 0);
    *ret = r->fragments.items;
    *ret_n = r->fragments.n;
    return 0;
}

void job_reader_close(struct job_reader *r)
{
    if (r == NULL) return;
    CHECK(r, READER_MAGIC);
    closep(&r->fd);
    VEC_DONE(&r->fragments);
    free(r->buffer);
    r->magic = 0;
    free(r);
}

void job_reader_closep(struct job_reader **r)
{
    job_reader_close(*r);
    *r = NULL;
}
