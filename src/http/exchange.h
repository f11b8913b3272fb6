/* exchange.h - inside http/ only: one request and its answer on their way, and the server they
 * belong to.
 *
 * Owners: the poller thread of the connection while it reads and writes; one worker while the
 * handler runs, the connection is suspended then. The hand-overs (queue of the crew, resume) order
 * memory. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/vec.h"
#include "http/address.h"
#include "http/crew.h"
#include "http/server.h"

/* A connection (sockets.c): the poller's, which may set its deadline at any time. */
struct open_socket {
    struct http_server *server;
    struct address address;      /* of the peer, which may be a proxy */
    _Atomic int64_t deadline_ms; /* monotonic: it is cut off then; 0 = never */
    size_t place;                /* in open_sockets; its lock */
};
struct lingering {
    int fd;
    int64_t until_ms; /* monotonic */
};
/* The sockets of all connections. */
struct open_sockets {
    pthread_mutex_t lock;
    VEC(struct pollfd) polls;
    VEC(struct open_socket *) sockets; /* at the same places */
    VEC(struct lingering) lingering;   /* answered before their bodies were read */
};
void sockets_init(struct open_sockets *o);
void sockets_done(struct open_sockets *o);
void sockets_add(struct open_sockets *o, int fd, struct open_socket *s);
void sockets_remove(struct open_sockets *o, struct open_socket *s);
/** How many connections an address (and what counts as the same client) has open. */
size_t sockets_count(struct open_sockets *o, const struct address *who);
/** Holds the connection open for a while when the library closes it, so that the client reads the
 * answer before it learns that the rest of its body is not wanted. */
void sockets_linger(struct open_sockets *o, int fd);
/** Makes the library notice clients that hung up, and cuts off those whose deadline has passed at
 * ${mono_ms}; true when there are connections. */
bool sockets_sweep(struct open_sockets *o, int64_t mono_ms);

struct http_server {
    struct http_options opt; /* with defaults filled in */
    struct MHD_Daemon *daemon;
    struct crew *crew;
    struct crew *quick; /* one thread for requests that must not wait behind others; or NULL */
    int port;
    _Atomic size_t bodies; /* bytes of request bodies in memory */
    struct open_sockets sockets;
    pthread_t pulse; /* writes the comment lines of silent streams */

    pthread_mutex_t lock; /* guards all below; taken before a stream's lock */
    pthread_cond_t changed;
    bool stopping;
    size_t handling;  /* exchanges in the hands of the crew */
    size_t answering; /* exchanges given to the crew whose answer has not left yet; includes
                         handling */
    struct http_stream *streams;
};

struct answer_header {
    struct answer_header *next;
    const char *name, *value;
};
struct http_response {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct arena *arena;
    struct MHD_Response *answer; /* owned until queued */
    int status;
    bool endless;  /* a stream: of unknown length */
    int64_t bytes; /* of the body: all there are, or of a stream those sent so far */
    struct answer_header *headers;
};

enum phase {
    PHASE_HEAD,     /* the target is known */
    PHASE_ASKING,   /* the handler says whether it takes the body, connection suspended */
    PHASE_BODY,     /* body arrives */
    PHASE_HANDLING, /* with the crew, connection suspended; after resume the answer is there */
    PHASE_ANSWERED, /* given to the library */
};
struct exchange {
    struct job job;
    struct http_server *server;
    struct MHD_Connection *connection;
    struct open_socket *socket;
    struct arena arena;
    struct address client; /* the peer, or whom trusted proxies stand for */
    const char *version;
    struct http_request req;
    struct http_response res;
    struct buf body;
    size_t counted;              /* of body in server->bodies */
    size_t arrived;              /* bytes of the body */
    int64_t held_since, held_ms; /* time in which the body waited for us, not for the client */
    size_t discarded;            /* bytes of a refused body read and dropped */
    size_t poured;               /* bytes that went to the sink, or were to */
    bool sated;                  /* the sink wants no more */
    bool asks;                   /* the handler is asked whether it takes the body */
    size_t length;               /* of the body, as announced; 0: none or unknown */
    int refused;                 /* status of the answer instead of the handler's, 0: none */
    const char *why;             /* its message */
    const char *end;             /* of the raw target in the library's memory */
    enum phase phase;
    bool counts; /* in server->answering */
    int64_t begun_ms;
};

/* exchange.c, poller threads */
struct exchange *exchange_new(struct http_server *s, struct MHD_Connection *connection,
                              const char *target);
/** The head is complete: method, headers, limits. */
void exchange_head(struct exchange *x, const char *method, const char *version);
/** True when an answer that does not need the body goes out before it: the client waits for it, or
 * the body is too large to be read and dropped. */
bool exchange_answers_early(const struct exchange *x);
/** Body bytes come, or are to come: the connection is cut off when they are too slow. */
void exchange_expect_body(struct exchange *x);
void exchange_body(struct exchange *x, const char *data, size_t n);
/** There is enough for the sink. */
bool exchange_is_full(const struct exchange *x);
/** Gives the sink what has come; on a worker. */
void exchange_pour(struct exchange *x);
/** The body is not needed any more: its memory and its share of what all bodies may take are free.
 */
void exchange_drop_body(struct exchange *x);
/** Frees it; an answer that was never queued dies here, its stream and its sink are closed. */
void exchange_free(struct exchange *x);
void exchange_refuse(struct exchange *x, int status, const char *why);

/* edge.c, poller threads; ${edge} may be NULL: then only what needs no settings */
/** The head is there: who it is, its limits. May refuse the exchange. */
void edge_enter(const struct http_edge *edge, struct exchange *x);
/** Adds the headers that every answer has. */
void edge_leave(const struct http_edge *edge, struct exchange *x);
/** Writes the line of the request log. */
void edge_note(const struct http_edge *edge, const struct exchange *x, bool complete);
/** May this peer have one more connection? */
bool edge_admits(const struct http_edge *edge, struct open_sockets *open,
                 const struct sockaddr *peer);

/* tls.c; NULL-terminated priorities and certificate callback for the library */
extern const char http_tls_priorities[];
extern gnutls_certificate_retrieve_function2 http_tls_certificate;

/* response.c */
/** Makes ${answer} (taken over) the answer; ${n}: bytes of its body. */
void http_response_set(struct http_response *res, int status, const char *content_type,
                       struct MHD_Response *answer, size_t n);

/* stream.c */
void streams_end(struct http_server *s); /* ends all; stopping is set already */
void *streams_pulse(void *server);       /* body of the pulse thread */

/* listen.c */
/** A listening socket for "host:port"; ${ret_port} is the port it got. */
int listen_open(const char *address, int *ret_port, struct error *e) MUST_USE;
#endif
