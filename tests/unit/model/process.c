/* Reading process documents: what is taken, and what is said about what is wrong. */
#include "tests/lib/tap.h"

#include "model/process.h"

static json_t *parse(const char *text)
{
    struct error err = {0};
    json_t *v = NULL;

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

TEST(a_process_of_a_client_is_read_with_its_defaults)
{
    struct error err = {0};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct process p;
    json_auto_t *document =
        parse("{\"Id\":\"deploymentprocess-Projects-1\",\"Version\":3,\"Other\":[1],\"Steps\":["
              "{\"Id\":\"s1\",\"Name\":\"Deploy\",\"Condition\":\"variable\",\"StartTrigger\":"
              "\"StartWithPrevious\","
              "\"Properties\":{\"Octopus.Step.ConditionVariableExpression\":\"#{Go}\"},"
              "\"Actions\":[{\"Id\":\"a1\",\"Name\":\"Deploy\",\"ActionType\":\"Octopus.Script\","
              "\"IsRequired\":true,"
              "\"WorkerPoolId\":null,\"WorkerPoolVariable\":\"\",\"Environments\":[\"Environments-"
              "1\",\"Environments-2\"],"
              "\"Channels\":null,\"Container\":{\"Image\":null},"
              "\"Properties\":{\"Octopus.Action.RunOnServer\":\"true\",\"Flag\":true,\"Count\":7,"
              "\"Nothing\":null,\"Secret\":{\"HasValue\":true,\"NewValue\":null}}}]},"
              "{\"Name\":\"Empty\",\"Actions\":[]}]}");

    EXPECT_OK(process_parse(document, &a, &p, NULL, NULL, &err));
    EXPECT_STR(p.id, "deploymentprocess-Projects-1");
    EXPECT_INT(p.version, 3);
    EXPECT_INT(p.n_steps, 2);
    EXPECT_INT(p.steps[0].condition, CONDITION_VARIABLE);
    EXPECT_INT(p.steps[0].trigger, START_WITH_PREVIOUS);
    EXPECT_STR(process_step_expression(&p.steps[0]), "#{Go}");
    EXPECT_INT(p.steps[1].condition, CONDITION_SUCCESS);
    EXPECT_INT(p.steps[1].trigger, START_AFTER_PREVIOUS);
    const struct process_action *action = &p.steps[0].actions[0];
    EXPECT(action->required && !action->disabled);
    EXPECT(!action->worker_pool_id && !action->worker_pool_variable && !action->container_image);
    EXPECT_INT(action->environments.n, 2);
    EXPECT_STR(action->environments.items[1], "Environments-2");
    EXPECT_INT(action->channels.n, 0);
    EXPECT_STR(process_property(&action->properties, "octopus.action.runonserver"), "true");
    EXPECT_STR(process_property(&action->properties, "Flag"), "True");
    EXPECT_STR(process_property(&action->properties, "Count"), "7");
    EXPECT(process_property(&action->properties, "Nothing") == NULL);
    EXPECT(process_property(&action->properties, "Secret") == NULL);
    EXPECT(action->properties.items[4].sensitive);
    EXPECT(process_property(&action->properties, "Absent") == NULL);
    EXPECT_STR(process_action_expression(action), "");
}

#define STEP(members) "{\"Steps\":[{" members "}]}"
#define ACTION(members) STEP("\"Name\":\"S\",\"Actions\":[{" members "}]")
static const struct {
    const char *document, *where, *text;
} wrong[] = {
    {"[]", "", "the process is not an object"},
    {"{\"Steps\":{}}", "/Steps", "Steps is not a list"},
    {"{\"Steps\":[7]}", "/Steps/0", "step 1 is not an object"},
    {STEP("\"Actions\":[]"), "/Steps/0/Name", "step 1 has no name"},
    {STEP("\"Name\":\"  \""), "/Steps/0/Name", "step 1 has no name"},
    {STEP("\"Name\":5"), "/Steps/0/Name", "step 1: Name is not a text"},
    {STEP("\"Name\":\"S\",\"Condition\":\"Sometimes\""), "/Steps/0/Condition",
     "step \"S\": the condition \"Sometimes\" is none of Success, Failure, Always, Variable"},
    {STEP("\"Name\":\"S\",\"StartTrigger\":\"Now\""), "/Steps/0/StartTrigger",
     "step \"S\": the start trigger \"Now\" is none of StartAfterPrevious, StartWithPrevious"},
    {STEP("\"Name\":\"S\",\"Properties\":[]"), "/Steps/0/Properties",
     "step \"S\": Properties is not an object"},
    {STEP("\"Name\":\"S\",\"Actions\":\"x\""), "/Steps/0/Actions",
     "step \"S\": Actions is not a list"},
    {ACTION("\"ActionType\":\"Octopus.Script\""), "/Steps/0/Actions/0/Name",
     "action 1 of step \"S\" has no name"},
    {ACTION("\"Name\":\"A\""), "/Steps/0/Actions/0/ActionType", "action \"A\" has no action type"},
    {ACTION("\"Name\":\"A\",\"ActionType\":\"T\",\"Condition\":\"Always\""),
     "/Steps/0/Actions/0/Condition",
     "action \"A\": the condition \"Always\" is none of Success, Variable"},
    {ACTION("\"Name\":\"A\",\"ActionType\":\"T\",\"IsDisabled\":\"yes\""),
     "/Steps/0/Actions/0/IsDisabled", "action \"A\": IsDisabled is neither true nor false"},
    {ACTION("\"Name\":\"A\",\"ActionType\":\"T\",\"Channels\":[1]"), "/Steps/0/Actions/0/Channels",
     "action \"A\": Channels holds something that is not a text"},
    {ACTION("\"Name\":\"A\",\"ActionType\":\"T\",\"WorkerPoolId\":[]"),
     "/Steps/0/Actions/0/WorkerPoolId", "action \"A\": WorkerPoolId is not a text"},
    {ACTION("\"Name\":\"A\",\"ActionType\":\"T\",\"Properties\":{\"a/b~c\":[]}"),
     "/Steps/0/Actions/0/Properties/a~1b~0c",
     "action \"A\": the property \"a/b~c\" is neither a text nor a sensitive value"},
    {"{\"Steps\":[{\"Name\":\"Deploy\"},{\"Name\":\"DEPLOY \"}]}", "/Steps/1/Name",
     "step 2: the name \"DEPLOY \" is used by the step at /Steps/0/Name already"},
};

TEST(what_is_wrong_is_named_by_its_place_and_value)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = {0};
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        struct process p;
        json_auto_t *document = parse(wrong[i].document);
        EXPECT_FAILS(process_parse(document, &a, &p, NULL, NULL, &err), ERR_INVALID);
        EXPECT_STR(err.where, wrong[i].where);
        EXPECT_STR(err.text, wrong[i].text);
    }
}

