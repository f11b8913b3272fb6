/* step.c - processes as clients send them: what is filled in, what is refused, what they refer to.
 */
#include "model/resource.h"
#include "model/step.h"
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

/* As a PUT does it; NULL with problems. */
static json_t *process(const char *text, const json_t *stored, struct problems *p)
{
    json_auto_t *in = parse(text), *doc = NULL;
    const struct resource *r = &deployment_process_resource;

    if (schema_decode(r->fields, in, stored, &sealer, &doc, p) < 0) return NULL;
    resource_check(r, doc, p);
    if (p->n) return NULL;
    resource_complete(r, doc);
    return json_incref(doc);
}

static json_t *action(const json_t *doc, size_t step, size_t index)
{
    return json_array_get(jv_get(json_array_get(jv_get(doc, "Steps"), step), "Actions"), index);
}

#define ACTION(name) "{\"Id\":\"\",\"Name\":\"" name "\",\"ActionType\":\"Octopus.Script\"}"
#define STEP(name, actions) "{\"Id\":\"\",\"Name\":\"" name "\",\"Actions\":[" actions "]}"

TEST(new_steps_and_actions_get_ids_and_slugs_and_keep_them)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = process("{\"Steps\":[" STEP("Say it", ACTION("Say it")) "," STEP(
                                   "Say  it!", ACTION("Say-it") "," ACTION("Other")) "]}",
                               NULL, &p);
    const json_t *steps = jv_get(doc, "Steps");

    EXPECT_INT(p.n, 0);
    EXPECT_INT(strlen(jv_str(json_array_get(steps, 0), "Id", "")), 36);
    EXPECT_INT(strlen(jv_str(action(doc, 1, 1), "Id", "")), 36);
    EXPECT_STR(jv_str(json_array_get(steps, 0), "Slug", ""), "say-it");
    EXPECT_STR(jv_str(json_array_get(steps, 1), "Slug", ""), "say-it-1");
    EXPECT_STR(jv_str(action(doc, 1, 0), "Slug", ""), "say-it-1");

    CLEANUP(freep) char *before = jv_text(doc);
    json_auto_t *again = process(before, doc, &p);
    CLEANUP(freep) char *after = jv_text(again);
    EXPECT_STR(after, before);
}

TEST(a_slug_that_a_client_gave_is_not_given_to_another)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc =
        process("{\"Steps\":[" STEP("A", ACTION("A")) ",{\"Name\":\"B\",\"Slug\":\"a\","
                                                      "\"Actions\":[" ACTION("B") "]}]}",
                NULL, &p);

    EXPECT_STR(jv_str(json_array_get(jv_get(doc, "Steps"), 0), "Slug", ""), "a-1");
}

TEST(nulls_and_empty_texts_of_an_action_mean_none)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = process(
        "{\"steps\":[{\"name\":\"s\",\"Condition\":null,\"startTrigger\":\"startwithprevious\","
        "\"Actions\":[{\"Name\":\"s\",\"ActionType\":\"Octopus.Script\",\"WorkerPoolId\":null,"
        "\"WorkerPoolVariable\":\"\",\"Container\":null,\"Environments\":null,\"Packages\":null,"
        "\"Condition\":\"\",\"IsDisabled\":null,\"Properties\":{\"Octopus.Action.RunOnServer\":"
        "true}"
        "}]}]}",
        NULL, &p);
    const json_t *act = action(doc, 0, 0);

    EXPECT_INT(p.n, 0);
    EXPECT(json_is_null(jv_get(act, "WorkerPoolId")));
    EXPECT(json_is_null(jv_get(act, "WorkerPoolVariable")));
    EXPECT(json_is_object(jv_get(act, "Container")) && json_is_array(jv_get(act, "Environments")));
    EXPECT_STR(jv_str(act, "Condition", ""), "Success");
    EXPECT(json_is_false(jv_get(act, "IsDisabled")));
    EXPECT_STR(jv_str(jv_get(act, "Properties"), "Octopus.Action.RunOnServer", ""), "True");
    EXPECT_STR(jv_str(json_array_get(jv_get(doc, "Steps"), 0), "StartTrigger", ""),
               "StartWithPrevious");
}

