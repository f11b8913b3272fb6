/* router.c - see router.h. One call's way, in this order, so that nothing is told to who may not
 * know it: match the path (404, 405), who is it (401), which space (404), may they (403), parse the
 * body (400), run the handler, answer. A body that a row takes piece by piece is taken after the
 * fourth; when all of it is there, the way is gone once more from its start.
 *
 * A path has up to four readings, tried in this order; the first that has a row for the method
 * wins:
 *   1. as it stands, among templates that name no space          /api/users/me
 *   2. /api/spaces/{id}/<rest> as space-scoped                   /api/spaces/Spaces-1/tasks
 *   3. /api/{space}/<rest> as space-scoped, unless the second segment is the name of a resource; so
 * a space whose slug is "projects" is reached by its id only                   /api/Spaces-1/tasks
 *   4. /api/<rest> as space-scoped in the default space          /api/tasks
 * When none has the method but some match the path, the answer is 405 with all their methods. */
#include <stdlib.h>
#include <time.h>

#include "api/problem.h"
#include "api/route_tree.h"
#include "api/router.h"
#include "base/log.h"
#include "base/metrics.h"

#define SCOPED "/api/{space}"

struct router {
    struct router_options opt;
    size_t body_max, taken_max;
    struct route_tree *plain;  /* whole templates */
    struct route_tree *scoped; /* what follows /api/{space} */
    struct route_tree *names;  /* what follows /api in all: the names of resources */
};

/* What a path means. */
struct reading {
    struct route_match match;
    bool scoped;
    const char *space; /* as named in the path; NULL: the default space */
};

static bool is_scoped(const struct route *row)
{
    size_t n = strlen(SCOPED);

    return strncmp(row->path, SCOPED, n) == 0 && (row->path[n] == '\0' || row->path[n] == '/');
}

static int check_row(const struct route *row, struct error *e)
{
    if (row->method == NULL || row->path == NULL || row->path[0] != '/')
        return fail(e, ERR_INVALID, "a route has no method or no path");
    if (row->handle == NULL)
        return fail(e, ERR_INVALID, "route %s %s has no handler", row->method, row->path);
    if (str_blank(row->permission))
        return fail(e, ERR_INVALID, "route %s %s has no permission", row->method, row->path);
    if (row->permission[0] != '*' && permission_find(row->permission) < 0)
        return fail(e, ERR_INVALID, "route %s %s: there is no permission %s", row->method,
                    row->path, row->permission);
    if (str_blank(row->doc))
        return fail(e, ERR_INVALID, "route %s %s has no doc", row->method, row->path);
    const char *space = strstr(row->path, "{space}");
    if (space && (!is_scoped(row) || strstr(space + 1, "{space}")))
        return fail(e, ERR_INVALID, "route %s %s: {space} stands behind /api/ only", row->method,
                    row->path);
    if (is_scoped(row) && row->path[strlen(SCOPED)] && row->path[strlen(SCOPED) + 1] == '{')
        return fail(e, ERR_INVALID, "route %s %s: a resource name must follow {space}", row->method,
                    row->path);
    return 0;
}

/* Notes the resource name of a row. Several rows share one: a second is no error. */
static void note_name(struct router *r, const struct route *row)
{
    const char *rest = is_scoped(row)                   ? row->path + strlen(SCOPED)
                       : str_starts(row->path, "/api/") ? row->path + 4
                                                        : "";
    char name[64];
    size_t n = rest[0] ? strcspn(rest + 1, "/") : 0;

    if (n == 0 || n >= sizeof(name) || rest[1] == '{') return;
    memcpy(name, rest + 1, n);
    name[n] = '\0';
    if (!route_tree_starts_with(r->names, name))
        ASSERT(route_tree_add(r->names, row, name, NULL) == 0);
}

