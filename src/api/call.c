/* call.c - see call.h. Reading only: nothing here knows a resource. Messages name the parameter or
 * member as the documentation writes it, whatever its case in the request. */
#include "api/call.h"

const char *call_param(const struct call *c, const char *name)
{
    size_t i = 0, n = strlen(name);

    for (const char *p = c->route->path; (p = strchr(p, '{')) != NULL; p++, i++)
        if (strncmp(p + 1, name, n) == 0 && p[n + 1] == '}') return c->param_values[i];
    ASSERT(!"the template has this parameter");
    return NULL;
}

const char *call_query(const struct call *c, const char *name)
{
    const char *v = http_request_param(c->req, name);

    return v && v[0] ? v : NULL;
}

struct http_strings call_query_list(const struct call *c, const char *name)
{
    return http_request_list(c->req, name);
}

int call_query_number(const struct call *c, const char *name, int64_t min, int64_t max,
                      int64_t otherwise, int64_t *ret, struct error *e)
{
    const char *v = call_query(c, name);
    int64_t n = otherwise;

    if (v && !str_i64(v, min, max, &n))
        return fail_at(e, name,
                       "query parameter %s is \"%s\", want a whole number from %lld to %lld", name,
                       v, (long long)min, (long long)max);
    *ret = n;
    return 0;
}

int call_query_flag(const struct call *c, const char *name, bool otherwise, bool *ret,
                    struct error *e)
{
    const char *v = call_query(c, name);

    if (v && !str_same(v, "true") && !str_same(v, "false"))
        return fail_at(e, name, "query parameter %s is \"%s\", want true or false", name, v);
    *ret = v ? str_same(v, "true") : otherwise;
    return 0;
}

static const char *kind_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    case JSON_NULL: break;
    }
    return "null";
}

static int wrong_type(const char *member, const json_t *v, const char *wanted, struct error *e)
{
    return fail_at(e, member, "member %s is %s, want %s", member, kind_of(v), wanted);
}

/* The member unless absent or null. */
static json_t *member_of(const struct call *c, const char *member)
{
    json_t *v = jv_get(c->body, member);

    return json_is_null(v) ? NULL : v;
}

int call_text(const struct call *c, const char *member, const char *otherwise, const char **ret,
              struct error *e)
{
    const json_t *v = member_of(c, member);

    if (v && !json_is_string(v)) return wrong_type(member, v, "a text", e);
    *ret = v ? json_string_value(v) : otherwise;
    return 0;
}

int call_text_required(const struct call *c, const char *member, const char **ret, struct error *e)
{
    const char *text;

    if (call_text(c, member, NULL, &text, e) < 0) return -1;
    if (str_blank(text)) return fail_at(e, member, "member %s is required", member);
    *ret = text;
    return 0;
}

int call_number(const struct call *c, const char *member, int64_t otherwise, int64_t *ret,
                struct error *e)
{
    const json_t *v = member_of(c, member);

    if (v && !json_is_integer(v)) return wrong_type(member, v, "a whole number", e);
    *ret = v ? json_integer_value(v) : otherwise;
    return 0;
}

int call_flag(const struct call *c, const char *member, bool otherwise, bool *ret, struct error *e)
{
    const json_t *v = member_of(c, member);

    if (v && !json_is_boolean(v)) return wrong_type(member, v, "true or false", e);
    *ret = v ? json_is_true(v) : otherwise;
    return 0;
}

int call_texts(const struct call *c, const char *member, struct http_strings *ret, struct error *e)
{
    const json_t *v = member_of(c, member), *item;
    size_t i;

    if (v && !json_is_array(v)) return wrong_type(member, v, "a list of texts", e);
    const char **items = ARENA_NEW(c->arena, const char *, json_array_size(v) + 1);
    json_array_foreach (v, i, item) {
        if (!json_is_string(item))
            return wrong_type(arena_fmt(c->arena, "%s/%zu", member, i), item, "a text", e);
        items[i] = json_string_value(item);
    }
    *ret = (struct http_strings){items, json_array_size(v)};
    return 0;
}

int call_not_found(struct error *e, const char *id)
{
    return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
}

void call_problem(struct call *c, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(4 * KiB);
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    if (c->errors == NULL) c->errors = json_array();
    jv_push(c->errors, jv_string(buf_str(&text)));
}

int call_problems(struct call *c, struct error *e)
{
    if (c->errors == NULL) return 0;
    return fail(e, ERR_INVALID, "%s", json_string_value(json_array_get(c->errors, 0)));
}
