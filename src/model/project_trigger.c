/* project_trigger.c - what starts work of a project by itself: when (Filter), and what (Action).
 * See resource.h.
 *
 * Both differ with their type and are kept as they were sent. What a schedule says is checked by
 * rules/schedule. Types that need what is not here (deployment targets, external feeds, Git) are
 * refused: a trigger that never acts would be worse. */
#include "base/str.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field project_trigger_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its project"),
    ROW_DESCRIPTION,
    ROW_PROJECT,
    {"IsDisabled", FIELD_BOOL, .doc = "true: it does nothing"},
    {"Filter", FIELD_ANY, FIELD_REQUIRED, .doc = "when it acts; members depend on FilterType"},
    {"Action", FIELD_ANY, FIELD_REQUIRED, .doc = "what it does; members depend on ActionType"},
    ROW_LINKS,
    {.name = NULL},
};

struct type {
    const char *name;
    const char *needs[3]; /* members that may not be blank or empty */
    const char *missing;  /* what is not here */
};
static const struct type filters[] = {
    {.name = "OnceDailySchedule"},
    {.name = "ContinuousDailySchedule"},
    {.name = "DaysPerMonthSchedule"},
    {.name = "CronExpressionSchedule"},
    {.name = "MachineFilter", .missing = "deployment targets"},
    {.name = "FeedFilter", .missing = "external feeds"},
    {.name = "GitFilter", .missing = "Git repositories"},
};
static const struct type actions[] = {
    {.name = "DeployLatestRelease", .needs = {"DestinationEnvironmentId"}},
    {.name = "DeployNewRelease", .needs = {"EnvironmentId"}},
    {.name = "RunRunbook", .needs = {"RunbookId", "EnvironmentIds"}},
    {.name = "AutoDeploy", .missing = "deployment targets"},
    {.name = "CreateRelease", .missing = "external feeds"},
};

static bool is_empty(const json_t *v)
{
    return json_is_array(v) ? json_array_size(v) == 0
                            : !json_is_string(v) || str_blank(json_string_value(v));
}

static const char *names(struct arena *a, const struct type *types, size_t n)
{
    const char *all = "";

    for (size_t i = 0; i < n; i++)
        if (types[i].missing == NULL)
            all = arena_fmt(a, "%s%s%s", all, *all ? ", " : "", types[i].name);
    return all;
}

static void check_type(const json_t *doc, const char *part, const struct type *types, size_t n,
                       struct problems *p)
{
    const json_t *o = jv_get(doc, part);
    const char *member = arena_fmt(p->arena, "%sType", part), *name = jv_str(o, member, "");
    const char *at = arena_fmt(p->arena, "/%s", part);

    for (size_t i = 0; i < n; i++) {
        if (!str_same(types[i].name, name)) continue;
        if (types[i].missing)
            problems_add(p, at, "the type %s needs %s, which are not here yet", types[i].name,
                         types[i].missing);
        for (size_t k = 0; k < ARRAY_LEN(types[i].needs) && types[i].needs[k]; k++)
            if (is_empty(jv_get(o, types[i].needs[k])))
                problems_add(p, arena_fmt(p->arena, "%s/%s", at, types[i].needs[k]),
                             "is required for the type %s", types[i].name);
        return;
    }
    problems_add(p, arena_fmt(p->arena, "%s/%s", at, member), "\"%.50s\" is not one of %s", name,
                 names(p->arena, types, n));
}

static void check(const json_t *doc, struct problems *p)
{
    const json_t *action = jv_get(doc, "Action");

    check_type(doc, "Filter", filters, ARRAY_LEN(filters), p);
    check_type(doc, "Action", actions, ARRAY_LEN(actions), p);
    if (!is_empty(jv_get(action, "TenantIds")) || !is_empty(jv_get(action, "TenantTags")))
        problems_add(p, "/Action/TenantIds", "there are no tenants here");
}

/* A member of the action that holds an id or a list of them. */
static void refer_to(const json_t *doc, const char *name, const char *kind, struct references *out)
{
    const json_t *v = jv_get(jv_get(doc, "Action"), name), *one;
    const char *pointer = arena_fmt(out->arena, "/Action/%s", name);
    size_t i;

    if (json_is_string(v) && !is_empty(v))
        references_add(out, (struct reference){name, json_string_value(v), kind, pointer, true});
    json_array_foreach (v, i, one)
        if (!is_empty(one))
            references_add(out,
                           (struct reference){name, json_string_value(one), kind, pointer, true});
}

static void refer(const json_t *doc, struct references *out)
{
    static const char *const environments[] = {"EnvironmentId", "EnvironmentIds",
                                               "SourceEnvironmentId", "SourceEnvironmentIds",
                                               "DestinationEnvironmentId"};

    for (size_t i = 0; i < ARRAY_LEN(environments); i++)
        refer_to(doc, environments[i], "Environments", out);
    refer_to(doc, "RunbookId", "Runbooks", out);
    refer_to(doc, "ChannelId", "Channels", out);
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/projecttriggers/{Id}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {NULL, NULL},
};

const struct resource project_trigger_resource = {
    .kind = "ProjectTriggers",
    .item_type = "ProjectTrigger",
    .noun = "Trigger",
    .route = "projecttriggers",
    .route_alias = "triggers",
    .fields = project_trigger_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .owner_member = "ProjectId",
    .order = ORDER_BY_NAME,
    .check = check,
    .refer = refer,
};
