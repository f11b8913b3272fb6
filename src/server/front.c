/* front.c - see front.h. */
#include "server/front.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "http/address.h"
#include "server/https.h"

#define DAY_S ((int64_t)86400)

struct front {
    const struct options *o;
    struct request_log *log;
    struct http_edge *edge;
    struct http_tls *tls;
    struct http_server *http, *https;
    _Atomic(struct router *) router; /* NULL while the server starts */
};

static bool yes(const char *value) { return strcmp(value, "yes") == 0; }

static int make_edge(const struct options *o, struct request_log *log, struct http_edge **ret,
                     struct error *e)
{
    /* a browser that was told to insist on https cannot go on to a certificate it does not know */
    int64_t hsts_days = https_has_files(o) || o->https_listen[0] == '\0' ? o->hsts_days : 0;
    struct http_edge_options x = {.trusted_proxies = o->trusted_proxies,
                                  .cors_origins = o->cors_origins,
                                  .public_url = o->public_url,
                                  .https_only = yes(o->https_only),
                                  .hsts_s = hsts_days * DAY_S,
                                  .rate_per_s = o->request_rate,
                                  .rate_burst = o->request_burst,
                                  .connections_per_address = o->connections_per_address,
                                  .log = log};

    return http_edge_new(&x, ret, e);
}

int front_check(const struct options *o, struct error *e)
{
    struct http_edge *edge;

    if (!o->https_certificate[0] != !o->https_key[0])
        return fail(e, ERR_INVALID,
                    "https-certificate and https-key belong together: %s is missing",
                    o->https_key[0] ? "https-certificate" : "https-key");
    if (https_has_files(o) && o->https_listen[0] == '\0')
        return fail(e, ERR_INVALID, "https-certificate is given, but no https-listen ADDRESS:PORT");
    if (yes(o->https_only) && o->https_listen[0] == '\0' && o->trusted_proxies[0] == '\0')
        return fail(e, ERR_INVALID,
                    "https-only needs https-listen, or trusted-proxies that speak https");
    if (make_edge(o, NULL, &edge, e) < 0) return -1;
    http_edge_free(edge);
    return https_check(o, e);
}

/* ---- requests ---- */

static void answer(struct http_request *req, struct http_response *res, void *ctx)
{
    struct front *f = ctx;
    struct router *router = f->router;

    if (router) {
        router_handle(req, res, router);
        return;
    }
    http_header(res, "Retry-After", "1");
    http_reply_message(res, 503, "The server is starting");
}

static size_t body_limit(const struct http_request *req, bool *ret_taken, void *ctx)
{
    struct front *f = ctx;
    struct router *router = f->router;

    return router ? router_body_limit(req, ret_taken, router) : 1 * MiB;
}

static bool is_quick(const struct http_request *req, void *ctx)
{
    struct front *f = ctx;
    struct router *router = f->router;

    return router && router_is_quick(req, router);
}

static int listen_on(struct front *f, const char *address, struct http_tls *tls,
                     struct http_server **ret, struct error *e)
{
    struct http_options h = {.listen = address,
                             .handle = answer,
                             .body_limit = body_limit,
                             .is_quick = is_quick,
                             .ctx = f,
                             .tls = tls,
                             .edge = f->edge};

    return http_server_start(&h, ret, e);
}

/* ---- life ---- */

static int open_http(struct front *f, struct error *e)
{
    const char *log = f->o->request_log;
    bool json = strcmp(f->o->request_log_format, "json") == 0;

    if (front_check(f->o, e) < 0) return -1;
    if (strcmp(log, "off") != 0 &&
        request_log_open(log, json ? REQUEST_LOG_JSON : REQUEST_LOG_COMBINED, &f->log, e) < 0)
        return -1;
    if (make_edge(f->o, f->log, &f->edge, e) < 0) return -1;
    return listen_on(f, f->o->http_listen, NULL, &f->http, e);
}

int front_open(const struct options *o, struct front **ret, struct error *e)
{
    struct front *f = xcalloc(1, sizeof(*f));

    f->o = o;
    if (open_http(f, e) < 0) {
        front_free(f);
        return -1;
    }
    *ret = f;
    return 0;
}

/* The address part of "host:port". */
static struct str host_of(const char *listen)
{
    const char *colon = strrchr(listen, ':');

    return (struct str){listen, colon ? (size_t)(colon - listen) : strlen(listen)};
}

static void warn_of_plain_http(const struct front *f)
{
    struct str host = host_of(f->o->http_listen);
    struct address a;

    if (str_eq(host, "localhost") || yes(f->o->https_only)) return;
    if (address_parse(host, &a) && address_is_loopback(&a)) return;
    log_warn("http",
             "http-listen %s is reachable from other machines without encryption: passwords and "
             "API keys can be read on the way; set https-listen and https-only, or put a proxy in "
             "front and listen on 127.0.0.1",
             f->o->http_listen);
}

int front_serve(struct front *f, struct router *router, const struct secret_key *key,
                struct error *e)
{
    warn_of_plain_http(f);
    if (f->o->https_listen[0]) {
        if (https_open(f->o, key, &f->tls, e) < 0) return -1;
        if (listen_on(f, f->o->https_listen, f->tls, &f->https, e) < 0) return -1;
        http_edge_set_https_port(f->edge, http_server_port(f->https));
    }
    f->router = router;
    return 0;
}

void front_reload(struct front *f)
{
    struct error e = {0};

    if (f->tls && https_reload(f->o, f->tls, &e) < 0)
        log_error("https", "the certificate stays as it was: %s", e.text);
    if (f->log && request_log_reopen(f->log, &e) < 0)
        log_error("http", "the request log stays as it was: %s", e.text);
}

static void add_address(struct buf *out, const char *scheme, const char *listen,
                        const struct http_server *s)
{
    struct str host = host_of(listen);

    buf_addf(out, "%s://%.*s:%d", scheme, (int)host.n, host.p, http_server_port(s));
}

void front_addresses(const struct front *f, struct buf *out)
{
    add_address(out, "http", f->o->http_listen, f->http);
    if (f->https == NULL) return;
    buf_adds(out, " and ");
    add_address(out, "https", f->o->https_listen, f->https);
}

void front_stop(struct front *f)
{
    if (f == NULL) return;
    http_server_stop(f->https);
    http_server_stop(f->http);
    f->https = f->http = NULL;
}

void front_free(struct front *f)
{
    if (f == NULL) return;
    front_stop(f);
    http_edge_free(f->edge);
    http_tls_free(f->tls);
    request_log_close(f->log);
    free(f);
}
