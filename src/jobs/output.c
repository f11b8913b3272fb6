/* output.c - see output.h.
 *
 * The log only ever grows by whole fragments: a write that fails half-way is cut off again, its
 * bytes are counted as dropped, and the next fragment that can be written is preceded by a line
 * that says so. Writing goes on at a position of our own, so that a script that can write into the
 * log (same account) cannot shift it. */
#include "jobs/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "jobs/record.h"

#define PIPE_BUSY_SIZE (1 << 20) /* of the pipe of a script that prints much */
#define DRAIN_STEP ((size_t)1 << 20)

void output_init(struct output *o, const char *ticket, int fd, int null, int64_t max)
{
    *o = (struct output){.fd = fd, .null = null, .max = max, .job = ticket_sum(ticket)};
    o->buffer = xmalloc(sizeof(struct fragment_header) + JOB_FRAGMENT_MAX);
}

/* Writes a fragment whose ${n} data bytes stand in ${frame} behind room for the header. */
static bool put_fragment(struct output *o, char *frame, size_t n, enum job_source source)
{
    struct fragment_header h = {
        .length_less_1 = (uint16_t)(n - 1), .source = (uint8_t)source, .seq = o->seq};
    size_t total = sizeof(h) + n;

    h.continues = frame[total - 1] != '\n';
    h.at_ms = clock_now(&system_clock);
    h.check = fragment_check(&h, o->job);
    memcpy(frame, &h, sizeof(h));
    ssize_t written = pwrite(o->fd, frame, total, (off_t)o->size);
    if (written == (ssize_t)total) {
        o->size += total;
        o->seq++;
        return true;
    }
    /* Nothing can be done when this fails too: the header's length then reaches behind the end of
     * the file. */
    int r = ftruncate(o->fd, (off_t)o->size);
    (void)r;
    return false;
}

static bool put_line(struct output *o, const char *fmt, va_list ap)
{
    char frame[sizeof(struct fragment_header) + 1024];
    size_t room = sizeof(frame) - sizeof(struct fragment_header) - 1;

    int n = vsnprintf(frame + sizeof(struct fragment_header), room, fmt, ap);
    if (n < 0) return false;
    size_t used = (size_t)n < room ? (size_t)n : room - 1;
    frame[sizeof(struct fragment_header) + used] = '\n';
    return put_fragment(o, frame, used + 1, JOB_SYSTEM);
}

static bool say(struct output *o, const char *fmt, ...) PRINTF(2, 3);
static bool say(struct output *o, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    bool ok = put_line(o, fmt, ap);
    va_end(ap);
    return ok;
}

void output_say(struct output *o, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(o, fmt, ap); /* on a full disk the line is lost, which its own text cannot tell */
    va_end(ap);
}

static void tell_lost(struct output *o)
{
    if (o->untold &&
        say(o, "%llu bytes of output were lost: the log could not be written (disk full?)",
            (unsigned long long)o->untold))
        o->untold = 0;
}

static void tell_limit(struct output *o)
{
    if (!o->limit_told)
        o->limit_told = say(o, "output limit of %lld bytes reached: further output is not kept",
                            (long long)o->max);
}

static void add(struct output *o, size_t n, enum job_source source)
{
    size_t room = (size_t)(o->max - o->kept), keep = n < room ? n : room;

    tell_lost(o);
    if (keep && o->untold == 0 && put_fragment(o, o->buffer, keep, source)) {
        o->kept += (int64_t)keep;
        o->dropped += n - keep;
        if (keep < n) tell_limit(o);
        return;
    }
    o->dropped += n;
    o->untold += keep;
}

/* Past the limit: the bytes go to /dev/null within the kernel. */
static long drain(struct output *o, int fd)
{
    ssize_t n = splice(fd, NULL, o->null, NULL, DRAIN_STEP, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

    if (n < 0 && errno == EINVAL) n = read(fd, o->buffer, JOB_FRAGMENT_MAX);
    if (n > 0) o->dropped += (uint64_t)n;
    if (n > 0) tell_limit(o);
    return n;
}

long output_take(struct output *o, int fd, enum job_source source)
{
    if (o->kept >= o->max) return drain(o, fd);
    ssize_t n = read(fd, o->buffer + sizeof(struct fragment_header), JOB_FRAGMENT_MAX);
    if (n == (ssize_t)JOB_FRAGMENT_MAX && fcntl(fd, F_GETPIPE_SZ) < PIPE_BUSY_SIZE)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_BUSY_SIZE); /* refused beyond the user's share: fine */
    if (n > 0) add(o, (size_t)n, source);
    return n;
}

void output_finish(struct output *o)
{
    uint64_t lost = o->untold;

    tell_lost(o);
    if (o->limit_told)
        output_say(o, "%llu bytes of output were dropped", (unsigned long long)(o->dropped - lost));
}
