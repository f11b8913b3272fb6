/* resources.c - all resources: the self-check, and for each one the answer to its smallest document
 * against tests/data/api/<ItemType>.json, so that no member appears, vanishes or moves unseen.
 * BOBTAIL_GOLDEN=write writes those files. */
#include <stdlib.h>

#include "model/command.h"
#include "model/resource.h"
#include "tests/lib/tap.h"

#include "base/str.h"

static char *seal(void *ctx, const char *plain) { return xasprintf("<%zu bytes>", strlen(plain)); }
static const struct sealer sealer = {seal, NULL};

static json_t *parse(const char *text)
{
    json_t *v = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

#define STEPS                                                                                   \
    "{\"Steps\":[{\"Id\":\"step-1\",\"Name\":\"Say "                                            \
    "it\",\"Actions\":[{\"Id\":\"action-1\",\"Name\":"                                          \
    "\"Say "                                                                                    \
    "it\",\"ActionType\":\"Octopus.Script\",\"WorkerPoolId\":null,\"WorkerPoolVariable\":\"\"," \
    "\"Packages\":[{\"Id\":\"package-1\",\"PackageId\":\"app\"}],\"Properties\":{\"Octopus."    \
    "Action."                                                                                   \
    "RunOnServer\":\"true\",\"Key\":{\"HasValue\":true,\"NewValue\":\"secret\"}}}]}]}"

/* The smallest document, and the members that the server sets. */
static const struct {
    const struct resource *resource;
    const char *in, *id, *set;
} minimal[] = {
    {&space_resource, "{\"Name\":\"Default\"}", "Spaces-1", "{}"},
    {&user_resource, "{\"Username\":\"admin\",\"Password\":\"secret\"}", "Users-1", "{}"},
    {&user_role_resource,
     "{\"Name\":\"Own\",\"GrantedSpacePermissions\":[\"ProjectView\"],"
     "\"GrantedSystemPermissions\":[\"UserView\"]}",
     "UserRoles-1", "{}"},
    {&team_resource, "{\"Name\":\"Own\",\"SpaceId\":\"Spaces-1\"}", "Teams-1", "{}"},
    {&scoped_user_role_resource,
     "{\"TeamId\":\"Teams-1\",\"UserRoleId\":\"UserRoles-1\",\"SpaceId\":\"Spaces-1\","
     "\"ProjectIds\":[\"Projects-1\"]}",
     "ScopedUserRoles-1", "{}"},
    {&environment_resource, "{\"Name\":\"Dev\"}", "Environments-1", "{}"},
    {&project_group_resource, "{\"Name\":\"All\"}", "ProjectGroups-1", "{}"},
    {&lifecycle_resource,
     "{\"Name\":\"Default\",\"Phases\":[{\"Id\":\"phase-1\",\"Name\":\"One\"}]}", "Lifecycles-1",
     "{}"},
    {&project_resource,
     "{\"Name\":\"App\",\"ProjectGroupId\":\"ProjectGroups-1\",\"LifecycleId\":\"Lifecycles-1\"}",
     "Projects-1", "{}"},
    {&channel_resource, "{\"Name\":\"Default\",\"ProjectId\":\"Projects-1\"}", "Channels-1", "{}"},
    {&deployment_process_resource, STEPS, "deploymentprocess-Projects-1",
     "{\"ProjectId\":\"Projects-1\",\"Version\":1}"},
    {&variable_set_resource,
     "{\"Variables\":[{\"Id\":\"v1\",\"Name\":\"a\",\"Value\":\"b\"},{\"Id\":\"v2\",\"Name\":\"c\","
     "\"Value\":\"secret\",\"IsSensitive\":true}]}",
     "variableset-Projects-1", "{\"OwnerId\":\"Projects-1\",\"Version\":1}"},
    {&release_resource,
     "{\"ProjectId\":\"Projects-1\",\"Version\":\"0.0.1\",\"ChannelId\":"
     "\"Channels-1\"}",
     "Releases-1", "{\"ProjectVariableSetSnapshotId\":\"variableset-Projects-1-s-1\"}"},
    {&deployment_resource, "{\"ReleaseId\":\"Releases-1\",\"EnvironmentId\":\"Environments-1\"}",
     "Deployments-1", "{\"ProjectId\":\"Projects-1\",\"TaskId\":\"ServerTasks-1\"}"},
    {&runbook_resource, "{\"Name\":\"Restart\",\"ProjectId\":\"Projects-1\"}", "Runbooks-1", "{}"},
    {&runbook_process_resource, STEPS, "RunbookProcess-Runbooks-1",
     "{\"ProjectId\":\"Projects-1\",\"RunbookId\":\"Runbooks-1\"}"},
    {&runbook_snapshot_resource,
     "{\"Name\":\"Snapshot 1\",\"ProjectId\":\"Projects-1\",\"RunbookId\":\"Runbooks-1\"}",
     "RunbookSnapshots-1", "{}"},
    {&runbook_run_resource, "{\"RunbookId\":\"Runbooks-1\",\"EnvironmentId\":\"Environments-1\"}",
     "RunbookRuns-1", "{\"ProjectId\":\"Projects-1\",\"TaskId\":\"ServerTasks-2\"}"},
    {&worker_pool_resource, "{\"Name\":\"Linux\"}", "WorkerPools-1", "{}"},
    {&worker_resource,
     "{\"Name\":\"w\",\"WorkerPoolIds\":[\"WorkerPools-1\"],\"MachinePolicyId\":\"\",\"Endpoint\":{"
     "\"CommunicationStyle\":\"TentaclePassive\",\"Uri\":\"https://listening.test/"
     "\",\"Thumbprint\":"
     "\"3f\"},\"Status\":\"Online\",\"HealthStatus\":\"Healthy\"}",
     "Workers-1", "{}"},
    {&machine_resource, "{\"Name\":\"t\",\"Endpoint\":{\"CommunicationStyle\":\"None\"}}",
     "Machines-1", "{}"},
    {&account_resource, "{\"Name\":\"a\",\"AccountType\":\"UsernamePassword\",\"Username\":\"u\"}",
     "Accounts-1", "{}"},
    {&proxy_resource, "{\"Name\":\"p\",\"Host\":\"h\"}", "Proxies-1", "{}"},
    {&library_variable_set_resource,
     "{\"Name\":\"l\",\"Templates\":[{\"Id\":\"t\",\"Name\":\"n\"}]}", "LibraryVariableSets-1",
     "{}"},
    {&tag_set_resource, "{\"Name\":\"t\",\"Tags\":[{\"Id\":\"x\",\"Name\":\"n\"}]}", "TagSets-1",
     "{}"},
    {&certificate_resource,
     "{\"Name\":\"c\",\"CertificateData\":{\"HasValue\":true,\"NewValue\":\"YQ==\"}}",
     "Certificates-1", "{\"NotAfter\":\"2030-01-02T03:04:05.000+00:00\"}"},
    {&machine_policy_resource, "{\"Name\":\"Default\"}", "MachinePolicies-1", "{}"},
    {&task_resource, "{}", "ServerTasks-1",
     "{\"Name\":\"Deploy\",\"Arguments\":{\"DeploymentId\":\"Deployments-1\"}}"},
    {&artifact_resource, "{\"Filename\":\"a.txt\",\"ServerTaskId\":\"ServerTasks-1\"}",
     "Artifacts-1", "{}"},
    {&event_resource, "{}", "Events-1", "{\"Category\":\"Created\"}"},
    {&interruption_resource, "{}", "Interruptions-1", "{\"Title\":\"Go on?\"}"},
    {&feed_resource, "{\"Name\":\"Built-in\",\"FeedType\":\"BuiltIn\"}", "feeds-builtin", "{}"},
    {&package_resource, "{}", "Packages-1", "{\"PackageId\":\"Hello\",\"Version\":\"1.0.0\"}"},
    {&build_information_resource, "{\"PackageId\":\"Hello\",\"Version\":\"1.0.0\"}",
     "BuildInformation-1", "{}"},
    {&server_node_resource, "{}", "OctopusServerNodes-1", "{\"Name\":\"node\"}"},
    {&project_trigger_resource,
     "{\"Name\":\"Nightly\",\"ProjectId\":\"Projects-1\",\"Filter\":{\"FilterType\":"
     "\"CronExpressionSchedule\",\"CronExpression\":\"0 2 * * *\"},\"Action\":{\"ActionType\":"
     "\"RunRunbook\",\"RunbookId\":\"Runbooks-1\",\"EnvironmentIds\":[\"Environments-1\"]}}",
     "ProjectTriggers-1", "{}"},
    {&maintenance_resource, "{}", "maintenance", "{}"},
    {&defect_resource, "{\"Description\":\"It burns\"}", "Defects-1",
     "{\"ReleaseId\":\"Releases-1\"}"},
    {&server_certificate_resource, "{}", "certificate-global",
     "{\"Name\":\"CN=Bobtail Server\",\"IsCurrent\":true}"},
};

/* As a create does it. */
static json_t *created(size_t i, struct problems *p)
{
    const struct resource *r = minimal[i].resource;
    json_auto_t *in = parse(minimal[i].in), *set = parse(minimal[i].set);
    json_t *doc = NULL;

    if (schema_decode(r->fields, in, NULL, &sealer, &doc, p) < 0) return NULL;
    jv_set_str(doc, "Id", minimal[i].id);
    if (!r->system) jv_set_str(doc, "SpaceId", "Spaces-1");
    if (r->has_slug) {
        CLEANUP(freep) char *slug = str_slug(jv_str(doc, r->name_member, ""));
        jv_set_str(doc, "Slug", slug);
    }
    EXPECT_INT(json_object_update(doc, set), 0);
    resource_complete(r, doc);
    resource_check(r, doc, p);
    return doc;
}

static void expect_no_problem(size_t i, const struct problems *p)
{
    if (p->n == 0) return;
    tap_fail(__FILE__, __LINE__, "%s: %s: %s", minimal[i].resource->item_type, p->items[0].pointer,
             p->items[0].message);
    tap_stop();
}

static void expect_golden(const char *item_type, const json_t *answer)
{
    CLEANUP(freep) char *path = xasprintf("tests/data/api/%s.json", item_type);
    json_error_t je;

    if (getenv("BOBTAIL_GOLDEN")) {
        CLEANUP(freep) char *text = json_dumps(answer, JSON_INDENT(2));
        FILE *f = fopen(path, "w");
        EXPECT(f && fprintf(f, "%s\n", text) > 0 && fclose(f) == 0);
    }
    json_auto_t *golden = json_load_file(path, 0, &je);
    if (golden == NULL) tap_fail(__FILE__, __LINE__, "%s: %s", path, je.text), tap_stop();
    CLEANUP(freep) char *wanted = jv_text(golden), *got = jv_text(answer); /* order counts */
    if (strcmp(got, wanted) != 0)
        tap_fail(__FILE__, __LINE__, "%s has changed:\n# got    %s\n# wanted %s", path, got,
                 wanted),
            tap_stop();
}

TEST(every_table_and_descriptor_passes_the_self_check)
{
    struct error err = {0};

    EXPECT_OK(resources_check(&err));
}

TEST(the_answer_to_the_smallest_document_is_as_recorded)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(minimal); i++) {
        struct problems p = PROBLEMS_INIT(&a);
        json_auto_t *doc = created(i, &p);
        expect_no_problem(i, &p);
        json_auto_t *answer = resource_answer(minimal[i].resource, doc);
        expect_golden(minimal[i].resource->item_type, answer);
    }
}

