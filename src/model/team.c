/* team.c - people who get user roles together; and the scoped user role that gives a team a role in
 * a space, perhaps restricted. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

#define MAY(member, text)                                                    \
    {                                                                        \
        member, FIELD_BOOL, FIELD_READ_ONLY, .fallback = "true", .doc = text \
    }
const struct field team_fields[] = {
    ROW_ID,
    {"SpaceId", FIELD_STRING, FIELD_CREATE_ONLY | FIELD_WEAK, .ref_kind = "Spaces",
     .doc = "the space it belongs to; null: it is for the whole server"},
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"MemberUserIds", FIELD_LIST, FIELD_KEEP | FIELD_WEAK, .item = FIELD_STRING,
     .ref_kind = "Users", .doc = "the users in it"},
    {"ExternalSecurityGroups", FIELD_LIST, .item = FIELD_ANY,
     .doc = "groups of an identity provider; kept, without effect"},
    MAY("CanBeDeleted", "true: can be deleted"),
    MAY("CanBeRenamed", "true: can be renamed"),
    MAY("CanChangeRoles", "true: can get and lose user roles"),
    MAY("CanChangeMembers", "true: users can be added and removed"),
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template team_links[] = {
    {"Self", "/api/teams/{Id}"},
    {"ScopedUserRoles",
     "/api/teams/{Id}/scopeduserroles{?skip,take,ids,partialName,spaces,includeSystem}"},
    {NULL, NULL},
};

const struct resource team_resource = {
    .kind = "Teams",
    .item_type = "Team",
    .noun = "Team",
    .route = "teams",
    .system = true,
    .fields = team_fields,
    .links = team_links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
};

#define RESTRICTION(member, kind, text)                                            \
    {                                                                              \
        member, FIELD_LIST, FIELD_WEAK, .item = FIELD_STRING, .ref_kind = kind,    \
                                        .doc = "only for " text "; empty: for all" \
    }
const struct field scoped_user_role_fields[] = {
    ROW_ID,
    {"TeamId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY, .ref_kind = "Teams",
     .doc = "the team that gets the role"},
    {"UserRoleId", FIELD_STRING, FIELD_REQUIRED, .ref_kind = "UserRoles", .doc = "the role"},
    {"SpaceId", FIELD_STRING, FIELD_CREATE_ONLY | FIELD_WEAK, .ref_kind = "Spaces",
     .doc = "the space in which it counts; null: for the whole server"},
    RESTRICTION("ProjectIds", "Projects", "these projects"),
    RESTRICTION("ProjectGroupIds", "ProjectGroups", "the projects of these groups"),
    RESTRICTION("EnvironmentIds", "Environments", "these environments"),
    RESTRICTION("TenantIds", "Tenants", "these tenants"),
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template scoped_links[] = {
    {"Self", "/api/scopeduserroles/{Id}"},
    {"UserRole", "/api/userroles/{UserRoleId}"},
    {"Team", "/api/teams/{TeamId}"},
    {NULL, NULL},
};

const struct resource scoped_user_role_resource = {
    .kind = "ScopedUserRoles",
    .item_type = "ScopedUserRole",
    .noun = "Scoped user role",
    .route = "scopeduserroles",
    .system = true,
    .fields = scoped_user_role_fields,
    .links = scoped_links,
    .owner_member = "TeamId",
    .order = ORDER_OLDEST,
};
