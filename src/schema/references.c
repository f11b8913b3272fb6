/* references.c - the ids that a document points to, found by the ref_kind rows of its table, and
 * the plain values of its FIELD_FILTER rows. Blank ones are none. */
#include <string.h>

#include "base/str.h"
#include "schema/schema_priv.h"

struct walk {
    struct references *out;
    const char *member, *pointer; /* of the object that holds the rows; "" at the top */
};

void references_add(struct references *out, struct reference r)
{
    if (str_blank(r.id)) return;
    r.member = arena_strdup(out->arena, r.member);
    r.id = arena_strdup(out->arena, r.id);
    r.pointer = arena_strdup(out->arena, r.pointer);
    *ARENA_ADD(out->arena, out) = r;
}

#define VALUE_BYTES_MAX 200 /* of a value that stands in an index */
const char *reference_value(struct arena *a, const char *value)
{
    CLEANUP(freep) char *fold = str_fold(value);

    size_t n = strnlen(fold, VALUE_BYTES_MAX);
    while (n > 0 && ((unsigned char)fold[n] & 0xC0) == 0x80) n--; /* whole characters only */
    return arena_strndup(a, fold, n);
}

void references_add_value(struct references *out, const char *member, const char *value)
{
    references_add(out, (struct reference){.member = member,
                                           .id = value ? reference_value(out->arena, value) : NULL,
                                           .pointer = "/"});
}

static void walk_object(const struct walk *w, const struct field *table, const json_t *doc);

static void add(const struct walk *at, const struct field *row, const json_t *v)
{
    if (row->ref_kind == NULL)
        references_add_value(at->out, at->member,
                             json_is_boolean(v) ? json_is_true(v) ? "true" : "false"
                                                : json_string_value(v));
    else if (json_is_string(v))
        references_add(at->out, (struct reference){.member = at->member,
                                                   .id = json_string_value(v),
                                                   .kind = row->ref_kind,
                                                   .pointer = at->pointer,
                                                   .restricts = !(row->flags & FIELD_WEAK)});
}

static void walk_value(const struct walk *at, const struct field *row, const json_t *v)
{
    struct arena *a = at->out->arena;
    const json_t *one;
    const char *key;
    size_t i;

    bool listed = row->ref_kind || (row->flags & FIELD_FILTER);
    if (listed && row->type != FIELD_LIST) add(at, row, v);
    if (row->type == FIELD_OBJECT) walk_object(at, row->fields, v);
    if (row->type == FIELD_MAP && row->item == FIELD_OBJECT)
        json_object_foreach ((json_t *)v, key, one) {
            struct walk item = {at->out, at->member,
                                arena_fmt(a, "%s/%s", at->pointer, pointer_token(a, key))};
            walk_object(&item, row->fields, one);
        }
    if (row->type == FIELD_LIST && (listed || row->item == FIELD_OBJECT))
        json_array_foreach (v, i, one) {
            struct walk item = {at->out, at->member, arena_fmt(a, "%s/%zu", at->pointer, i)};
            if (listed) add(&item, row, one);
            else walk_object(&item, row->fields, one);
        }
}

static void walk_object(const struct walk *w, const struct field *table, const json_t *doc)
{
    struct arena *a = w->out->arena;

    for (const struct field *row = table; row->name; row++) {
        const json_t *v = not_null(json_object_get(doc, row->name));
        bool listed = row->ref_kind || (row->flags & FIELD_FILTER);
        if (v == NULL || (!listed && row->fields == NULL)) continue;
        struct walk at = {w->out,
                          arena_fmt(a, "%s%s%s", w->member, w->member[0] ? "." : "", row->name),
                          arena_fmt(a, "%s/%s", w->pointer, row->name)};
        walk_value(&at, row, v);
    }
}

void schema_references(const struct field *table, const json_t *doc, struct references *out)
{
    struct walk top = {out, "", ""};

    walk_object(&top, table, doc);
}
