/* defect.c - what keeps a release from entering further phases of its lifecycle until it is
 * resolved. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

static const char *const statuses[] = {"Unresolved", "Resolved", NULL};

const struct field defect_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ReleaseId", FIELD_STRING, FIELD_READ_ONLY, .ref_kind = "Releases", .doc = "the release"},
    {"Description", FIELD_STRING, FIELD_REQUIRED, .max = 10000, .doc = "what is wrong with it"},
    {"Status", FIELD_STRING, FIELD_READ_ONLY, .choices = statuses, .fallback = "\"Unresolved\"",
     .doc = "whether it still keeps the release"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/releases/{ReleaseId}/defects/{Id}"},
    {"Release", "/api/{SpaceId}/releases/{ReleaseId}"},
    {NULL, NULL},
};

const struct resource defect_resource = {
    .kind = "Defects",
    .item_type = "Defect",
    .noun = "Defect",
    .route = "defects",
    .fields = defect_fields,
    .links = links,
    .owner_member = "ReleaseId",
    .order = ORDER_OLDEST,
};
