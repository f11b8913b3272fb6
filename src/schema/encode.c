/* encode.c - a stored document as clients see it: see schema.h.
 *
 * Only rows of the table appear, in its order; so a private member of the stored document cannot
 * leak, and a secret shows only that it is there. A value of an unexpected shape is replaced by its
 * default where the table says what the shape is. */
#include "base/str.h"
#include "schema/schema_priv.h"

static json_t *encode_object(const struct field *table, const json_t *stored);

static json_t *encode_sensitive(const struct field *row, const json_t *v)
{
    json_t *out;
    bool may_be_plain = row->secret || (row->flags & FIELD_PLAIN_TOO);

    if (v == NULL && (row->flags & FIELD_OMIT_NULL)) return json_null();
    if (json_is_string(v) && may_be_plain) return json_string(json_string_value(v));
    if (row->secret || (v == NULL && may_be_plain)) return json_null();
    bool has = json_is_string(v) || field_is_sealed(v) || jv_bool(v, "HasValue", false);
    out = json_object();
    jv_set_bool(out, "HasValue", has);
    jv_set_str(out, "NewValue", NULL);
    jv_set_str(out, "Hint", NULL);
    return out;
}

static json_t *encode_value(const struct field *row, const json_t *v);

static json_t *encode_list(const struct field *row, const json_t *v)
{
    struct field item = field_item(row);
    json_t *out = json_array(), *one;
    size_t i;

    json_array_foreach (v, i, one)
        if (row->item != FIELD_OBJECT || json_is_object(one))
            jv_push(out, encode_value(&item, not_null(one)));
    return out;
}

static json_t *encode_map(const struct field *row, const json_t *v)
{
    struct field item = field_item(row);
    json_t *out = json_object(), *one;
    const char *key;

    json_object_foreach ((json_t *)v, key, one)
        jv_set(out, key, encode_value(&item, not_null(one)));
    return out;
}

/* The value when it has the shape of the row, else NULL. */
static const json_t *in_shape(const struct field *row, const json_t *v)
{
    if (row->type == FIELD_LIST && !json_is_array(v)) return NULL;
    if ((row->type == FIELD_MAP || row->type == FIELD_OBJECT) && !json_is_object(v)) return NULL;
    return v;
}

static json_t *encode_value(const struct field *row, const json_t *v)
{
    json_auto_t *other = NULL;

    if (row->type == FIELD_SENSITIVE) return encode_sensitive(row, v);
    v = in_shape(row, v);
    if (v == NULL) {
        other = row->fallback ? field_fallback(row) : field_empty(row);
        if (json_is_null(other)) return json_null();
        v = other;
    }
    switch (row->type) {
    case FIELD_OBJECT: return encode_object(row->fields, v);
    case FIELD_LIST: return encode_list(row, v);
    case FIELD_MAP: return encode_map(row, v);
    default: return json_deep_copy(v);
    }
}

static json_t *encode_object(const struct field *table, const json_t *stored)
{
    json_t *out = json_object();

    for (const struct field *row = table; row->name; row++) {
        if (row->flags & FIELD_WRITE_ONLY) continue;
        json_t *sent = json_object_get(stored, row->name);
        /* What may be null and is stored so stays null; only what is missing has its default. */
        bool is_null = json_is_null(sent) && (row->flags & FIELD_NULLABLE);
        json_t *v = is_null ? json_null() : encode_value(row, not_null(sent));
        if (json_is_null(v) && (row->flags & FIELD_OMIT_NULL)) json_decref(v);
        else jv_set(out, row->name, v);
    }
    return out;
}

json_t *schema_encode(const struct field *table, const json_t *stored)
{
    return encode_object(table, stored);
}
