/* encode.c - what clients see of a stored document, and what a table says of itself. */
#include "schema/schema.h"
#include "tests/lib/tap.h"

#include "base/str.h"

static bool always(const json_t *owner) { return true; }

static const char *const colours[] = {"Red", "Blue", NULL};
static const struct field part_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    {"PoolId", FIELD_STRING, FIELD_WEAK, .ref_kind = "Pools", .doc = "pool"},
    {"Properties", FIELD_MAP, FIELD_PLAIN_TOO, .item = FIELD_SENSITIVE, .doc = "bag"},
    {.name = NULL},
};
static const struct field table[] = {
    {"Id", FIELD_STRING, FIELD_READ_ONLY, .doc = "id"},
    {"Colour", FIELD_STRING, .choices = colours, .fallback = "\"Red\"", .doc = "colour"},
    {"Count", FIELD_INT, .min = 1, .max = 9, .fallback = "3", .doc = "count"},
    {"Maybe", FIELD_BOOL, FIELD_NULLABLE, .doc = "flag or null"},
    {"Uri", FIELD_STRING, FIELD_OMIT_NULL, .doc = "left out when null"},
    {"Pools", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_STRING, .ref_kind = "Pools",
     .doc = "pools"},
    {"Parts", FIELD_LIST, .item = FIELD_OBJECT, .fields = part_fields, .doc = "parts"},
    {"Password", FIELD_SENSITIVE, .doc = "secret"},
    {"Value", FIELD_SENSITIVE, .secret = always, .doc = "secret value"},
    {"Once", FIELD_STRING, FIELD_WRITE_ONLY, .doc = "never shown"},
    {.name = NULL},
};

static json_t *parse(const char *text)
{
    json_t *v = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

static void expect_encoded(const char *stored, const char *wanted)
{
    json_auto_t *in = parse(stored), *out = schema_encode(table, in);
    CLEANUP(freep) char *text = jv_text(out);

    EXPECT_STR(text, wanted);
}

TEST(members_come_in_table_order_with_defaults_for_what_is_missing)
{
    expect_encoded("{}", "{\"Id\":null,\"Colour\":\"Red\",\"Count\":3,\"Maybe\":null,\"Pools\":[],"
                         "\"Parts\":[],\"Password\":{\"HasValue\":false,\"NewValue\":null,\"Hint\":"
                         "null},\"Value\":null}");
    expect_encoded("{\"Parts\":[{\"Name\":\"a\"}],\"Count\":4,\"Uri\":\"u\",\"Id\":\"1\"}",
                   "{\"Id\":\"1\",\"Colour\":\"Red\",\"Count\":4,\"Maybe\":null,\"Uri\":\"u\","
                   "\"Pools\":[],\"Parts\":[{\"Name\":\"a\",\"PoolId\":null,\"Properties\":{}}],"
                   "\"Password\":{\"HasValue\":false,\"NewValue\":null,\"Hint\":null},\"Value\":"
                   "null}");
}

TEST(no_secret_no_private_member_and_no_write_only_member_is_shown)
{
    static const char stored[] =
        "{\"Password\":{\"Sealed\":\"topsecret\"},\"Value\":{\"Sealed\":\"topsecret\"},\"Once\":"
        "\"topsecret\",\"Private\":\"topsecret\",\"Parts\":[{\"Name\":\"a\",\"Properties\":{\"p\":"
        "{\"Sealed\":\"topsecret\"},\"q\":\"shown\"},\"Hash\":\"topsecret\"},\"topsecret\"]}";
    json_auto_t *in = parse(stored), *out = schema_encode(table, in);
    CLEANUP(freep) char *text = jv_text(out);

    EXPECT(strstr(text, "topsecret") == NULL);
    EXPECT(
        strstr(text, "\"p\":{\"HasValue\":true,\"NewValue\":null,\"Hint\":null},\"q\":\"shown\""));
    EXPECT(strstr(text, "\"Password\":{\"HasValue\":true,"));
    EXPECT(strstr(text, "\"Value\":null"));
    EXPECT(strstr(text, "Once") == NULL && strstr(text, "Private") == NULL);
}

TEST(a_plain_text_in_the_place_of_a_secret_is_not_shown_either)
{
    json_auto_t *in = parse("{\"Password\":\"topsecret\"}"), *out = schema_encode(table, in);
    CLEANUP(freep) char *text = jv_text(out);

    EXPECT(strstr(text, "topsecret") == NULL);
}

TEST(references_are_found_with_member_kind_and_place)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct references refs = REFERENCES_INIT(&a);
    json_auto_t *doc =
        parse("{\"Pools\":[\"Pools-1\",\"\",\"Pools-2\"],\"Parts\":[{\"PoolId\":null},"
              "{\"PoolId\":\"Pools-3\"}]}");

    schema_references(table, doc, &refs);
    EXPECT_INT(refs.n, 3);
    EXPECT_STR(refs.items[0].member, "Pools");
    EXPECT_STR(refs.items[0].id, "Pools-1");
    EXPECT_STR(refs.items[0].kind, "Pools");
    EXPECT(refs.items[0].restricts);
    EXPECT_STR(refs.items[1].pointer, "/Pools/2");
    EXPECT_STR(refs.items[2].member, "Parts.PoolId");
    EXPECT_STR(refs.items[2].pointer, "/Parts/1/PoolId");
    EXPECT(!refs.items[2].restricts);
}

