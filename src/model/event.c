/* event.c - an entry of the audit: only the shape of answers, rows are in store/event.h. See
 * resource.h. */
#include "model/resource.h"
#include "model/shape.h"

static const struct field reference_fields[] = {
    {"ReferencedDocumentId", FIELD_STRING, .doc = "what is named"},
    {"StartIndex", FIELD_INT, .doc = "where in the message"},
    {"Length", FIELD_INT, .doc = "how long"},
    {.name = NULL},
};
static const struct field change_fields[] = {
    {"DocumentContext", FIELD_ANY, .doc = "the document before"},
    {"Differences", FIELD_LIST, .item = FIELD_ANY, .doc = "what changed"},
    {.name = NULL},
};

#define TEXT(member, text)                                 \
    {                                                      \
        member, FIELD_STRING, FIELD_READ_ONLY, .doc = text \
    }
const struct field event_fields[] = {
    ROW_ID,
    ROW_SPACE,
    TEXT("Category", "what happened: Created, Modified, Deleted, ..."),
    {"Occurred", FIELD_TIME, FIELD_READ_ONLY, .doc = "when"},
    TEXT("UserId", "who did it"),
    TEXT("Username", "name of who did it"),
    {"IsService", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: done by a program"},
    TEXT("IdentityEstablishedWith", "how that was known"),
    TEXT("UserAgent", "with what"),
    TEXT("IpAddress", "from where"),
    TEXT("Message", "what happened, in words"),
    TEXT("MessageHtml", "the same, as HTML"),
    {"MessageReferences", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_OBJECT,
     .fields = reference_fields, .doc = "documents named in the message"},
    TEXT("Comments", "for people"),
    TEXT("Details", "more"),
    {"ChangeDetails", FIELD_OBJECT, FIELD_READ_ONLY | FIELD_NULLABLE, .fields = change_fields,
     .doc = "what changed"},
    {"RelatedDocumentIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "what it is about"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/events/{Id}"},
    {NULL, NULL},
};

const struct resource event_resource = {
    .kind = "Events",
    .item_type = "Event",
    .noun = "Event",
    .route = "events",
    .system = true,
    .fields = event_fields,
    .links = links,
    .order = ORDER_NEWEST,
};
