/* The rules of streamed answers: wakes are never lost, slow readers hold the source back, every
 * stream is closed once. */
#include <semaphore.h>
#include <stdatomic.h>

#include "http/server.h"
#include "os/thread.h"
#include "tests/unit/http/client.h"

/* A source of numbered lines: whoever raises `top` wakes the streams. */
struct source {
    _Atomic long top;    /* lines 1..top are there */
    _Atomic long end;    /* the stream ends behind this line, 0: never */
    _Atomic long pulled; /* bytes handed out by all streams */
    _Atomic int closed, opened;
    sem_t close_seen, open_seen;
    pthread_mutex_t lock;
    struct http_stream *streams[512];
    int rc;     /* what pull returns at the end */
    bool pause; /* pull finds nothing, says so and waits before it returns */
    sem_t paused, go_on;
};
struct reader {
    struct source *from;
    long at;
};

static int pull(void *ctx, struct buf *out)
{
    struct reader *r = ctx;
    long end = r->from->end;

    while (r->at < r->from->top && out->n < 64 * KiB) {
        buf_addf(out, "data: %ld\n\n", ++r->at);
        if (end && r->at == end) break;
    }
    r->from->pulled += (long)out->n;
    if (r->from->pause && out->n == 0) sem_post(&r->from->paused), sem_wait(&r->from->go_on);
    return end && r->at >= end ? r->from->rc : HTTP_STREAM_MORE;
}

static void closed(void *ctx)
{
    struct reader *r = ctx;

    r->from->closed++;
    sem_post(&r->from->close_seen);
    free(r);
}

static const struct http_stream_ops ops = {pull, closed};

static void handle(struct http_request *req, struct http_response *res, void *ctx)
{
    struct source *s = ctx;
    struct reader *r = xcalloc(1, sizeof(*r));

    r->from = s;
    pthread_mutex_lock(&s->lock);
    http_reply_stream(res, str_starts(req->path, "/text") ? HTTP_TEXT : HTTP_EVENTS, &ops, r,
                      s->opened < 512 ? &s->streams[s->opened] : NULL);
    s->opened++;
    pthread_mutex_unlock(&s->lock);
    if (str_starts(req->path, "/twice")) http_reply_message(res, 418, "no stream after all");
    sem_post(&s->open_seen);
}

static void raise_top(struct source *s, long by)
{
    s->top += by;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->opened; i++)
        if (s->streams[i]) http_stream_wake(s->streams[i]);
    pthread_mutex_unlock(&s->lock);
}

static struct http_server *start(struct source *s, struct http_options o)
{
    struct http_server *server;
    struct error err = {0};

    s->rc = s->rc ? s->rc : HTTP_STREAM_END;
    sem_init(&s->close_seen, 0, 0);
    sem_init(&s->open_seen, 0, 0);
    sem_init(&s->paused, 0, 0);
    sem_init(&s->go_on, 0, 0);
    pthread_mutex_init(&s->lock, NULL);
    o.listen = "127.0.0.1:0";
    o.handle = handle;
    o.ctx = s;
    EXPECT_OK(http_server_start(&o, &server, &err));
    return server;
}
#define START(source, ...) start(source, (struct http_options){__VA_ARGS__})

static void stop(struct http_server *server, struct source *s)
{
    http_server_stop(server);
    EXPECT_INT(s->closed, s->opened);
    for (int i = 0; i < s->opened; i++) {
        if (s->streams[i]) http_stream_wake(s->streams[i]); /* harmless behind the server's end */
        http_stream_unref(s->streams[i]);
    }
}

static int open_stream(struct http_server *server, const char *path)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(1000);
    int fd = client_open(http_server_port(server));

    buf_addf(&out, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    client_send(fd, buf_str(&out));
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 200);
    EXPECT(a.chunked);
    answer_done(&a);
    return fd;
}

/* Reads until line ${n} has come; every line must be the one behind the last. */
static void expect_lines(int fd, struct buf *got, long *at, long n)
{
    char wanted[64];

    while (*at < n) {
        int k = snprintf(wanted, sizeof(wanted), "data: %ld\n\n", *at + 1);
        while (got->n < (size_t)k) EXPECT(client_chunk(fd, got));
        EXPECT(memcmp(got->p, wanted, (size_t)k) == 0);
        buf_drop(got, (size_t)k);
        ++*at;
    }
}