TEST(every_resource_is_tried_here)
{
    for (size_t i = 0; resources[i]; i++) {
        EXPECT(i < ARRAY_LEN(minimal));
        EXPECT_STR(minimal[i].resource->kind, resources[i]->kind);
    }
}

TEST(what_is_answered_can_be_sent_back_and_changes_nothing)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(minimal); i++) {
        const struct resource *r = minimal[i].resource;
        struct problems p = PROBLEMS_INIT(&a);
        json_auto_t *doc = created(i, &p), *answer = resource_answer(r, doc), *again = NULL;
        EXPECT_INT(schema_decode(r->fields, answer, doc, &sealer, &again, &p), 0);
        resource_complete(r, again);
        expect_no_problem(i, &p);
        json_object_del(doc, "Password"); /* write-only of a user; a feed has none here */
        json_object_del(again, "Password");
        CLEANUP(freep) char *before = jv_text(doc), *after = jv_text(again);
        EXPECT_STR(after, before);
    }
}

TEST(no_answer_holds_a_secret)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(minimal); i++) {
        struct problems p = PROBLEMS_INIT(&a);
        json_auto_t *doc = created(i, &p), *answer = resource_answer(minimal[i].resource, doc);
        CLEANUP(freep) char *text = jv_text(answer);
        EXPECT(strstr(text, "Sealed") == NULL && strstr(text, "secret") == NULL);
        EXPECT(strstr(text, "6 bytes") == NULL);
    }
}

