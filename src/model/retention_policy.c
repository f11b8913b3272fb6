/* retention_policy.c - what a space keeps where a lifecycle or runbook says Default: one policy of
 * each type, always there. Rows are settings (api/retention_policies.c). See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"LifecycleRelease", "LifecycleTentacle", "RunbookRetention",
                                    NULL};
static const char *const strategies[] = {"Forever", "Count", NULL};

const struct field retention_policy_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"Name", FIELD_STRING, FIELD_READ_ONLY, .doc = "what it is about, in words"},
    {"RetentionType", FIELD_STRING, FIELD_READ_ONLY, .choices = types, .doc = "what it is about"},
    {"Strategy", FIELD_STRING, FIELD_REQUIRED, .choices = strategies,
     .doc = "Forever, or as many as said here"},
    {"Unit", FIELD_STRING, FIELD_BLANK_NULL, .choices = retention_unit_choices,
     .fallback = "\"Items\"", .doc = "what is counted"},
    {"QuantityToKeep", FIELD_INT, .max = INT32_MAX, .fallback = "0",
     .doc = "how many; 0 of Forever"},
    ROW_LINKS,
    {.name = NULL},
};

const struct link_template retention_policy_links[] = {
    {"Self", "/api/{SpaceId}/retentionpolicies/{Id}"},
    {NULL, NULL},
};
