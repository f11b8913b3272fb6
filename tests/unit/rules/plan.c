/* Making and reading plans. Documents are changed one member at a time, variables come from a small
 * table. */
#include "tests/lib/tap.h"

#include "base/str.h"
#include "rules/plan.h"

struct world {
    const char
        *variables[12]; /* name, value, name, value, ...; "@Actions-1 Name" for one action only */
};

static const char *find(const struct world *w, const char *action_id, const char *name)
{
    char scoped[200];

    snprintf(scoped, sizeof scoped, "@%s %s", action_id ? action_id : "", name);
    for (size_t i = 0; i < ARRAY_LEN(w->variables) && w->variables[i]; i += 2)
        if (str_same(w->variables[i], scoped)) return w->variables[i + 1];
    for (size_t i = 0; i < ARRAY_LEN(w->variables) && w->variables[i]; i += 2)
        if (str_same(w->variables[i], name)) return w->variables[i + 1];
    return NULL;
}

static char *value(void *ctx, const char *action_id, const char *name, struct arena *a)
{
    return arena_strdup(a, find(ctx, action_id, name));
}

/* Just "#{Name}" as a whole. */
static char *evaluate(void *ctx, const char *action_id, const char *text, struct arena *a)
{
    char name[100] = "";
    const char *found = NULL;

    if (str_starts(text, "#{") && strlen(text) < sizeof name) {
        memcpy(name, text + 2, strlen(text) - 3);
        found = find(ctx, action_id, name);
    }
    return arena_strdup(a, found ? found : text);
}

static bool find_pool(void *ctx, const char *name, struct pool_ref *ret)
{
    if (!str_same(name, "WorkerPools-2") && !str_same(name, "Linux Pool") &&
        !str_same(name, "linux-pool"))
        return false;
    *ret = (struct pool_ref){"WorkerPools-2", "Linux Pool"};
    return true;
}

static bool default_pool(void *ctx, struct pool_ref *ret)
{
    *ret = (struct pool_ref){"WorkerPools-1", "Default Worker Pool"};
    return true;
}

#define SCRIPT "\"Octopus.Action.RunOnServer\":\"true\",\"Octopus.Action.Script.Syntax\":\"Bash\""
#define ACTION(members, properties)                                                        \
    "{\"Id\":\"Actions-1\",\"Name\":\"Deploy\",\"ActionType\":\"Octopus.Script\"," members \
    "\"Properties\":{" properties "}}"
#define PROCESS(actions) \
    "{\"Steps\":[{\"Id\":\"Steps-1\",\"Name\":\"Deploy\",\"Actions\":[" actions "]}]}"
#define ONE(members, properties) PROCESS(ACTION(members, properties))

static int make(const char *process, const struct world *w, const char *const *skips,
                size_t n_skips, const char *channel, struct plan **ret, struct error *e)
{
    json_t *document = NULL, *plan = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(process, strlen(process), &document, &err));
    json_auto_t *references = json_pack("{s:s}", "ProcessSnapshotId", "snapshot-7");
    struct plan_input in = {
        .kind = channel ? "Deployment" : "RunbookRun",
        .task_id = "ServerTasks-9",
        .process = document,
        .environment_id = "Environments-1",
        .environment_name = "Production",
        .channel_id = channel,
        .channel_name = channel ? "Default" : NULL,
        .skips = skips,
        .n_skips = n_skips,
        .references = references,
        .pools = {find_pool, default_pool, NULL},
        .evaluator = {NULL, evaluate, value, (void *)w},
    };
    int r = plan_make(&in, &plan, e);
    json_decref(document);
    if (r < 0) return -1;
    EXPECT_OK(plan_parse(plan, ret, &err));
    json_decref(plan);
    return 0;
}

static struct plan *must(const char *process, const struct world *w)
{
    struct error err = {0};
    struct plan *p = NULL;

    EXPECT_OK(make(process, w, NULL, 0, "Channels-1", &p, &err));
    return p;
}

static const struct world empty = {{NULL}};

