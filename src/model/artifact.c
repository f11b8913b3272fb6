/* artifact.c - a file that a script asked to keep: only the shape of answers, rows are in
 * store/artifact.h. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field artifact_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"Filename", FIELD_STRING, FIELD_REQUIRED, .max = 1000, .doc = "name of the file"},
    {"Source", FIELD_STRING, FIELD_CREATE_ONLY, .doc = "where it comes from"},
    {"ServerTaskId", FIELD_STRING, FIELD_BLANK_NULL | FIELD_CREATE_ONLY, .doc = "its task"},
    {"LogCorrelationId", FIELD_STRING, FIELD_BLANK_NULL | FIELD_CREATE_ONLY,
     .doc = "the log entry it belongs to"},
    {"Created", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was made"},
    {"Length", FIELD_INT, FIELD_READ_ONLY, .fallback = "0", .doc = "bytes of its content"},
    {"Failure", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL,
     .doc = "why the file could not be kept"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/artifacts/{Id}"},
    {"Content", "/api/{SpaceId}/artifacts/{Id}/content"},
    {NULL, NULL},
};

const struct resource artifact_resource = {
    .kind = "Artifacts",
    .item_type = "Artifact",
    .noun = "Artifact",
    .route = "artifacts",
    .fields = artifact_fields,
    .links = links,
    .name_member = "Filename",
    .order = ORDER_NEWEST,
};
