/* stream.c - answers without an end: the library asks for bytes, a worker pulls them, news wakes
 * them.
 *
 * A stream is in one of four states, guarded by its lock:
 *   SENDING  the connection is the poller's; it takes bytes from `out`, and asks for a pull when
 * they are gone PULLING  the connection is suspended, a job is queued or running; `out` belongs to
 * that worker IDLE     the connection is suspended, there was nothing to send CLOSED   the library
 * has let go of the answer; `close` has been or is being called Moves: SENDING -(all sent)->
 * PULLING -(bytes or end)-> SENDING, PULLING -(nothing)-> IDLE, IDLE -(wake)-> PULLING, IDLE
 * -(silence, server stops)-> SENDING, SENDING -> CLOSED. A wake during PULLING sets `again`, so
 * that none is lost. Back-pressure: the next pull happens only when the bytes of the last have left
 * for the socket. Pulls run on workers and may block; a poller never waits for one.
 *
 * Suspend and resume are called under the stream's lock: the connection of a suspended stream
 * cannot go away, because the library closes no suspended connection. References: one of the
 * library's answer, one of the caller, one per job. The server's list has none; `close` leaves it
 * first. Order of locks: server, stream, then the library's own. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/exchange.h"

#define STREAM_MAGIC 0x57ea31aau
#define BUSY_MS \
    1000           /* between two looks at streams and sockets; 5 times that while there are none */
#define BLOCK 4096 /* buffer of the library per stream, used for HTTP/1.0 clients only */

static struct metric open_streams =
    METRIC("gauge", "bobtail_http_streams", NULL, "answers open as streams");

enum stream_state { STREAM_SENDING, STREAM_PULLING, STREAM_IDLE, STREAM_CLOSED };
struct http_stream {
    unsigned magic;
    _Atomic unsigned refs;
    struct job job;
    const struct http_stream_ops *ops;
    void *ctx;
    struct http_server *server; /* not after CLOSED */
    struct MHD_Connection *connection;
    bool events; /* may get comment lines */

    pthread_mutex_t lock; /* guards all below */
    enum stream_state state;
    bool again, ended, broken;
    struct buf out; /* the worker's while PULLING */
    size_t sent;
    int64_t *bytes;  /* of the answer: all that were sent; the poller's */
    int64_t last_ms; /* monotonic time of the last byte */

    struct http_stream *next, **here; /* in server->streams; server->lock */
};

