/* variable_set.c - variables: secrets in all the ways clients say that something is one. */
#include "model/resource.h"
#include "tests/lib/tap.h"

#include "base/str.h"

static char *seal(void *ctx, const char *plain) { return xasprintf("sealed(%s)", plain); }
static const struct sealer sealer = {seal, NULL};

static json_t *parse(const char *text)
{
    json_t *v = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

static json_t *variables(const char *list, const json_t *stored)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    CLEANUP(freep) char *text = xasprintf("{\"Variables\":[%s]}", list);
    json_auto_t *in = parse(text), *doc = NULL;

    EXPECT_INT(schema_decode(variable_set_resource.fields, in, stored, &sealer, &doc, &p), 0);
    resource_check(&variable_set_resource, doc, &p);
    EXPECT_INT(p.n, 0);
    resource_complete(&variable_set_resource, doc);
    return json_incref(doc);
}

static json_t *first(const json_t *doc) { return json_array_get(jv_get(doc, "Variables"), 0); }

TEST(every_way_to_say_sensitive_seals_the_value_and_shows_null)
{
    static const char *const ways[] = {
        "\"IsSensitive\":true",
        "\"Type\":\"Sensitive\"",
        "\"type\":\"sensitive\"",
        "\"isSENSITIVE\":true",
        "\"IsSensitive\":\"True\"",
        "\"IsSensitive\":true,\"Type\":\"String\"",
        "\"IsSensitive\":false,\"Type\":\"Sensitive\"",
    };

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        CLEANUP(freep) char *in = xasprintf("{\"Name\":\"n\",\"Value\":\"plain\",%s}", ways[i]);
        json_auto_t *doc = variables(in, NULL);
        json_auto_t *answer = resource_answer(&variable_set_resource, doc);
        EXPECT_STR(jv_str(jv_get(first(doc), "Value"), "Sealed", ""), "sealed(plain)");
        EXPECT(json_is_null(jv_get(first(answer), "Value")));
        EXPECT(json_is_true(jv_get(first(answer), "IsSensitive")));
        EXPECT_STR(jv_str(first(answer), "Type", ""), "Sensitive");
    }
}

TEST(what_was_read_can_be_sent_back_without_losing_the_secret)
{
    json_auto_t *doc = variables("{\"Name\":\"n\",\"Value\":\"plain\",\"IsSensitive\":true}", NULL);
    json_auto_t *answer = resource_answer(&variable_set_resource, doc);
    CLEANUP(freep) char *sent = jv_text(first(answer));
    json_auto_t *again = variables(sent, doc);

    EXPECT(json_equal(first(again), first(doc)));
}

TEST(a_secret_that_becomes_plain_loses_its_value)
{
    json_auto_t *doc =
        variables("{\"Id\":\"v\",\"Name\":\"n\",\"Value\":\"plain\",\"IsSensitive\":true}", NULL);
    json_auto_t *again = variables("{\"Id\":\"v\",\"Name\":\"n\",\"Value\":null}", doc);

    EXPECT(json_is_null(jv_get(first(again), "Value")));
}

TEST(a_new_variable_gets_an_id_and_only_the_scopes_it_has)
{
    json_auto_t *doc =
        variables("{\"Id\":\"\",\"Name\":\"n\",\"Value\":null,\"Scope\":{\"Environment\":"
                  "[\"Environments-1\"],\"Role\":[],\"Action\":null}}",
                  NULL);
    json_auto_t *answer = resource_answer(&variable_set_resource, doc);
    CLEANUP(freep) char *scope = jv_text(jv_get(first(answer), "Scope"));

    EXPECT_INT(strlen(jv_str(first(doc), "Id", "")), 36);
    EXPECT_STR(scope, "{\"Environment\":[\"Environments-1\"]}");
}

TEST(environments_channels_and_pools_are_references)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct references refs = REFERENCES_INIT(&a);
    json_auto_t *doc = variables(
        "{\"Name\":\"n\",\"Value\":\"x\",\"Scope\":{\"Environment\":[\"Environments-1\"],"
        "\"Channel\":[\"Channels-1\"],\"Role\":[\"web\"]}},{\"Name\":\"p\",\"Type\":"
        "\"WorkerPool\",\"Value\":\"WorkerPools-3\"},{\"Name\":\"q\",\"Type\":\"WorkerPool\","
        "\"Value\":\"linux\"}",
        NULL);

    resource_references(&variable_set_resource, doc, &refs);
    EXPECT_INT(refs.n, 3);
    EXPECT_STR(refs.items[0].member, "Variables.Scope.Environment");
    EXPECT_STR(refs.items[1].id, "Channels-1");
    EXPECT_STR(refs.items[2].id, "WorkerPools-3");
    EXPECT_STR(refs.items[2].pointer, "/Variables/1/Value");
}
