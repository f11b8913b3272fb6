/* json_path.c - see json_path.h.
 *
 * The original reads values with a lenient JSON reader. Here a small scanner rewrites what it
 * allows beyond JSON (bare member names, single quotes, comments) into strict JSON, and the one
 * JSON parser of the house reads that. */
#include "template/json_path.h"

#include <string.h>

#include "base/str.h"
#include "template/number.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80);
}

/* Copies a text in quotes of either kind as one in double quotes; returns what follows. */
static const char *copy_quoted(struct buf *out, const char *s)
{
    char quote = *s++;

    buf_addc(out, '"');
    for (; *s && *s != quote; s++) {
        if (*s == '"') {
            buf_adds(out, "\\\"");
        } else if (*s == '\\' && s[1] == '\'') {
            buf_addc(out, *++s);
        } else if (*s == '\\' && s[1]) {
            buf_add(out, s++, 2);
        } else if (*s == '\n' || *s == '\r' || *s == '\t') {
            buf_adds(out, *s == '\n' ? "\\n" : *s == '\r' ? "\\r" : "\\t");
        } else {
            buf_addc(out, *s);
        }
    }
    buf_addc(out, '"');
    return *s ? s + 1 : s;
}

static const char *skip_comment(const char *s)
{
    const char *end = s[1] == '*' ? strstr(s + 2, "*/") : strchr(s, '\n');
    if (end == NULL) return s + strlen(s);
    return s[1] == '*' ? end + 2 : end;
}

/* A bare word is a name when a colon follows; otherwise it is left for the parser (true, null, a
 * number, an error). */
static const char *copy_word(struct buf *out, const char *s)
{
    const char *end = s, *behind;

    while (is_word(*end) || *end == '-' || *end == '+' || *end == '.') end++;
    for (behind = end; *behind == ' ' || (*behind >= '\t' && *behind <= '\r');) behind++;
    if (*behind == ':') buf_addc(out, '"');
    buf_add(out, s, (size_t)(end - s));
    if (*behind == ':') buf_addc(out, '"');
    return end;
}

json_t *json_path_parse(const char *text)
{
    CLEANUP(buf_done) struct buf strict = BUF_INIT(BUF_UNBOUNDED);
    json_t *value = NULL;
    struct str trimmed = str_trim(str_of(text));

    if (trimmed.n < 2 || (trimmed.p[0] != '{' && trimmed.p[0] != '[' && trimmed.p[0] != '/'))
        return NULL;
    for (const char *s = text; *s;) {
        if (*s == '"' || *s == '\'') s = copy_quoted(&strict, s);
        else if (*s == '/' && (s[1] == '/' || s[1] == '*')) s = skip_comment(s);
        else if (is_word(*s)) s = copy_word(&strict, s);
        else buf_addc(&strict, *s++);
    }
    if (jv_parse(buf_str(&strict), strict.n, &value, NULL) < 0) return NULL;
    if (json_is_object(value) || json_is_array(value)) return value;
    json_decref(value);
    return NULL;
}

const char *json_path_text(const json_t *value, struct arena *a)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    switch (json_typeof(value)) {
    case JSON_STRING: return arena_strdup(a, json_string_value(value));
    case JSON_INTEGER: return arena_fmt(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_TRUE: return "True";
    case JSON_FALSE: return "False";
    case JSON_NULL: return "";
    case JSON_REAL:
        number_print(&out, json_real_value(value));
        return arena_strndup(a, buf_str(&out), out.n);
    default: jv_print(&out, value); return arena_strndup(a, buf_str(&out), out.n);
    }
}

int json_path_step(const char *text, const char *key, struct arena *a, const char **ret,
                   struct error *e)
{
    json_auto_t *json = json_path_parse(text);
    const json_t *found;
    int64_t index;

    if (json == NULL) return 0;
    if (json_is_array(json)) {
        if (!str_i64(key, INT32_MIN, INT32_MAX, &index)) return 0;
        if (index < 0) return fail(e, ERR_INVALID, "JSON array index %s is negative", key);
        found = json_array_get(json, (size_t)index);
    } else {
        found = json_object_get(json, key);
    }
    *ret = found ? json_path_text(found, a) : "";
    return 1;
}
