/* api_key.c - API keys: as they are asked for, as they are shown once, and as they are listed; and
 * whether people may have some. See command.h. */
#include "model/command.h"
#include "model/shape.h"

#define ROW_PURPOSE                                                                       \
    {                                                                                     \
        "Purpose", FIELD_STRING, .max = NAME_MAX_CHARACTERS, .doc = "what the key is for" \
    }
#define ROW_OWNER                                                              \
    {                                                                          \
        "UserId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the user it acts for" \
    }
#define ROW_CREATED                                                       \
    {                                                                     \
        "Created", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was made" \
    }

const struct field create_api_key_fields[] = {
    ROW_PURPOSE,
    {"Expires", FIELD_TIME,
     .doc =
         "when it ends: in the future, and not after the key that makes it; absent: in 180 days"},
    {.name = NULL},
};

const struct field created_api_key_fields[] = {
    ROW_ID,      {"ApiKey", FIELD_STRING, FIELD_REQUIRED, .doc = "the key itself; shown this once"},
    ROW_PURPOSE, ROW_OWNER,
    ROW_CREATED, {"Expires", FIELD_TIME, .doc = "when it ends; null: never"},
    ROW_LINKS,   {.name = NULL},
};

static const struct field hint_fields[] = {
    {"HasValue", FIELD_BOOL, .fallback = "true", .doc = "always true"},
    {"NewValue", FIELD_STRING, .doc = "always null"},
    {"Hint", FIELD_STRING, .doc = "its first characters"},
    {.name = NULL},
};
const struct field api_key_fields[] = {
    ROW_ID,      {"ApiKey", FIELD_OBJECT, .fields = hint_fields, .doc = "that there is a key"},
    ROW_PURPOSE, ROW_OWNER,
    ROW_CREATED, {"Expires", FIELD_TIME, .doc = "when it ends; null: never"},
    ROW_LINKS,   {.name = NULL},
};

const struct field api_key_settings_fields[] = {
    {"Id", FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"api-keys\"", .doc = "identifier"},
    {"UsersMayHaveKeys", FIELD_BOOL, .fallback = "true",
     .doc = "false: only service accounts get new API keys"},
    ROW_LINKS,
    {.name = NULL},
};