TEST(links_depend_on_the_document_only)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    for (size_t i = 0; i < ARRAY_LEN(minimal); i++) {
        struct problems p = PROBLEMS_INIT(&a);
        json_auto_t *doc = created(i, &p);
        json_auto_t *one = resource_links(minimal[i].resource, doc);
        json_auto_t *two = resource_links(minimal[i].resource, doc);
        const char *name;
        json_t *path;
        EXPECT(json_equal(one, two));
        EXPECT(jv_get(one, "Self") != NULL);
        json_object_foreach (one, name, path)
            EXPECT(json_string_value(path)[0] == '/' &&
                   strstr(json_string_value(path), "{Id}") == NULL);
    }
}

TEST(values_in_links_are_escaped_and_links_without_value_are_left_out)
{
    static const struct link_template table[] = {
        {"Self", "/api/{SpaceId}/x/{Id}{/rest}{?skip,take}"},
        {"Gone", "/api/{Missing}"},
        {"Null", "/api/{Nothing}"},
        {"Client", "/api/{spaceId}"},
        {NULL, NULL},
    };
    json_auto_t *doc = parse("{\"SpaceId\":\"Spaces-1\",\"Id\":\"a/b c?\",\"Nothing\":null}");
    json_auto_t *links = links_of(table, doc);
    CLEANUP(freep) char *text = jv_text(links);

    EXPECT_STR(text, "{\"Self\":\"/api/Spaces-1/x/a%2Fb%20c%3F{/rest}{?skip,take}\",\"Client\":"
                     "\"/api/{spaceId}\"}");
}

