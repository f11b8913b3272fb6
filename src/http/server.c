/* server.c - see server.h: the library's life, its callbacks, and the hand-over between pollers and
 * workers.
 *
 * A request's way: on_target (first line), on_request with the head, on_request per piece of body,
 * on_request with nothing more: the connection is suspended and the exchange goes to the crew. The
 * worker runs the handler and resumes the connection; its poller calls on_request once more, which
 * queues the answer. on_completed ends it, whatever happened. An idle connection is the library's
 * alone and costs no thread.
 *
 * A body that its handler takes (body.h) goes to the crew in the same way: with the head, which the
 * library then shows once more before it asks for the body or sends "100 Continue", and with each
 * piece. Its exchange belongs to the poller or to one worker, never to both.
 *
 * Stopping: `stopping` is set under the lock under which exchanges are counted in, so that after it
 * none enters the crew; later requests are answered with 503 by the pollers. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/exchange.h"
#include "os/thread.h"

#define CONNECTION_MEMORY \
    (32 * KiB) /* head, part of the body and of the answer; larger is a mapping per connection */
#define DROP_MAX                                                                      \
    (17 * MiB) /* of a refused body; past it the connection is cut, unless its sender \
                  may send large ones */

static struct metric answered[] = {
    METRIC("counter", "bobtail_http_requests_total", "status=\"2xx\"", "requests answered"),
    METRIC("counter", "bobtail_http_requests_total", "status=\"3xx\"", "requests answered"),
    METRIC("counter", "bobtail_http_requests_total", "status=\"4xx\"", "requests answered"),
    METRIC("counter", "bobtail_http_requests_total", "status=\"5xx\"", "requests answered"),
};

static struct exchange *exchange_of(struct job *j)
{
    return (struct exchange *)((char *)j - offsetof(struct exchange, job));
}

