/* sign_in.c - how people come in: passwords, access tokens, and what the server knows of other
 * ways. See command.h. */
#include "model/command.h"
#include "model/shape.h"

static const struct field state_fields[] = {
    {"UsingSecureConnection", FIELD_BOOL,
     .doc = "true: the client came by HTTPS, its cookies are for HTTPS only"},
    {.name = NULL},
};
const struct field login_fields[] = {
    {"Username", FIELD_STRING, FIELD_REQUIRED, .doc = "name to sign in with, in any case"},
    {"Password", FIELD_STRING, FIELD_REQUIRED | FIELD_WRITE_ONLY, .doc = "password"},
    {"RememberMe", FIELD_BOOL, .doc = "true: the session outlives the browser"},
    {"State", FIELD_OBJECT, .fields = state_fields, .doc = "what the client says of itself"},
    {.name = NULL},
};

const struct field access_token_fields[] = {
    {"AccessToken", FIELD_STRING, FIELD_REQUIRED,
     .doc = "to be sent as Authorization: Bearer; shown this once"},
    {"Expires", FIELD_TIME, .doc = "when it ends"},
    {.name = NULL},
};

static const struct field provider_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the way to sign in"},
    {"IdentityType", FIELD_STRING, FIELD_REQUIRED, .doc = "its kind"},
    {"FormsLoginEnabled", FIELD_BOOL, .doc = "true: by user name and password"},
    {"CSSLinks", FIELD_LIST, .item = FIELD_STRING, .doc = "always empty"},
    {"JavascriptLinks", FIELD_LIST, .item = FIELD_STRING, .doc = "always empty"},
    ROW_LINKS,
    {.name = NULL},
};
const struct field user_authentication_fields[] = {
    {"AuthenticationProviders", FIELD_LIST, .item = FIELD_OBJECT, .fields = provider_fields,
     .doc = "ways to sign in"},
    {"CanCurrentUserEditIdentitiesForUser", FIELD_BOOL,
     .doc = "true: may change what other systems call the user"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field identity_metadata_fields[] = {
    {"Providers", FIELD_LIST, .item = FIELD_ANY,
     .doc = "systems that know users; always empty, only passwords are supported"},
    {.name = NULL},
};