TEST(a_plan_has_everything_that_is_fixed_when_the_run_starts)
{
    CLEANUP(plan_freep)
    struct plan *p =
        must("{\"Steps\":[{\"Id\":\"Steps-1\",\"Name\":\"Deploy\",\"Actions\":[" ACTION(
                 "\"IsRequired\":true,",
                 SCRIPT) "]},"
                         "{\"Id\":\"Steps-2\",\"Name\":\"Check\",\"Condition\":\"Always\","
                         "\"StartTrigger\":\"StartWithPrevious\",\"Actions\":["
                         "{\"Id\":\"Actions-2\",\"Name\":\"One\",\"ActionType\":\"Octopus.Script\","
                         "\"Properties\":{}},"
                         "{\"Id\":\"Actions-3\",\"Name\":\"Two\",\"ActionType\":\"Octopus.Script\","
                         "\"Condition\":\"Variable\","
                         "\"WorkerPoolId\":\"linux "
                         "pool\",\"Properties\":{\"Octopus.Action.ConditionVariableExpression\":\"#"
                         "{Go}\","
                         "\"Octopus.Action.AutoRetry.MaximumCount\":\"3\",\"Octopus.Action."
                         "AutoRetry.MinimumBackoff\":\"15\","
                         "\"Octopus.Action.ExecutionTimeout.Minutes\":\" 20 "
                         "\",\"Octopus.Action.CancelGraceSeconds\":\"0\","
                         "\"OctopusUseRawScript\":\"True\",\"Octopus.Action.Script.Syntax\":"
                         "\"python\"}}]},"
                         "{\"Id\":\"Steps-3\",\"Name\":\"Last\",\"Actions\":[]}]}",
             &empty);

    EXPECT_INT(p->version, PLAN_VERSION);
    EXPECT_STR(p->kind, "Deployment");
    EXPECT_STR(p->task_id, "ServerTasks-9");
    EXPECT_STR(p->environment_name, "Production");
    EXPECT_STR(jv_str(p->references, "ProcessSnapshotId", ""), "snapshot-7");
    EXPECT_INT(p->max_parallelism, 10);
    EXPECT(p->n_steps == 3 && p->n_actions == 3);
    EXPECT(p->steps[0].group == 0 && p->steps[1].group == 0 && p->steps[2].group == 1);
    EXPECT_INT(p->steps[1].condition, CONDITION_ALWAYS);
    EXPECT_STR(p->steps[1].number, "2");
    EXPECT(p->steps[1].first_action == 1 && p->steps[1].n_actions == 2);

    const struct plan_action *a = &p->actions[0], *b = &p->actions[2];
    EXPECT_STR(a->number, "1");
    EXPECT(a->required && a->excluded == NULL && !a->raw);
    EXPECT_STR(a->pool_id, "WorkerPools-1");
    EXPECT_STR(a->worker_kind, "builtin");
    EXPECT(a->retries == 0 && a->backoff_s == 0 && a->timeout_min == 0 && a->grace_s == 5);
    EXPECT_INT(a->max_parallelism, 10);
    EXPECT_STR(b->number, "2.2");
    EXPECT_INT(b->step, 1);
    EXPECT_STR(b->expression, "#{Go}");
    EXPECT_STR(b->pool_name, "Linux Pool");
    EXPECT(b->retries == 3 && b->backoff_s == 15 && b->timeout_min == 20 && b->grace_s == 0);
    EXPECT(b->raw);
    EXPECT_STR(b->syntax, "Python");
    EXPECT_STR(p->actions[1].syntax, "Bash");
}

TEST(properties_and_pools_may_come_from_variables)
{
    static const struct world w = {
        {"Retries", "2", "Pool", "WorkerPools-2", "@Actions-1 Octopus.Action.MaxParallelism", "4",
         "Octopus.Action.MaxParallelism", "7", "Octopus.Action.ExecutionTimeout.Minutes", "9"}};
    CLEANUP(plan_freep)
    struct plan *p = must(ONE("\"WorkerPoolVariable\":\"pool\",",
                              SCRIPT ",\"Octopus.Action.AutoRetry.MaximumCount\":\"#{Retries}\""),
                          &w);

    EXPECT_INT(p->actions[0].retries, 2);
    EXPECT_STR(p->actions[0].pool_id, "WorkerPools-2");
    EXPECT_INT(p->actions[0].max_parallelism, 4);
    EXPECT_INT(p->max_parallelism, 7);
    EXPECT_INT(p->actions[0].timeout_min, 9);
}

TEST(a_plan_holds_no_script_and_no_secret)
{
    static const struct world w = {{"Password", "hunter2"}};
    CLEANUP(plan_freep)
    struct plan *p = must(
        ONE("", SCRIPT
            ",\"Octopus.Action.Script.ScriptBody\":\"echo #{Password}\",\"Other\":\"#{Password}\""),
        &w);
    CLEANUP(freep) char *text = jv_text(p->json);

    EXPECT(strstr(text, "hunter2") == NULL && strstr(text, "echo") == NULL);
}

