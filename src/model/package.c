/* package.c - a package of a built-in feed: only the shape of answers, rows are in store/package.h.
 * See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

#define READ(member, text)                                 \
    {                                                      \
        member, FIELD_STRING, FIELD_READ_ONLY, .doc = text \
    }

const struct field package_fields[] = {
    ROW_ID,
    ROW_SPACE,
    READ("PackageId", "what it is called"),
    READ("NuGetPackageId", "the same, for old clients"),
    READ("Version", "version, as the file was called"),
    READ("FeedId", "its feed"),
    READ("NuGetFeedId", "the same, for old clients"),
    READ("FileExtension", "end of the file name, with its dot"),
    {"PackageSizeBytes", FIELD_INT, FIELD_READ_ONLY, .doc = "bytes of the file"},
    {"SizeBytes", FIELD_INT, FIELD_READ_ONLY, .doc = "the same, in lists of versions"},
    READ("Hash", "SHA-256 of the file, hexadecimal"),
    READ("Title", "title"),
    READ("Summary", "summary"),
    READ("Description", "description"),
    READ("ReleaseNotes", "what is new in it"),
    {"Published", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was pushed"},
    {"PackageVersionBuildInformation", FIELD_OBJECT,
     FIELD_READ_ONLY | FIELD_NULLABLE | FIELD_OMIT_NULL, .fields = build_information_fields,
     .doc = "how it was built; only of a single package"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/packages/{Id}"},
    {"Raw", "/api/{SpaceId}/packages/{Id}/raw"},
    {NULL, NULL},
};

const struct resource package_resource = {
    .kind = "Packages",
    .item_type = "Package",
    .noun = "Package",
    .route = "packages",
    .fields = package_fields,
    .links = links,
    .order = ORDER_BY_NAME,
};

/* One package id of a feed, as searches find it. */
const struct field package_description_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "what it is called"},
    {"Name", FIELD_STRING, .doc = "the same"},
    {"Description", FIELD_STRING, .doc = "description of its latest version"},
    {"LatestVersion", FIELD_STRING, .doc = "its highest version"},
    ROW_LINKS,
    {.name = NULL},
};

/* Release notes of one version. */
const struct field package_notes_fields[] = {
    {"PackageId", FIELD_STRING, .doc = "what it is called"},
    {"Version", FIELD_STRING, .doc = "its version"},
    {"Succeeded", FIELD_BOOL, .doc = "true: there is such a package"},
    {"Notes", FIELD_STRING, FIELD_OMIT_NULL, .doc = "what is new in it"},
    {"DisplayMessage", FIELD_STRING, FIELD_OMIT_NULL, .doc = "what to show instead"},
    {"FailureReason", FIELD_STRING, FIELD_OMIT_NULL, .doc = "why there are none"},
    {.name = NULL},
};

static const struct field listed_fields[] = {
    {"FeedId", FIELD_STRING, .doc = "its feed"},
    {"PackageId", FIELD_STRING, .doc = "what it is called"},
    {"Version", FIELD_STRING, .doc = "its version"},
    {"Notes", FIELD_OBJECT, .fields = package_notes_fields, .doc = "what is known of it"},
    {.name = NULL},
};
const struct field package_notes_list_fields[] = {
    {"Packages", FIELD_LIST, .item = FIELD_OBJECT, .fields = listed_fields,
     .doc = "those that were asked for"},
    {.name = NULL},
};
