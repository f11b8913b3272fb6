/* endpoint.h - how a machine is reached: what workers and deployment targets share. For the files
 * of this folder. */
#ifndef MODEL_ENDPOINT_H
#define MODEL_ENDPOINT_H
#include "schema/schema.h"

extern const char *const health_choices[], *const machine_status_choices[];

#define ROW_FOUND_OUT(member, flags, text)                                                      \
    {                                                                                           \
        member, FIELD_STRING, FIELD_READ_ONLY | (flags), .fallback = "\"Unknown\"", .doc = text \
    }
/** What the server finds out about a machine. Clients send it all the same: it is ignored. */
#define ROWS_FOUND_OUT(noun)                                                                      \
    {"HealthStatus",                                                                              \
     FIELD_STRING,                                                                                \
     FIELD_READ_ONLY | FIELD_FILTER,                                                              \
     .choices = health_choices,                                                                   \
     .fallback = "\"Unknown\"",                                                                   \
     .doc = "result of the last health check"},                                                   \
        {"Status",                                                                                \
         FIELD_STRING,                                                                            \
         FIELD_READ_ONLY,                                                                         \
         .choices = machine_status_choices,                                                       \
         .fallback = "\"Unknown\"",                                                               \
         .doc = "the same, for old clients"},                                                     \
        {"StatusSummary", FIELD_STRING, FIELD_READ_ONLY,                                          \
         .fallback = "\"This " noun " has not been checked yet.\"", .doc = "the same, in words"}, \
        {"HasLatestCalamari", FIELD_BOOL, FIELD_READ_ONLY,                                        \
         .doc = "true: its step executor is current"},                                            \
        {"IsInProcess", FIELD_BOOL, FIELD_READ_ONLY, .doc = "always false"},                      \
        ROW_FOUND_OUT("OperatingSystem", FIELD_FILTER, "name of its system"),                     \
        ROW_FOUND_OUT("OperatingSystemVersion", 0, "version of its system"),                      \
        ROW_FOUND_OUT("ShellName", FIELD_FILTER, "its shell"),                                    \
        ROW_FOUND_OUT("ShellVersion", 0, "version of its shell"),                                 \
        ROW_FOUND_OUT("Architecture", 0, "its processor"),                                        \
        {"Thumbprint", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL | FIELD_FILTER,            \
         .doc = "thumbprint of its certificate"},                                                 \
    {                                                                                             \
        "Uri", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL, .doc = "address of its agent"     \
    }

/** Fills Thumbprint and Uri of the machine ${doc} from its Endpoint. */
void endpoint_complete(json_t *doc);
/** The style is one that the machine may have (${worker}: that a worker may), and its members are
 * there. */
void endpoint_check(const json_t *doc, bool worker, struct problems *p);
/** The name of a style, given in any case; ${style} itself when there is none. */
const char *endpoint_style(const char *style);
/** Account and proxy that it names; its style, as a plain value. */
void endpoint_refer(const json_t *doc, struct references *out);
#endif
