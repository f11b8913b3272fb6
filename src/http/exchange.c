/* exchange.c - see exchange.h: from the first line of a request to its last byte, on the poller's
 * side.
 *
 * What the library hands over is copied into the exchange's arena, so that nothing below points
 * into the library. A request that is refused (malformed target, body too large, stopping) still
 * has its body read and dropped up to DISCARD_MAX, so that its connection lives; when it is longer
 * or of unknown length, and when the client waits for "100 Continue", the answer goes out at once
 * and the connection is closed. */
#include "http/exchange.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/utf8.h"

#define HEAD_MAX (24 * KiB) /* target and headers; the library's own limit lies at about 30 KiB */
#define DISCARD_MAX (16 * MiB)
#define FIRST_ROOM (1 * MiB)
#define PIECE (512 * KiB) /* what a sink gets at once; a poller adds less than 32 KiB at a time */

void exchange_drop_body(struct exchange *x)
{
    atomic_fetch_sub(&x->server->bodies, x->counted);
    x->counted = 0;
    buf_done(&x->body);
}

void exchange_refuse(struct exchange *x, int status, const char *why)
{
    if (x->refused) return;
    x->refused = status;
    x->why = why;
    exchange_drop_body(x);
}

static struct open_socket *socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void exchange_expect_body(struct exchange *x)
{
    if (x->held_since) x->held_ms += clock_mono(&system_clock) - x->held_since;
    x->held_since = 0;
    x->socket->deadline_ms = x->begun_ms + x->held_ms + x->server->opt.body_grace_ms +
                             (int64_t)(x->arrived / KiB) * 1000;
}

struct exchange *exchange_new(struct http_server *s, struct MHD_Connection *connection,
                              const char *target)
{
    struct exchange *x = xcalloc(1, sizeof(*x));
    struct error e = {0};

    x->server = s;
    x->connection = connection;
    x->body = (struct buf)BUF_INIT(BUF_UNBOUNDED);
    x->begun_ms = clock_mono(&system_clock);
    x->socket = socket_of(connection);
    x->end = target + strlen(target);
    x->req.arena = x->res.arena = &x->arena;
    x->res.server = s;
    x->res.connection = connection;
    x->req.target = arena_strdup(&x->arena, target);
    if (http_request_parse_target(&x->req, &e) < 0)
        exchange_refuse(x, 400, arena_fmt(&x->arena, "Malformed request target: %s", e.text));
    return x;
}

static const char *remote_text(struct arena *a, const struct sockaddr *sa)
{
    char text[INET6_ADDRSTRLEN];

    if (sa && sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
        return arena_fmt(a, "%s:%d", text, ntohs(in->sin_port));
    }
    if (sa && sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
        if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr))
            return arena_fmt(a, "%s:%d", text + 7, ntohs(in->sin6_port));
        return arena_fmt(a, "[%s]:%d", text, ntohs(in->sin6_port));
    }
    return "?";
}

struct header_copy {
    struct exchange *x;
    struct http_header *at;
    size_t bytes;
};

/* Foreign bytes as text that may stand in an answer and in the database. */
static const char *copy_text(struct exchange *x, const char *bytes)
{
    struct str text = str_of(bytes);
    CLEANUP(buf_done) struct buf repaired = BUF_INIT(BUF_UNBOUNDED);

    if (utf8_check(text)) return arena_strdup(&x->arena, bytes);
    utf8_repair(&repaired, text);
    return arena_strdup(&x->arena, buf_str(&repaired));
}

static enum MHD_Result copy_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct header_copy *c = ctx;

    c->at->name = copy_text(c->x, name);
    c->at->value = copy_text(c->x, value ? value : "");
    c->bytes += strlen(name) + strlen(c->at->value) + 4;
    c->at++;
    return MHD_YES;
}

static void copy_headers(struct exchange *x)
{
    int n = MHD_get_connection_values(x->connection, MHD_HEADER_KIND, NULL, NULL);
    struct http_header *headers = ARENA_NEW(&x->arena, struct http_header, (size_t)n + 1);
    struct header_copy c = {x, headers, strlen(x->req.target)};

    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, copy_header, &c);
    x->req.headers = headers;
    x->req.n_headers = (size_t)(c.at - headers);
    if (c.bytes > HEAD_MAX)
        exchange_refuse(
            x, 431, arena_fmt(&x->arena, "Target and headers are larger than %zu bytes", HEAD_MAX));
}