TEST(plain_values_that_lists_are_narrowed_by_are_references_without_kind_in_any_case)
{
    static const struct field filtered[] = {
        {"Style", FIELD_STRING, FIELD_FILTER, .doc = "d"},
        {"IsDisabled", FIELD_BOOL, FIELD_FILTER, .doc = "d"},
        {"Roles", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "d"},
        {.name = NULL},
    };
    static const char *const wanted[] = {"ssh", "false", "web", "\303\244rger"};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct references refs = REFERENCES_INIT(&a);
    json_auto_t *doc = parse("{\"Style\":\"Ssh\",\"IsDisabled\":false,"
                             "\"Roles\":[\"web\",\"\",\"\303\204rger\"]}");

    schema_references(filtered, doc, &refs);
    EXPECT_INT(refs.n, ARRAY_LEN(wanted));
    for (size_t i = 0; i < refs.n; i++) {
        EXPECT_STR(refs.items[i].id, wanted[i]);
        EXPECT(refs.items[i].kind == NULL && !refs.items[i].restricts);
    }
    EXPECT_STR(refs.items[3].member, "Roles");
}

TEST(a_plain_value_is_compared_by_its_beginning_and_never_cut_within_a_character)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    buf_addc(&text, 'x');
    for (int i = 0; i < 200; i++) buf_adds(&text, "\303\244");
    EXPECT_INT(strlen(reference_value(&a, buf_str(&text))), 199);
}

TEST(a_table_describes_itself_as_json_schema)
{
    json_auto_t *s = schema_describe(table);
    const json_t *members = jv_get(s, "properties");
    CLEANUP(freep) char *colour = jv_text(jv_get(members, "Colour"));
    CLEANUP(freep) char *count = jv_text(jv_get(members, "Count"));
    CLEANUP(freep) char *id = jv_text(jv_get(members, "Id"));
    CLEANUP(freep) char *once = jv_text(jv_get(members, "Once"));
    CLEANUP(freep) char *required = jv_text(jv_get(s, "required"));
    const json_t *bag =
        jv_get(jv_get(jv_get(jv_get(members, "Parts"), "items"), "properties"), "Properties");

    EXPECT_STR(jv_str(s, "type", ""), "object");
    EXPECT_STR(colour,
               "{\"type\":\"string\",\"enum\":[\"Red\",\"Blue\"],\"description\":\"colour\","
               "\"default\":\"Red\"}");
    EXPECT_STR(count, "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":9,"
                      "\"description\":\"count\",\"default\":3}");
    EXPECT_STR(id,
               "{\"type\":\"string\",\"description\":\"id\",\"nullable\":true,\"readOnly\":true}");
    EXPECT_STR(
        once,
        "{\"type\":\"string\",\"description\":\"never shown\",\"nullable\":true,\"writeOnly\":"
        "true}");
    EXPECT_STR(required, "[\"Pools\"]");
    EXPECT_INT(json_array_size(jv_get(jv_get(bag, "additionalProperties"), "oneOf")), 2);
}

#define BROKEN(why, ...)                  \
    {                                     \
        why,                              \
        {                                 \
            __VA_ARGS__, { .name = NULL } \
        }                                 \
    }
TEST(the_self_check_finds_mistakes_in_tables)
{
    static const struct {
        const char *why;
        struct field rows[3];
    } tables[] = {
        BROKEN("is there twice", {"A", FIELD_BOOL, .doc = "d"}, {"a", FIELD_BOOL, .doc = "d"}),
        BROKEN("has no doc", {"A", FIELD_BOOL, .doc = NULL}),
        BROKEN("the fallback is no JSON", {"A", FIELD_STRING, .fallback = "Red", .doc = "d"}),
        BROKEN("its default is refused", {"A", FIELD_INT, .fallback = "\"x\"", .doc = "d"}),
        BROKEN("its default is refused",
               {"A", FIELD_STRING, .choices = colours, .fallback = "\"Green\"", .doc = "d"}),
        BROKEN("its default is refused",
               {"A", FIELD_OBJECT, .fields = part_fields, .doc = "needs a Name"}),
        BROKEN("an object has fields", {"A", FIELD_OBJECT, .doc = "d"}),
        BROKEN("an object has fields", {"A", FIELD_LIST, .item = FIELD_OBJECT, .doc = "d"}),
        BROKEN("holds lists or maps", {"A", FIELD_LIST, .item = FIELD_MAP, .doc = "d"}),
        BROKEN("only texts have choices", {"A", FIELD_INT, .choices = colours, .doc = "d"}),
        BROKEN("refers to something", {"A", FIELD_INT, .ref_kind = "Pools", .doc = "d"}),
        BROKEN("is weak", {"A", FIELD_STRING, FIELD_WEAK, .doc = "d"}),
        BROKEN("min is more than max", {"A", FIELD_INT, .min = 5, .max = 4, .doc = "d"}),
        BROKEN("read-only and writable",
               {"A", FIELD_INT, FIELD_READ_ONLY | FIELD_WRITE_ONLY, .doc = "d"}),
    };
    struct error err = {0};

    EXPECT_OK(field_check("table", table, &err));
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        EXPECT_FAILS(field_check("broken", tables[i].rows, &err), ERR_INTERNAL);
        if (!strstr(err.text, tables[i].why) || !strstr(err.text, "table broken, row"))
            tap_fail(__FILE__, __LINE__, "table %zu: \"%s\", wanted \"%s\"", i, err.text,
                     tables[i].why),
                tap_stop();
    }
}
