/* build_information.c - how a version of a package was built: only the shape of answers, rows are
 * in store/build_information.h. See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

#define TEXT(member, text)                \
    {                                     \
        member, FIELD_STRING, .doc = text \
    }

static const struct field commit_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .max = 1000, .doc = "its hash or number"},
    TEXT("Comment", "its message"),
    {"LinkUrl", FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"\"", .doc = "its address"},
    {.name = NULL},
};

static const struct field work_item_fields[] = {
    TEXT("Id", "its number"),
    TEXT("Description", "its title"),
    TEXT("LinkUrl", "its address"),
    TEXT("Source", "where it is kept"),
    {.name = NULL},
};

#define ROWS_OF_A_BUILD                                                                        \
    TEXT("Branch", "branch"), TEXT("BuildEnvironment", "name of the build server"),            \
        TEXT("BuildNumber", "number of the build"), TEXT("BuildUrl", "address of the build"),  \
        TEXT("VcsType", "kind of version control, like Git"),                                  \
        TEXT("VcsRoot", "address of the repository"), TEXT("VcsCommitNumber", "commit built"), \
    {                                                                                          \
        "Commits", FIELD_LIST, .item = FIELD_OBJECT, .fields = commit_fields, .max = 10000,    \
                               .doc = "commits since the build before"                         \
    }

static const struct field build_fields[] = {
    ROWS_OF_A_BUILD,
    {.name = NULL},
};

const struct field build_information_command_fields[] = {
    {"PackageId", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "what the package is called"},
    {"Version", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS, .doc = "its version"},
    {"OctopusBuildInformation", FIELD_OBJECT, FIELD_REQUIRED, .fields = build_fields,
     .doc = "how it was built"},
    {.name = NULL},
};

const struct field build_information_fields[] = {
    ROW_ID,
    ROW_SPACE,
    TEXT("PackageId", "what the package is called"),
    TEXT("Version", "its version"),
    {"Created", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was pushed"},
    ROWS_OF_A_BUILD,
    {"VcsCommitUrl", FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"\"",
     .doc = "address of the commit"},
    {"IssueTrackerName", FIELD_STRING, FIELD_READ_ONLY, .doc = "where work items are kept"},
    {"WorkItems", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_OBJECT, .fields = work_item_fields,
     .doc = "work items of the commits"},
    {"IncompleteDataWarning", FIELD_STRING, FIELD_READ_ONLY, .doc = "what is missing here"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/build-information/{Id}"},
    {NULL, NULL},
};

const struct resource build_information_resource = {
    .kind = "BuildInformation",
    .item_type = "OctopusPackageVersionBuildInformation",
    .noun = "Build information",
    .route = "build-information",
    .fields = build_information_fields,
    .links = links,
    .order = ORDER_BY_NAME,
};
