/* What grants allow: a table of grants, subjects and answers; and what may be given on. */
#include "rules/permission.h"
#include "tests/lib/tap.h"

static int p(const char *name)
{
    int at = permission_find(name);

    EXPECT(at >= 0);
    return at;
}

static struct permission_set set(const char *a, const char *b)
{
    struct permission_set s = {{0}};

    permission_set_add(&s, p(a));
    if (b) permission_set_add(&s, p(b));
    return s;
}

#define IDS(...)                                                              \
    {                                                                         \
        (const char *const[]){__VA_ARGS__},                                   \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *) \
    }
#define ONE(grant) \
    (struct grants) { .items = &(grant), .n = 1 }

TEST(a_restricted_grant_covers_what_is_about_its_projects_and_environments)
{
    const struct grant plain = {.space_id = "Spaces-1", .set = set("DeploymentCreate", NULL)};
    const struct grant project = {.space_id = "Spaces-1",
                                  .set = set("DeploymentCreate", NULL),
                                  .projects = IDS("Projects-1", "Projects-2")};
    const struct grant group = {.space_id = "Spaces-1",
                                .set = set("DeploymentCreate", NULL),
                                .groups = IDS("ProjectGroups-1")};
    const struct grant both = {.space_id = "Spaces-1",
                               .set = set("DeploymentCreate", NULL),
                               .projects = IDS("Projects-1"),
                               .environments = IDS("Environments-1")};
    const struct grant tenant = {
        .space_id = "Spaces-1", .set = set("DeploymentCreate", NULL), .tenants = IDS("Tenants-1")};
    const struct subject in_1 = {.space_id = "Spaces-1",
                                 .project_id = "Projects-1",
                                 .group_id = "ProjectGroups-1",
                                 .environments = IDS("Environments-1")};
    const struct subject in_3 = {.space_id = "Spaces-1",
                                 .project_id = "Projects-3",
                                 .group_id = "ProjectGroups-1",
                                 .environments = IDS("Environments-1")};
    const struct subject test = {
        .space_id = "Spaces-1", .project_id = "Projects-1", .environments = IDS("Environments-2")};
    const struct subject two = {.space_id = "Spaces-1",
                                .project_id = "Projects-1",
                                .environments = IDS("Environments-1", "Environments-2")};
    const struct subject no_project = {.space_id = "Spaces-1",
                                       .environments = IDS("Environments-1")};
    const struct subject part = {
        .space_id = "Spaces-1", .project_id = "Projects-1", .partial = true};
    const struct subject other_part = {
        .space_id = "Spaces-1", .project_id = "Projects-3", .partial = true};
    const struct subject elsewhere = {.space_id = "Spaces-2", .project_id = "Projects-1"};
    const struct {
        const struct grant *grant;
        const struct subject *subject;
        bool covered;
    } table[] = {
        {&plain, &in_1, true},       {&plain, &no_project, true}, {&plain, &elsewhere, false},
        {&project, &in_1, true},     {&project, &in_3, false},    {&project, &no_project, false},
        {&project, &test, true},     {&project, &part, true},     {&project, &other_part, false},
        {&group, &in_1, true},       {&group, &in_3, true},       {&group, &test, false},
        {&both, &in_1, true},        {&both, &in_3, false},       {&both, &test, false},
        {&both, &two, false},        {&both, &part, true},        {&tenant, &in_1, false},
        {&both, &no_project, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (grants_cover(&ONE(*(struct grant *)table[i].grant), p("DeploymentCreate"),
                         table[i].subject) != table[i].covered)
            tap_fail(__FILE__, __LINE__, "row %zu", i);
}

TEST(a_restriction_that_a_permission_does_not_know_has_no_effect_on_it)
{
    struct grant g = {.space_id = "Spaces-1",
                      .set = set("EnvironmentView", "FeedView"),
                      .projects = IDS("Projects-1"),
                      .environments = IDS("Environments-1")};
    const struct subject dev = {.space_id = "Spaces-1", .environments = IDS("Environments-1")};
    const struct subject test = {.space_id = "Spaces-1", .environments = IDS("Environments-2")};
    const struct subject feed = {.space_id = "Spaces-1"};

    EXPECT(grants_cover(&ONE(g), p("EnvironmentView"), &dev));
    EXPECT(!grants_cover(&ONE(g), p("EnvironmentView"), &test));
    EXPECT(grants_cover(&ONE(g), p("FeedView"), &feed));
    EXPECT(grants_cover_all(&ONE(g), p("FeedView"), "Spaces-1"));
    EXPECT(!grants_cover_all(&ONE(g), p("EnvironmentView"), "Spaces-1"));
}

TEST(one_of_several_environments_is_enough_to_view_and_all_are_needed_to_change)
{
    struct grant g = {.space_id = "Spaces-1",
                      .set = set("AccountView", "AccountEdit"),
                      .environments = IDS("Environments-1")};
    const struct subject two = {.space_id = "Spaces-1",
                                .environments = IDS("Environments-1", "Environments-2")};
    const struct subject none = {.space_id = "Spaces-1"};

    EXPECT(grants_cover(&ONE(g), p("AccountView"), &two));
    EXPECT(!grants_cover(&ONE(g), p("AccountEdit"), &two));
    EXPECT(!grants_cover(&ONE(g), p("AccountView"), &none));
}

TEST(a_grant_counts_in_its_own_space_only)
{
    struct grant space = {.space_id = "Spaces-1", .set = set("TaskView", NULL)};
    struct grant system = {.set = set("TaskView", NULL)};
    struct grant every = {.every_space = true, .set = set("WorkerView", NULL)};
    const struct subject of_none = {.space_id = NULL}, of_1 = {.space_id = "Spaces-1"};
    const struct grants nothing = {.n = 0}, all = {.all = true};

    EXPECT(grants_hold(&ONE(space), p("TaskView"), "Spaces-1"));
    EXPECT(!grants_hold(&ONE(space), p("TaskView"), "Spaces-2"));
    EXPECT(grants_hold(&ONE(space), p("TaskView"), NULL));
    EXPECT(!grants_cover(&ONE(space), p("TaskView"), &of_none));
    EXPECT(grants_cover(&ONE(system), p("TaskView"), &of_none));
    EXPECT(!grants_cover(&ONE(system), p("TaskView"), &of_1));
    EXPECT(grants_enter(&ONE(space), "Spaces-1"));
    EXPECT(!grants_enter(&ONE(space), "Spaces-2"));
    EXPECT(!grants_enter(&ONE(system), "Spaces-1"));
    EXPECT(grants_enter(&ONE(every), "Spaces-7"));
    EXPECT(!grants_enter(&nothing, "Spaces-1"));
    EXPECT(grants_enter(&all, "Spaces-1"));
    EXPECT(grants_cover(&all, p("UserEdit"), &of_none));
}

TEST(nobody_gives_more_than_it_has)
{
    struct grant mine = {.space_id = "Spaces-1",
                         .set = set("DeploymentCreate", "FeedView"),
                         .projects = IDS("Projects-1", "Projects-2"),
                         .environments = IDS("Environments-1")};
    struct grant given = mine;

    EXPECT_INT(grants_may_give(&ONE(mine), &given), -1);
    given.projects = (struct ids)IDS("Projects-1");
    EXPECT_INT(grants_may_give(&ONE(mine), &given), -1);
    given.projects = (struct ids)IDS("Projects-1", "Projects-3");
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("DeploymentCreate"));
    given.projects = (struct ids){NULL, 0};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("DeploymentCreate"));
    given = mine;
    given.environments = (struct ids){NULL, 0};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("DeploymentCreate"));
    given = (struct grant){.space_id = "Spaces-1", .set = set("FeedView", NULL)};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), -1); /* restrictions do not count for feeds */
    given = (struct grant){.space_id = "Spaces-1", .set = set("FeedEdit", NULL)};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("FeedEdit"));
    given = (struct grant){.space_id = "Spaces-2", .set = set("FeedView", NULL)};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("FeedView"));
    given = (struct grant){.set = set("AdministerSystem", NULL)};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("AdministerSystem"));
    EXPECT_INT(grants_may_give(&(struct grants){.all = true}, &given), -1);
    mine = (struct grant){.set = set("ConfigureServer", "WorkerEdit")};
    given = (struct grant){.every_space = true, .set = set("WorkerEdit", NULL)};
    EXPECT_INT(grants_may_give(&ONE(mine), &given), p("WorkerEdit"));
    mine.every_space = true;
    EXPECT_INT(grants_may_give(&ONE(mine), &given), -1);
}
