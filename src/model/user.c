/* user.c - a person or a service account, and its API keys. Passwords and keys are no members of
 * the document: see store/user.h. See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field user_fields[] = {
    ROW_ID,
    {"Username", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "name to sign in with, unique on this server"},
    {"DisplayName", FIELD_STRING, .max = NAME_MAX_CHARACTERS, .doc = "name as shown to people"},
    {"EmailAddress", FIELD_STRING, .max = 320, .doc = "where mail goes"},
    {"Password", FIELD_STRING, FIELD_WRITE_ONLY, .max = 1024, .doc = "new password"},
    {"IsActive", FIELD_BOOL, .fallback = "true", .doc = "false: may not sign in"},
    {"IsService", FIELD_BOOL, .doc = "true: a program; uses API keys only"},
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
    .view = "UserView",
    .create = "UserInvite",
    .edit = "UserEdit",
    .remove = "UserEdit",
};

const struct field create_api_key_fields[] = {
    {"Purpose", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS, .doc = "what it is for"},
    {"Expires", FIELD_TIME, .doc = "when it ends; in 180 days when absent"},
    {.name = NULL},
};

const struct field created_api_key_fields[] = {
    ROW_ID,
    {"ApiKey", FIELD_STRING, FIELD_REQUIRED, .doc = "the key; it is shown only now"},
    {"Purpose", FIELD_STRING, .doc = "what it is for"},
    {"UserId", FIELD_STRING, .doc = "whose key it is"},
    {"Created", FIELD_TIME, .doc = "when it was made"},
    {"Expires", FIELD_TIME, .doc = "when it ends"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field key_hint_fields[] = {
    {"HasValue", FIELD_BOOL, .fallback = "true", .doc = "always true"},
    {"NewValue", FIELD_STRING, .doc = "always null"},
    {"Hint", FIELD_STRING, .doc = "the key's first characters"},
    {.name = NULL},
};

const struct field api_key_fields[] = {
    ROW_ID,
    {"ApiKey", FIELD_OBJECT, .fields = key_hint_fields, .doc = "what may be shown of the key"},
    {"Purpose", FIELD_STRING, .doc = "what it is for"},
    {"UserId", FIELD_STRING, .doc = "whose key it is"},
    {"Created", FIELD_TIME, .doc = "when it was made"},
    {"Expires", FIELD_TIME, .doc = "when it ends"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field login_state_fields[] = {
    {"UsingSecureConnection", FIELD_BOOL, .doc = "true: the address began with https"},
    {"RedirectAfterLoginTo", FIELD_STRING, .doc = "where the browser goes then"},
    {.name = NULL},
};

const struct field login_fields[] = {
    {"Username", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS, .doc = "who"},
    {"Password", FIELD_STRING, FIELD_REQUIRED | FIELD_WRITE_ONLY, .max = 1024, .doc = "password"},
    {"RememberMe", FIELD_BOOL, .doc = "true: the session outlives the browser"},
    {"State", FIELD_OBJECT, .fields = login_state_fields, .doc = "of the browser"},
    {.name = NULL},
};
