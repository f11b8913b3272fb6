/* references.c - the ids that a document points to, found by the ref_kind rows of its table. Blank
 * ids are none. */
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

static void walk_object(const struct walk *w, const struct field *table, const json_t *doc);

static void add(const struct walk *at, const struct field *row, const json_t *v)
{
    if (json_is_string(v))
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

    if (row->ref_kind && row->type == FIELD_STRING) add(at, row, v);
    if (row->type == FIELD_OBJECT) walk_object(at, row->fields, v);
    if (row->type == FIELD_MAP && row->item == FIELD_OBJECT)
        json_object_foreach ((json_t *)v, key, one) {
            struct walk item = {at->out, at->member,
                                arena_fmt(a, "%s/%s", at->pointer, pointer_token(a, key))};
            walk_object(&item, row->fields, one);
        }
    if (row->type == FIELD_LIST && (row->ref_kind || row->item == FIELD_OBJECT))
        json_array_foreach (v, i, one) {
            struct walk item = {at->out, at->member, arena_fmt(a, "%s/%zu", at->pointer, i)};
            if (row->ref_kind) add(&item, row, one);
            else walk_object(&item, row->fields, one);
        }
}

static void walk_object(const struct walk *w, const struct field *table, const json_t *doc)
{
    struct arena *a = w->out->arena;

    for (const struct field *row = table; row->name; row++) {
        const json_t *v = not_null(json_object_get(doc, row->name));
        if (v == NULL || (row->ref_kind == NULL && row->fields == NULL)) continue;
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
