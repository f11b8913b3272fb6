/* decode.c - a client's document through its table: see schema.h for the rules.
 *
 * The decoder goes on after a mistake, with the member's default in its place, so that all mistakes
 * are found in one pass; the result is dropped then. Where it is in the document is a chain of
 * `place`s on the stack, spelled out as a JSON pointer only for a problem. `kept` is always what is
 * stored at the same place, NULL when nothing is. Values of sensitive and write-only rows never
 * appear in a message. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"
#include "schema/schema_priv.h"

struct place {
    const struct place *up; /* NULL: the document itself */
    const char *name;       /* NULL: an item of a list */
    size_t index;
};
struct decoder {
    const struct sealer *sealer;
    struct problems *p;
};

static json_t *decode_object(struct decoder *d, const struct place *at, const struct field *table,
                             const json_t *sent, const json_t *kept);

const char *pointer_token(struct arena *a, const char *name)
{
    char *out = arena_alloc(a, size_add(size_mul(strlen(name), 2), 1)), *to = out;

    for (; *name; name++) {
        bool escape = *name == '~' || *name == '/';
        if (escape) *to++ = '~';
        *to++ = !escape ? *name : *name == '~' ? '0' : '1';
    }
    return out;
}

static const char *pointer(struct arena *a, const struct place *at)
{
    if (at->up == NULL) return "";
    const char *before = pointer(a, at->up);
    if (at->name) return arena_fmt(a, "%s/%s", before, pointer_token(a, at->name));
    return arena_fmt(a, "%s/%zu", before, at->index);
}

/* Adds a problem. Places are spelled out only for those that are kept: a hostile document can have
 * millions of mistakes. */
#define PROBLEM(d, at, ...)                                                                       \
    ((d)->p->total < PROBLEMS_MAX ? problems_add((d)->p, pointer((d)->p->arena, at), __VA_ARGS__) \
                                  : (void)(d)->p->total++)

/* The value as it was sent, shortened, for a message. */
#define SHOWN_SIZE 64
static const char *shown(const struct field *row, const json_t *v, char out[SHOWN_SIZE])
{
    if (row->type == FIELD_SENSITIVE || (row->flags & FIELD_WRITE_ONLY)) return "the value";
    if (json_is_object(v)) return "an object";
    if (json_is_array(v)) return "a list";
    CLEANUP(freep) char *text = jv_text(v);
    CLEANUP(buf_done) struct buf cut = BUF_INIT(BUF_UNBOUNDED);
    struct str rest = str_of(text);
    uint32_t rune;

    while (cut.n < SHOWN_SIZE - 9 && utf8_next(&rest, &rune)) utf8_put(&cut, rune);
    snprintf(out, SHOWN_SIZE, "%s%s", buf_str(&cut), rest.n ? "..." : "");
    return out;
}

static void refuse(struct decoder *d, const struct place *at, const struct field *row,
                   const json_t *v, const char *allowed)
{
    char text[SHOWN_SIZE];

    PROBLEM(d, at, "%s is not %s", shown(row, v, text), allowed); /* shown only when kept */
}

static json_t *decode_choice(struct decoder *d, const struct place *at, const struct field *row,
                             const json_t *sent)
{
    const char *s = json_string_value(sent);
    CLEANUP(buf_done) struct buf all = BUF_INIT(400);

    for (const char *const *c = row->choices; *c; c++) {
        if (str_same(*c, s)) return json_string(*c);
        buf_addf(&all, "%s%s", all.n ? ", " : "one of ", *c);
    }
    refuse(d, at, row, sent, buf_str(&all));
    return json_null();
}

static json_t *decode_string(struct decoder *d, const struct place *at, const struct field *row,
                             json_t *sent)
{
    if (!json_is_string(sent)) return refuse(d, at, row, sent, "a text"), json_null();
    if (strlen(json_string_value(sent)) != json_string_length(sent))
        return PROBLEM(d, at, "the text contains a NUL character"), json_null();
    if (row->choices) return decode_choice(d, at, row, sent);
    if (row->min || row->max) {
        size_t n = utf8_length(json_string_value(sent));
        if (row->max && n > (size_t)row->max)
            PROBLEM(d, at, "has %zu characters, at most %d are allowed", n, (int)row->max);
        if (n < (size_t)row->min)
            PROBLEM(d, at, "has %zu characters, at least %d are needed", n, (int)row->min);
    }
    return json_incref(sent);
}

