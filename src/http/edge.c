/* edge.c - see edge.h.
 *
 * A proxy is believed only when the connection comes from one, and of X-Forwarded-For only what
 * proxies have written: it is read from the right, up to the first address that is no proxy.
 * What stands left of that the client may have made up. Poller threads. */
#include "http/edge.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "crypt/throttle.h"
#include "http/exchange.h"

#define REQUEST_ID_MAX 64
#define HOST_MAX 255

struct http_edge {
    struct http_edge_options opt;
    struct arena arena;
    struct networks proxies;
    struct http_strings origins;
    bool any_origin;
    struct throttle *throttle; /* NULL: no limit */
    _Atomic int https_port;
};

/* ---- settings ---- */

static bool is_origin(struct str s)
{
    struct str host = s;

    if (s.n > 8 && memcmp(s.p, "https://", 8) == 0) host.p += 8, host.n -= 8;
    else if (s.n > 7 && memcmp(s.p, "http://", 7) == 0) host.p += 7, host.n -= 7;
    else return false;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || strchr("/?#@\\\"", host.p[i])) return false;
    return true;
}

static int parse_origins(struct http_edge *x, const char *text, struct error *e)
{
    ARENA_LIST(const char *) list = {0};

    for (const char *p = text; *(p += strspn(p, ", \t"));) {
        struct str part = {p, strcspn(p, ", \t")};
        p += part.n;
        if (str_eq(part, "*")) {
            x->any_origin = true;
            continue;
        }
        if (!is_origin(part))
            return fail(e, ERR_INVALID,
                        "\"%.*s\" is no origin, want https://host, with :port if it is not the "
                        "usual one, or *",
                        (int)part.n, part.p);
        *ARENA_ADD(&x->arena, &list) = arena_strndup(&x->arena, part.p, part.n);
    }
    x->origins = (struct http_strings){list.items, list.n};
    return 0;
}

int http_edge_new(const struct http_edge_options *o, struct http_edge **ret, struct error *e)
{
    struct http_edge *x = xcalloc(1, sizeof(*x));

    x->opt = *o;
    if (o->rate_per_s) x->throttle = throttle_new(1000 / o->rate_per_s, o->rate_burst);
    if (networks_parse(o->trusted_proxies ? o->trusted_proxies : "", &x->arena, &x->proxies, e) < 0)
        fail_wrap(e, "trusted-proxies");
    else if (parse_origins(x, o->cors_origins ? o->cors_origins : "", e) < 0)
        fail_wrap(e, "cors-origins");
    else {
        *ret = x;
        return 0;
    }
    http_edge_free(x);
    return -1;
}

void http_edge_free(struct http_edge *x)
{
    if (x == NULL) return;
    throttle_free(x->throttle);
    arena_done(&x->arena);
    free(x);
}

void http_edge_set_https_port(struct http_edge *x, int port) { x->https_port = port; }

/* ---- who is it ---- */

/* The last part of a comma-separated text, which loses it; false when nothing is left. */
static bool cut_last(struct str *rest, struct str *ret)
{
    size_t n = rest->n;

    if (n == 0) return false;
    while (n && rest->p[n - 1] != ',') n--;
    *ret = str_trim((struct str){rest->p + n, rest->n - n});
    rest->n = n ? n - 1 : 0;
    return true;
}

/* The addresses of X-Forwarded-For from the right, as long as they are proxies. */
static void follow_proxies(const struct http_edge *edge, const struct http_request *req,
                           struct address *client)
{
    struct str rest, part;

    for (size_t i = req->n_headers; i-- > 0;) {
        if (!str_same(req->headers[i].name, "X-Forwarded-For")) continue;
        rest = str_of(req->headers[i].value);
        while (cut_last(&rest, &part))
            if (!networks_have(&edge->proxies, client) || !address_parse(part, client)) return;
    }
}

/* What the nearest proxy says; NULL when it says nothing. */
static const char *forwarded(const struct http_request *req, const char *name)
{
    const char *value = http_request_header(req, name);
    struct str rest = str_of(value), part;

    return value && cut_last(&rest, &part) && part.n ? arena_strndup(req->arena, part.p, part.n)
                                                     : NULL;
}

static void find_origin(const struct http_edge *edge, struct exchange *x)
{
    struct http_request *req = &x->req;
    struct address client = x->socket->address;
    const char *host = http_request_header(req, "Host"), *said;
    char text[ADDRESS_TEXT_SIZE];

    req->secure = x->server->opt.tls != NULL;
    if (edge && networks_have(&edge->proxies, &client)) {
        follow_proxies(edge, req, &client);
        if ((said = forwarded(req, "X-Forwarded-Proto")) != NULL)
            req->secure = str_same(said, "https");
        if ((said = forwarded(req, "X-Forwarded-Host")) != NULL) host = said;
    }
    x->client = client;
    req->address = arena_strdup(req->arena, address_text(&client, text));
    req->host = host;
    if (!address_same(&client, &x->socket->address)) req->remote = req->address;
}

/* The id that the client gave, if it is a harmless one, or a new one. */
static const char *request_id(const struct http_request *req)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *given = http_request_header(req, "X-Request-Id");
    char ticket[TICKET_SIZE];

    if (given && given[0] && strlen(given) <= REQUEST_ID_MAX &&
        strspn(given, allowed) == strlen(given))
        return given;
    return arena_strdup(req->arena, id_ticket(ticket));
}

/* ---- the way in ---- */

