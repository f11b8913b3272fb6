/* feed.c - where packages come from. The built-in one is always there. See resource.h. */
#include <string.h>

#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"BuiltIn",
                                    "NuGet",
                                    "Maven",
                                    "Docker",
                                    "GitHub",
                                    "Helm",
                                    "OciRegistry",
                                    "AwsElasticContainerRegistry",
                                    "AzureContainerRegistry",
                                    "GoogleContainerRegistry",
                                    "S3",
                                    "GcsStorage",
                                    "ArtifactoryGeneric",
                                    "Npm",
                                    "PyPi",
                                    "OctopusProject",
                                    NULL};

static const struct field oidc_fields[] = {
    {"SessionDuration", FIELD_STRING, .doc = "how long a session is"},
    {"RoleArn", FIELD_STRING, .doc = "role to take"},
    {"ClientId", FIELD_STRING, .doc = "client"},
    {"TenantId", FIELD_STRING, .doc = "tenant"},
    {"Audience", FIELD_STRING, .doc = "audience of the token"},
    {"SubjectKeys", FIELD_LIST, .item = FIELD_STRING, .doc = "parts of the subject"},
    {.name = NULL},
};

#define SECRET(member, text)                 \
    {                                        \
        member, FIELD_SENSITIVE, .doc = text \
    }
#define TEXT(member, text)                                 \
    {                                                      \
        member, FIELD_STRING, FIELD_OMIT_NULL, .doc = text \
    }
#define FLAG(member, text)                                                \
    {                                                                     \
        member, FIELD_BOOL, FIELD_NULLABLE | FIELD_OMIT_NULL, .doc = text \
    }
#define NUMBER(member, text)                                              \
    {                                                                     \
        member, FIELD_INT, FIELD_OMIT_NULL, .max = INT32_MAX, .doc = text \
    }

const struct field feed_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    {"FeedType", FIELD_STRING, FIELD_CREATE_ONLY | FIELD_FILTER, .choices = types,
     .fallback = "\"NuGet\"", .doc = "kind of feed"},
    TEXT("FeedUri", "address"),
    TEXT("Username", "user name"),
    SECRET("Password", "password"),
    {"PackageAcquisitionLocationOptions", FIELD_LIST, .item = FIELD_STRING,
     .fallback = "[\"Server\",\"ExecutionTarget\",\"NotAcquired\"]",
     .doc = "where its packages can be fetched"},
    {"DownloadAttempts", FIELD_INT, .min = 1, .max = 100, .fallback = "5",
     .doc = "how often a download is tried"},
    {"DownloadRetryBackoffSeconds", FIELD_INT, .max = 3600, .fallback = "10",
     .doc = "seconds between two tries"},
    NUMBER("DeleteUnreleasedPackagesAfterDays", "days that unused packages stay; null: for ever"),
    FLAG("DeletePackagesAssociatedWithReleases", "true: packages go with their releases"),
    FLAG("IsBuiltInRepoSyncEnabled", "true: packages are looked for in the folder"),
    FLAG("EnhancedMode", "true: searches deeper"),
    TEXT("ApiVersion", "version of its protocol"),
    TEXT("RegistryPath", "path in the registry"),
    TEXT("AccessKey", "access key"),
    SECRET("SecretKey", "secret key"),
    TEXT("Region", "region"),
    TEXT("LayoutRegex", "layout of names"),
    TEXT("Repository", "repository"),
    FLAG("UseMachineCredentials", "true: uses the machine's own identity"),
    FLAG("UseServiceAccountKey", "true: uses the key below"),
    SECRET("ServiceAccountJsonKey", "key of a service account"),
    TEXT("Project", "project"),
    {"OidcAuthentication", FIELD_OBJECT, FIELD_NULLABLE | FIELD_OMIT_NULL, .fields = oidc_fields,
     .doc = "identity by token"},
    ROW_LINKS,
    {.name = NULL},
};

/* The built-in feed comes first; not a member that clients see. */
static void complete(json_t *doc)
{
    jv_set_i64(doc, "SortOrder", strcmp(jv_str(doc, "FeedType", ""), "BuiltIn") == 0 ? -1 : 0);
}

#define FEED "/api/{SpaceId}/feeds/{Id}"
static const struct link_template links[] = {
    {"Self", FEED},
    {"SearchPackagesTemplate", FEED "/packages/search{?term,take,skip}"},
    {"SearchPackageVersionsTemplate",
     FEED "/packages/versions{?packageId,take,skip,includePreRelease,versionRange,preReleaseTag,"
          "filter,includeReleaseNotes}"},
    {"VersionsTemplate", FEED "/packages/versions{?packageId,take,skip,includePreRelease,"
                              "versionRange,preReleaseTag,filter,includeReleaseNotes}"},
    {"NotesTemplate", FEED "/packages/notes{?packageId,version}"},
    {NULL, NULL},
};

const struct resource feed_resource = {
    .kind = "Feeds",
    .item_type = "Feed",
    .noun = "Feed",
    .route = "feeds",
    .fields = feed_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_SORT,
    .complete = complete,
};

const char *feed_builtin_id(struct arena *a, const char *space_id)
{
    if (strcmp(space_id, "Spaces-1") == 0) return "feeds-builtin";
    return arena_fmt(a, "feeds-builtin-%s", space_id);
}