struct http_stream *http_stream_ref(struct http_stream *s)
{
    CHECK(s, STREAM_MAGIC);
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void http_stream_unref(struct http_stream *s)
{
    if (s == NULL) return;
    CHECK(s, STREAM_MAGIC);
    if (atomic_fetch_sub(&s->refs, 1) != 1) return;
    ASSERT(s->state == STREAM_CLOSED);
    s->magic = 0;
    pthread_mutex_destroy(&s->lock);
    buf_done(&s->out);
    free(s);
}

/* Lock held. Gives the connection back to its poller. */
static void resume(struct http_stream *s)
{
    s->state = STREAM_SENDING;
    MHD_resume_connection(s->connection);
}

/* Lock held; the connection is suspended. */
static void start_pull(struct http_stream *s)
{
    s->state = STREAM_PULLING;
    s->again = false;
    crew_submit(s->server->crew, &http_stream_ref(s)->job);
}

/* Lock held, after a pull. True when it must pull once more. */
static bool settle(struct http_stream *s, int rc)
{
    if (rc < 0) {
        s->ended = true;
        s->broken = rc == HTTP_STREAM_BROKEN;
    }
    if (s->out.n || s->ended) {
        resume(s);
        return false;
    }
    if (!s->again) {
        s->state = STREAM_IDLE;
        return false;
    }
    s->again = false;
    return true;
}

/* Body of the job. */
static void pull(struct job *j)
{
    struct http_stream *s = (struct http_stream *)((char *)j - offsetof(struct http_stream, job));
    bool more = true;

    pthread_mutex_lock(&s->lock);
    while (more) {
        int rc = HTTP_STREAM_MORE;
        if (!s->ended) {
            pthread_mutex_unlock(&s->lock);
            rc = s->ops->pull(s->ctx, &s->out);
            pthread_mutex_lock(&s->lock);
        }
        more = settle(s, rc);
    }
    pthread_mutex_unlock(&s->lock);
    http_stream_unref(s);
}

/* Lock held; moves pulled bytes to the library. */
static ssize_t take(struct http_stream *s, char *to, size_t max)
{
    size_t n = s->out.n - s->sent < max ? s->out.n - s->sent : max;

    memcpy(to, s->out.p + s->sent, n);
    s->sent += n;
    *s->bytes += (int64_t)n;
    s->last_ms = clock_mono(&system_clock);
    if (s->sent == s->out.n) { /* an idle stream holds no memory */
        buf_done(&s->out);
        s->sent = 0;
    }
    return (ssize_t)n;
}

/* The library wants bytes (poller thread). 0: suspended. */
static ssize_t read_stream(void *ctx, uint64_t pos, char *to, size_t max)
{
    struct http_stream *s = ctx;
    ssize_t n = 0;

    CHECK(s, STREAM_MAGIC);
    pthread_mutex_lock(&s->lock);
    if (s->out.n) {
        n = take(s, to, max);
    } else if (s->ended) {
        n = s->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        MHD_suspend_connection(s->connection);
        start_pull(s);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* The library lets go of the answer. */
static void close_stream(void *ctx)
{
    struct http_stream *s = ctx;

    pthread_mutex_lock(&s->server->lock);
    *s->here = s->next;
    if (s->next) s->next->here = s->here;
    pthread_mutex_unlock(&s->server->lock);
    pthread_mutex_lock(&s->lock);
    ASSERT(s->state == STREAM_SENDING);
    s->state = STREAM_CLOSED;
    pthread_mutex_unlock(&s->lock);
    s->ops->close(s->ctx);
    metric_add(&open_streams, -1);
    http_stream_unref(s);
}

static void enlist(struct http_server *server, struct http_stream *s)
{
    pthread_mutex_lock(&server->lock);
    s->ended = server->stopping;
    s->next = server->streams;
    s->here = &server->streams;
    if (s->next) s->next->here = &s->next;
    server->streams = s;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void http_reply_stream(struct http_response *res, const char *content_type,
                       const struct http_stream_ops *ops, void *ctx, struct http_stream **ret)
{
    struct http_stream *s = xcalloc(1, sizeof(*s));
    struct MHD_Response *answer;

    s->magic = STREAM_MAGIC;
    s->refs = 1;
    s->job.run = pull;
    s->ops = ops;
    s->ctx = ctx;
    s->server = res->server;
    s->connection = res->connection;
    s->bytes = &res->bytes;
    s->events = str_starts(content_type, "text/event-stream");
    pthread_mutex_init(&s->lock, NULL);
    s->out = (struct buf)BUF_INIT(BUF_UNBOUNDED);
    s->last_ms = clock_mono(&system_clock);
    enlist(res->server, s);
    metric_add(&open_streams, 1);
    if (ret) *ret = http_stream_ref(s);
    answer =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, close_stream);
    http_response_set(res, 200, content_type, answer, 0);
    res->endless = true;
    if (!s->events) return;
    http_header(res, "Cache-Control", "no-cache");
    http_header(res, "X-Accel-Buffering", "no"); /* nginx would hold events back */
}

void http_stream_wake(struct http_stream *s)
{
    CHECK(s, STREAM_MAGIC);
    pthread_mutex_lock(&s->lock);
    if (s->state == STREAM_IDLE) start_pull(s);
    else s->again = true;
    pthread_mutex_unlock(&s->lock);
}

void streams_end(struct http_server *server)
{
    for (struct http_stream *s = server->streams; s; s = s->next) {
        pthread_mutex_lock(&s->lock);
        s->ended = true;
        if (s->state == STREAM_IDLE) resume(s);
        pthread_mutex_unlock(&s->lock);
    }
}

/* Server lock held. Writes comment lines where it was silent for too long. */
static void pulse(struct http_server *server)
{
    int64_t now = clock_mono(&system_clock);

    for (struct http_stream *s = server->streams; s; s = s->next) {
        pthread_mutex_lock(&s->lock);
        if (s->events && s->state == STREAM_IDLE && now - s->last_ms >= server->opt.keep_alive_ms) {
            buf_adds(&s->out, ": keep-alive\n\n");
            resume(s);
        }
        pthread_mutex_unlock(&s->lock);
    }
}

/* Server lock held. Waits ${ms} or for news. */
static void wait_ms(struct http_server *server, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&server->changed, &server->lock, &until);
}

void *streams_pulse(void *ctx)
{
    struct http_server *server = ctx;
    int64_t busy_ms = server->opt.keep_alive_ms / 4 + 1, head_ms = server->opt.head_timeout_ms / 4;
    bool sockets = false;

    metric_add(&open_streams, 0); /* shown from the start */
    if (busy_ms > head_ms) busy_ms = head_ms + 1;
    if (busy_ms > BUSY_MS) busy_ms = BUSY_MS;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        wait_ms(server, sockets || server->streams ? busy_ms : 5 * busy_ms);
        pulse(server);
        sockets = sockets_sweep(&server->sockets, clock_mono(&system_clock));
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}
