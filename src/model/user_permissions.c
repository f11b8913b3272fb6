/* user_permissions.c - answers about what a user may do and which teams the user is in. */
#include "model/permission.h"

const struct field team_membership_fields[] = {
    {"Id", FIELD_STRING, .doc = "the team"},
    {"Name", FIELD_STRING, .doc = "its name"},
    {"SpaceId", FIELD_STRING, .doc = "the space it belongs to; null: none"},
    {"IsDirectlyAssigned", FIELD_BOOL, .doc = "true: the user is one of its members"},
    {"ExternalGroupNames", FIELD_LIST, .item = FIELD_STRING,
     .doc = "groups of an identity provider that brought the user in"},
    {.name = NULL},
};

const struct field user_permissions_fields[] = {
    {"Id", FIELD_STRING, .doc = "the user"},
    {"IsPermissionsComplete", FIELD_BOOL,
     .doc = "false: there are more, which the caller may not see"},
    {"IsTeamsComplete", FIELD_BOOL, .doc = "false: there are more, which the caller may not see"},
    {"SpacePermissions", FIELD_MAP, .item = FIELD_ANY,
     .doc = "lists of {SpaceId, RestrictedToProjectIds, RestrictedToProjectGroupIds, "
            "RestrictedToEnvironmentIds, RestrictedToTenantIds} by permission"},
    {"SystemPermissions", FIELD_LIST, .item = FIELD_STRING,
     .doc = "permissions for the whole server"},
    {"Teams", FIELD_LIST, .item = FIELD_OBJECT, .fields = team_membership_fields,
     .doc = "the user's teams"},
    {"Links", FIELD_MAP, .item = FIELD_STRING, .doc = "addresses"},
    {.name = NULL},
};