TEST(news_comes_when_it_is_there)
{
    struct source s = {0};
    struct http_server *server = START(&s);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    long at = 0;
    int fd = open_stream(server, "/s"); /* the head arrives before the first news */

    for (int i = 1; i <= 200; i++) {
        raise_top(&s, 1);
        expect_lines(fd, &got, &at, i);
    }
    s.end = 201;
    raise_top(&s, 1);
    expect_lines(fd, &got, &at, 201);
    EXPECT(!client_chunk(fd, &got));
    sem_wait(&s.close_seen);
    client_send(fd, "GET /s HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection serves on */
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    close(fd);
    stop(server, &s);
}

TEST(a_wake_during_a_pull_that_found_nothing_counts)
{
    struct source s = {.pause = true};
    struct http_server *server = START(&s);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    long at = 0;
    int fd = open_stream(server, "/s");

    for (int i = 1; i <= 3; i++) {
        sem_wait(&s.paused);
        raise_top(&s, 1);
        sem_post(&s.go_on);
        expect_lines(fd, &got, &at, i);
    }
    sem_post(&s.go_on);
    close(fd);
    stop(server, &s);
}

static void *producer(void *ctx)
{
    for (int i = 0; i < 5000; i++) raise_top(ctx, 1);
    return NULL;
}

TEST(no_wake_is_lost_between_pull_and_sleep)
{
    struct source s = {.end = 10000};
    struct http_server *server = START(&s, .workers = 3);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    struct error err = {0};
    pthread_t threads[2];
    long at = 0;
    int fd = open_stream(server, "/s");

    for (int i = 0; i < 2; i++)
        EXPECT_OK(thread_start(&threads[i], "producer", producer, &s, &err));
    expect_lines(fd, &got, &at, 10000);
    EXPECT(!client_chunk(fd, &got));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    close(fd);
    stop(server, &s);
}

TEST(a_slow_reader_holds_the_source_back)
{
    struct source s = {.top = 10000000, .end = 4000000};
    struct http_server *server = START(&s);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    size_t read = 0;
    int fd = client_open(http_server_port(server)), small = 65536;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    client_send(fd, "GET /text HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer a = client_head(fd);
    answer_done(&a);
    while (client_chunk(fd, &got)) {
        read += got.n;
        buf_clear(&got);
        EXPECT(s.pulled - (long)read < (long)(16 * MiB)); /* socket buffers and one pull */
    }
    EXPECT_INT(read, s.pulled);
    close(fd);
    stop(server, &s);
}

TEST(silent_event_streams_carry_comment_lines)
{
    struct source s = {0};
    struct http_server *server = START(&s, .keep_alive_ms = 20);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    int fd = open_stream(server, "/s");

    EXPECT(client_chunk(fd, &got));
    EXPECT(client_chunk(fd, &got));
    EXPECT_STR(buf_str(&got), ": keep-alive\n\n: keep-alive\n\n");
    close(fd);
    stop(server, &s);
}

TEST(a_client_that_went_away_falls_out)
{
    struct source s = {0};
    struct http_server *server = START(&s, .keep_alive_ms = 20);

    close(open_stream(server, "/s"));
    sem_wait(&s.close_seen);
    raise_top(&s, 1); /* waking a closed stream does nothing */
    stop(server, &s);
}

TEST(many_streams_all_hear_the_news)
{
    enum { MANY = 300 };
    struct source s = {0};
    struct http_server *server = START(&s, .workers = 2);
    struct buf got[MANY];
    long at[MANY] = {0};
    int fds[MANY];

    for (int i = 0; i < MANY; i++) {
        got[i] = (struct buf)BUF_INIT(BUF_UNBOUNDED);
        fds[i] = open_stream(server, "/s");
    }
    for (int round = 1; round <= 5; round++) {
        raise_top(&s, 1);
        for (int i = 0; i < MANY; i++) expect_lines(fds[i], &got[i], &at[i], round);
    }
    for (int i = 0; i < MANY; i++) {
        close(fds[i]);
        buf_done(&got[i]);
    }
    stop(server, &s);
}

TEST(a_broken_stream_is_seen_as_cut_off)
{
    struct source s = {.top = 1, .end = 1, .rc = HTTP_STREAM_BROKEN};
    struct http_server *server = START(&s);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    char c;
    int fd = open_stream(server, "/text");

    EXPECT(client_chunk(fd, &got));
    EXPECT_INT(client_recv(fd, &c, 1), 0); /* no last chunk */
    close(fd);
    stop(server, &s);
}

TEST(head_and_replaced_streams_are_closed_too)
{
    struct source s = {0};
    struct http_server *server = START(&s);
    int fd = client_open(http_server_port(server));

    client_send(fd, "HEAD /s HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    sem_wait(&s.close_seen);
    a = client_call(fd, "GET", "/twice", NULL, NULL);
    EXPECT_INT(a.status, 418);
    answer_done(&a);
    sem_wait(&s.close_seen);
    close(fd);
    stop(server, &s);
}

TEST(an_old_client_gets_the_stream_without_chunks)
{
    struct source s = {.top = 3, .end = 3};
    struct http_server *server = START(&s);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    char block[100];
    int fd = client_open(http_server_port(server));

    client_send(fd, "GET /s HTTP/1.0\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT(!a.chunked);
    answer_done(&a);
    for (size_t n; (n = client_recv(fd, block, sizeof(block))) > 0;) buf_add(&got, block, n);
    EXPECT_STR(buf_str(&got), "data: 1\n\ndata: 2\n\ndata: 3\n\n");
    close(fd);
    stop(server, &s);
}

TEST(a_stop_ends_all_streams)
{
    struct source s = {0}, busy = {.top = 100000000};
    struct http_server *server = START(&s), *loaded = START(&busy, .stop_ms = 50);
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    int fds[20];

    for (int i = 0; i < 10; i++) {
        fds[i] = open_stream(server, "/s");
        fds[10 + i] = open_stream(loaded, "/text"); /* never read: their sockets are full */
    }
    stop(server, &s);
    stop(loaded, &busy);
    for (int i = 0; i < 10; i++) EXPECT(!client_chunk(fds[i], &got));
    for (int i = 0; i < 20; i++) close(fds[i]);
}

static void *come_and_go(void *server)
{
    for (int i = 0; i < 30; i++) close(open_stream(server, "/s"));
    return NULL;
}

TEST(streams_come_and_go_while_they_are_woken)
{
    struct source s = {0};
    struct http_server *server = START(&s, .keep_alive_ms = 10);
    struct error err = {0};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        EXPECT_OK(thread_start(&threads[i], "comer", come_and_go, server, &err));
    for (int i = 0; i < 3000; i++) raise_top(&s, 1);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 120; i++) sem_wait(&s.close_seen);
    stop(server, &s);
}