/* Worker: a job of the crew is done. */
static void leave(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->handling--;
    if (s->stopping) pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* Worker: gives the exchange back to its poller. */
static void give_back(struct exchange *x)
{
    leave(x->server);
    MHD_resume_connection(x->connection);
}

/* Worker: runs the handler. */
static void handle(struct job *j)
{
    struct exchange *x = exchange_of(j);
    struct http_server *s = x->server;

    if (x->req.sink) exchange_pour(x);
    x->req.body = (struct str){buf_str(&x->body), x->body.n};
    s->opt.handle(&x->req, &x->res, s->opt.ctx);
    if (!http_replied(&x->res))
        http_reply_message(&x->res, 500, "The server has no answer to this request");
    give_back(x);
}

/* Worker: asks the handler whether it takes the body. */
static void ask(struct job *j)
{
    struct exchange *x = exchange_of(j);
    struct http_server *s = x->server;

    x->req.head_only = true;
    s->opt.handle(&x->req, &x->res, s->opt.ctx);
    x->req.head_only = false;
    if (!http_replied(&x->res) && x->req.sink == NULL)
        http_reply_message(&x->res, 500, "The server has no use for the body of this request");
    exchange_expect_body(x);
    give_back(x);
}

static void pour(struct job *j)
{
    struct exchange *x = exchange_of(j);

    exchange_pour(x);
    exchange_expect_body(x);
    give_back(x);
}

/* Worker: closing a sink may take long. */
static void end(struct job *j)
{
    struct exchange *x = exchange_of(j);
    struct http_server *s = x->server;

    exchange_free(x);
    leave(s);
}

/* Counts a job of the exchange in; false when the server stops. ${answers}: its answer comes next.
 */
static bool admit(struct exchange *x, bool answers)
{
    struct http_server *s = x->server;

    pthread_mutex_lock(&s->lock);
    bool ok = !s->stopping;
    if (ok) s->handling++;
    if (ok && answers) {
        s->answering++;
        x->counts = true;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static struct crew *crew_for(struct exchange *x)
{
    struct http_server *s = x->server;

    return s->quick && s->opt.is_quick(&x->req, s->opt.ctx) ? s->quick : s->crew;
}

/* Suspends the connection and gives the exchange to the crew, or refuses it when the server stops.
 */
static bool hand_over(struct exchange *x, void (*run)(struct job *), bool answers)
{
    if (!admit(x, answers)) {
        exchange_refuse(x, 503, "The server is stopping");
        return false;
    }
    x->job.run = run;
    x->held_since = clock_mono(&system_clock);
    x->socket->deadline_ms = 0;
    MHD_suspend_connection(x->connection);
    crew_submit(answers ? crew_for(x) : x->server->crew, &x->job);
    return true;
}

/* Gives the answer to the library. */
static enum MHD_Result queue_answer(struct exchange *x)
{
    struct http_response *res = &x->res;

    x->phase = PHASE_ANSWERED;
    x->socket->deadline_ms = 0; /* the library's idle timeout watches over the sending */
    exchange_drop_body(x);      /* before the client can know of the answer and send the next one */
    if (res->endless &&
        strcmp(x->req.method, "HEAD") == 0) /* the library would send the last chunk */
        http_reply(res, res->status, NULL, "", 0);
    edge_leave(x->server->opt.edge, x);
    for (struct answer_header *h = res->headers; h; h = h->next)
        if (MHD_add_response_header(res->answer, h->name, h->value) != MHD_YES)
            log_warn("http", "answer header %s is not allowed", h->name);
    if (strcmp(x->req.method, "HEAD") == 0) res->bytes = 0;
    metric_add(&answered[res->status / 100 - 2], 1);
    enum MHD_Result rc = MHD_queue_response(x->connection, (unsigned)res->status, res->answer);
    MHD_destroy_response(TAKE(res->answer));
    return rc;
}

/* The answer goes out, and the body is not read. */
static enum MHD_Result answer_early(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    sockets_linger(&x->server->sockets, info->connect_fd);
    return queue_answer(x);
}

static void refuse(struct exchange *x)
{
    http_reply_message(&x->res, x->refused, x->why);
    if (x->refused == 503) {
        http_header(&x->res, "Retry-After", "1");
        http_header(&x->res, "Connection", "close");
    }
}

/* The whole request is there. */
static enum MHD_Result dispatch(struct exchange *x)
{
    if (!x->refused && !http_replied(&x->res) && hand_over(x, handle, true)) {
        x->phase = PHASE_HANDLING;
        return MHD_YES;
    }
    if (x->refused) refuse(x);
    return queue_answer(x);
}

static enum MHD_Result on_head(struct exchange *x, const char *method, const char *version)
{
    exchange_head(x, method, version);
    if (x->asks && !x->refused && hand_over(x, ask, false)) {
        x->phase = PHASE_ASKING;
        return MHD_YES;
    }
    if (!x->refused || !exchange_answers_early(x)) return MHD_YES;
    refuse(x);
    return answer_early(x);
}

/* The handler has been asked, and the library shows the head again. */
static enum MHD_Result on_asked(struct exchange *x)
{
    x->phase = PHASE_BODY;
    return http_replied(&x->res) && exchange_answers_early(x) ? answer_early(x) : MHD_YES;
}

/* With several chunks in its buffer the library goes on after the connection was suspended: then
 * the exchange is a worker's, and the bytes are left to the library until it is resumed. */
static bool is_suspended(const struct exchange *x)
{
    return MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_SUSPENDED)
        ->suspended;
}

static enum MHD_Result on_body(struct exchange *x, const char *data, size_t *n)
{
    if (is_suspended(x)) return MHD_YES;
    exchange_body(x, data, *n);
    *n = 0;
    if (exchange_is_full(x)) hand_over(x, pour, false);
    return x->discarded > (x->req.sink ? x->body.max : DROP_MAX) ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **con_cls)
{
    struct exchange *x = *con_cls;

    switch (x->phase) {
    case PHASE_HEAD: return on_head(x, method, version);
    case PHASE_ASKING: return on_asked(x);
    case PHASE_BODY: return *n ? on_body(x, data, n) : dispatch(x);
    case PHASE_HANDLING: return queue_answer(x);
    case PHASE_ANSWERED: break;
    }
    *n = 0;
    return MHD_YES;
}

static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    return exchange_new(ctx, connection, target);
}

/* A head must be whole within ${idle_ms} of silence and the time that it may take itself. */
static void expect_head(struct open_socket *s, int64_t idle_ms)
{
    s->deadline_ms = clock_mono(&system_clock) + idle_ms + s->server->opt.head_timeout_ms;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    struct exchange *x = *con_cls;

    if (x == NULL) return;
    log_debug("http", "%s %s from %s: %d, %lld ms%s", x->req.method ? x->req.method : "?",
              x->req.path, x->req.remote ? x->req.remote : "?", x->res.status,
              (long long)(clock_mono(&system_clock) - x->begun_ms),
              why == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : ", cut off");
    edge_note(x->server->opt.edge, x, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    expect_head(x->socket, x->server->opt.idle_timeout_s * 1000);
    *con_cls = NULL;
    x->job.run = end;
    if (x->req.sink && admit(x, false)) crew_submit(x->server->crew, &x->job);
    else exchange_free(x);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = ctx;
    const union MHD_ConnectionInfo *info;
    struct open_socket *socket = *context;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        sockets_remove(&s->sockets, socket);
        free(socket);
        return;
    }
    socket = *context = xcalloc(1, sizeof(*socket));
    socket->server = s;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    socket->address = address_of(info ? info->client_addr : NULL);
    expect_head(socket, 0);
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    sockets_add(&s->sockets, info->connect_fd, socket);
}

static enum MHD_Result on_accept(void *ctx, const struct sockaddr *peer, socklen_t n)
{
    struct http_server *s = ctx;

    return edge_admits(s->opt.edge, &s->sockets, peer) ? MHD_YES : MHD_NO;
}

static void on_message(void *ctx, const char *fmt, va_list ap)
{
    char text[512];

    vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http", "%s", text);
}

void http_options_complete(struct http_options *o)
{
    if (o->pollers == 0) o->pollers = 2;
    if (o->workers == 0) o->workers = 8;
    if (o->body_max == 0) o->body_max = 32 * MiB;
    if (o->bodies_max == 0) o->bodies_max = size_mul(o->body_max, 8);
    if (o->idle_timeout_s == 0) o->idle_timeout_s = 150;
    if (o->keep_alive_ms == 0) o->keep_alive_ms = 15000;
    if (o->connections_max == 0) o->connections_max = 4096;
    if (o->stop_ms == 0) o->stop_ms = 5000;
    if (o->head_timeout_ms == 0) o->head_timeout_ms = 30000;
    if (o->body_grace_ms == 0) o->body_grace_ms = 60000;
}

/* Starts the library with its threads deaf to signals. It closes the socket when it stops. */
static int start_daemon(struct http_server *s, int fd, struct error *e)
{
    const struct http_options *o = &s->opt;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem pool[] = {
        {o->pollers > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o->pollers, NULL},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem tls[] = {
        {o->tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0,
         (void *)(uintptr_t)http_tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)http_tls_certificate},
        {MHD_OPTION_END, 0, NULL}};
    sigset_t all, before;

    if (o->tls) flags |= MHD_USE_TLS;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->daemon = MHD_start_daemon(
        flags, 0, on_accept, s, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, s,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)o->idle_timeout_s, MHD_OPTION_THREAD_STACK_SIZE, 512 * KiB, MHD_OPTION_ARRAY,
        pool, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    int sys = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s->daemon ? 0 : fail_errno(e, sys, "start the HTTP server on %s", o->listen);
}

static void server_free(struct http_server *s)
{
    sockets_done(&s->sockets);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct http_server *server_new(const struct http_options *options)
{
    struct http_server *s = xcalloc(1, sizeof(*s));
    pthread_condattr_t attr;

    s->opt = *options;
    http_options_complete(&s->opt);
    sockets_init(&s->sockets);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

static void end_pulse(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->pulse, NULL);
}

/* Threads and library on top of the open socket; undoes all when one fails. */
static int start_threads(struct http_server *s, int fd, struct error *e)
{
    if (crew_start("req", s->opt.workers, &s->crew, e) < 0) return -1;
    if (s->opt.is_quick && crew_start("quick", 1, &s->quick, e) < 0) goto no_pulse;
    if (thread_start(&s->pulse, "http-pulse", streams_pulse, s, e) < 0) goto no_pulse;
    if (start_daemon(s, fd, e) < 0) goto no_daemon;
    return 0;
no_daemon:
    end_pulse(s);
no_pulse:
    crew_stop(s->quick);
    crew_stop(s->crew);
    crew_free(s->quick);
    crew_free(s->crew);
    return -1;
}

int http_server_start(const struct http_options *options, struct http_server **ret, struct error *e)
{
    struct http_server *s = server_new(options);
    int fd = listen_open(s->opt.listen, &s->port, e);

    if (fd < 0 || start_threads(s, fd, e) < 0) {
        closep(&fd);
        server_free(s);
        return -1;
    }
    log_debug("http", "libmicrohttpd %s listens on %s, port %d", MHD_get_version(), s->opt.listen,
              s->port);
    *ret = s;
    return 0;
}

int http_server_port(const struct http_server *s) { return s->port; }

/* Waits until handlers have returned and then, at most stop_ms, until their answers have left. */
static void drain(struct http_server *s)
{
    struct timespec until;

    pthread_mutex_lock(&s->lock);
    while (s->handling) pthread_cond_wait(&s->changed, &s->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += s->opt.stop_ms % 1000 * 1000000L;
    until.tv_sec += s->opt.stop_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (s->answering)
        if (pthread_cond_timedwait(&s->changed, &s->lock, &until) == ETIMEDOUT) break;
    pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s)
{
    if (s == NULL) return;
    end_pulse(s);
    int fd = MHD_quiesce_daemon(s->daemon);
    if (fd >= 0) close(fd);
    pthread_mutex_lock(&s->lock);
    streams_end(s);
    pthread_mutex_unlock(&s->lock);
    drain(s);
    crew_stop(s->quick);
    crew_stop(s->crew);
    MHD_stop_daemon(s->daemon);
    crew_free(s->quick); /* a poller may have been about to return from crew_submit until here */
    crew_free(s->crew);
    server_free(s);
}
