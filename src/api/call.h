/* call.h - one API call on its way through a handler, and the questions handlers ask of it.
 *
 * Everything handed out lives as long as the call (its arena). One thread: the worker that runs the
 * handler. */
#ifndef API_CALL_H
#define API_CALL_H
#include "api/route.h"
#include "base/json.h"
#include "http/server.h"
#include "rules/permission.h"

struct caller {
    const char *id, *name; /* "Users-1", "admin"; NULL for an anonymous one */
    bool anonymous;
    bool is_service; /* a program */
    const struct grants
        *grants;         /* what it may do, while the handler runs; NULL on routes for everybody */
    const char *session; /* hash of the session or access token that it showed; NULL: a key */
    int64_t until;       /* UTC ms: when that access token or key ends; 0 = does not */
    int64_t keys_until;  /* UTC ms: API keys that it makes end by then; 0 = no limit */
};

#define CALL_PARAMS_MAX 8
struct call {
    struct http_request *req;
    struct http_response *res;
    const struct route *route;
    struct arena *arena; /* = req->arena */
    void *app;           /* struct app of the composition root */
    struct caller caller;
    const char *space_id; /* "Spaces-1" in space-scoped routes, else NULL */
    const char *
        param_values[CALL_PARAMS_MAX]; /* in the order of the template, {space} first when scoped */
    size_t n_params;
    json_t *body; /* parsed; NULL when there was none or it was null. Owned by the call. Members by
                     jv_get */
    json_t *out;  /* the answer, set by the handler; taken over */
    int status;   /* 0: the route's */
    json_t *errors; /* several problems, by call_problem; NULL while none */
};

/** The decoded value of {${name}} of the template; an unknown name is a program error. */
const char *call_param(const struct call *c, const char *name);
/** Query parameters. A text is NULL when absent or empty (empty = no filter). */
const char *call_query(const struct call *c, const char *name);
struct http_strings call_query_list(const struct call *c, const char *name);
/** A number within [${min}, ${max}], ${otherwise} when absent or empty; ERR_INVALID names the
 * parameter. */
int call_query_number(const struct call *c, const char *name, int64_t min, int64_t max,
                      int64_t otherwise, int64_t *ret, struct error *e) MUST_USE;
/** true/false, ${otherwise} when absent or empty; ERR_INVALID names the parameter. */
int call_query_flag(const struct call *c, const char *name, bool otherwise, bool *ret,
                    struct error *e) MUST_USE;

/** Members of the body, names in any case; absent, null: ${otherwise}. A wrong type is ERR_INVALID
 * that names the member and what it was. Texts are borrowed from the body. */
int call_text(const struct call *c, const char *member, const char *otherwise, const char **ret,
              struct error *e) MUST_USE;
/** The same, but absent, null and blank are ERR_INVALID too. */
int call_text_required(const struct call *c, const char *member, const char **ret,
                       struct error *e) MUST_USE;
int call_number(const struct call *c, const char *member, int64_t otherwise, int64_t *ret,
                struct error *e) MUST_USE;
int call_flag(const struct call *c, const char *member, bool otherwise, bool *ret,
              struct error *e) MUST_USE;
/** A list of texts; absent and null: empty. */
int call_texts(const struct call *c, const char *member, struct http_strings *ret,
               struct error *e) MUST_USE;

/** ERR_NOT_FOUND as clients expect it. */
int call_not_found(struct error *e, const char *id);

/** Notes one of several problems of the input; the handler ends with call_problems. */
void call_problem(struct call *c, const char *fmt, ...) PRINTF(2, 3);
/** 0 when none was noted, otherwise ERR_INVALID: the answer's Errors list holds them all. */
int call_problems(struct call *c, struct error *e) MUST_USE;
#endif