static json_t *decode_int(struct decoder *d, const struct place *at, const struct field *row,
                          const json_t *sent)
{
    bool bounded = row->min || row->max;
    int64_t v = 0, max = row->max ? row->max : INT64_MAX;
    double real = json_real_value(sent);
    char allowed[80] = "a whole number";
    bool good = json_is_integer(sent);

    if (good) v = json_integer_value(sent);
    else if (json_is_string(sent))
        good = str_i64(json_string_value(sent), INT64_MIN, INT64_MAX, &v);
    else if (json_is_real(sent) && fabs(real) < 9e15 && real == floor(real))
        good = true, v = (int64_t)real;
    if (good && (!bounded || (v >= row->min && v <= max))) return json_integer(v);
    if (bounded && row->max)
        snprintf(allowed, sizeof(allowed), "a whole number from %lld to %lld", (long long)row->min,
                 (long long)row->max);
    else if (bounded)
        snprintf(allowed, sizeof(allowed), "a whole number of at least %lld", (long long)row->min);
    refuse(d, at, row, sent, allowed);
    return json_null();
}

static json_t *decode_bool(struct decoder *d, const struct place *at, const struct field *row,
                           const json_t *sent)
{
    const char *s = json_string_value(sent);

    if (json_is_boolean(sent)) return json_boolean(json_is_true(sent));
    if (s && str_same(s, "true")) return json_true();
    if (s && str_same(s, "false")) return json_false();
    refuse(d, at, row, sent, "true or false");
    return json_false();
}

/* Times and spans are kept as they were sent, so that clients read what they wrote. */
static json_t *decode_clock(struct decoder *d, const struct place *at, const struct field *row,
                            json_t *sent)
{
    bool span = row->type == FIELD_SPAN;
    const char *s = json_string_value(sent);
    int64_t ms;

    if (s && (span ? time_parse_span(s, &ms) : time_parse_iso(s, &ms))) return json_incref(sent);
    refuse(d, at, row, sent,
           span ? "a time span like 1.00:05:00" : "a time like 2016-09-10T12:00:25.647+00:00");
    return json_null();
}

static json_t *sealed(struct decoder *d, const char *plain)
{
    json_t *o = json_object();

    ASSERT(d->sealer != NULL);
    CLEANUP(freep) char *text = d->sealer->seal(d->sealer->ctx, plain);
    jv_set_str(o, "Sealed", text);
    return o;
}

static json_t *keep_secret(const json_t *kept)
{
    return field_is_sealed(kept) ? json_deep_copy(kept) : json_null();
}

/* {"HasValue", "NewValue", "Hint"}; Hint is ignored. */
static json_t *decode_secret_object(struct decoder *d, const struct place *at,
                                    const struct field *row, const json_t *sent, const json_t *kept)
{
    const json_t *value = not_null(jv_get(sent, "NewValue"));

    if (value && !json_is_string(value))
        return PROBLEM(d, at, "NewValue of the sensitive value is not a text"), json_null();
    if (json_string_length(value)) return sealed(d, json_string_value(value));
    if (jv_bool(sent, "HasValue", false) && !field_is_sealed(kept))
        return PROBLEM(d, at, "HasValue is true, but no value is stored: send it as NewValue"),
               json_null();
    return jv_bool(sent, "HasValue", true) ? keep_secret(kept) : json_null();
}

/* A text, or what other clients write for one in a bag of texts. */
static json_t *decode_plain(struct decoder *d, const struct place *at, json_t *sent)
{
    if (json_is_string(sent)) return json_incref(sent);
    if (json_is_boolean(sent)) return json_string(json_is_true(sent) ? "True" : "False");
    if (json_is_integer(sent))
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(sent));
    PROBLEM(d, at, "the value is neither a text nor a sensitive value");
    return json_null();
}

