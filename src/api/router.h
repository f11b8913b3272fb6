/* router.h - from a request to its handler: match, who is it, which space, may they, parse, run,
 * answer.
 *
 * Built once at start and immutable then: any number of threads. The callbacks are the only
 * way to users, permissions and spaces, so that the router knows no store. */
#ifndef API_ROUTER_H
#define API_ROUTER_H
#include "api/call.h"

struct router;
/** What a request says about who sent it; NULL when absent or empty. */
struct credentials {
    const char *api_key; /* X-Octopus-ApiKey */
    const char *bearer;  /* Authorization: Bearer */
    const char *cookie;  /* the Cookie header */
    const char *csrf;    /* X-Octopus-Csrf-Token */
    bool unsafe;         /* the method changes something: cookies need the csrf token then */
};
struct router_options {
    const struct route_table *const *tables; /* all must outlive the router */
    size_t n_tables;
    void *app; /* first argument of the callbacks, c->app of the handlers */
    /** Fills ${ret} for someone who showed at least one credential (cookie included): the user, or
     * anonymous when only unrelated cookies came. ERR_UNAUTHENTICATED: key unknown, expired;
     * ERR_DENIED: the csrf token of a session is missing. Either makes a cookie's caller anonymous
     * on routes that are open to everybody.
     * Strings go to ${a}. */
    int (*authenticate)(void *app, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e);
    /** 0 when ${c}->caller may enter ${c}->space_id (NULL: the route is in none) and holds
     * ${permission} there, whatever its restrictions: handlers judge those. Fills the caller's
     * grants. ERR_NOT_FOUND: may not enter; ERR_DENIED. Called on every route that is not for
     * everybody. */
    int (*permit)(void *app, struct call *c, const char *permission, struct error *e);
    /** The call is over: lets go of what permit gave the caller; NULL: nothing. */
    void (*leave)(void *app, struct call *c);
    /** The id of the space named by id or slug; NULL name: the default space. ERR_NOT_FOUND. Id
     * goes to ${a}. */
    int (*space)(void *app, const char *id_or_slug, struct arena *a, const char **ret_id,
                 struct error *e);
    /** True while only administrators may change something and the caller, who passed permit, is
     * none; NULL: never. Must not block. */
    bool (*in_maintenance)(void *app, const struct call *c);
};

/** Checks all rows and builds the router; the options and tables must outlive it. ERR_INVALID names
 * the row that is ambiguous, has no doc, handler or permission of the catalogue, or a bad template:
 * the server must not start then. */
int router_new(const struct router_options *o, struct router **ret, struct error *e) MUST_USE;
void router_free(struct router *r);

/** For struct http_options: handle, body_limit; ctx is the router. */
void router_handle(struct http_request *req, struct http_response *res, void *router);
size_t router_body_limit(const struct http_request *req, bool *ret_taken, void *router);
/** What router_body_limit answers for routes without max_body: 32 MiB unless set, and without a
 * limit for those with take_body unless set. Before the server starts. */
void router_set_body_max(struct router *r, size_t bytes);
void router_set_taken_max(struct router *r, size_t bytes);
/** For http_options: is it a route that is answered at once? */
bool router_is_quick(const struct http_request *req, void *router);
#endif
