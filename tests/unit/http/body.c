/* The rules of bodies that a handler takes piece by piece. */
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "http/server.h"
#include "tests/unit/http/client.h"

/* What the sink has seen; guarded by the exchange: one worker at a time, read after the answer. */
struct seen {
    size_t bytes, pieces, largest;
    uint64_t sum;
    size_t stop_after;
};
static struct seen seen;
static _Atomic int closed, asked;
static sem_t closing;

static int write_seen(void *ctx, const void *data, size_t n)
{
    struct seen *s = ctx;
    const unsigned char *p = data;

    for (size_t i = 0; i < n; i++) s->sum = s->sum * 31 + p[i];
    s->bytes += n;
    s->pieces++;
    if (n > s->largest) s->largest = n;
    return s->stop_after && s->bytes >= s->stop_after ? -1 : 0;
}

static void close_seen(void *ctx)
{
    closed++;
    sem_post(&closing);
}

static const struct http_sink sink = {write_seen, close_seen};

static size_t limit(const struct http_request *req, bool *ret_taken, void *ctx)
{
    *ret_taken = !str_starts(req->path, "/plain");
    return 64 * MiB;
}

static void handle(struct http_request *req, struct http_response *res, void *ctx)
{
    char text[100];

    if (req->head_only && str_starts(req->path, "/denied")) {
        http_reply_message(res, 403, "not you");
    } else if (req->head_only) {
        asked++;
        http_take_body(req, &sink, &seen);
    } else if (req->sink == NULL) {
        http_reply(res, 200, HTTP_TEXT, req->body.p, req->body.n);
    } else {
        struct seen *s = req->taken;
        int n = snprintf(text, sizeof(text), "%zu %llu", s->bytes, (unsigned long long)s->sum);
        http_reply(res, 200, HTTP_TEXT, text, (size_t)n);
    }
}

static struct http_server *start(void)
{
    struct http_options o = {.listen = "127.0.0.1:0", .handle = handle, .body_limit = limit};
    struct http_server *s;
    struct error err = {0};

    seen = (struct seen){0};
    closed = asked = 0;
    sem_init(&closing, 0, 0);
    EXPECT_OK(http_server_start(&o, &s, &err));
    return s;
}

/* Bytes that no piece repeats, and what the sink makes of them. */
static char *content(size_t n, char *ret_wanted, size_t size)
{
    char *p = xcalloc(1, n + 1);
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        p[i] = (char)('a' + i * 7 % 26 + i / 1000 % 3);
        sum = sum * 31 + (unsigned char)p[i];
    }
    snprintf(ret_wanted, size, "%zu %llu", n, (unsigned long long)sum);
    return p;
}

static void expect_text(struct answer a, int status, const char *wanted)
{
    EXPECT_INT(a.status, status);
    EXPECT_STR(buf_str(&a.body), wanted);
    answer_done(&a);
}

TEST(a_body_reaches_its_sink_whole_and_in_pieces)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    char wanted[100];
    char *body = content(5 * MiB + 17, wanted, sizeof(wanted));

    expect_text(client_call(fd, "POST", "/a", NULL, body), 200, wanted);
    EXPECT(seen.pieces > 5 && seen.largest < 1 * MiB);
    sem_wait(&closing);
    EXPECT_INT(closed, 1);
    expect_text(client_call(fd, "POST", "/plain", NULL, "as ever"), 200, "as ever");
    free(body);
    close(fd);
    http_server_stop(s);
}

TEST(many_small_chunks_arrive_in_order_while_the_sink_works)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    char wanted[100];
    char *body = content(3 * MiB, wanted, sizeof(wanted));
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_adds(&out, "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < 3 * MiB; at += 96) {
        size_t n = 3 * MiB - at < 96 ? 3 * MiB - at : 96;
        buf_addf(&out, "%zx\r\n", n);
        buf_add(&out, body + at, n);
        buf_adds(&out, "\r\n");
    }
    buf_adds(&out, "0\r\n\r\n");
    client_send_n(fd, out.p, out.n);
    expect_text(client_answer(fd), 200, wanted);
    free(body);
    close(fd);
    http_server_stop(s);
}

TEST(an_empty_body_is_taken_too)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));

    expect_text(client_call(fd, "POST", "/a", NULL, ""), 200, "0 0");
    expect_text(client_call(fd, "POST", "/a", NULL, NULL), 200, "0 0");
    EXPECT_INT(asked, 2);
    close(fd);
    http_server_stop(s);
}

TEST(who_may_not_send_is_told_before_anything_is_sent)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));

    client_send(fd, "POST /denied HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                    "1000000\r\n\r\n");
    struct answer a = client_answer(fd);
    EXPECT_INT(a.status, 403);
    answer_done(&a);
    close(fd);
    fd = client_open(http_server_port(s));
    client_send(fd, "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n");
    a = client_answer(fd); /* too much to be read and dropped */
    EXPECT_INT(a.status, 403);
    answer_done(&a);
    close(fd);
    http_server_stop(s);
    EXPECT_INT(closed, 0);
}

TEST(a_small_body_that_is_not_wanted_is_dropped_and_the_connection_lives)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    char wanted[100];
    char *body = content(3 * MiB, wanted, sizeof(wanted));

    struct answer a = client_call(fd, "POST", "/denied", NULL, body);
    EXPECT_INT(a.status, 403);
    answer_done(&a);
    expect_text(client_call(fd, "POST", "/a", NULL, body), 200, wanted);
    free(body);
    close(fd);
    http_server_stop(s);
}

TEST(a_client_that_waits_for_it_is_told_to_go_on)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));

    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                    "3\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 100);
    EXPECT_INT(asked, 1);
    answer_done(&a);
    client_send(fd, "abc");
    expect_text(client_answer(fd), 200, "3 96354");
    close(fd);
    http_server_stop(s);
}

TEST(a_lost_connection_closes_the_sink)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    char *half = memset(xcalloc(1, 2 * MiB), 'x', 2 * MiB);

    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
    client_send_n(fd, half, 2 * MiB);
    close(fd);
    sem_wait(&closing);
    EXPECT_INT(closed, 1);
    free(half);
    http_server_stop(s);
}

TEST(a_sink_that_has_enough_gets_no_more_and_the_handler_answers_at_the_end)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    char wanted[100];
    char *body = content(4 * MiB, wanted, sizeof(wanted));

    seen.stop_after = 1;
    struct answer a = client_call(fd, "POST", "/a", NULL, body);
    EXPECT_INT(a.status, 200);
    EXPECT_INT(seen.pieces, 1);
    EXPECT(seen.bytes < 1 * MiB);
    answer_done(&a);
    free(body);
    close(fd);
    http_server_stop(s);
}

TEST(a_body_past_its_limit_is_413)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));
    size_t n = 65 * MiB;
    char *body = memset(xcalloc(1, n), 'x', n);

    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4100000\r\n");
    client_send_n(fd, body, n);
    client_send(fd, "\r\n0\r\n\r\n");
    struct answer a = client_answer(fd);
    EXPECT_INT(a.status, 413);
    answer_done(&a);
    free(body);
    close(fd);
    sem_wait(&closing);
    http_server_stop(s);
}

TEST(a_stop_does_not_wait_for_a_body_that_never_ends)
{
    struct http_server *s = start();
    int fd = client_open(http_server_port(s));

    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                    "5000000\r\n\r\nabc");
    while (asked == 0) sched_yield();
    http_server_stop(s);
    EXPECT_INT(closed, 1);
    close(fd);
}