/* A POST may stand for another method: some clients cannot send PUT and DELETE. */
static void choose_method(struct exchange *x, const char *method)
{
    static const char *const allowed[] = {"PUT", "DELETE", "PATCH"};
    const char *override = http_request_header(&x->req, "X-HTTP-Method-Override");

    x->req.method = copy_text(x, method);
    if (strcmp(method, "POST") != 0 || str_blank(override) || str_same(override, "POST")) return;
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        if (!str_same(override, allowed[i])) continue;
        x->req.method = allowed[i];
        return;
    }
    exchange_refuse(x, 400,
                    arena_fmt(&x->arena,
                              "Header X-HTTP-Method-Override is \"%s\", want PUT, DELETE or PATCH",
                              override));
}

static size_t body_limit(struct exchange *x)
{
    const struct http_options *o = &x->server->opt;

    return o->body_limit ? o->body_limit(&x->req, &x->asks, o->ctx) : o->body_max;
}

static void refuse_large(struct exchange *x)
{
    exchange_refuse(x, 413,
                    arena_fmt(&x->arena,
                              "The request body is larger than %zu bytes, the limit here",
                              x->body.max));
}

/* Sets the body's limit and judges the announced length. */
static void judge_length(struct exchange *x)
{
    const char *text = http_request_header(&x->req, "Content-Length");
    const char *coding = http_request_header(&x->req, "Transfer-Encoding");
    int64_t length = 0;

    if (text && coding) { /* two lengths: request smuggling */
        exchange_refuse(x, 400, "Both Content-Length and Transfer-Encoding are given");
        return;
    }
    x->body.max = x->refused ? 0 : body_limit(x);
    if (text)
        (void)str_i64(text, 0, INT64_MAX, &length); /* the library has refused what is no number */
    x->length = (size_t)length;
    if (x->length > x->body.max) refuse_large(x);
    if (length && !x->refused)
        buf_reserve(&x->body, x->length < FIRST_ROOM ? x->length : FIRST_ROOM);
}

bool exchange_answers_early(const struct exchange *x)
{
    bool chunked = http_request_header(&x->req, "Transfer-Encoding") != NULL;

    return chunked || x->length > DISCARD_MAX ||
           (x->length && http_request_header(&x->req, "Expect") != NULL);
}

void exchange_head(struct exchange *x, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    x->phase = PHASE_BODY;
    x->req.remote = remote_text(&x->arena, info ? info->client_addr : NULL);
    x->version = arena_strdup(&x->arena, version ? version : "");
    copy_headers(x);
    choose_method(x, method);
    /* the version stands one byte behind the target: otherwise a NUL has cut it short */
    if (version && version[0] && x->end + 1 != version && x->end < version)
        exchange_refuse(x, 400, "Malformed request target: a NUL byte or a space in it");
    edge_enter(x->server->opt.edge, x);
    exchange_expect_body(x);
    judge_length(x);
}

void exchange_body(struct exchange *x, const char *data, size_t n)
{
    struct http_server *s = x->server;

    x->arrived += n;
    exchange_expect_body(x);
    if (!x->refused && n > x->body.max - x->poured - x->body.n) refuse_large(x);
    if (x->refused || http_replied(&x->res)) {
        x->discarded += n;
        return;
    }
    if (x->sated) {
        x->poured += n;
        return;
    }
    x->counted += n;
    if (atomic_fetch_add(&s->bodies, n) + n > s->opt.bodies_max) {
        exchange_refuse(x, 503, "The server holds too many large requests at once, try again");
        return;
    }
    buf_add(&x->body, data, n);
}

bool exchange_is_full(const struct exchange *x)
{
    return x->req.sink && x->body.n >= PIECE && !x->refused;
}

void exchange_pour(struct exchange *x)
{
    if (x->body.n && !x->sated &&
        x->req.sink->write(x->req.taken, buf_str(&x->body), x->body.n) < 0)
        x->sated = true;
    x->poured += x->body.n;
    buf_clear(&x->body);
    atomic_fetch_sub(&x->server->bodies, x->counted);
    x->counted = 0;
}

void http_take_body(struct http_request *req, const struct http_sink *sink, void *ctx)
{
    ASSERT(req->head_only && req->sink == NULL);
    req->sink = sink;
    req->taken = ctx;
}

void exchange_free(struct exchange *x)
{
    struct http_server *s = x->server;

    if (x->req.sink) x->req.sink->close(x->req.taken);
    if (x->res.answer) MHD_destroy_response(x->res.answer);
    exchange_drop_body(x);
    if (x->counts) {
        pthread_mutex_lock(&s->lock);
        s->answering--;
        if (s->stopping) pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
    arena_done(&x->arena);
    free(x);
}
