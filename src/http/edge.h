/* edge.h - what every request passes on its way in and every answer on its way out, whatever the
 * listener: who the client is behind a proxy, how much it may send, http or https, the headers of
 * all answers, the request log.
 *
 * Made before the listeners and freed after them; they share it. Any thread. */
#ifndef HTTP_EDGE_H
#define HTTP_EDGE_H
#include <stdbool.h>

#include "base/error.h"
#include "http/request_log.h"

struct http_edge;
struct http_edge_options {       /* zero and NULL: off */
    const char *trusted_proxies; /* networks whose X-Forwarded-For, -Proto and -Host are believed */
    const char *cors_origins;    /* "https://a.example, ..." or "*" */
    const char *public_url;      /* where requests by http are sent to, when it is https */
    bool https_only;             /* http is answered with a redirect, except /healthz */
    int64_t hsts_s;              /* Strict-Transport-Security of answers by https */
    int64_t rate_per_s; /* requests of one address in the long run, 1..1000; loopback is free */
    int64_t rate_burst; /* and at once */
    int64_t connections_per_address; /* at once, per listener; loopback and proxies are free */
    struct request_log *log;         /* not owned */
};
/** ERR_INVALID names the proxy or origin that is none. The texts of ${o} must outlive it. */
int http_edge_new(const struct http_edge_options *o, struct http_edge **ret,
                  struct error *e) MUST_USE;
void http_edge_free(struct http_edge *edge); /* NULL is fine */
/** The port of the https listener, for redirects. Before the first request. */
void http_edge_set_https_port(struct http_edge *edge, int port);
#endif