static int add_row(struct router *r, const struct route *row, struct error *e)
{
    if (check_row(row, e) < 0) return -1;
    int rc = is_scoped(row) ? route_tree_add(r->scoped, row, row->path + strlen(SCOPED), e)
                            : route_tree_add(r->plain, row, row->path, e);
    if (rc == 0) note_name(r, row);
    return rc;
}

int router_new(const struct router_options *o, struct router **ret, struct error *e)
{
    struct router *r = xcalloc(1, sizeof(*r));

    r->opt = *o;
    r->body_max = 32 * MiB;
    r->taken_max = INT64_MAX;
    r->plain = route_tree_new();
    r->scoped = route_tree_new();
    r->names = route_tree_new();
    for (size_t t = 0; t < o->n_tables; t++) {
        for (size_t i = 0; i < o->tables[t]->n; i++) {
            if (add_row(r, &o->tables[t]->rows[i], e) == 0) continue;
            router_free(r);
            return -1;
        }
    }
    *ret = r;
    return 0;
}

void router_free(struct router *r)
{
    if (r == NULL) return;
    route_tree_free(r->plain);
    route_tree_free(r->scoped);
    route_tree_free(r->names);
    free(r);
}

void router_set_body_max(struct router *r, size_t bytes) { r->body_max = bytes; }
void router_set_taken_max(struct router *r, size_t bytes) { r->taken_max = bytes; }

static bool read_scoped(const struct router *r, struct http_strings s, size_t from,
                        const char *space, unsigned method, struct reading *ret)
{
    struct route_match *m = &ret->match;

    m->n_values = 1; /* {space} comes first, filled in when it is known */
    if (!route_tree_find(r->scoped, s.items + from, s.n - from, method, m)) return false;
    ret->scoped = true;
    ret->space = space;
    return true;
}

/* Tries the four readings; true when one has a row for the method. */
static bool read_path(const struct router *r, const struct http_request *req,
                      const char *method_name, struct reading *ret)
{
    struct http_strings s = http_request_segments(req);
    unsigned method = route_method_bit(strcmp(method_name, "HEAD") == 0 ? "GET" : method_name);

    if (s.n > 1 && s.items[s.n - 1][0] == '\0') s.n--; /* /api/ is /api */
    if (route_tree_find(r->plain, s.items, s.n, method, &ret->match)) return true;
    if (s.n == 0 || !str_same(s.items[0], "api")) return false;
    if (s.n > 2 && str_same(s.items[1], "spaces") && read_scoped(r, s, 3, s.items[2], method, ret))
        return true;
    if (s.n > 1 && s.items[1][0] && !route_tree_starts_with(r->names, s.items[1]) &&
        read_scoped(r, s, 2, s.items[1], method, ret))
        return true;
    return s.n > 1 && read_scoped(r, s, 1, NULL, method, ret);
}

size_t router_body_limit(const struct http_request *req, bool *ret_taken, void *ctx)
{
    const struct router *r = ctx;
    struct reading reading = {0};

    if (!read_path(r, req, req->method, &reading)) return r->body_max;
    const struct route *row = reading.match.route;
    *ret_taken = row->take_body != NULL;
    return row->max_body ? row->max_body : row->take_body ? r->taken_max : r->body_max;
}

bool router_is_quick(const struct http_request *req, void *ctx)
{
    struct reading reading = {0};

    return read_path(ctx, req, req->method, &reading) &&
           (reading.match.route->flags & ROUTE_QUICK) != 0;
}

/* Answers a request that has no row: 404, 405, or OPTIONS. */
static void answer_unmatched(const struct call *c, unsigned allowed)
{
    if (allowed == 0) {
        http_reply_message(c->res, 404,
                           arena_fmt(c->arena, "The resource '%s' was not found.", c->req->path));
        return;
    }
    const char *methods = route_methods_text(allowed, c->arena);
    http_header(c->res, "Allow", methods);
    if (strcmp(c->req->method, "OPTIONS") == 0) http_reply(c->res, 200, HTTP_JSON, "{}", 2);
    else
        http_reply_message(c->res, 405,
                           arena_fmt(c->arena, "%s is not possible on '%s', only %s",
                                     c->req->method, c->req->path, methods));
}

