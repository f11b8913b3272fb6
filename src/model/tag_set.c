/* tag_set.c - tags that tenants and targets can have: kept for clients. See resource.h. */
#include "base/id.h"
#include "base/str.h"
#include "model/resource.h"
#include "model/shape.h"

static const struct field tag_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "name, unique in its set"},
    {"CanonicalTagName", FIELD_STRING, FIELD_READ_ONLY, .doc = "name of the set / name"},
    {"Color", FIELD_STRING, .fallback = "\"#333333\"", .doc = "its colour"},
    {"Description", FIELD_STRING, .fallback = "\"\"", .doc = "what it is for"},
    {"SortOrder", FIELD_INT, FIELD_KEEP, .fallback = "0", .doc = "place in lists"},
    {.name = NULL},
};

const struct field tag_set_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"SortOrder", FIELD_INT, FIELD_KEEP, .fallback = "0", .doc = "place in lists"},
    {"Type", FIELD_STRING, .fallback = "\"MultiSelect\"",
     .doc = "how many tags of it one can have"},
    {"Scopes", FIELD_LIST, .item = FIELD_STRING, .fallback = "[\"Tenant\"]",
     .doc = "what can have its tags"},
    {"Tags", FIELD_LIST, .item = FIELD_OBJECT, .fields = tag_fields, .doc = "its tags"},
    ROW_LINKS,
    {.name = NULL},
};

static void complete(json_t *doc)
{
    const char *name = jv_str(doc, "Name", "");
    json_t *one;
    size_t i;
    char id[UUID_SIZE];

    json_array_foreach (jv_get(doc, "Tags"), i, one) {
        if (str_blank(jv_str(one, "Id", NULL))) jv_set_str(one, "Id", id_uuid(id));
        jv_set(one, "CanonicalTagName", json_sprintf("%s/%s", name, jv_str(one, "Name", "")));
    }
}

static void check(const json_t *doc, struct problems *p)
{
    const json_t *tags = jv_get(doc, "Tags"), *one, *other;
    size_t i, k;

    json_array_foreach (tags, i, one)
        json_array_foreach (tags, k, other)
            if (k < i && str_same(jv_str(one, "Name", ""), jv_str(other, "Name", "")))
                problems_add(p, arena_fmt(p->arena, "/Tags/%zu/Name", i),
                             "the tag \"%s\" is there twice", jv_str(one, "Name", ""));
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/tagsets/{Id}"},
    {NULL, NULL},
};

const struct resource tag_set_resource = {
    .kind = "TagSets",
    .item_type = "TagSet",
    .noun = "Tag set",
    .route = "tagsets",
    .fields = tag_set_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_SORT,
    .complete = complete,
    .check = check,
};
