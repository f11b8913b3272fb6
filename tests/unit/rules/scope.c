/* Which value of a variable wins (execution.md 5.1). */
#include "tests/lib/tap.h"

#include "rules/scope.h"

static json_t *parse(const char *text)
{
    struct error err = {0};
    json_t *v = NULL;

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

static const char *const roles[] = {"web", "db"}, *const targeted[] = {"web"},
                         *const tags[] = {"Ring/Early"};
static const struct scope_context production = {
    .environment = "Environments-1",
    .channel = "Channels-1",
    .action = "Actions-1",
    .process_owner = "Projects-1",
    .project = "Projects-1",
    .machine = "Machines-1",
    .roles = {roles, 2},
    .target_roles = {targeted, 1},
    .tenant = "Tenants-1",
    .tenant_tags = {tags, 1},
};

TEST(all_fields_must_match_and_one_id_of_each)
{
    static const struct {
        const char *scope;
        int64_t weight;
    } rows[] = {
        {"{}", 0},
        {"{\"Environment\":[]}", 0},
        {"{\"Environment\":null}", 0},
        {"{\"Environment\":[\"Environments-1\"]}", 100},
        {"{\"Environment\":[\"Environments-9\",\"environments-1\"]}", 100},
        {"{\"Environment\":\"Environments-1\"}", 100},
        {"{\"Environment\":[\"Environments-9\"]}", -1},
        {"{\"Environment\":[\"Environments-1\"],\"Channel\":[\"Channels-9\"]}", -1},
        {"{\"Environment\":[\"Environments-1\"],\"Channel\":[\"Channels-1\"]}", 110},
        {"{\"Role\":[\"DB\"]}", 10000},
        {"{\"TenantTag\":[\"Ring/Early\"],\"Tenant\":[\"Tenants-1\"]}", 2001},
        {"{\"Trigger\":[\"Triggers-1\"]}", -1},
        {"{\"Planet\":[\"Mars\"]}", -1},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *scope = parse(rows[i].scope);
        EXPECT_INT(scope_weight(scope, &production), rows[i].weight);
    }
    EXPECT_INT(scope_weight(NULL, &production), 0);
}

TEST(the_more_specific_field_outweighs_all_less_specific_ones_together)
{
    static const char *const ladder[] = {
        "{}",
        "{\"Project\":[\"Projects-1\"]}",
        "{\"ProcessOwner\":[\"Projects-1\"]}",
        "{\"Channel\":[\"Channels-1\"]}",
        "{\"Environment\":[\"Environments-1\"]}",
        "{\"TenantTag\":[\"Ring/Early\"]}",
        "{\"Tenant\":[\"Tenants-1\"]}",
        "{\"Role\":[\"web\"]}",
        "{\"TargetRole\":[\"web\"]}",
        "{\"Machine\":[\"Machines-1\"]}",
        "{\"Action\":[\"Actions-1\"]}",
    };
    int64_t before = -1;

    for (size_t i = 0; i < ARRAY_LEN(ladder); i++) {
        json_auto_t *scope = parse(ladder[i]);
        int64_t weight = scope_weight(scope, &production);
        EXPECT(weight > before);
        before = weight;
    }
}

TEST(a_field_that_the_context_does_not_have_never_applies)
{
    struct scope_context runbook = {.environment = "Environments-1"};
    json_auto_t *channel = parse("{\"Channel\":[\"Channels-1\"]}");
    json_auto_t *action = parse("{\"Action\":[\"\"]}");

    EXPECT_INT(scope_weight(channel, &runbook), -1);
    EXPECT_INT(scope_weight(action, &(struct scope_context){.action = ""}), -1);
}

static const char *value_of(const struct scope_variable *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].name, name) == 0) return v[i].value;
    return NULL;
}

TEST(one_value_per_name_the_most_specific_one)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct scope_variable *v;
    size_t n;
    json_auto_t *project = parse(
        "[{\"Name\":\"Port\",\"Value\":\"80\",\"Type\":\"String\"},"
        "{\"Name\":\"port\",\"Value\":\"8080\",\"Scope\":{\"Environment\":[\"Environments-1\"]}},"
        "{\"Name\":\"PORT\",\"Value\":\"9\",\"Scope\":{\"Environment\":[\"Environments-2\"]}},"
        "{\"Name\":\"Key\",\"Value\":null,\"Type\":\"Sensitive\",\"IsSensitive\":true},"
        "{\"Name\":\"Twice\",\"Value\":\"first\"},{\"Name\":\"Twice\",\"Value\":\"second\"},"
        "{\"Name\":\"Elsewhere\",\"Value\":\"x\",\"Scope\":{\"Environment\":[\"Environments-2\"]}},"
        "{\"Name\":\"\",\"Value\":\"nameless\"},{\"Value\":\"nameless\"}]");
    json_auto_t *library =
        parse("[{\"Name\":\"Twice\",\"Value\":\"library\"},{\"Name\":\"Extra\",\"Value\":\"e\"},"
              "{\"Name\":\"Key\",\"Value\":\"open\",\"Scope\":{\"Action\":[\"Actions-2\"]}}]");
    const json_t *sets[] = {project, library};

    scope_select(sets, 2, &production, &a, &v, &n);
    EXPECT_INT(n, 4);
    EXPECT_STR(value_of(v, n, "port"), "8080");
    EXPECT_STR(value_of(v, n, "Twice"), "first");
    EXPECT_STR(value_of(v, n, "Extra"), "e");
    EXPECT(v[1].sensitive && v[1].value == NULL);
    EXPECT_STR(v[1].type, "Sensitive");
    EXPECT(v[1].document == json_array_get(project, 3));

    struct scope_context other = production;
    other.action = "Actions-2";
    scope_select(sets, 2, &other, &a, &v, &n);
    EXPECT_STR(value_of(v, n, "Key"), "open"); /* more specific, though of a later set */
}
