/* command.c - requests that start things, in the spellings of the public clients; and the
 * resources' rules that span members. */
#include "model/command.h"
#include "model/resource.h"
#include "tests/lib/tap.h"

#include "base/str.h"

/* The decoded document; NULL with problems. */
static json_t *decoded(const struct field *table, const char *text, struct problems *p)
{
    json_auto_t *in = NULL;
    json_t *out = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(text, strlen(text), &in, &err));
    if (schema_decode(table, in, NULL, NULL, &out, p) < 0) return NULL;
    return out;
}

TEST(a_release_can_be_asked_for_in_camel_and_in_pascal_case)
{
    static const char *const texts[] = {
        "{\"spaceId\":\"Spaces-1\",\"spaceIdOrName\":\"Default\",\"projectName\":\"App\","
        "\"releaseVersion\":\"1.0.0\",\"channelName\":\"\",\"packages\":[\"a:1\"],"
        "\"ignoreIfAlreadyExists\":true}",
        "{\"spaceId\":\"Spaces-1\",\"spaceIdOrName\":\"Default\",\"ProjectName\":\"App\","
        "\"ReleaseVersion\":\"1.0.0\",\"ChannelName\":null,\"Packages\":[\"a:1\"],"
        "\"IgnoreIfAlreadyExists\":true,\"spaceName\":\"Default\"}",
    };
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct problems p = PROBLEMS_INIT(&a);
        json_auto_t *doc = decoded(create_release_fields, texts[i], &p);
        EXPECT_STR(jv_str(doc, "ProjectName", ""), "App");
        EXPECT_STR(jv_str(doc, "ReleaseVersion", ""), "1.0.0");
        EXPECT(json_is_null(jv_get(doc, "ChannelName")));
        EXPECT(json_is_true(jv_get(doc, "IgnoreIfAlreadyExists")));
        EXPECT_INT(json_array_size(jv_get(doc, "Packages")), 1);
    }
}

TEST(a_deployment_names_at_least_one_environment)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *none = decoded(create_deployment_fields,
                                "{\"ProjectName\":\"App\",\"ReleaseVersion\":\"1\","
                                "\"EnvironmentNames\":[]}",
                                &p);

    EXPECT(none == NULL);
    EXPECT_STR(p.items[0].pointer, "/EnvironmentNames");
    p = (struct problems)PROBLEMS_INIT(&a);
    json_auto_t *doc =
        decoded(create_deployment_fields,
                "{\"ProjectName\":\"App\",\"ReleaseVersion\":\"1\",\"EnvironmentNames\":"
                "[\"Dev\"],\"UseGuidedFailure\":null,\"RunAt\":null,\"Variables\":null}",
                &p);
    EXPECT(json_is_null(jv_get(doc, "UseGuidedFailure"))); /* not false: the environment decides */
    EXPECT(json_is_object(jv_get(doc, "Variables")));
}

TEST(a_runbook_run_takes_the_published_snapshot_when_it_names_none)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc =
        decoded(create_runbook_run_fields,
                "{\"projectName\":\"App\",\"runbookName\":\"Restart\",\"snapshot\":\"\","
                "\"environmentNames\":[\"Dev\"]}",
                &p);

    EXPECT_INT(p.n, 0);
    EXPECT(json_is_null(jv_get(doc, "Snapshot")));
    EXPECT_STR(jv_str(doc, "RunbookName", ""), "Restart");
}

static void expect_problem(const struct resource *r, const char *text, const char *pointer,
                           const char *message)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = decoded(r->fields, text, &p);

    if (doc) resource_check(r, doc, &p);
    EXPECT_INT(p.n, 1);
    EXPECT_STR(p.items[0].pointer, pointer);
    EXPECT_STR(p.items[0].message, message);
}

TEST(rules_that_span_members_name_the_place)
{
    expect_problem(&lifecycle_resource,
                   "{\"Name\":\"L\",\"Phases\":[{\"Name\":\"a\"},{\"Name\":\"A\"}]}",
                   "/Phases/1/Name", "the name \"A\" is used by phase 1 already");
    expect_problem(&runbook_resource,
                   "{\"Name\":\"R\",\"ProjectId\":\"Projects-1\",\"Environments\":["
                   "\"Environments-1\"]}",
                   "/Environments",
                   "environments can be named only with the environment scope Specified");
    expect_problem(&worker_pool_resource,
                   "{\"Name\":\"P\",\"WorkerPoolType\":\"DynamicWorkerPool\"}", "/WorkerType",
                   "is required for a dynamic worker pool");
    expect_problem(&worker_pool_resource, "{\"Name\":\"P\",\"WorkerPoolType\":\"Other\"}",
                   "/WorkerPoolType",
                   "\"Other\" is not one of StaticWorkerPool, DynamicWorkerPool");
}

TEST(both_ways_to_say_how_long_things_are_kept_agree)
{
    static const struct {
        const char *sent, *strategy;
        bool forever;
    } rows[] = {
        {"null", "Default", true},
        {"{\"ShouldKeepForever\":true}", "Forever", true},
        {"{\"QuantityToKeep\":5,\"Unit\":\"Items\"}", "Count", false},
        {"{\"QuantityToKeep\":5,\"ShouldKeepForever\":false}", "Count", false},
        {"{\"Strategy\":\"Count\",\"QuantityToKeep\":5}", "Count", false},
        {"{\"Strategy\":\"forever\"}", "Forever", true},
    };
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct problems p = PROBLEMS_INIT(&a);
        CLEANUP(freep)
        char *text = xasprintf("{\"Name\":\"L\",\"ReleaseRetentionPolicy\":%s}", rows[i].sent);
        json_auto_t *doc = decoded(lifecycle_resource.fields, text, &p);
        resource_complete(&lifecycle_resource, doc);
        const json_t *keep = jv_get(doc, "ReleaseRetentionPolicy");
        EXPECT_STR(jv_str(keep, "Strategy", ""), rows[i].strategy);
        EXPECT_INT(json_is_true(jv_get(keep, "ShouldKeepForever")), rows[i].forever);
    }
}

TEST(machine_policy_spans_come_back_as_they_were_sent)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = decoded(machine_policy_resource.fields,
                               "{\"Name\":\"P\",\"ConnectionConnectTimeout\":\"01.00:00:00\","
                               "\"ConnectionRetrySleepInterval\":\"00:00:01.50000\","
                               "\"MachineHealthCheckPolicy\":{\"HealthCheckInterval\":null}}",
                               &p);
    json_auto_t *answer = resource_answer(&machine_policy_resource, doc);

    EXPECT_STR(jv_str(answer, "ConnectionConnectTimeout", ""), "01.00:00:00");
    EXPECT_STR(jv_str(answer, "ConnectionRetrySleepInterval", ""), "00:00:01.50000");
    EXPECT_STR(jv_str(answer, "PollingRequestQueueTimeout", ""), "00:02:00");
    EXPECT(json_is_null(jv_get(jv_get(answer, "MachineHealthCheckPolicy"), "HealthCheckInterval")));
}
