/* The rules of the HTTP server for whole requests, through real sockets. */
#include <fcntl.h>
#include <semaphore.h>

#include "http/server.h"
#include "os/thread.h"
#include "tests/unit/http/client.h"

static sem_t entered, leave;

static void echo(struct http_request *req, struct http_response *res)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    struct http_strings parts = http_request_segments(req);

    buf_addf(&out, "%s", req->method);
    for (size_t i = 0; i < parts.n; i++) buf_addf(&out, "|%s", parts.items[i]);
    for (size_t i = 0; i < req->n_params; i++)
        buf_addf(&out, "&%s=%s", req->params[i].name, req->params[i].value);
    buf_addf(&out, "#%zu#", req->body.n);
    buf_add(&out, req->body.p, req->body.n < 100 ? req->body.n : 100);
    http_header(res, "X-Echo",
                http_request_header(req, "x-ask") ? http_request_header(req, "x-ask") : "none");
    http_reply(res, 200, HTTP_TEXT, buf_str(&out), out.n);
}

static void handle(struct http_request *req, struct http_response *res, void *ctx)
{
    if (str_starts(req->path, "/none")) return;
    if (str_starts(req->path, "/wait")) sem_post(&entered), sem_wait(&leave);
    if (str_starts(req->path, "/file")) {
        int fd = open(ctx, O_RDONLY | O_CLOEXEC);
        http_reply_file(res, 200, "application/octet-stream", fd, 3, 5);
        return;
    }
    if (str_starts(req->path, "/remote")) {
        http_reply(res, 201, HTTP_TEXT, req->remote, strlen(req->remote));
        return;
    }
    echo(req, res);
}

static struct http_server *start(struct http_options o)
{
    struct http_server *s;
    struct error err = {0};

    o.listen = o.listen ? o.listen : "127.0.0.1:0";
    o.handle = handle;
    sem_init(&entered, 0, 0);
    sem_init(&leave, 0, 0);
    EXPECT_OK(http_server_start(&o, &s, &err));
    return s;
}
#define START(...) start((struct http_options){__VA_ARGS__})

/* One request, its whole answer compared. */
static void expect_answer(int fd, const char *method, const char *target, const char *headers,
                          const char *body, int status, const char *wanted)
{
    struct answer a = client_call(fd, method, target, headers, body);

    EXPECT_INT(a.status, status);
    EXPECT(a.has_length);
    EXPECT_STR(buf_str(&a.body), wanted);
    answer_done(&a);
}

/* A JSON error whose message contains ${part}. */
static void expect_refusal(struct answer a, int status, const char *part)
{
    json_t *doc = NULL;

    EXPECT_INT(a.status, status);
    const char *text = answer_error(&a, &doc);
    if (strstr(text, part) == NULL) EXPECT_STR(text, part);
    json_decref(doc);
    answer_done(&a);
}

TEST(a_connection_serves_many_requests)
{
    struct http_server *s = START(.pollers = 2);
    int fd = client_open(http_server_port(s));

    for (int i = 0; i < 50; i++)
        expect_answer(fd, "GET", "/api/x?a=1&b=%20c", NULL, NULL, 200, "GET|api|x&a=1&b= c#0#");
    expect_answer(fd, "POST", "/p", NULL, "hello", 200, "POST|p#5#hello");
    close(fd);
    http_server_stop(s);
}

TEST(an_idle_connection_stays_usable_and_a_dead_one_is_closed_in_the_end)
{
    struct http_server *patient = START(.pollers = 1), *hasty = START(.idle_timeout_s = 1);
    int fd = client_open(http_server_port(patient)), other = client_open(http_server_port(hasty));
    char byte;

    expect_answer(fd, "GET", "/a", NULL, NULL, 200, "GET|a#0#");
    expect_answer(other, "GET", "/a", NULL, NULL, 200, "GET|a#0#");
    EXPECT_INT(client_recv(other, &byte, 1), 0); /* closed by the server */
    EXPECT(recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    expect_answer(fd, "GET", "/b", NULL, NULL, 200, "GET|b#0#");
    close(fd);
    close(other);
    http_server_stop(patient);
    http_server_stop(hasty);
}

/* Sends a byte now and then until the server has had enough. */
static void drip(int fd, const char *begin)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    struct pollfd p = {fd, POLLIN, 0};

    client_send(fd, begin);
    for (int i = 0; i < 1500; i++) {
        if (send(fd, "x", 1, MSG_NOSIGNAL) < 0) return;
        if (poll(&p, 1, 0) == 1) {
            char byte;
            EXPECT(recv(fd, &byte, 1, 0) <= 0); /* no answer, just the end */
            return;
        }
        nanosleep(&pause, NULL);
    }
    EXPECT(!"the server waits for ever");
}

