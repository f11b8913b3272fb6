/* field.c - rows of a table: lookup, defaults, and the self-check.
 *
 * The check runs at start over every table, so that a mistake in one is found by starting the
 * server once and not by the client that first sends the member. */
#include "schema/field.h"

#include <string.h>

#include "base/str.h"
#include "schema/schema_priv.h"

const struct field *field_find(const struct field *table, const char *name)
{
    for (const struct field *row = table; row->name; row++)
        if (str_same(row->name, name)) return row;
    return NULL;
}

struct field field_item(const struct field *row)
{
    return (struct field){.name = row->name,
                          .type = row->item,
                          .flags = row->flags & FIELD_PLAIN_TOO,
                          .doc = row->doc,
                          .choices = row->choices,
                          .fields = row->fields,
                          .ref_kind = row->ref_kind};
}

json_t *field_fallback(const struct field *row)
{
    json_t *v = NULL;
    struct error e;

    if (row->fallback == NULL) return NULL;
    ASSERT(jv_parse(row->fallback, strlen(row->fallback), &v, &e) == 0);
    return v;
}

json_t *field_empty(const struct field *row)
{
    if (row->flags & FIELD_NULLABLE) return json_null();
    switch (row->type) {
    case FIELD_BOOL: return json_false();
    case FIELD_LIST: return json_array();
    case FIELD_MAP:
    case FIELD_OBJECT: return json_object();
    default: return json_null();
    }
}

bool field_is_sealed(const json_t *v)
{
    return json_is_object(v) && json_is_string(json_object_get(v, "Sealed"));
}

static int wrong(const char *table, const struct field *row, const char *why, struct error *e)
{
    return fail(e, ERR_INTERNAL, "field table %s, row %s: %s", table, row->name, why);
}

/* What only one type may have, and what a type must have. */
static int check_shape(const char *name, const struct field *row, struct error *e)
{
    bool many = row->type == FIELD_LIST || row->type == FIELD_MAP;
    enum field_type one = many ? row->item : row->type;

    if (row->doc == NULL || row->doc[0] == '\0') return wrong(name, row, "has no doc", e);
    if (many && (row->item == FIELD_LIST || row->item == FIELD_MAP))
        return wrong(name, row, "holds lists or maps; describe them as any", e);
    if ((one == FIELD_OBJECT) != (row->fields != NULL))
        return wrong(name, row, "an object has fields, nothing else has", e);
    if (row->choices && one != FIELD_STRING) return wrong(name, row, "only texts have choices", e);
    if (row->ref_kind && (one != FIELD_STRING || row->type == FIELD_MAP))
        return wrong(name, row, "only a text or a list of texts refers to something", e);
    if (row->secret && row->type != FIELD_SENSITIVE)
        return wrong(name, row, "only a sensitive row asks what is secret", e);
    if (row->max && row->min > row->max) return wrong(name, row, "min is more than max", e);
    if ((row->flags & FIELD_WEAK) && row->ref_kind == NULL)
        return wrong(name, row, "is weak but refers to nothing", e);
    if ((row->flags & FIELD_FILTER) &&
        (row->ref_kind || (one != FIELD_STRING && row->type != FIELD_BOOL)))
        return wrong(name, row, "only a plain text or flag narrows lists", e);
    if ((row->flags & FIELD_READ_ONLY) && (row->flags & (FIELD_WRITE_ONLY | FIELD_CREATE_ONLY)))
        return wrong(name, row, "is read-only and writable", e);
    return 0;
}

/* A document without the member must be valid: decoding it may not complain. */
static int check_default(const char *name, const struct field *row, struct error *e)
{
    CLEANUP(arena_done) struct arena arena = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&arena);
    struct field only[2] = {*row, {.name = NULL}};
    json_auto_t *in = json_object(), *out = NULL, *fallback = NULL;
    struct error parse;

    if (row->fallback && jv_parse(row->fallback, strlen(row->fallback), &fallback, &parse) < 0)
        return wrong(name, row, "the fallback is no JSON", e);
    if (row->flags & FIELD_REQUIRED) return 0;
    if (schema_decode(only, in, NULL, NULL, &out, &p) == 0) return 0;
    return fail(e, ERR_INTERNAL, "field table %s, row %s: its default is refused: %s: %s", name,
                row->name, p.items[0].pointer, p.items[0].message);
}

int field_check(const char *name, const struct field *table, struct error *e)
{
    for (const struct field *row = table; row->name; row++) {
        if (field_find(table, row->name) != row) return wrong(name, row, "is there twice", e);
        if (check_shape(name, row, e) < 0) return -1;
        if (row->fields) {
            CLEANUP(freep) char *inner = xasprintf("%s.%s", name, row->name);
            if (field_check(inner, row->fields, e) < 0) return -1;
        }
        if (check_default(name, row, e) < 0) return -1;
    }
    return 0;
}
