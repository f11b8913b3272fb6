/* client.h - a small HTTP client for tests: raw bytes out, one parsed answer in. Fails the test
 * after 20 s of silence. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/str.h"
#include "tests/lib/tap.h"

#define UNUSED __attribute__((unused))

struct answer {
    int status;
    struct buf head, body;
    bool chunked, has_length;
};
static UNUSED void answer_done(struct answer *a)
{
    buf_done(&a->head);
    buf_done(&a->body);
}

static UNUSED int client_open(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

static UNUSED void client_send_n(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        EXPECT(k > 0);
        p += k;
        n -= (size_t)k;
    }
}
static UNUSED void client_send(int fd, const char *text) { client_send_n(fd, text, strlen(text)); }

/* Some bytes, 0 at the end of the connection. */
static UNUSED size_t client_recv(int fd, char *to, size_t max)
{
    struct pollfd p = {fd, POLLIN, 0};

    EXPECT(poll(&p, 1, 20000) == 1);
    ssize_t n = recv(fd, to, max, 0);
    return n > 0 ? (size_t)n : 0;
}

static UNUSED void client_line(int fd, struct buf *to)
{
    char c;

    do {
        EXPECT(client_recv(fd, &c, 1) == 1);
        buf_addc(to, c);
    } while (c != '\n');
}

static UNUSED void client_bytes(int fd, struct buf *to, size_t n)
{
    char block[16384];

    while (n) {
        size_t k = client_recv(fd, block, n < sizeof(block) ? n : sizeof(block));
        EXPECT(k > 0);
        buf_add(to, block, k);
        n -= k;
    }
}

/* The value of a header of the answer, "" when absent; valid until the next call. */
static UNUSED const char *answer_header(const struct answer *a, const char *name)
{
    static _Thread_local char value[512];
    struct str rest = {a->head.p, a->head.n}, line, key;

    value[0] = '\0';
    while (str_cut(&rest, '\n', &line)) {
        if (!memchr(line.p, ':', line.n) || !str_cut(&line, ':', &key)) continue;
        if (key.n != strlen(name) || strncasecmp(key.p, name, key.n) != 0) continue;
        line = str_trim(line);
        snprintf(value, sizeof(value), "%.*s", (int)line.n, line.p);
    }
    return value;
}

/* One chunk of a chunked body; false at its end. */
static UNUSED bool client_chunk(int fd, struct buf *to)
{
    CLEANUP(buf_done) struct buf line = BUF_INIT(1000);

    client_line(fd, &line);
    size_t n = strtoul(buf_str(&line), NULL, 16);
    client_bytes(fd, to, n);
    buf_clear(&line);
    client_line(fd, &line);
    return n > 0;
}

/* Reads the head of an answer. */
static UNUSED struct answer client_head(int fd)
{
    struct answer a = {0, BUF_INIT(BUF_UNBOUNDED), BUF_INIT(BUF_UNBOUNDED), false, false};

    do client_line(fd, &a.head);
    while (!str_ends(buf_str(&a.head), "\r\n\r\n"));
    EXPECT(str_starts(buf_str(&a.head), "HTTP/1.1 ") || str_starts(buf_str(&a.head), "HTTP/1.0 "));
    a.status = (int)strtol(buf_str(&a.head) + 9, NULL, 10);
    a.chunked = str_same(answer_header(&a, "Transfer-Encoding"), "chunked");
    a.has_length = answer_header(&a, "Content-Length")[0] != '\0';
    return a;
}

static UNUSED struct answer client_answer(int fd)
{
    struct answer a = client_head(fd);

    if (a.chunked)
        while (client_chunk(fd, &a.body)) {
        }
    else client_bytes(fd, &a.body, strtoul(answer_header(&a, "Content-Length"), NULL, 10));
    return a;
}

/* "METHOD target" with extra header lines (each ending in \r\n) and a body, sent on ${fd}. */
static UNUSED struct answer client_call(int fd, const char *method, const char *target,
                                        const char *headers, const char *body)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&out, "%s %s HTTP/1.1\r\nHost: test\r\n%s", method, target, headers ? headers : "");
    if (body) buf_addf(&out, "Content-Length: %zu\r\n", strlen(body));
    buf_addf(&out, "\r\n%s", body ? body : "");
    client_send_n(fd, out.p, out.n);
    return client_answer(fd);
}

/* The same on a connection of its own. */
static UNUSED struct answer client_once(int port, const char *method, const char *target,
                                        const char *headers, const char *body)
{
    int fd = client_open(port);
    struct answer a = client_call(fd, method, target, headers, body);

    close(fd);
    return a;
}

/* The ErrorMessage of a JSON error answer, which must be one with a length; valid as long as ${a}'s
 * ${keep}. */
static UNUSED const char *answer_error(const struct answer *a, json_t **keep)
{
    struct error err = {0};

    EXPECT(a->has_length && str_starts(answer_header(a, "Content-Type"), "application/json"));
    EXPECT_OK(jv_parse(buf_str(&a->body), a->body.n, keep, &err));
    EXPECT(json_is_array(jv_get(*keep, "Errors")));
    return jv_str(*keep, "ErrorMessage", "");
}
#endif