TEST(who_sends_a_head_byte_by_byte_is_cut_off_however_busy_it_is)
{
    struct http_server *s = START(.head_timeout_ms = 200);
    int fd = client_open(http_server_port(s));

    drip(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    close(fd);
    fd = client_open(http_server_port(s)); /* not even the first line */
    drip(fd, "GET /");
    close(fd);
    http_server_stop(s);
}

TEST(who_sends_the_next_head_byte_by_byte_is_cut_off_too)
{
    struct http_server *s = START(.head_timeout_ms = 200, .idle_timeout_s = 1);
    int fd = client_open(http_server_port(s));

    expect_answer(fd, "GET", "/a", NULL, NULL, 200, "GET|a#0#");
    drip(fd, "GET / HTTP/1.1\r\nX-Slow: ");
    close(fd);
    http_server_stop(s);
}

TEST(who_sends_a_body_byte_by_byte_is_cut_off_after_a_while)
{
    struct http_server *s = START(.head_timeout_ms = 200, .body_grace_ms = 300);
    int fd = client_open(http_server_port(s));

    drip(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    close(fd);
    http_server_stop(s);
}

TEST(a_handler_may_take_longer_than_a_client)
{
    struct http_server *s = START(.head_timeout_ms = 50, .body_grace_ms = 50);
    const struct timespec longer = {.tv_nsec = 300 * 1000 * 1000};
    int fd = client_open(http_server_port(s));

    client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    sem_wait(&entered);
    nanosleep(&longer, NULL);
    sem_post(&leave);
    struct answer a = client_answer(fd);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    close(fd);
    http_server_stop(s);
}

TEST(a_connection_is_kept_for_longer_than_clients_use_it_again)
{
    struct http_options o = {.listen = "127.0.0.1:0"};

    http_options_complete(&o);
    EXPECT_INT(o.idle_timeout_s, 150); /* clients take up a connection that was idle for 130 s */
}

TEST(an_encoded_slash_is_no_separator)
{
    struct http_server *s = START();
    int fd = client_open(http_server_port(s));

    expect_answer(fd, "GET", "/a%2Fb/c%20d/%C3%A4?x=%26&y", NULL, NULL, 200,
                  "GET|a/b|c d|ä&x=&&y=#0#");
    expect_answer(fd, "GET", "http://host:80/abs?x=a+b%2B", NULL, NULL, 200, "GET|abs&x=a b+#0#");
    expect_answer(fd, "GET", "//a/../b/", NULL, NULL, 200, "GET||a|..|b|#0#");
    close(fd);
    http_server_stop(s);
}

TEST(malformed_targets_are_json_400)
{
    static const char *const bad[] = {"/%",       "/a%2",   "/%zz",           "/%00",
                                      "/a?b=%0g", "/a?%=1", "/%ff",           "/a?b=%c0%80",
                                      "nopath",   "/\xff",  "/a?\xed\xa0\x80"};
    struct http_server *s = START();

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_refusal(client_once(http_server_port(s), "GET", bad[i], NULL, NULL), 400, "target");
    http_server_stop(s);
}

TEST(bytes_that_are_no_text_are_repaired_in_what_a_handler_sees)
{
    struct http_server *s = START();
    struct answer a = client_once(http_server_port(s), "\xedGET", "/a", "X-Ask: \xff!\r\n", NULL);

    EXPECT_INT(a.status, 200);
    EXPECT_STR(buf_str(&a.body), "\xef\xbf\xbdGET|a#0#");
    EXPECT_STR(answer_header(&a, "X-Echo"), "\xef\xbf\xbd!");
    answer_done(&a);
    http_server_stop(s);
}

TEST(a_raw_nul_in_the_target_is_refused)
{
    static const char text[] = "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n";
    struct http_server *s = START();
    int fd = client_open(http_server_port(s));

    client_send_n(fd, text, sizeof(text) - 1);
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 400);
    answer_done(&a);
    close(fd);
    http_server_stop(s);
}

TEST(post_stands_for_put_and_delete)
{
    struct http_server *s = START();
    int port = http_server_port(s), fd = client_open(port);

    expect_answer(fd, "POST", "/a", "X-HTTP-Method-Override: PUT\r\n", "b", 200, "PUT|a#1#b");
    expect_answer(fd, "POST", "/a", "x-http-method-override: delete\r\n", NULL, 200, "DELETE|a#0#");
    expect_answer(fd, "GET", "/a", "X-HTTP-Method-Override: DELETE\r\n", NULL, 200, "GET|a#0#");
    expect_answer(fd, "POST", "/a", "X-HTTP-Method-Override: \r\n", "", 200, "POST|a#0#");
    expect_refusal(client_call(fd, "POST", "/a", "X-HTTP-Method-Override: TRACE\r\n", ""), 400,
                   "TRACE");
    close(fd);
    http_server_stop(s);
}

TEST(a_body_past_the_limit_is_413_and_the_connection_lives)
{
    struct http_server *s = START(.body_max = 1000);
    int fd = client_open(http_server_port(s));
    char *large = memset(xcalloc(1, 300001), 'x', 300000);

    expect_refusal(client_call(fd, "POST", "/a", NULL, large), 413, "1000 bytes");
    large[1000] = '\0';
    struct answer a = client_call(fd, "POST", "/a", NULL, large);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n");
    client_send(fd, large);
    client_send(fd, "\r\n1\r\ny\r\n0\r\n\r\n");
    expect_refusal(client_answer(fd), 413, "1000 bytes");
    free(large);
    close(fd);
    http_server_stop(s);
}

TEST(a_client_that_asks_first_need_not_send_a_body_that_is_too_large)
{
    struct http_server *s = START(.body_max = 1000);
    int fd = client_open(http_server_port(s));

    client_send(
        fd, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
    expect_refusal(client_answer(fd), 413, "1000 bytes");
    close(fd);
    fd = client_open(http_server_port(s));
    client_send(fd,
                "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 100);
    answer_done(&a);
    client_send(fd, "ok");
    a = client_answer(fd);
    EXPECT_STR(buf_str(&a.body), "POST|a#2#ok");
    answer_done(&a);
    close(fd);
    fd = client_open(http_server_port(s));
    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000000\r\n\r\n");
    expect_refusal(client_answer(fd), 413, "1000 bytes");
    close(fd);
    http_server_stop(s);
}

static size_t limit_of(const struct http_request *req, bool *ret_taken, void *ctx)
{
    return str_starts(req->path, "/large") ? 10 * MiB : 10;
}

TEST(a_route_may_have_its_own_limit)
{
    struct http_server *s = START(.body_limit = limit_of);
    int port = http_server_port(s);
    char *large = memset(xcalloc(1, 5 * MiB + 1), 'x', 5 * MiB);

    struct answer a = client_once(port, "PUT", "/large", NULL, large);
    EXPECT_INT(a.status, 200);
    EXPECT(str_starts(buf_str(&a.body), "PUT|large#5242880#xxx"));
    answer_done(&a);
    expect_refusal(client_once(port, "PUT", "/small", NULL, "12345678901"), 413, "10 bytes");
    free(large);
    http_server_stop(s);
}

TEST(all_bodies_together_are_bounded)
{
    struct http_server *s = START(.body_max = 1000, .bodies_max = 1500);
    int port = http_server_port(s), fd = client_open(port);
    char body[1001] = {0};

    memset(body, 'x', 1000);
    client_send(fd, "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    client_send(fd, body);
    sem_wait(&entered);
    expect_refusal(client_once(port, "POST", "/a", NULL, body), 503, "try again");
    sem_post(&leave);
    struct answer a = client_answer(fd);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    a = client_once(port, "POST", "/a", NULL, body); /* the room was given back */
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    close(fd);
    http_server_stop(s);
}

TEST(requests_may_come_in_pieces_chunked_or_in_a_row)
{
    static const char bytewise[] =
        "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Ask: me\r\nContent-Length: 3\r\n\r\nxyz";
    struct http_server *s = START();
    int fd = client_open(http_server_port(s));

    for (size_t i = 0; i < sizeof(bytewise) - 1; i++) client_send_n(fd, bytewise + i, 1);
    struct answer a = client_answer(fd);
    EXPECT_STR(buf_str(&a.body), "POST|a&b=c#3#xyz");
    EXPECT_STR(answer_header(&a, "X-Echo"), "me");
    answer_done(&a);
    client_send(fd,
                "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                "chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n"
                "GET /second HTTP/1.1\r\nHost: x\r\n\r\nGET /third HTTP/1.1\r\nHost: x\r\n\r\n");
    static const char *const wanted[] = {"PUT|c#5#abcde", "GET|second#0#", "GET|third#0#"};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        a = client_answer(fd);
        EXPECT_STR(buf_str(&a.body), wanted[i]);
        answer_done(&a);
    }
    close(fd);
    http_server_stop(s);
}

TEST(half_requests_do_no_harm)
{
    static const char *const halves[] = {
        "G", "GET /a HTTP/1.1\r\nHost", "POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n123",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab", "\r\n\r\n"};
    struct http_server *s = START();
    int port = http_server_port(s), open_ones[ARRAY_LEN(halves)];

    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        int fd = client_open(port);
        client_send(fd, halves[i]);
        close(fd);
        open_ones[i] = client_open(port);
        client_send(open_ones[i], halves[i]);
    }
    struct answer a = client_once(port, "GET", "/a", NULL, NULL);
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    http_server_stop(s); /* does not wait for the open ones */
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) close(open_ones[i]);
}

TEST(a_client_that_hangs_up_with_its_last_bytes_is_let_go)
{
    static const char *const lasts[] = {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                                        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a HTT",
                                        "POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n123"};
    struct http_server *s = START(.keep_alive_ms = 20);
    char block[1000];

    for (size_t i = 0; i < ARRAY_LEN(lasts); i++) {
        int fd = client_open(http_server_port(s));
        client_send(fd, lasts[i]);
        shutdown(fd, SHUT_WR);
        while (client_recv(fd, block, sizeof(block)) > 0) {
        } /* the server closes */
        close(fd);
    }
    http_server_stop(s);
}

TEST(large_heads_are_431)
{
    struct http_server *s = START();
    char *header = xcalloc(1, 200000), *target = xcalloc(1, 20000);

    memset(target, 'a', 12000), target[0] = '/';
    struct answer a = client_once(http_server_port(s), "GET", target, NULL, NULL); /* 600 ids fit */
    EXPECT_INT(a.status, 200);
    answer_done(&a);
    snprintf(header, 200000, "X-Big: %025000d\r\n", 1);
    expect_refusal(client_once(http_server_port(s), "GET", "/a", header, NULL), 431, "24576");
    int fd = client_open(http_server_port(s));
    snprintf(header, 200000, "GET / HTTP/1.1\r\nX-Big: %0100000d\r\n\r\n", 1);
    (void)!send(fd, header, strlen(header), MSG_NOSIGNAL);
    a = client_head(fd);
    EXPECT(a.status >= 400 && a.status < 500);
    answer_done(&a);
    close(fd);
    free(header);
    free(target);
    http_server_stop(s);
}

TEST(two_lengths_for_one_body_are_refused)
{
    struct http_server *s = START();
    int fd = client_open(http_server_port(s));

    client_send(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 400);
    answer_done(&a);
    close(fd);
    http_server_stop(s);
}

TEST(head_has_the_length_and_no_body)
{
    struct http_server *s = START();
    int fd = client_open(http_server_port(s));

    client_send(fd, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 200);
    EXPECT_STR(answer_header(&a, "Content-Length"), "11"); /* HEAD|abc#0# */
    answer_done(&a);
    expect_answer(fd, "GET", "/a", NULL, NULL, 200, "GET|a#0#");
    close(fd);
    http_server_stop(s);
}

TEST(a_file_is_sent_by_its_range)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/file", tap_folder());
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT(write(fd, "0123456789", 10) == 10);
    close(fd);
    struct http_server *s = START(.ctx = path);
    struct answer a = client_once(http_server_port(s), "GET", "/file", NULL, NULL);
    EXPECT_STR(buf_str(&a.body), "34567");
    answer_done(&a);
    http_server_stop(s);
}

TEST(a_handler_without_an_answer_is_500)
{
    struct http_server *s = START();

    expect_refusal(client_once(http_server_port(s), "GET", "/none", NULL, NULL), 500, "no answer");
    http_server_stop(s);
}

TEST(both_families_are_served_and_the_peer_is_named)
{
    struct http_server *s = START(.listen = "[::]:0");
    struct answer a = client_once(http_server_port(s), "GET", "/remote", NULL, NULL);

    EXPECT_INT(a.status, 201);
    EXPECT(str_starts(buf_str(&a.body), "127.0.0.1:"));
    answer_done(&a);
    http_server_stop(s);
}

TEST(a_listen_address_that_cannot_be_used_is_explained)
{
    struct http_server *s = START(), *other;
    char taken[32];
    struct error err;

    snprintf(taken, sizeof(taken), "127.0.0.1:%d", http_server_port(s));
    struct http_options o = {.listen = taken, .handle = handle};
    EXPECT_FAILS(http_server_start(&o, &other, &err), ERR_BUSY);
    EXPECT(strstr(err.text, taken));
    static const char *const bad[] = {
        "8080", ":8080", "127.0.0.1:", "127.0.0.1:70000", "::1:80", "no.such.host.invalid:1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        o.listen = bad[i];
        EXPECT_FAILS(http_server_start(&o, &other, &err), ERR_INVALID);
        EXPECT(strstr(err.text, bad[i]));
    }
    http_server_stop(s);
}

static void *stop(void *server)
{
    http_server_stop(server);
    return NULL;
}

TEST(a_stop_lets_running_requests_finish)
{
    struct http_server *s = START(.workers = 4, .stop_ms = 300);
    int port = http_server_port(s), fds[3], idle = client_open(port);
    struct error err = {0};
    pthread_t stopper;

    expect_answer(idle, "GET", "/a", NULL, NULL, 200, "GET|a#0#");
    for (int i = 0; i < 3; i++) {
        fds[i] = client_open(port);
        client_send(fds[i], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        sem_wait(&entered);
    }
    EXPECT_OK(thread_start(&stopper, "stopper", stop, s, &err));
    for (;;) { /* until the stop has begun: later requests are turned away */
        struct answer a = client_call(idle, "GET", "/late", NULL, NULL);
        int status = a.status;
        answer_done(&a);
        if (status == 503) break;
    }
    poll(NULL, 0, 600); /* handlers may take longer than stop_ms, which counts for answers only */
    for (int i = 0; i < 3; i++) sem_post(&leave);
    for (int i = 0; i < 3; i++) {
        struct answer a = client_answer(fds[i]);
        EXPECT_INT(a.status, 200);
        EXPECT_STR(buf_str(&a.body), "GET|wait#0#");
        answer_done(&a);
        close(fds[i]);
    }
    pthread_join(stopper, NULL);
    close(idle);
}

static void *hammer(void *port)
{
    for (int i = 0; i < 20; i++) {
        int fd = client_open(*(int *)port);
        for (int k = 0; k < 20; k++)
            expect_answer(fd, "POST", "/h", NULL, "abc", 200, "POST|h#3#abc");
        close(fd);
    }
    return NULL;
}

TEST(many_clients_at_once_get_their_own_answers)
{
    struct http_server *s = START(.pollers = 2, .workers = 4);
    struct error err = {0};
    pthread_t threads[8];
    int port = http_server_port(s);

    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        EXPECT_OK(thread_start(&threads[i], "hammer", hammer, &port, &err));
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) pthread_join(threads[i], NULL);
    http_server_stop(s);
}