TEST(resources_are_found_by_kind_and_route)
{
    EXPECT(resource_by_kind("Projects") == &project_resource);
    EXPECT(resource_by_kind("projects") == NULL);
    EXPECT(resource_by_route("RUNBOOKprocesses") == &runbook_process_resource);
    EXPECT(resource_by_route("nothing") == NULL);
}

/* What openapi needs: a type or a choice of schemas at every place, and a description per member.
 */
static void expect_schema(const char *where, const json_t *s)
{
    const char *name;
    json_t *member;

    json_object_foreach (jv_get(s, "properties"), name, member) {
        CLEANUP(freep) char *inner = xasprintf("%s.%s", where, name);
        const json_t *item = jv_get(member, "items");
        if (item == NULL) item = jv_get(member, "additionalProperties");
        if (item) expect_schema(inner, item);
        expect_schema(inner, member);
    }
    if (jv_get(s, "type") && !strcmp(jv_str(s, "type", ""), "array")) EXPECT(jv_get(s, "items"));
}

TEST(every_table_describes_itself)
{
    for (size_t i = 0; resources[i]; i++) {
        json_auto_t *s = schema_describe(resources[i]->fields);
        expect_schema(resources[i]->item_type, s);
        EXPECT(jv_get(jv_get(s, "properties"), "Links") != NULL);
    }
    for (const struct named_table *t = command_tables; t->name; t++) {
        json_auto_t *s = schema_describe(t->fields);
        EXPECT(json_object_size(jv_get(s, "properties")) > 0);
    }
}