static const char *header_text(const struct call *c, const char *name)
{
    const char *v = http_request_header(c->req, name);

    return str_blank(v) ? NULL : v;
}

static struct credentials credentials_of(const struct call *c)
{
    const char *authorization = header_text(c, "Authorization");
    bool bearer = authorization && strncasecmp(authorization, "Bearer ", 7) == 0;

    return (struct credentials){
        .api_key = header_text(c, "X-Octopus-ApiKey"),
        .bearer = bearer && !str_blank(authorization + 7) ? authorization + 7 : NULL,
        .cookie = header_text(c, "Cookie"),
        .csrf = header_text(c, "X-Octopus-Csrf-Token"),
        .unsafe = strcmp(c->req->method, "GET") != 0 && strcmp(c->req->method, "HEAD") != 0,
    };
}

static int authenticate(const struct router *r, struct call *c, struct error *e)
{
    struct credentials who = credentials_of(c);
    bool open = strcmp(c->route->permission, PERM_ANONYMOUS) == 0;

    c->caller.anonymous = true;
    if (c->route->flags & ROUTE_QUICK) return 0;
    if (who.api_key || who.bearer || who.cookie) {
        struct caller found = {.anonymous = true};
        struct error mine = {0};
        int rc = r->opt.authenticate(r->opt.app, &who, c->arena, &found, &mine);
        /* an outdated session must not lock its owner out of the login page, and one whose
         * anti-forgery token is not shown is as good as none there */
        bool stale = rc < 0 && (mine.kind == ERR_UNAUTHENTICATED || mine.kind == ERR_DENIED) &&
                     open && !who.api_key && !who.bearer;
        if (rc < 0 && !stale) return fail(e, mine.kind, "%s", mine.text);
        if (rc == 0) c->caller = found;
        c->req->user = c->caller.name;
    }
    if (!c->caller.anonymous || open) return 0;
    return fail(e, ERR_UNAUTHENTICATED,
                "You must be logged in to request this resource. Please provide a valid "
                "API key in the header X-Octopus-ApiKey or log in.");
}

static int no_space(const char *name, struct error *e)
{
    return fail(e, ERR_NOT_FOUND, "space %s", name ? name : "default space");
}

static int enter_space(const struct router *r, struct call *c, const char *name, struct error *e)
{
    struct error mine = {0};

    if (r->opt.space(r->opt.app, name, c->arena, &c->space_id, &mine) < 0) {
        if (mine.kind != ERR_NOT_FOUND || name == NULL) return fail(e, mine.kind, "%s", mine.text);
        return no_space(name, e);
    }
    c->param_values[0] = c->space_id;
    return 0;
}

/* A space that the caller may not enter looks as if it were not there. */
static int permit(const struct router *r, struct call *c, const char *space, struct error *e)
{
    struct error mine = {0};

    if (strcmp(c->route->permission, PERM_ANONYMOUS) == 0) return 0;
    if (r->opt.permit(r->opt.app, c, c->route->permission, &mine) == 0) return 0;
    if (mine.kind == ERR_NOT_FOUND && c->space_id) return no_space(space, e);
    return fail(e, mine.kind, "%s", mine.text);
}

