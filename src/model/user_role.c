/* user_role.c - a named set of permissions; teams get it by a scoped user role. What clients cannot
 * write follows from the granted permissions. See resource.h. */
#include "model/permission.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field user_role_fields[] = {
    ROW_ID,
    ROW_NAME("name, unique on this server"),
    ROW_DESCRIPTION,
    {"GrantedSpacePermissions", FIELD_LIST, .item = FIELD_STRING,
     .doc = "permissions that it grants in the space of the scoped user role"},
    {"GrantedSystemPermissions", FIELD_LIST, .item = FIELD_STRING,
     .doc = "permissions that it grants for the whole server"},
    {"SupportedRestrictions", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "restrictions that have an effect on one of its permissions"},
    {"SpacePermissionDescriptions", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "what its permissions in a space allow"},
    {"SystemPermissionDescriptions", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "what its permissions for the whole server allow"},
    {"CanBeDeleted", FIELD_BOOL, FIELD_READ_ONLY, .fallback = "true",
     .doc = "false: it is built in, and can be neither changed nor deleted"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/userroles/{Id}"},
    {NULL, NULL},
};

static void check_list(const json_t *doc, const char *member, enum permission_level level,
                       struct problems *p)
{
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(doc, member), i, one) {
        int at = permission_find(json_string_value(one));
        const char *pointer = arena_fmt(p->arena, "/%s/%zu", member, i);
        if (at < 0) problems_add(p, pointer, "there is no permission '%s'", json_string_value(one));
        else if (!(permissions[at].levels & level))
            problems_add(p, pointer, "%s can be granted %s only", permissions[at].name,
                         level == PERMISSION_SPACE ? "for the whole server" : "in a space");
    }
}

static void check(const json_t *doc, struct problems *p)
{
    check_list(doc, "GrantedSpacePermissions", PERMISSION_SPACE, p);
    check_list(doc, "GrantedSystemPermissions", PERMISSION_SYSTEM, p);
}

/* The texts of the permissions, and the restrictions they know. */
static json_t *describe(const json_t *doc, const char *member, unsigned *restrictions)
{
    json_t *texts = json_array();
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(doc, member), i, one) {
        int at = permission_find(json_string_value(one));
        if (at < 0) continue; /* refused by check */
        jv_push(texts, jv_string(permissions[at].doc));
        *restrictions |= permissions[at].restrictions;
    }
    return texts;
}

static void complete(json_t *doc)
{
    unsigned in_space = 0, none = 0;

    jv_set(doc, "SpacePermissionDescriptions", describe(doc, "GrantedSpacePermissions", &in_space));
    jv_set(doc, "SystemPermissionDescriptions", describe(doc, "GrantedSystemPermissions", &none));
    jv_set(doc, "SupportedRestrictions", restrictions_document(in_space));
}

const struct resource user_role_resource = {
    .kind = "UserRoles",
    .item_type = "UserRole",
    .noun = "User role",
    .route = "userroles",
    .system = true,
    .fields = user_role_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
    .check = check,
};
