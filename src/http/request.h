/* request.h - one HTTP request, whole, as a record. Everything in it lives as long as its arena.
 * All texts but the body are UTF-8: a target that is not is refused, other bytes become U+FFFD.
 *
 * Path and query are kept raw: an encoded slash in a name ("a%2Fb") is not a separator, so whoever
 * splits decodes after splitting, and that happens here. One thread at a time. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct http_header {
    const char *name, *value;
};
/** One query parameter as it stood in the target, decoded; repeated ones stand several times. */
struct http_param {
    const char *name, *value;
};
struct http_strings {
    const char **items;
    size_t n;
};

struct http_request {
    const char *method; /* in force: after X-HTTP-Method-Override of a POST */
    const char *target; /* raw: path and query as sent */
    const char *path;   /* raw path, starts with '/', without query */
    const char *query;  /* raw, without '?'; "" when there is none */
    const struct http_header *headers;
    size_t n_headers;
    const struct http_param *params; /* the decoded query */
    size_t n_params;
    struct str body;              /* whole; p is NUL-terminated behind n, never NULL */
    bool head_only;               /* the body has not been read yet: see body.h */
    const struct http_sink *sink; /* where the body went instead of here; NULL */
    void *taken;                  /* what the sink works on */
    const char *remote;  /* "127.0.0.1:51234", "[::1]:51234"; behind a trusted proxy as address */
    const char *address; /* of the client, without port: "127.0.0.1", "::1" */
    const char *host;    /* that the client asked for, with its port; NULL: not said */
    bool secure;         /* by https, here or at a trusted proxy */
    const char *id;      /* X-Request-Id: the client's or a new one */
    const char *user;    /* for the request log: set by whoever finds it out; NULL */
    struct arena *arena; /* freed when the answer has left */
};

/** Fills path, query and params of ${r} from ${r}->target and arena. ERR_INVALID: malformed percent
 * escape, ill-formed UTF-8 or NUL, naming the part. */
int http_request_parse_target(struct http_request *r, struct error *e) MUST_USE;
/** The value of a header, name in any case; NULL when absent. Of several the first. */
const char *http_request_header(const struct http_request *r, const char *name);
/** The first value of a query parameter, name in any case; NULL when absent. */
const char *http_request_param(const struct http_request *r, const char *name);
/** All values of a list parameter: repeated, comma-separated, or both; trimmed, empty ones dropped,
 * in order. */
struct http_strings http_request_list(const struct http_request *r, const char *name);
/** The path's segments, percent-decoded: "/api/a%2Fb/" is {"api", "a/b", ""}. */
struct http_strings http_request_segments(const struct http_request *r);
/** Decodes percent escapes (and '+' as space when ${form}) into ${a}. ERR_INVALID: bad escape,
 * UTF-8 or NUL. */
int http_decode(struct arena *a, struct str text, bool form, const char **ret,
                struct error *e) MUST_USE;
#endif
