/* difference.c - see difference.h.
 *
 * Both documents are compared as they are stored and shown as their table encodes them: a secret is
 * stored as {"Sealed": text}, so that a new one is seen and no text of it is shown; members that
 * are not in the table are never looked at. Lists are compared place by place. */
#include "model/difference.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#define CONTEXT_MAX (64 * KiB)
#define VALUE_MAX 4096
#define DIFFERENCES_MAX 200

static bool is_secret(const json_t *v) { return json_is_object(v) && json_object_get(v, "Sealed"); }

/* No text of a secret, however deep; nothing long. New reference. */
static json_t *shown(const json_t *v)
{
    json_auto_t *copy = json_deep_copy(v);
    const char *name;
    json_t *item;
    size_t i;

    if (is_secret(v)) return json_pack("{s:b, s:n}", "HasValue", 1, "NewValue");
    if (json_is_object(copy)) {
        json_object_foreach ((json_t *)v, name, item) jv_set(copy, name, shown(item));
    } else if (json_is_array(copy)) {
        json_array_foreach (v, i, item) json_array_set_new(copy, i, shown(item));
    }
    return TAKE(copy);
}

static json_t *value_of(const json_t *v)
{
    json_auto_t *plain = shown(v);
    CLEANUP(freep) char *text = jv_text(plain);

    return strlen(text) > VALUE_MAX ? jv_string("(too long to be kept)") : TAKE(plain);
}

static void add(json_t *out, const char *op, const char *path, const json_t *value)
{
    if (json_array_size(out) >= DIFFERENCES_MAX) return;
    json_t *o = json_object();
    jv_set_str(o, "op", op);
    jv_set_str(o, "path", path);
    if (value) jv_set(o, "value", value_of(value));
    jv_push(out, o);
}

static void compare(json_t *out, struct arena *a, const char *path, const json_t *x,
                    const json_t *y);

static void compare_objects(json_t *out, struct arena *a, const char *path, const json_t *x,
                            const json_t *y)
{
    const char *name;
    json_t *v;

    json_object_foreach ((json_t *)x, name, v)
        compare(out, a, arena_fmt(a, "%s/%s", path, pointer_token(a, name)), v,
                json_object_get(y, name));
    json_object_foreach ((json_t *)y, name, v)
        if (json_object_get(x, name) == NULL)
            add(out, "add", arena_fmt(a, "%s/%s", path, pointer_token(a, name)), v);
}

static void compare_arrays(json_t *out, struct arena *a, const char *path, const json_t *x,
                           const json_t *y)
{
    size_t n = json_array_size(x), m = json_array_size(y);

    for (size_t i = 0; i < n && i < m; i++)
        compare(out, a, arena_fmt(a, "%s/%zu", path, i), json_array_get(x, i),
                json_array_get(y, i));
    for (size_t i = m; i < n; i++) add(out, "remove", arena_fmt(a, "%s/%zu", path, i), NULL);
    for (size_t i = n; i < m; i++)
        add(out, "add", arena_fmt(a, "%s/%zu", path, i), json_array_get(y, i));
}

static void compare(json_t *out, struct arena *a, const char *path, const json_t *x,
                    const json_t *y)
{
    if (y == NULL) add(out, "remove", path, NULL);
    else if (json_equal(x, y)) return;
    else if (json_is_object(x) && json_is_object(y) && !is_secret(x) && !is_secret(y))
        compare_objects(out, a, path, x, y);
    else if (json_is_array(x) && json_is_array(y)) compare_arrays(out, a, path, x, y);
    else add(out, "replace", path, y);
}

/* The document before, unless it is long. */
static json_t *context_of(const struct resource *r, const json_t *before)
{
    json_auto_t *doc = before ? schema_encode(r->fields, before) : json_null();
    CLEANUP(freep) char *text = jv_text(doc);

    return strlen(text) > CONTEXT_MAX ? json_null() : TAKE(doc);
}

json_t *difference_of(const struct resource *r, const json_t *before, const json_t *after)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_t *o = json_object(), *list = json_array();

    for (const struct field *f = r->fields; before && after && f->name; f++) {
        const json_t *x = json_object_get(before, f->name), *y = json_object_get(after, f->name);
        const char *path = arena_fmt(&a, "/%s", f->name);
        if (f->flags & FIELD_WRITE_ONLY) continue;
        if (x) compare(list, &a, path, x, y);
        else if (y) add(list, "add", path, y);
    }
    jv_set(o, "DocumentContext", context_of(r, before));
    jv_set(o, "Differences", list);
    return o;
}
