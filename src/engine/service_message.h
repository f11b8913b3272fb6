/* service_message.h - the inside of ##octopus[name attribute='base64' ...]: one message as name and
 * decoded values.
 *
 * Finding messages in a script's output is output.c's part. Compatible with the service messages of
 * Octopus Deploy: message names are case-sensitive, attribute names are not, each value is base64
 * of UTF-8. Any thread. */
#ifndef ENGINE_SERVICE_MESSAGE_H
#define ENGINE_SERVICE_MESSAGE_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define SERVICE_MESSAGE_OPENING "##octopus["
#define SERVICE_MESSAGE_MAX (8 * MiB) /* bytes between [ and ] */
#define SERVICE_MESSAGE_ATTRIBUTES 64

/** The messages this server knows; all others are SERVICE_OTHER and may be ignored. */
enum service_kind {
    SERVICE_OTHER,
    SERVICE_SET_VARIABLE,
    SERVICE_CREATE_ARTIFACT,
    SERVICE_PROGRESS,
    SERVICE_RESULT_MESSAGE,
    SERVICE_MASK,
    SERVICE_STREAM_MODE, /* stdout-verbose, stderr-progress, ... */
};

struct service_attribute {
    const char *name; /* as written */
    const char
        *value; /* decoded: UTF-8 without NUL (ill-formed bytes are repaired), NUL-terminated */
    size_t n;   /* bytes of ${value} */
};

struct service_message {
    enum service_kind kind;
    const char *name;
    size_t count;
    struct service_attribute attributes[SERVICE_MESSAGE_ATTRIBUTES];
};

/** Parses what stands between "##octopus[" and "]". Texts live in ${a}. ERR_INVALID when it is
 * malformed: no or a bad name, a value without quotes or with a bad entity, an attribute given
 * twice (ignoring case), a value that is not base64, more than SERVICE_MESSAGE_ATTRIBUTES
 * attributes. */
int service_message_parse(struct str inside, struct arena *a, struct service_message *ret,
                          struct error *e) MUST_USE;
/** Value of an attribute, ignoring case of the name; NULL when it is not there. */
const char *service_message_get(const struct service_message *m, const char *name);
/** True when the attribute is there and says true in any case. */
bool service_message_flag(const struct service_message *m, const char *name);
#endif