static json_t *decode_sensitive(struct decoder *d, const struct place *at, const struct field *row,
                                const json_t *owner, json_t *sent, const json_t *kept)
{
    if (row->secret && !row->secret(owner)) return sent ? decode_plain(d, at, sent) : json_null();
    if (sent == NULL) return keep_secret(kept);
    if (json_is_object(sent)) return decode_secret_object(d, at, row, sent, kept);
    if (row->secret && json_is_string(sent))
        return json_string_length(sent) ? sealed(d, json_string_value(sent)) : keep_secret(kept);
    if (row->flags & FIELD_PLAIN_TOO) return decode_plain(d, at, sent);
    PROBLEM(d, at,
            "the value is not a sensitive value like {\"HasValue\": true, \"NewValue\": "
            "\"...\"}");
    return json_null();
}

/* The stored items of a list, to find the one that belongs to an item sent: see schema.h. The maps
 * are made when the first item is not where it was. */
struct keeper {
    const json_t *kept; /* NULL: nothing to find */
    bool has_id, has_name;
    struct map *by_id, *by_name;
};

static void keeper_done(struct keeper *k)
{
    map_free(k->by_id, NULL);
    map_free(k->by_name, NULL);
}

static void put_first(struct map *m, const json_t *item, const char *member)
{
    const char *key = jv_str(item, member, "");

    if (key[0] && map_get(m, key) == NULL) map_put(m, key, (void *)item);
}

static void keeper_index(struct keeper *k)
{
    const json_t *v;
    size_t i;

    if (k->by_id) return;
    k->by_id = map_new(false);
    k->by_name = map_new(true);
    json_array_foreach (k->kept, i, v) {
        if (k->has_id) put_first(k->by_id, v, "Id");
        if (k->has_name) put_first(k->by_name, v, "Name");
    }
}

static const json_t *keeper_find(struct keeper *k, const json_t *sent, size_t index)
{
    const char *id = k->has_id ? jv_str(sent, "Id", "") : "";
    const char *name = k->has_name ? jv_str(sent, "Name", "") : "";
    const json_t *there = json_array_get(k->kept, index);

    if (k->kept == NULL || (!k->has_id && !k->has_name)) return there;
    if (id[0] && strcmp(jv_str(there, "Id", ""), id) == 0) return there;
    keeper_index(k);
    return id[0] ? map_get(k->by_id, id) : map_get(k->by_name, name);
}

static json_t *decode_value(struct decoder *d, const struct place *at, const struct field *row,
                            const json_t *owner, json_t *sent, const json_t *kept);

static json_t *decode_list(struct decoder *d, const struct place *at, const struct field *row,
                           const json_t *sent, const json_t *kept)
{
    struct field item = field_item(row);
    bool objects = row->item == FIELD_OBJECT;
    CLEANUP(keeper_done)
    struct keeper keeper = {.kept = objects && json_is_array(kept) ? kept : NULL,
                            .has_id = objects && field_find(row->fields, "Id"),
                            .has_name = objects && field_find(row->fields, "Name")};
    json_t *out = json_array(), *v;
    size_t i, n;

    if (!json_is_array(sent)) return refuse(d, at, row, sent, "a list"), out;
    json_array_foreach (sent, i, v) {
        struct place here = {.up = at, .index = i};
        if (!json_is_null(v))
            jv_push(out, decode_value(d, &here, &item, NULL, v, keeper_find(&keeper, v, i)));
    }
    n = json_array_size(out);
    if (row->max && n > (size_t)row->max)
        PROBLEM(d, at, "has %zu items, at most %d are allowed", n, (int)row->max);
    if (n < (size_t)row->min)
        PROBLEM(d, at, "has %zu items, at least %d are needed", n, (int)row->min);
    return out;
}

static json_t *decode_map(struct decoder *d, const struct place *at, const struct field *row,
                          json_t *sent, const json_t *kept)
{
    struct field item = field_item(row);
    json_t *out = json_object(), *v;
    const char *key;

    if (!json_is_object(sent)) return refuse(d, at, row, sent, "an object"), out;
    json_object_foreach (sent, key, v) {
        struct place here = {.up = at, .name = key};
        if (key[0] == '\0') PROBLEM(d, &here, "the name is empty");
        if (json_is_null(v)) continue;
        v = decode_value(d, &here, &item, NULL, v, json_object_get(kept, key));
        if (json_is_null(v)) json_decref(v);
        else jv_set(out, key, v);
    }
    return out;
}