TEST(what_does_not_run_says_why)
{
    static const struct {
        const char *members, *channel, *reason;
    } rows[] = {
        {"\"IsDisabled\":true,", "Channels-1", "The step is disabled"},
        {"\"Environments\":[\"Environments-2\"],", "Channels-1",
         "The step does not run in the environment Production"},
        {"\"Environments\":[\"Environments-2\",\"Environments-1\"],", "Channels-1", NULL},
        {"\"ExcludedEnvironments\":[\"Environments-1\"],", "Channels-1",
         "The step does not run in the environment Production"},
        {"\"Channels\":[\"Channels-2\"],", "Channels-1",
         "The step does not run in the channel Default"},
        {"\"Channels\":[\"Channels-1\"],", "Channels-1", NULL},
        {"\"Channels\":[\"Channels-2\"],", NULL, NULL},
        {"\"TenantTags\":[\"Ring/Early\"],", "Channels-1", "The step runs for tenants only"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = {0};
        CLEANUP(plan_freep) struct plan *p = NULL;
        char process[1000];
        snprintf(
            process, sizeof process,
            PROCESS(
                "{\"Name\":\"Deploy\",\"ActionType\":\"Octopus.Script\",%s\"Properties\":{" SCRIPT
                "}}"),
            rows[i].members);
        EXPECT_OK(make(process, &empty, NULL, 0, rows[i].channel, &p, &err));
        if (rows[i].reason) EXPECT_STR(p->actions[0].excluded, rows[i].reason);
        else EXPECT(p->actions[0].excluded == NULL);
    }
}

TEST(a_person_skips_by_name_or_id_but_not_what_is_required)
{
    static const char *const skips[] = {"deploy", "actions-1", "Steps-1"};

    for (size_t i = 0; i < ARRAY_LEN(skips); i++) {
        struct error err = {0};
        CLEANUP(plan_freep) struct plan *skipped = NULL;
        CLEANUP(plan_freep) struct plan *required = NULL;
        EXPECT_OK(make(ONE("", SCRIPT), &empty, &skips[i], 1, NULL, &skipped, &err));
        EXPECT_STR(skipped->actions[0].excluded,
                   "The step was skipped by the person who started the run");
        EXPECT_OK(
            make(ONE("\"IsRequired\":true,", SCRIPT), &empty, &skips[i], 1, NULL, &required, &err));
        EXPECT(required->actions[0].excluded == NULL);
    }
}

TEST(the_language_is_the_one_that_is_set_or_that_has_a_script)
{
#define SYNTAX "\"Octopus.Action.Script.Syntax\":"
#define BODY "\"Octopus.Action.Script.ScriptBody"
    static const struct {
        const char *properties, *syntax;
    } rows[] = {
        {BODY "\":\"x\"", "Bash"},
        {SYNTAX "\"python\"," BODY "\":\"x\"", "Python"},
        {BODY "\":\"x\"," BODY "[Python]\":\"y\"", "Bash"},
        {BODY "\":\" \"," BODY "[Python]\":\"y\"," BODY "[PowerShell]\":\"z\"", "Python"},
        {BODY "[PowerShell]\":\"z\"," BODY "[Bash]\":\"y\"", "Bash"},
        {SYNTAX "\"Python\"," BODY "[Bash]\":\"y\"," BODY "[Python]\":\"z\"", "Python"},
        {SYNTAX "\"Python\"," BODY "[Bash]\":\"y\"", "Bash"},
        {SYNTAX "\"Python\"", "Python"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(4 * KiB);
        buf_addf(&text,
                 "{\"Steps\":[{\"Id\":\"Steps-1\",\"Name\":\"S\",\"Actions\":[{\"Id\":\"A\","
                 "\"Name\":\"S\",\"ActionType\":\"Octopus.Script\",\"Properties\":{%s}}]}]}",
                 rows[i].properties);
        CLEANUP(plan_freep) struct plan *p = must(buf_str(&text), &empty);
        EXPECT_STR(p->actions[0].syntax, rows[i].syntax);
    }
}

TEST(a_disabled_step_may_be_half_written)
{
    CLEANUP(plan_freep)
    struct plan *p =
        must(ONE("\"IsDisabled\":true,\"WorkerPoolId\":\"gone\",\"WorkerPoolVariable\":\"x\",",
                 "\"Octopus.Action.Script.Syntax\":\"Basic\""),
             &empty);

    EXPECT(p->actions[0].excluded != NULL && p->actions[0].pool_id == NULL);
}

#define AT "/Steps/0/Actions/0/"
static const struct {
    const char *process;
    struct world world;
    const char *where, *text;
} wrong[] = {
    {"{\"Steps\":[]}", {{0}}, "/Steps", "the process has no steps"},
    {"{\"Steps\":[{}]}", {{0}}, "/Steps/0/Name", "the process: step 1 has no name"},
    {ONE("\"WorkerPoolId\":\"WorkerPools-2\",\"WorkerPoolVariable\":\"Pool\",", SCRIPT),
     {{0}},
     AT "WorkerPoolVariable",
     "step \"Deploy\": A step can't have both a worker pool id and a worker pool variable"},
    {ONE("\"WorkerPoolId\":\"WorkerPools-8\",", SCRIPT),
     {{0}},
     AT "WorkerPoolId",
     "step \"Deploy\": there is no worker pool \"WorkerPools-8\" (WorkerPoolId)"},
    {ONE("\"WorkerPoolVariable\":\"Pool\",", SCRIPT),
     {{0}},
     AT "WorkerPoolVariable",
     "step \"Deploy\": WorkerPoolVariable names the variable \"Pool\", which has no value here"},
    {ONE("\"WorkerPoolVariable\":\"Pool\",", SCRIPT),
     {{"Pool", "Windows"}},
     AT "WorkerPoolVariable",
     "step \"Deploy\": WorkerPoolVariable names the variable \"Pool\", whose value \"Windows\" is "
     "the id, name or slug of no worker pool"},
    {PROCESS("{\"Name\":\"Deploy\",\"ActionType\":\"Octopus.Manual\"}"),
     {{0}},
     AT "ActionType",
     "step \"Deploy\": the action type Octopus.Manual is not supported"},
    {PROCESS(ACTION("", SCRIPT) ",{\"Name\":\"Mail\",\"ActionType\":\"Octopus.Email\"}"),
     {{0}},
     "/Steps/0/Actions/1/ActionType",
     "step \"Deploy\", action \"Mail\": the action type Octopus.Email is not supported"},
    {ONE("\"Container\":{\"Image\":\"alpine\"},", SCRIPT),
     {{0}},
     AT "Container/Image",
     "step \"Deploy\": running in a container (alpine) is not supported"},
    {ONE("", "\"Octopus.Action.RunOnServer\":\"false\""),
     {{0}},
     AT "Properties/Octopus.Action.RunOnServer",
     "step \"Deploy\": Octopus.Action.RunOnServer is False and Octopus.Action.TargetRoles is "
     "empty, so there is nowhere to run it"},
    {ONE("", "\"Octopus.Action.RunOnServer\":\"maybe\""),
     {{0}},
     AT "Properties/Octopus.Action.RunOnServer",
     "step \"Deploy\": Octopus.Action.RunOnServer is \"maybe\"; it must be True or False"},
    {ONE("", "\"Octopus.Action.TargetRoles\":\"web\""),
     {{0}},
     AT "Properties/Octopus.Action.TargetRoles",
     "step \"Deploy\": Octopus.Action.TargetRoles is \"web\", and deployment targets are not "
     "supported"},
    {ONE("", SCRIPT ",\"Octopus.Action.Script.ScriptSource\":\"Package\""),
     {{0}},
     AT "Properties/Octopus.Action.Script.ScriptSource",
     "step \"Deploy\": the script source Package is not supported"},
    {ONE("", "\"Octopus.Action.Script.Syntax\":\"Basic\""),
     {{0}},
     AT "Properties/Octopus.Action.Script.Syntax",
     "step \"Deploy\": Octopus.Action.Script.Syntax is \"Basic\"; it must be one of Bash, Python, "
     "PowerShell"},
    {ONE("", "\"Octopus.Action.Script.Syntax\":\"CSharp\""),
     {{0}},
     AT "Properties/Octopus.Action.Script.Syntax",
     "step \"Deploy\": the script language CSharp is not supported"},
    {ONE("", SCRIPT ",\"Octopus.Action.AutoRetry.MaximumCount\":\"4\""),
     {{0}},
     AT "Properties/Octopus.Action.AutoRetry.MaximumCount",
     "step \"Deploy\": Octopus.Action.AutoRetry.MaximumCount is \"4\"; it must be a whole number "
     "from 0 to 3"},
    {ONE("", SCRIPT ",\"Octopus.Action.CancelGraceSeconds\":\"-1\""),
     {{0}},
     AT "Properties/Octopus.Action.CancelGraceSeconds",
     "step \"Deploy\": Octopus.Action.CancelGraceSeconds is \"-1\"; it must be a whole number from "
     "0 to 600"},
    {ONE("", SCRIPT ",\"Octopus.Action.ExecutionTimeout.Minutes\":\"soon\""),
     {{0}},
     AT "Properties/Octopus.Action.ExecutionTimeout.Minutes",
     "step \"Deploy\": Octopus.Action.ExecutionTimeout.Minutes is \"soon\"; it must be a whole "
     "number from 0 to 525600"},
    {ONE("", SCRIPT),
     {{"Octopus.Action.MaxParallelism", "many"}},
     "",
     "the variable Octopus.Action.MaxParallelism is \"many\"; it must be a whole number of at "
     "least 1"},
    {ONE("", SCRIPT),
     {{"Octopus.Action.MaxParallelism", "0"}},
     "",
     "the variable Octopus.Action.MaxParallelism is \"0\"; it must be a whole number of at least "
     "1"},
    {ONE("", SCRIPT),
     {{"@Actions-1 Octopus.Action.MaxParallelism", "2.5"}},
     "",
     "step \"Deploy\": the variable Octopus.Action.MaxParallelism is \"2.5\"; it must be a whole "
     "number of at least 1"},
};

TEST(a_run_that_cannot_be_planned_names_step_member_and_value)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = {0};
        struct plan *p;
        EXPECT_FAILS(make(wrong[i].process, &wrong[i].world, NULL, 0, "Channels-1", &p, &err),
                     ERR_INVALID);
        EXPECT_STR(err.text, wrong[i].text);
        EXPECT_STR(err.where, wrong[i].where);
    }
}