TEST(a_sensitive_property_is_kept_when_its_step_moves)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = process(
        "{\"Steps\":[" STEP(
            "A", "{\"Name\":\"A\",\"ActionType\":\"T\",\"Properties\":{\"K\":"
                 "{\"HasValue\":true,\"NewValue\":\"k\"}}}") "," STEP("B", ACTION("B")) "]}",
        NULL, &p);
    json_auto_t *answer = resource_answer(&deployment_process_resource, doc);
    json_t *steps = jv_get(answer, "Steps");
    json_t *first = json_incref(json_array_get(steps, 0));

    json_array_remove(steps,
                      0); /* a client moves the first step to the end and sends it all back */
    jv_push(steps, first);
    CLEANUP(freep) char *moved = jv_text(answer);
    json_auto_t *again = process(moved, doc, &p);
    EXPECT_INT(p.n, 0);
    EXPECT_STR(jv_str(jv_get(jv_get(action(again, 1, 0), "Properties"), "K"), "Sealed", ""),
               "sealed(k)");
}

static void expect_problem(const char *text, const char *pointer, const char *message)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = process(text, NULL, &p);

    EXPECT(doc == NULL && p.n > 0);
    EXPECT_STR(p.items[0].pointer, pointer);
    if (!strstr(p.items[0].message, message))
        tap_fail(__FILE__, __LINE__, "\"%s\", wanted \"%s\"", p.items[0].message, message),
            tap_stop();
}

TEST(mistakes_in_a_process_name_the_place_and_the_value)
{
    expect_problem("{\"Steps\":[" STEP("", ACTION("a")) "]}", "/Steps/0/Name", "is required");
    expect_problem("{\"Steps\":[" STEP("s", "{\"Name\":\"a\",\"ActionType\":\" \"}") "]}",
                   "/Steps/0/Actions/0/ActionType", "is required");
    expect_problem("{\"Steps\":[" STEP("s", ACTION("a")) "," STEP("S", ACTION("b")) "]}",
                   "/Steps/1/Name", "\"S\"");
    expect_problem("{\"Steps\":[" STEP("s", ACTION("a") "," ACTION("A")) "]}",
                   "/Steps/0/Actions/1/Name", "\"A\"");
    expect_problem("{\"Steps\":[" STEP("s", "") "]}", "/Steps/0/Actions", "\"s\" has no action");
    expect_problem("{\"Steps\":[{\"Name\":\"s\",\"StartTrigger\":\"Now\"}]}",
                   "/Steps/0/StartTrigger", "\"Now\" is not one of StartAfterPrevious");
    expect_problem("{\"Steps\":[{\"Name\":\"s\",\"Condition\":\"Never\"}]}", "/Steps/0/Condition",
                   "\"Never\" is not one of Success, Failure, Always, Variable");
    expect_problem("{\"Steps\":[" STEP("s", "{\"Name\":\"a\",\"ActionType\":\"T\",\"Condition\":"
                                            "\"Always\"}") "]}",
                   "/Steps/0/Actions/0/Condition", "\"Always\" is not one of Success, Variable");
    expect_problem("{\"Steps\":[" STEP("s", "{\"Name\":\"a\",\"ActionType\":\"T\",\"WorkerPoolId\":"
                                            "\"WorkerPools-1\",\"WorkerPoolVariable\":\"v\"}") "]}",
                   "/Steps/0/Actions/0/WorkerPoolVariable",
                   "A step can't have both a worker pool id and a worker pool variable");
    expect_problem("{\"Steps\":[{\"Id\":\"x\",\"Name\":\"a\",\"Actions\":[" ACTION(
                       "a") "]},{\"Id\":"
                            "\"x\",\"Name\":\"b\",\"Actions\":[" ACTION("b") "]}]}",
                   "/Steps/1/Id", "the id \"x\" is used twice");
}

TEST(pools_environments_and_channels_of_actions_are_references)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    struct references refs = REFERENCES_INIT(&a);
    json_auto_t *doc =
        process("{\"Steps\":[" STEP("s", "{\"Name\":\"a\",\"ActionType\":\"T\",\"WorkerPoolId\":"
                                         "\"WorkerPools-7\",\"Environments\":[\"Environments-1\"],"
                                         "\"Channels\":[\"Channels-1\"]}") "]}",
                NULL, &p);

    resource_references(&deployment_process_resource, doc, &refs);
    EXPECT_INT(refs.n, 3);
    EXPECT_STR(refs.items[0].member, "Steps.Actions.WorkerPoolId");
    EXPECT_STR(refs.items[0].pointer, "/Steps/0/Actions/0/WorkerPoolId");
    EXPECT_STR(refs.items[0].id, "WorkerPools-7");
    EXPECT(refs.items[0].restricts);
}
