/* invitation.c - how people become users by themselves: somebody invites them, they register. See
 * command.h. */
#include "model/command.h"
#include "model/shape.h"

const struct field invitation_fields[] = {
    ROW_ID,
    {"InvitationCode", FIELD_STRING, FIELD_READ_ONLY,
     .doc = "what to register with, once; it is shown this once"},
    {"AddToTeamIds", FIELD_LIST, .item = FIELD_STRING, .doc = "teams that the new user comes into"},
    {"Expires", FIELD_TIME, .doc = "when it ends, at most in 180 days; absent: in 7 days"},
    {"SpaceId", FIELD_STRING, .doc = "kept as it was sent; users are in no space"},
    {.name = NULL},
};

const struct field register_fields[] = {
    {"InvitationCode", FIELD_STRING, FIELD_REQUIRED, .doc = "code of an invitation"},
    {"Username", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "name to sign in with"},
    {"Password", FIELD_STRING, FIELD_REQUIRED | FIELD_WRITE_ONLY, .max = 1024, .doc = "password"},
    {"DisplayName", FIELD_STRING, .max = NAME_MAX_CHARACTERS, .doc = "name as shown to people"},
    {"EmailAddress", FIELD_STRING, .max = 320, .doc = "where mail goes"},
    {.name = NULL},
};