/* During maintenance only administrators change something. */
static int check_maintenance(const struct router *r, const struct call *c, struct error *e)
{
    const char *method = c->req->method;

    if (r->opt.in_maintenance == NULL || strcmp(c->route->permission, PERM_ANONYMOUS) == 0 ||
        strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return 0;
    if (!r->opt.in_maintenance(r->opt.app, c)) return 0;
    return fail(e, ERR_UNREACHABLE,
                "the server is in maintenance mode: only administrators can change something now");
}

static int parse_body(struct call *c, struct error *e)
{
    struct str text = c->req->body;
    json_t *v = NULL;

    if (c->route->flags & ROUTE_RAW_BODY || c->route->take_body ||
        strcmp(c->route->method, "GET") == 0)
        return 0;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) text.p += 3, text.n -= 3;
    if (str_trim(text).n && jv_parse(text.p, text.n, &v, e) < 0)
        return fail_wrap(e, "request body");
    if (json_is_null(v)) {
        json_decref(v);
        v = NULL;
    }
    c->body = v;
    if (c->route->in == NULL || json_is_object(v)) return 0;
    if (v == NULL && c->route->flags & ROUTE_OPTIONAL_BODY) return 0;
    return fail(e, ERR_INVALID, "request body: want a JSON object, got %s",
                v == NULL          ? "none"
                : json_is_array(v) ? "a list"
                                   : "a plain value");
}

static void send_json(struct call *c)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);
    int status = c->status ? c->status : c->route->status ? c->route->status : 200;

    if (c->out) jv_print(&out, c->out);
    else buf_adds(&out, "{}");
    size_t n = out.n;
    http_reply_take(c->res, status, HTTP_JSON, buf_take(&out), n);
}

static int serve(const struct router *r, struct call *c, struct error *e)
{
    struct reading reading = {0};

    if (!read_path(r, c->req, c->req->method, &reading)) {
        answer_unmatched(c, reading.match.allowed);
        return 0;
    }
    c->route = reading.match.route;
    c->n_params = reading.match.n_values;
    memcpy(c->param_values, reading.match.values, sizeof(c->param_values));
    if (authenticate(r, c, e) < 0) return -1;
    if (reading.scoped && enter_space(r, c, reading.space, e) < 0) return -1;
    if (permit(r, c, reading.space, e) < 0 || check_maintenance(r, c, e) < 0) return -1;
    if (c->req->head_only) return c->route->take_body(c, e);
    if (parse_body(c, e) < 0) return -1;
    if (c->route->handle(c, e) < 0) return -1;
    if (c->out || !http_replied(c->res)) send_json(c);
    return 0;
}

/* ---- figures ---- */

#define TIMES(route, status)                                     \
    HISTOGRAM_SHORT("bobtail_request_duration_seconds",          \
                    "route=\"" route "\",status=\"" status "\"", \
                    "Time that requests took, by what they do and how they were answered.")
#define TIMES_OF(route)                                               \
    {                                                                 \
        TIMES(route, "2xx"), TIMES(route, "4xx"), TIMES(route, "5xx") \
    }
static struct histogram durations[][3] = {TIMES_OF("read"), TIMES_OF("write"), TIMES_OF("stream"),
                                          TIMES_OF("monitoring"), TIMES_OF("unknown")};

static size_t kind_of(const struct route *route)
{
    if (route == NULL) return 4;
    if (route->flags & ROUTE_QUICK) return 3;
    if (route->shape == ROUTE_EVENTS) return 2;
    return strcmp(route->method, "GET") == 0 ? 0 : 1;
}

static int64_t microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note_duration(const struct call *c, int64_t begun)
{
    int status = http_status(c->res);

    histogram_add(&durations[kind_of(c->route)][status < 400   ? 0
                                                : status < 500 ? 1
                                                               : 2],
                  microseconds() - begun);
}

void router_handle(struct http_request *req, struct http_response *res, void *ctx)
{
    const struct router *r = ctx;
    struct call c = {.req = req, .res = res, .arena = req->arena, .app = r->opt.app};
    struct error e = {0};
    int64_t begun = microseconds();

    if (serve(r, &c, &e) < 0) problem_reply(res, &e, e.kind == ERR_INVALID ? c.errors : NULL);
    note_duration(&c, begun);
    if (r->opt.leave && c.caller.grants) r->opt.leave(r->opt.app, &c);
    json_decref(c.body);
    json_decref(c.out);
    json_decref(c.errors);
}