/* Host without its port, when it can be nothing else than a name or an address; NULL. */
static const char *host_name(struct arena *a, const char *host)
{
    size_t n = host ? strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "-._")
                    : 0;

    if (host && host[0] == '[') {
        n = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        n = host[n] == ']' ? n + 1 : 0;
    }
    if (n == 0 || n > HOST_MAX || (host[n] && host[n] != ':')) return NULL;
    return arena_strndup(a, host, n);
}

/* Where the same is by https; NULL: nobody knows. */
static const char *https_address(const struct http_edge *edge, const struct http_request *req)
{
    const char *url = edge->opt.public_url, *host;

    if (url && strncmp(url, "https://", 8) == 0)
        return arena_fmt(req->arena, "%s%s", url, req->target);
    host = host_name(req->arena, req->host);
    if (host == NULL || edge->https_port == 0) return NULL;
    if (edge->https_port == 443) return arena_fmt(req->arena, "https://%s%s", host, req->target);
    return arena_fmt(req->arena, "https://%s:%d%s", host, edge->https_port, req->target);
}

static void redirect(const struct http_edge *edge, struct exchange *x)
{
    const char *to = https_address(edge, &x->req);

    if (to == NULL) {
        exchange_refuse(x, 403, "This server answers by https only");
        return;
    }
    exchange_refuse(x, 308, "This server answers by https only; see the header Location");
    http_header(&x->res, "Location", to);
}

static void limit_rate(const struct http_edge *edge, struct exchange *x)
{
    struct address who = address_client(&x->client);
    char text[ADDRESS_TEXT_SIZE];
    int64_t wait_ms =
        throttle_take(edge->throttle, address_text(&who, text), clock_mono(&system_clock));
    const char *seconds = arena_fmt(&x->arena, "%lld", (long long)(wait_ms + 999) / 1000);

    if (wait_ms == 0) return;
    exchange_refuse(x, 429,
                    arena_fmt(&x->arena, "Too many requests from %s, try again after %s s",
                              x->req.address, seconds));
    http_header(&x->res, "Retry-After", seconds);
}

void edge_enter(const struct http_edge *edge, struct exchange *x)
{
    find_origin(edge, x);
    x->req.id = request_id(&x->req);
    if (edge == NULL) return;
    if (edge->throttle && !address_is_loopback(&x->client)) limit_rate(edge, x);
    if (edge->opt.https_only && !x->req.secure && strcmp(x->req.path, "/healthz") != 0)
        redirect(edge, x);
}

bool edge_admits(const struct http_edge *edge, struct open_sockets *open,
                 const struct sockaddr *peer)
{
    struct address a = address_of(peer);

    if (edge == NULL || edge->opt.connections_per_address == 0 || address_is_loopback(&a) ||
        networks_have(&edge->proxies, &a))
        return true;
    return (int64_t)sockets_count(open, &a) < edge->opt.connections_per_address;
}

/* ---- the way out ---- */

static bool has_header(const struct http_response *res, const char *name)
{
    for (const struct answer_header *h = res->headers; h; h = h->next)
        if (str_same(h->name, name)) return true;
    return false;
}

static void add_cors(const struct http_edge *edge, struct exchange *x)
{
    const char *origin = http_request_header(&x->req, "Origin");
    bool allowed = edge->any_origin;

    http_header(&x->res, "Vary", "Origin");
    if (origin == NULL) return;
    for (size_t i = 0; i < edge->origins.n && !allowed; i++)
        allowed = str_same(edge->origins.items[i], origin);
    if (!allowed) return;
    http_header(&x->res, "Access-Control-Allow-Origin", edge->any_origin ? "*" : origin);
    http_header(&x->res, "Access-Control-Expose-Headers",
                "X-Request-Id, Retry-After, Location, Content-Disposition");
    if (strcmp(x->req.method, "OPTIONS") != 0 ||
        !http_request_header(&x->req, "Access-Control-Request-Method"))
        return;
    http_header(&x->res, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    http_header(&x->res, "Access-Control-Allow-Headers",
                "Content-Type, X-Octopus-ApiKey, Authorization, X-HTTP-Method-Override, "
                "X-Request-Id, Last-Event-ID");
    http_header(&x->res, "Access-Control-Max-Age", "600");
}

void edge_leave(const struct http_edge *edge, struct exchange *x)
{
    static const char *const always[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    struct http_response *res = &x->res;

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (!has_header(res, always[i][0])) http_header(res, always[i][0], always[i][1]);
    if (x->req.id) http_header(res, "X-Request-Id", x->req.id);
    if (edge == NULL) return;
    if (x->req.secure && edge->opt.hsts_s)
        http_header(res, "Strict-Transport-Security",
                    arena_fmt(&x->arena, "max-age=%lld", (long long)edge->opt.hsts_s));
    if (edge->any_origin || edge->origins.n) add_cors(edge, x);
}

void edge_note(const struct http_edge *edge, const struct exchange *x, bool complete)
{
    if (edge == NULL || edge->opt.log == NULL) return;
    int64_t duration = clock_mono(&system_clock) - x->begun_ms;
    struct request_line line = {.at_ms = clock_now(&system_clock) - duration,
                                .duration_ms = duration,
                                .bytes = x->res.bytes,
                                .status = x->res.status,
                                .secure = x->req.secure,
                                .complete = complete,
                                .address = x->req.address,
                                .user = x->req.user,
                                .method = x->req.method,
                                .path = x->req.path,
                                .version = x->version,
                                .agent = http_request_header(&x->req, "User-Agent"),
                                .id = x->req.id};
    request_log_add(edge->opt.log, &line);
}
