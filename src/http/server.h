/* server.h - the HTTP/1.1 server: sockets and parsing on poller threads, handlers on worker
 * threads.
 *
 * This folder is the only home of libmicrohttpd; none of its types leave it. A handler gets a whole
 * request and gives one answer: bytes, a file or a stream. See docs/decisions/0001-http-library.md.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H
#include "http/body.h"
#include "http/edge.h"
#include "http/request.h"
#include "http/response.h"
#include "http/tls.h"

struct http_server;
/** Answers one request; runs on a `req` worker thread, may block. ${req} and ${res} are valid until
 * it returns. A handler that gives no answer is answered with 500. */
typedef void http_handler(struct http_request *req, struct http_response *res, void *ctx);
/** The largest body, in bytes, that this request may have; called once the head is there (no body
 * yet). *${ret_taken} (false): the handler is asked now whether it takes the body piece by piece
 * (body.h). Runs on a poller thread: must not block. */
typedef size_t http_body_limit(const struct http_request *req, bool *ret_taken, void *ctx);

/** Is the request one that is answered at once, whatever else the server does? Runs on a poller
 * thread: must not block. Its handler must not block for long either: such requests wait for each
 * other. */
typedef bool http_is_quick(const struct http_request *req, void *ctx);

struct http_options { /* zero means the default */
    const char
        *listen;     /* "127.0.0.1:8080", "[::]:8080" (both families), "localhost:0"; port 0: any */
    int pollers;     /* threads that read and write sockets; 2 */
    int workers;     /* threads that run handlers and streams' pull; 8 */
    size_t body_max; /* bytes of one request body; 32 MiB */
    size_t bodies_max;           /* bytes of all bodies held at once, past it 503; 8 x body_max */
    http_body_limit *body_limit; /* NULL: body_max for every request */
    http_is_quick *is_quick;     /* NULL: no request is */
    http_handler *handle;
    void *ctx;            /* for the functions above */
    int idle_timeout_s;   /* a silent connection is closed after it; 150 (clients reuse after 130 s)
                           */
    int head_timeout_ms;  /* a head must be whole so long after the connection began; after an
                             answer idle_timeout_s later; 30000 */
    int body_grace_ms;    /* a body may be slower than 1 KiB/s for so long; 60000 */
    struct http_tls *tls; /* https; NULL: http. Not owned */
    struct http_edge *edge; /* NULL: no limits, no proxies, no log. Not owned */
    int keep_alive_ms;      /* event streams get a comment line after so long a silence; 15000 */
    int connections_max;    /* 4096 */
    int stop_ms;            /* how long a stop lets running requests finish; 5000 */
};

/** Puts the defaults where there is zero; http_server_start does so by itself. */
void http_options_complete(struct http_options *o);
/** Binds, listens and starts all threads. ERR_INVALID: the address; ERR_BUSY: it is in use;
 * ERR_INTERNAL. */
int http_server_start(const struct http_options *options, struct http_server **ret,
                      struct error *e) MUST_USE;
/** The port it listens on. */
int http_server_port(const struct http_server *s);
/** Stops accepting, ends the streams, lets running requests finish and their answers leave (at most
 * stop_ms for the answers, as long as it takes for handlers), joins all threads, frees ${s}. NULL
 * is fine. Not from a handler. */
void http_server_stop(struct http_server *s);
#endif
