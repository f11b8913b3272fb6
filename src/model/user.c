/* user.c - a person or a service account. Passwords and API keys are no members of the document:
 * see store/user.h. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field user_fields[] = {
    ROW_ID,
    {"Username", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "name to sign in with, unique on this server"},
    {"DisplayName", FIELD_STRING, .max = NAME_MAX_CHARACTERS, .doc = "name as shown to people"},
    {"EmailAddress", FIELD_STRING, .max = 320, .doc = "where mail goes"},
    {"Password", FIELD_STRING, FIELD_WRITE_ONLY, .max = 1024, .doc = "new password"},
    {"CurrentPassword", FIELD_STRING, FIELD_WRITE_ONLY, .max = 1024,
     .doc = "the present password of who asks, to change the own one"},
    {"IsActive", FIELD_BOOL, FIELD_KEEP, .fallback = "true", .doc = "false: may not sign in"},
    {"IsService", FIELD_BOOL, FIELD_KEEP,
     .doc = "true: a program, which uses API keys only; settable when it is made"},
    {"IsRequestor", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: this is who asks"},
    {"CanPasswordBeEdited", FIELD_BOOL, FIELD_READ_ONLY, .fallback = "true",
     .doc = "true: the password is kept here"},
    {"Identities", FIELD_LIST, .item = FIELD_ANY, .doc = "names of it elsewhere"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/users/{Id}"},
    {"Spaces", "/api/users/{Id}/spaces"},
    {"ApiKeys", "/api/users/{Id}/apikeys{/id}{?skip,take}"},
    {"Teams", "/api/users/{Id}/teams"},
    {"Permissions", "/api/users/{Id}/permissions"},
    {"PermissionsConfiguration", "/api/users/{Id}/permissions/configuration"},
    {"RevokeSessions", "/api/users/{Id}/revoke-sessions"},
    {"AccessToken", "/api/users/access-token"},
    {NULL, NULL},
};

const struct resource user_resource = {
    .kind = "Users",
    .item_type = "User",
    .noun = "User",
    .route = "users",
    .system = true,
    .fields = user_fields,
    .links = links,
    .name_member = "Username",
    .unique_names = true,
    .order = ORDER_BY_NAME,
};