TEST(a_step_to_skip_that_is_not_there_is_an_error)
{
    struct error err = {0};
    const char *skip = "Depoly";
    struct plan *p;

    EXPECT_FAILS(make(ONE("", SCRIPT), &empty, &skip, 1, NULL, &p, &err), ERR_INVALID);
    EXPECT_STR(err.text, "there is no step \"Depoly\" to skip in the process");
}

TEST(a_step_without_language_takes_that_of_the_script_it_has)
{
    CLEANUP(plan_freep)
    struct plan *p =
        must(ONE("", "\"Octopus.Action.Script.ScriptBody[PowerShell]\":\"ls\""), &empty);

    EXPECT_STR(p->actions[0].syntax, "PowerShell");
}

/* A stored plan is changed in one member. */
TEST(a_stored_plan_that_is_damaged_is_refused)
{
    static const struct {
        const char *pointer[3]; /* member of the plan, of its first step, of its first action */
        const char *value;
    } rows[] = {
        {{"Version"}, "0"},
        {{"Version"}, "\"1\""},
        {{"Steps"}, "{}"},
        {{"Kind"}, "null"},
        {{"MaxParallelism"}, "0"},
        {{"MaxParallelism"}, "\"10\""},
        {{NULL, "Name"}, "null"},
        {{NULL, "StartTrigger"}, "\"x\""},
        {{NULL, "Condition"}, "\"x\""},
        {{NULL, NULL, "Id"}, "1"},
        {{NULL, NULL, "RetryMaximum"}, "4"},
        {{NULL, NULL, "Condition"}, "\"Always\""},
        {{NULL, NULL, "WorkerPoolId"}, "null"},
        {{NULL, NULL, "TimeoutMinutes"}, "-1"},
        {{NULL, NULL, "Excluded"}, "true"},
    };
    CLEANUP(plan_freep) struct plan *good = must(ONE("", SCRIPT), &empty);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = {0};
        struct plan *p = NULL;
        json_auto_t *plan = json_deep_copy(good->json);
        json_t *at = plan, *value_json = NULL;
        size_t depth = rows[i].pointer[0] ? 0 : rows[i].pointer[1] ? 1 : 2;
        if (depth > 0) at = json_array_get(json_object_get(at, "Steps"), 0);
        if (depth > 1) at = json_array_get(json_object_get(at, "Actions"), 0);
        EXPECT_OK(jv_parse(rows[i].value, strlen(rows[i].value), &value_json, &err));
        jv_set(at, rows[i].pointer[depth], value_json);
        EXPECT_FAILS(plan_parse(plan, &p, &err), ERR_CORRUPT);
    }
}
