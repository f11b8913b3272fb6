/* environment.c - where releases are deployed to. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field extension_fields[] = {
    {"ExtensionId", FIELD_STRING, .doc = "which extension"},
    {"Values", FIELD_ANY, .doc = "its settings"},
    {.name = NULL},
};

const struct field environment_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"SortOrder", FIELD_INT, FIELD_KEEP, .fallback = "0", .doc = "place in lists"},
    {"UseGuidedFailure", FIELD_BOOL, .doc = "true: a failed step asks a person"},
    {"AllowDynamicInfrastructure", FIELD_BOOL,
     .doc = "true: scripts may add and remove deployment targets"},
    {"EnvironmentTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags"},
    {"ExtensionSettings", FIELD_LIST, .item = FIELD_OBJECT, .fields = extension_fields,
     .doc = "settings of extensions"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/environments/{Id}"},
    {"Machines",
     "/api/{SpaceId}/environments/{Id}/machines{?skip,take,partialName,roles,isDisabled,"
     "healthStatuses,commStyles,tenantIds,tenantTags,shellNames}"},
    {NULL, NULL},
};

const struct resource environment_resource = {
    .kind = "Environments",
    .item_type = "Environment",
    .noun = "Environment",
    .route = "environments",
    .fields = environment_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_SORT,
};
