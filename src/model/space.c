/* space.c - a space: everything else but users, nodes and tasks lives in one. See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field space_fields[] = {
    ROW_ID,
    {"Name", FIELD_STRING, FIELD_REQUIRED, .max = 50, .doc = "name, unique on this server"},
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"IsDefault", FIELD_BOOL, FIELD_KEEP,
     .doc = "true: used by requests that name no space; one space is, or none"},
    {"IsPrivate", FIELD_BOOL, FIELD_KEEP, .doc = "true: only its own teams see it"},
    {"TaskQueueStopped", FIELD_BOOL, FIELD_KEEP,
     .doc = "true: no new task of it starts; needed to delete it"},
    {"SpaceManagersTeams", FIELD_LIST, FIELD_WEAK, .item = FIELD_STRING, .ref_kind = "Teams",
     .doc = "teams that manage it"},
    {"SpaceManagersTeamMembers", FIELD_LIST, FIELD_WEAK, .item = FIELD_STRING, .ref_kind = "Users",
     .doc = "users that manage it"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/spaces/{Id}"},
    {"SpaceHome", "/api/{Id}"},
    {"Logo", "/api/spaces/{Id}/logo"},
    {"SpaceSearch", "/api/spaces/{Id}/search{?keyword}"},
    {"Web", "/app#/{Id}"},
    {NULL, NULL},
};

const struct resource space_resource = {
    .kind = "Spaces",
    .item_type = "Space",
    .noun = "Space",
    .route = "spaces",
    .system = true,
    .fields = space_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
};

const struct field search_result_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier"},
    {"SpaceId", FIELD_STRING, .doc = "the space it is in"},
    {"Type", FIELD_STRING, FIELD_REQUIRED, .doc = "what it is: Project, Environment, ..."},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "its name"},
    {"Links", FIELD_MAP, .item = FIELD_STRING, .doc = "its address"},
    {.name = NULL},
};
