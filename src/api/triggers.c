/* triggers.c - triggers of projects: kept, and the next time they are due kept beside them. What
 * they do: trigger_actions.c. Facts: rest.md 2.17. */
#include "api/triggers.h"

#include "os/zone_file.h"
#include "rules/schedule.h"
#include "store/trigger.h"

int trigger_next(const json_t *doc, int64_t now_ms, int64_t *ret, struct error *e)
{
    const json_t *filter = jv_get(doc, "Filter");
    CLEANUP(zone_freep) struct zone *zone = NULL;
    struct schedule schedule;

    if (schedule_parse(filter, &schedule, e) < 0) return fail_wrap(e, "Filter");
    if (zone_open(jv_str(filter, "Timezone", ""), &zone, e) < 0)
        return fail_wrap(e, "Filter: Timezone");
    int64_t at = schedule_next(&schedule, zone, now_ms / 1000);
    *ret = at < 0 || jv_bool(doc, "IsDisabled", false) ? 0 : at * 1000;
    return 0;
}

static int set_due(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                   struct error *e)
{
    int64_t due;

    (void)stored;
    if (trigger_next(doc, clock_now(call_app(c)->clock), &due, e) < 0) return -1;
    return trigger_set_due(tx, text(doc, "Id"), due, e);
}

static const struct resource_hooks hooks = {.after = set_due};

static int create(struct call *c, struct error *e)
{
    if (resource_create_with(c, &hooks, e) < 0) return -1;
    engine_due(call_app(c)->engine);
    return 0;
}

static int update(struct call *c, struct error *e)
{
    if (resource_update_with(c, &hooks, e) < 0) return -1;
    engine_due(call_app(c)->engine);
    return 0;
}

static const struct route_query query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"name", QUERY_TEXT, "exact name, in any case"},
    {"partialName", QUERY_TEXT, "part of the name, in any case"},
    {"projects", QUERY_LIST, "only those of these projects"},
    {"runbooks", QUERY_LIST, "only those that run these runbooks"},
    {.name = NULL}};

#define TRIGGER_ROUTES(path)                                                                  \
    RESOURCE_LIST_ROUTE(path, resource_list, "ProjectTrigger", project_trigger_fields, query, \
                        "TriggerView", "triggers by name"),                                   \
        RESOURCE_POST_ROUTE(path, create, "ProjectTrigger", project_trigger_fields,           \
                            "TriggerCreate", "creates a trigger"),                            \
        RESOURCE_GET_ROUTE(path, "ProjectTrigger", project_trigger_fields, "TriggerView"),    \
        RESOURCE_PUT_ROUTE(path "/{id}", update, "ProjectTrigger", project_trigger_fields,    \
                           "TriggerEdit", "replaces a trigger"),                              \
        RESOURCE_DELETE_ROUTE(path, "TriggerDelete")
static const struct route rows[] = {
    TRIGGER_ROUTES("/api/{space}/projecttriggers"),
    TRIGGER_ROUTES("/api/{space}/projects/{project}/triggers"),
    {"GET", "/api/{space}/projecttriggers/all", resource_all, "TriggerView",
     .out = project_trigger_fields, .query = query, .shape = ROUTE_ARRAY,
     .out_name = "ProjectTrigger", .doc = "all triggers"},
};
const struct route_table trigger_routes = {rows, ARRAY_LEN(rows)};
