/* json.h - JSON by jansson: parsing with limits, getters that name the member, output without
 * surprises.
 *
 * json_t is jansson's own type (reference counted; `json_auto_t *` releases at scope end). Parsed
 * texts have no duplicate keys, no NUL, depth <= 64. Any thread, one thread per value. */
#ifndef BASE_JSON_H
#define BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define JSON_DEPTH_MAX 64
/** Parses ${n} bytes as any JSON value. ERR_INVALID with line and column; the caller owns the
 * result. */
int jv_parse(const char *text, size_t n, json_t **ret, struct error *e) MUST_USE;
/** Appends compact JSON. */
void jv_print(struct buf *out, const json_t *v);
/** The compact text; caller frees. */
char *jv_text(const json_t *v);

/** Member of an object by name as written, then ignoring ASCII case; NULL when absent. Borrowed. */
json_t *jv_get(const json_t *object, const char *name);
/** Text of a member, ${otherwise} when absent, null or no string. Borrowed. */
const char *jv_str(const json_t *object, const char *name, const char *otherwise);
int64_t jv_i64(const json_t *object, const char *name, int64_t otherwise);
bool jv_bool(const json_t *object, const char *name, bool otherwise);
/** Is ${text} one of the texts of ${array}? */
bool jv_has(const json_t *array, const char *text);
/** String value, or JSON null for NULL. New reference. */
json_t *jv_string(const char *s);
/** Sets ${name} to a string, null when ${s} is NULL. */
void jv_set_str(json_t *object, const char *name, const char *s);
void jv_set_i64(json_t *object, const char *name, int64_t v);
void jv_set_bool(json_t *object, const char *name, bool v);
/** Sets an ISO time, null when ${ms} is 0. */
void jv_set_time(json_t *object, const char *name, int64_t ms);
/** Sets ${name}; takes over the reference. */
void jv_set(json_t *object, const char *name, json_t *v);
/** Appends to an array; takes over the reference. */
void jv_push(json_t *array, json_t *v);
/** Appends ${s} as a JSON string literal with quotes (${n} bytes of valid UTF-8). */
void jv_quote(struct buf *out, const char *s, size_t n);
#endif