TEST(names_have_at_most_200_characters_not_bytes)
{
    for (int extra = 0; extra < 2; extra++) {
        struct error err = {0};
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
        struct process p;
        buf_adds(&text, "{\"Steps\":[{\"Name\":\"");
        for (int i = 0; i < 200 + extra; i++) buf_adds(&text, "ж");
        buf_adds(&text, "\"}]}");
        json_auto_t *document = parse(buf_str(&text));
        if (extra == 0) EXPECT_OK(process_parse(document, &a, &p, NULL, NULL, &err));
        else EXPECT_FAILS(process_parse(document, &a, &p, NULL, NULL, &err), ERR_INVALID);
    }
}

static void collect(void *ctx, const char *where, const char *text)
{
    buf_addf(ctx, "%s: %s\n", where, text);
}

TEST(everything_that_is_wrong_is_reported_at_once)
{
    struct error err = {0};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    struct process p;
    json_auto_t *document =
        parse("{\"Steps\":[{\"Name\":\"\",\"Actions\":[{\"Name\":\"A\"}]},"
              "{\"Name\":\"T\",\"Actions\":[{\"Name\":\"a\",\"ActionType\":\"X\"}]}]}");

    EXPECT_FAILS(process_parse(document, &a, &p, collect, &out, &err), ERR_INVALID);
    EXPECT_STR(err.where, "/Steps/0/Name");
    EXPECT_STR(buf_str(&out),
               "/Steps/0/Name: step 1 has no name\n"
               "/Steps/0/Actions/0/ActionType: action \"A\" has no action type\n"
               "/Steps/1/Actions/0/Name: action 1 of step \"T\": the name \"a\" is used by the "
               "action at /Steps/0/Actions/0/Name already\n");
}