/* ${sent} is there and not null (except of a SENSITIVE); the result is a new reference. */
static json_t *decode_value(struct decoder *d, const struct place *at, const struct field *row,
                            const json_t *owner, json_t *sent, const json_t *kept)
{
    switch (row->type) {
    case FIELD_STRING: return decode_string(d, at, row, sent);
    case FIELD_INT: return decode_int(d, at, row, sent);
    case FIELD_BOOL: return decode_bool(d, at, row, sent);
    case FIELD_TIME:
    case FIELD_SPAN: return decode_clock(d, at, row, sent);
    case FIELD_LIST: return decode_list(d, at, row, sent, kept);
    case FIELD_OBJECT:
        if (!json_is_object(sent)) refuse(d, at, row, sent, "an object");
        return decode_object(d, at, row->fields, sent, kept);
    case FIELD_MAP: return decode_map(d, at, row, sent, kept);
    case FIELD_ANY: return json_deep_copy(sent);
    case FIELD_SENSITIVE: return decode_sensitive(d, at, row, owner, sent, kept);
    }
    ASSERT(!"a field type");
    return NULL;
}

/* Clients write "" for none where an empty text has no meaning. */
static bool stands_for_none(const struct field *row, const json_t *v)
{
    bool blank_is_none = row->choices || row->ref_kind || (row->flags & FIELD_BLANK_NULL) ||
                         row->type == FIELD_INT || row->type == FIELD_TIME ||
                         row->type == FIELD_SPAN;

    return row->type != FIELD_SENSITIVE && blank_is_none && json_is_string(v) &&
           str_blank(json_string_value(v));
}

static json_t *default_of(struct decoder *d, const struct place *at, const struct field *row,
                          const json_t *owner, const json_t *kept)
{
    json_auto_t *v = field_fallback(row);

    if (v == NULL) v = field_empty(row);
    if (json_is_null(v)) return json_null();
    return decode_value(d, at, row, owner, v, kept);
}

static bool empty(const json_t *v)
{
    return json_is_null(v) || (json_is_string(v) && str_blank(json_string_value(v))) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

static json_t *decode_sent(struct decoder *d, const struct place *at, const struct field *row,
                           const json_t *owner, json_t *sent, const json_t *kept)
{
    if (sent && !(row->flags & FIELD_READ_ONLY)) return decode_value(d, at, row, owner, sent, kept);
    if (row->type == FIELD_SENSITIVE) return decode_sensitive(d, at, row, owner, NULL, kept);
    return default_of(d, at, row, owner, kept);
}

static json_t *decode_member(struct decoder *d, const struct place *at, const struct field *row,
                             const json_t *owner, const json_t *stored)
{
    json_t *sent = not_null(jv_get(owner, row->name)), *v;
    const json_t *kept = json_object_get(stored, row->name);
    bool read_only = row->flags & FIELD_READ_ONLY,
         required = (row->flags & FIELD_REQUIRED) && !read_only;
    size_t before = d->p->total;

    if (kept && (read_only || (row->flags & FIELD_CREATE_ONLY))) return json_deep_copy(kept);
    if (sent && stands_for_none(row, sent)) sent = NULL;
    if (sent == NULL && kept && (row->flags & FIELD_KEEP)) return json_deep_copy(kept);
    if (required && sent == NULL && row->type != FIELD_SENSITIVE)
        return PROBLEM(d, at, "is required"), json_null();
    v = decode_sent(d, at, row, owner, sent, kept);
    /* what is left after decoding counts: [null] is an empty list */
    if (required && empty(v) && d->p->total == before) PROBLEM(d, at, "is required");
    return v;
}

static json_t *decode_object(struct decoder *d, const struct place *at, const struct field *table,
                             const json_t *sent, const json_t *kept)
{
    json_t *out = json_object();

    for (const struct field *row = table; row->name; row++) {
        struct place here = {.up = at, .name = row->name};
        jv_set(out, row->name, decode_member(d, &here, row, sent, kept));
    }
    return out;
}

int schema_decode(const struct field *table, const json_t *in, const json_t *stored,
                  const struct sealer *sealer, json_t **ret, struct problems *p)
{
    struct decoder d = {.sealer = sealer, .p = p};
    struct place top = {.up = NULL};
    size_t before = p->total;

    if (!json_is_object(in)) {
        problems_add(p, "", "the document is not an object");
        return -1;
    }
    json_auto_t *out = decode_object(&d, &top, table, in, stored);
    if (p->total > before) return -1;
    *ret = json_incref(out);
    return 0;
}
