/* request.c - see request.h. Pure text work on the raw target: no library, no sockets, so that it
 * can be fuzzed.
 *
 * Invariants: nothing is decoded twice; what is handed out is well-formed UTF-8 without NUL. The
 * absolute form of a target ("GET http://host/path"), which proxies send, is reduced to its path.
 */
#include "http/request.h"

#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int http_decode(struct arena *a, struct str text, bool form, const char **ret, struct error *e)
{
    char *out = arena_alloc(a, size_add(text.n, 1));
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int hi = text.n - i > 2 ? hex(text.p[i + 1]) : -1,
                lo = text.n - i > 2 ? hex(text.p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return fail(e, ERR_INVALID, "malformed percent escape at \"%.3s\"", text.p + i);
            c = (char)(hi << 4 | lo);
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        out[n++] = c;
    }
    if (!utf8_check((struct str){out, n}))
        return fail(e, ERR_INVALID, "text that is not UTF-8 or holds a NUL");
    *ret = out;
    return 0;
}

/* The part of the target from its path on; NULL when it is no form that is answered. */
static const char *path_of(const char *target)
{
    if (target[0] == '/' || strcmp(target, "*") == 0) return target;
    if (strncasecmp(target, "http://", 7) != 0 && strncasecmp(target, "https://", 8) != 0)
        return NULL;
    const char *host = strchr(target, ':') + 3;
    const char *at = host + strcspn(host, "/?#");
    return *at ? at : "/";
}

static int parse_param(struct http_request *r, struct str part, struct http_param *ret,
                       struct error *e)
{
    struct str name = part;

    if (!str_cut(&part, '=', &name)) part = (struct str){"", 0};
    if (http_decode(r->arena, name, true, &ret->name, e) < 0)
        return fail_wrap(e, "name of a query parameter");
    if (http_decode(r->arena, part, true, &ret->value, e) < 0)
        return fail_wrap(e, "query parameter %s", ret->name);
    return 0;
}

static int parse_query(struct http_request *r, struct error *e)
{
    struct str rest = str_of(r->query), part;
    size_t room = 1;

    for (const char *p = r->query; *p; p++) room += *p == '&';
    struct http_param *params = ARENA_NEW(r->arena, struct http_param, room);
    r->params = params;
    r->n_params = 0;
    while (str_cut(&rest, '&', &part)) {
        if (part.n == 0) continue;
        if (parse_param(r, part, &params[r->n_params], e) < 0) return -1;
        r->n_params++;
    }
    return 0;
}

int http_request_parse_target(struct http_request *r, struct error *e)
{
    const char *decoded, *path = path_of(r->target);

    r->path = r->query = "";
    r->params = NULL;
    r->n_params = 0;
    if (path == NULL) return fail(e, ERR_INVALID, "request target is not a path");
    size_t n = strcspn(path, "?");
    r->path = n == 0 ? "/" : arena_strndup(r->arena, path, n);
    r->query = path[n] ? arena_strdup(r->arena, path + n + 1) : "";
    if (http_decode(r->arena, str_of(r->path), false, &decoded, e) < 0) return fail_wrap(e, "path");
    return parse_query(r, e);
}

const char *http_request_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_same(r->headers[i].name, name)) return r->headers[i].value;
    return NULL;
}

const char *http_request_param(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_params; i++)
        if (str_same(r->params[i].name, name)) return r->params[i].value;
    return NULL;
}

static size_t list_room(const struct http_request *r, const char *name)
{
    size_t room = 0;

    for (size_t i = 0; i < r->n_params; i++) {
        if (!str_same(r->params[i].name, name)) continue;
        room++;
        for (const char *p = r->params[i].value; *p; p++) room += *p == ',';
    }
    return room;
}

struct http_strings http_request_list(const struct http_request *r, const char *name)
{
    const char **items = ARENA_NEW(r->arena, const char *, list_room(r, name) + 1);
    size_t n = 0;

    for (size_t i = 0; i < r->n_params; i++) {
        if (!str_same(r->params[i].name, name)) continue;
        struct str rest = str_of(r->params[i].value), part;
        while (str_cut(&rest, ',', &part)) {
            part = str_trim(part);
            if (part.n) items[n++] = arena_strndup(r->arena, part.p, part.n);
        }
    }
    return (struct http_strings){items, n};
}

struct http_strings http_request_segments(const struct http_request *r)
{
    size_t room = 0, n = 0;

    for (const char *p = r->path; *p; p++) room += *p == '/';
    const char **items = ARENA_NEW(r->arena, const char *, room + 1);
    for (const char *p = r->path; *p == '/';) {
        size_t len = strcspn(p + 1, "/");
        /* the whole path was decoded once already: it cannot fail here */
        ASSERT(http_decode(r->arena, (struct str){p + 1, len}, false, &items[n++], NULL) == 0);
        p += len + 1;
    }
    return (struct http_strings){items, n};
}
