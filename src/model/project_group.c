/* project_group.c - a named group of projects. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field project_group_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments shown for its projects; empty: all"},
    {"RetentionPolicyId", FIELD_STRING, FIELD_BLANK_NULL, .doc = "kept for old clients"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/projectgroups/{Id}"},
    {"Projects", "/api/{SpaceId}/projectgroups/{Id}/projects{?skip,take,partialName}"},
    {NULL, NULL},
};

const struct resource project_group_resource = {
    .kind = "ProjectGroups",
    .item_type = "ProjectGroup",
    .noun = "Project group",
    .route = "projectgroups",
    .fields = project_group_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
};
