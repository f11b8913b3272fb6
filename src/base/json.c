/* json.c - see json.h. jansson limits depth at 2048; a scan before it lowers that to
 * JSON_DEPTH_MAX. */
#include "base/json.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"

static bool too_deep(const char *s, size_t n)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (quoted) {
            if (c == '\\') i++;
            else if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX) return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

int jv_parse(const char *text, size_t n, json_t **ret, struct error *e)
{
    json_error_t je;

    if (too_deep(text, n))
        return fail(e, ERR_INVALID, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    json_t *v = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
    if (v == NULL)
        return fail(e, ERR_INVALID, "JSON is not valid at line %d, column %d: %s", je.line,
                    je.column, je.text);
    *ret = v;
    return 0;
}

static int append(const char *p, size_t n, void *ctx)
{
    buf_add(ctx, p, n);
    return 0;
}

void jv_print(struct buf *out, const json_t *v)
{
    ASSERT(json_dump_callback(v, append, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0);
}

char *jv_text(const json_t *v)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    jv_print(&out, v);
    return buf_take(&out);
}

json_t *jv_get(const json_t *object, const char *name)
{
    const char *key;
    json_t *v = json_object_get(object, name);

    if (v || !json_is_object(object)) return v;
    json_object_foreach ((json_t *)object, key, v)
        if (str_same(key, name)) return v;
    return NULL;
}

const char *jv_str(const json_t *object, const char *name, const char *otherwise)
{
    const char *s = json_string_value(jv_get(object, name));

    return s ? s : otherwise;
}

int64_t jv_i64(const json_t *object, const char *name, int64_t otherwise)
{
    json_t *v = jv_get(object, name);

    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool jv_bool(const json_t *object, const char *name, bool otherwise)
{
    json_t *v = jv_get(object, name);

    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

bool jv_has(const json_t *array, const char *text)
{
    const json_t *one;
    size_t i;

    json_array_foreach (array, i, one)
        if (json_is_string(one) && strcmp(json_string_value(one), text) == 0) return true;
    return false;
}

json_t *jv_string(const char *s)
{
    json_t *v = s ? json_string(s) : json_null();

    ASSERT(v != NULL);
    return v;
}

void jv_set(json_t *object, const char *name, json_t *v)
{
    ASSERT(json_object_set_new(object, name, v) == 0);
}

void jv_push(json_t *array, json_t *v) { ASSERT(json_array_append_new(array, v) == 0); }
void jv_set_str(json_t *o, const char *name, const char *s) { jv_set(o, name, jv_string(s)); }
void jv_set_i64(json_t *o, const char *name, int64_t v) { jv_set(o, name, json_integer(v)); }
void jv_set_bool(json_t *o, const char *name, bool v) { jv_set(o, name, json_boolean(v)); }

void jv_set_time(json_t *object, const char *name, int64_t ms)
{
    char text[TIME_TEXT_SIZE];

    jv_set_str(object, name, ms ? time_iso(ms, text) : NULL);
}

void jv_quote(struct buf *out, const char *s, size_t n)
{
    size_t plain = 0;

    buf_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buf_add(out, s + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') buf_add(out, (char[]){'\\', (char)c}, 2);
        else if (c == '\n') buf_add(out, "\\n", 2);
        else if (c == '\t') buf_add(out, "\\t", 2);
        else if (c == '\r') buf_add(out, "\\r", 2);
        else buf_addf(out, "\\u%04x", c);
    }
    buf_add(out, s + plain, n - plain);
    buf_addc(out, '"');
}
