/* describe.c - a table as JSON schema in the dialect of OpenAPI 3.0 (nullable, readOnly,
 * writeOnly).
 *
 * Only what clients can rely on is said: types, choices, bounds, what is required in a request, and
 * the doc of each row. Equal tables give equal bytes. */
#include "schema/schema_priv.h"

static json_t *describe_value(const struct field *row);

static json_t *typed(const char *type)
{
    json_t *s = json_object();

    jv_set_str(s, "type", type);
    return s;
}

static void set_bounds(json_t *s, const struct field *row, const char *least, const char *most)
{
    if (row->min) jv_set_i64(s, least, row->min);
    if (row->max) jv_set_i64(s, most, row->max);
}

static json_t *describe_string(const struct field *row)
{
    json_t *s = typed("string");

    if (row->choices) {
        json_t *all = json_array();
        for (const char *const *c = row->choices; *c; c++) jv_push(all, json_string(*c));
        if (!(row->flags & FIELD_REQUIRED) && row->fallback == NULL) jv_push(all, json_null());
        jv_set(s, "enum", all);
    }
    set_bounds(s, row, "minLength", "maxLength");
    return s;
}

static json_t *describe_sensitive(const struct field *row)
{
    if (row->secret) return typed("string");
    json_t *s = typed("object"), *members = json_object(), *both;

    jv_set(members, "HasValue", typed("boolean"));
    jv_set(members, "NewValue", json_pack("{ss,sb}", "type", "string", "nullable", 1));
    jv_set(members, "Hint", json_pack("{ss,sb}", "type", "string", "nullable", 1));
    jv_set(s, "properties", members);
    if (!(row->flags & FIELD_PLAIN_TOO)) return s;
    both = json_array();
    jv_push(both, typed("string"));
    jv_push(both, s);
    s = json_object();
    jv_set(s, "oneOf", both);
    return s;
}

static json_t *describe_many(const struct field *row)
{
    struct field item = field_item(row);
    bool list = row->type == FIELD_LIST;
    json_t *s = typed(list ? "array" : "object");

    item.flags |= FIELD_REQUIRED; /* items are never null */
    jv_set(s, list ? "items" : "additionalProperties", describe_value(&item));
    if (list) set_bounds(s, row, "minItems", "maxItems");
    return s;
}

static json_t *describe_value(const struct field *row)
{
    json_t *s;

    switch (row->type) {
    case FIELD_STRING: return describe_string(row);
    case FIELD_INT:
        s = typed("integer");
        jv_set_str(s, "format", "int64");
        set_bounds(s, row, "minimum", "maximum");
        return s;
    case FIELD_BOOL: return typed("boolean");
    case FIELD_TIME:
        s = typed("string");
        jv_set_str(s, "format", "date-time");
        return s;
    case FIELD_SPAN:
        s = typed("string");
        jv_set_str(s, "pattern", "^(\\d+\\.)?\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,7})?$");
        return s;
    case FIELD_LIST:
    case FIELD_MAP: return describe_many(row);
    case FIELD_OBJECT: return schema_describe(row->fields);
    case FIELD_ANY: return json_object();
    case FIELD_SENSITIVE: return describe_sensitive(row);
    }
    ASSERT(!"a field type");
    return NULL;
}

static bool may_be_null(const struct field *row)
{
    if (row->flags & FIELD_REQUIRED) return false;
    if (row->flags & FIELD_NULLABLE || row->secret) return true;
    switch (row->type) {
    case FIELD_STRING:
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_SPAN:
    case FIELD_ANY: return row->fallback == NULL;
    default: return false;
    }
}

static json_t *describe_row(const struct field *row)
{
    json_t *s = describe_value(row), *fallback = field_fallback(row);

    jv_set_str(s, "description", row->doc);
    if (may_be_null(row)) jv_set_bool(s, "nullable", true);
    if (row->flags & FIELD_READ_ONLY) jv_set_bool(s, "readOnly", true);
    if (row->flags & FIELD_WRITE_ONLY) jv_set_bool(s, "writeOnly", true);
    if (fallback) jv_set(s, "default", fallback);
    return s;
}

json_t *schema_describe(const struct field *table)
{
    json_t *s = typed("object"), *members = json_object(), *required = json_array();

    for (const struct field *row = table; row->name; row++) {
        jv_set(members, row->name, describe_row(row));
        if (row->flags & FIELD_REQUIRED) jv_push(required, json_string(row->name));
    }
    jv_set(s, "properties", members);
    if (json_array_size(required)) jv_set(s, "required", required);
    else json_decref(required);
    return s;
}
