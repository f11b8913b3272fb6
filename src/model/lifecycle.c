/* lifecycle.c - the order in which releases reach environments, and how long they are kept.
 *
 * No phases: every environment may be deployed to. See resource.h. */
#include "base/id.h"
#include "base/str.h"
#include "model/resource.h"
#include "model/shape.h"

const char *const retention_unit_choices[] = {"Days", "Items", NULL};
static const char *const strategies[] = {"Default", "Forever", "Count", NULL};

const struct field retention_fields[] = {
    {"Strategy", FIELD_STRING, .choices = strategies,
     .doc = "Default: as the space says; Forever; Count: as many as said here"},
    {"Unit", FIELD_STRING, .choices = retention_unit_choices, .fallback = "\"Days\"",
     .doc = "what is counted"},
    {"QuantityToKeep", FIELD_INT, .max = INT32_MAX, .fallback = "0", .doc = "0: all"},
    {"ShouldKeepForever", FIELD_BOOL, FIELD_NULLABLE, .doc = "true: nothing is removed"},
    {.name = NULL},
};

void retention_complete(json_t *period)
{
    const char *strategy = jv_str(period, "Strategy", NULL);
    bool forever = jv_bool(period, "ShouldKeepForever", jv_i64(period, "QuantityToKeep", 0) == 0);

    if (!json_is_object(period)) return;
    if (strategy == NULL) {
        strategy = forever ? "Forever" : "Count";
        jv_set_str(period, "Strategy", strategy);
    }
    if (str_same(strategy, "Forever")) forever = true;
    if (str_same(strategy, "Count")) forever = false;
    jv_set_bool(period, "ShouldKeepForever", forever);
}

static const struct field phase_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    ROW_NAME("name, unique in the lifecycle"),
    {"AutomaticDeploymentTargets", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments that releases go to by themselves when they reach the phase"},
    {"OptionalDeploymentTargets", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments that may be deployed to"},
    {"MinimumEnvironmentsBeforePromotion", FIELD_INT, .max = INT32_MAX, .fallback = "0",
     .doc = "how many must succeed before the next phase; 0: all"},
    {"IsOptionalPhase", FIELD_BOOL, .doc = "true: may be skipped"},
    {"IsPriorityPhase", FIELD_BOOL, .doc = "kept; the queue does not look at it"},
    {"ReleaseRetentionPolicy", FIELD_OBJECT, FIELD_NULLABLE, .fields = retention_fields,
     .doc = "releases to keep; null: as the lifecycle says"},
    {"TentacleRetentionPolicy", FIELD_OBJECT, FIELD_NULLABLE, .fields = retention_fields,
     .doc = "files to keep on targets; null: as the lifecycle says"},
    {.name = NULL},
};

#define KEEP_DEFAULT \
    "{\"Strategy\":\"Default\",\"Unit\":\"Days\",\"QuantityToKeep\":0,\"ShouldKeepForever\":true}"

const struct field lifecycle_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"Phases", FIELD_LIST, .item = FIELD_OBJECT, .fields = phase_fields, .max = 500,
     .doc = "in order; none: every environment may be deployed to"},
    {"ReleaseRetentionPolicy", FIELD_OBJECT, .fields = retention_fields, .fallback = KEEP_DEFAULT,
     .doc = "releases to keep"},
    {"TentacleRetentionPolicy", FIELD_OBJECT, .fields = retention_fields, .fallback = KEEP_DEFAULT,
     .doc = "files to keep on targets"},
    ROW_LINKS,
    {.name = NULL},
};

static void complete(json_t *doc)
{
    json_t *phase;
    size_t i;
    char id[UUID_SIZE];

    retention_complete(jv_get(doc, "ReleaseRetentionPolicy"));
    retention_complete(jv_get(doc, "TentacleRetentionPolicy"));
    json_array_foreach (jv_get(doc, "Phases"), i, phase) {
        if (str_blank(jv_str(phase, "Id", NULL))) jv_set_str(phase, "Id", id_uuid(id));
        retention_complete(jv_get(phase, "ReleaseRetentionPolicy"));
        retention_complete(jv_get(phase, "TentacleRetentionPolicy"));
    }
}

static void check(const json_t *doc, struct problems *p)
{
    const json_t *phases = jv_get(doc, "Phases"), *phase;
    size_t i;

    json_array_foreach (phases, i, phase)
        for (size_t j = 0; j < i; j++)
            if (str_same(jv_str(json_array_get(phases, j), "Name", ""),
                         jv_str(phase, "Name", ""))) {
                problems_add(p, arena_fmt(p->arena, "/Phases/%zu/Name", i),
                             "the name \"%s\" is used by phase %zu already",
                             jv_str(phase, "Name", ""), j + 1);
                break;
            }
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/lifecycles/{Id}"},
    {"Projects", "/api/{SpaceId}/lifecycles/{Id}/projects"},
    {"Preview", "/api/{SpaceId}/lifecycles/{Id}/preview"},
    {NULL, NULL},
};

const struct resource lifecycle_resource = {
    .kind = "Lifecycles",
    .item_type = "Lifecycle",
    .noun = "Lifecycle",
    .route = "lifecycles",
    .fields = lifecycle_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
    .check = check,
};
