/* account.c - credentials that steps and machines use. Which members count depends on AccountType;
 * what a client sends of the others is kept too. See resource.h. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"None",
                                    "UsernamePassword",
                                    "SshKeyPair",
                                    "AzureSubscription",
                                    "AzureServicePrincipal",
                                    "AzureOidc",
                                    "AmazonWebServicesAccount",
                                    "AmazonWebServicesRoleAccount",
                                    "AmazonWebServicesOidcAccount",
                                    "GoogleCloudAccount",
                                    "GoogleCloudOidcAccount",
                                    "GenericOidcAccount",
                                    "Token",
                                    NULL};

#define TEXT(member, text)                                 \
    {                                                      \
        member, FIELD_STRING, FIELD_OMIT_NULL, .doc = text \
    }
/* Some clients cannot read "" as one. */
#define GUID(member, text)                                                    \
    {                                                                         \
        member, FIELD_STRING, FIELD_OMIT_NULL | FIELD_BLANK_NULL, .doc = text \
    }
#define SECRET(member, text)                 \
    {                                        \
        member, FIELD_SENSITIVE, .doc = text \
    }
#define SUBJECT_KEYS(member, text)                                                              \
    {                                                                                           \
        member, FIELD_LIST, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_STRING, .doc = text \
    }

const struct field account_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"AccountType", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY | FIELD_FILTER,
     .choices = types, .doc = "what it is for"},
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments that may use it; empty: all"},
    {"TenantedDeploymentParticipation", FIELD_STRING, .choices = tenancy_choices,
     .fallback = "\"Untenanted\"", .doc = "whether it is for tenants"},
    {"TenantIds", FIELD_LIST, .item = FIELD_STRING, .doc = "tenants that may use it"},
    {"TenantTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags of such tenants"},
    TEXT("Username", "user name"),
    SECRET("Password", "password; of a service principal its key"),
    SECRET("PrivateKeyFile", "private SSH key, the file in base64"),
    SECRET("PrivateKeyPassphrase", "passphrase of the key"),
    SECRET("Token", "token"),
    TEXT("AccessKey", "access key of Amazon Web Services"),
    SECRET("SecretKey", "its secret"),
    TEXT("Region", "region of Amazon Web Services"),
    TEXT("RoleArn", "role to take"),
    TEXT("SessionDuration", "how long a session is, in seconds"),
    GUID("SubscriptionNumber", "Azure subscription"),
    GUID("ClientId", "Azure application"),
    GUID("TenantId", "Azure tenant"),
    TEXT("AzureEnvironment", "Azure cloud"),
    TEXT("ActiveDirectoryEndpointBaseUri", "where tokens of Azure come from"),
    TEXT("ResourceManagementEndpointBaseUri", "API of Azure"),
    TEXT("ServiceManagementEndpointBaseUri", "old API of Azure"),
    TEXT("ServiceManagementEndpointSuffix", "suffix of addresses of its storage"),
    SECRET("CertificateBytes", "management certificate of Azure"),
    TEXT("CertificateThumbprint", "its thumbprint"),
    SECRET("JsonKey", "key of a Google service account"),
    TEXT("Audience", "audience of tokens"),
    SUBJECT_KEYS("DeploymentSubjectKeys", "parts of the subject in deployments"),
    SUBJECT_KEYS("HealthCheckSubjectKeys", "parts of the subject in health checks"),
    SUBJECT_KEYS("AccountTestSubjectKeys", "parts of the subject in tests of the account"),
    {"CustomClaims", FIELD_MAP, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_STRING,
     .doc = "further claims of tokens"},
    ROW_LINKS,
    {.name = NULL},
};

/* What each type cannot be without. */
static const struct {
    const char *type, *members[4];
} needed[] = {
    {"SshKeyPair", {"Username", "PrivateKeyFile"}},
    {"Token", {"Token"}},
    {"AzureSubscription", {"SubscriptionNumber"}},
    {"AzureServicePrincipal", {"SubscriptionNumber", "TenantId", "ClientId", "Password"}},
    {"AzureOidc", {"SubscriptionNumber", "TenantId", "ClientId"}},
    {"AmazonWebServicesAccount", {"AccessKey", "SecretKey"}},
    {"AmazonWebServicesOidcAccount", {"RoleArn"}},
    {"GoogleCloudAccount", {"JsonKey"}},
};

/* A secret is an object by now, and was not blank. */
static bool has(const json_t *doc, const char *member)
{
    const json_t *v = jv_get(doc, member);

    return json_is_object(v) || !str_blank(json_string_value(v));
}

static bool is_guid(const char *s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < sizeof(shape); i++)
        if (shape[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != shape[i]) return false;
    return true;
}

static void check(const json_t *doc, struct problems *p)
{
    static const char *const guids[] = {"SubscriptionNumber", "ClientId", "TenantId"};
    const char *type = jv_str(doc, "AccountType", "");

    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        for (size_t k = 0; k < ARRAY_LEN(needed[i].members) && needed[i].members[k]; k++)
            if (strcmp(needed[i].type, type) == 0 && !has(doc, needed[i].members[k]))
                problems_add(p, arena_fmt(p->arena, "/%s", needed[i].members[k]),
                             "is required for an account of the type %s", type);
    for (size_t i = 0; str_starts(type, "Azure") && i < ARRAY_LEN(guids); i++) {
        const char *value = jv_str(doc, guids[i], NULL);
        if (value && !is_guid(value))
            problems_add(p, arena_fmt(p->arena, "/%s", guids[i]),
                         "\"%s\" is not an identifier like 00000000-0000-0000-0000-000000000000",
                         value);
    }
}

static const struct field usage_fields[] = {
    {"ProjectId", FIELD_STRING, FIELD_OMIT_NULL, .doc = "its project"},
    {"ProjectName", FIELD_STRING, FIELD_OMIT_NULL, .doc = "name of the project"},
    {"ProjectSlug", FIELD_STRING, FIELD_OMIT_NULL, .doc = "slug of the project"},
    {"RunbookId", FIELD_STRING, FIELD_OMIT_NULL, .doc = "the runbook"},
    {"LibraryVariableSetId", FIELD_STRING, FIELD_OMIT_NULL, .doc = "the library variable set"},
    {"LibraryVariableSetName", FIELD_STRING, FIELD_OMIT_NULL, .doc = "name of it"},
    {"IsCurrentlyBeingUsedInProject", FIELD_BOOL, FIELD_NULLABLE | FIELD_OMIT_NULL,
     .doc = "false: only by what was frozen"},
    {"Releases", FIELD_LIST, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_ANY,
     .doc = "releases that use it"},
    {"RunbookSnapshots", FIELD_LIST, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_ANY,
     .doc = "snapshots that use it"},
    {"Steps", FIELD_LIST, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_ANY,
     .doc = "StepId and StepName of the steps that use it"},
    {"TargetId", FIELD_STRING, FIELD_OMIT_NULL, .doc = "the machine"},
    {"TargetName", FIELD_STRING, FIELD_OMIT_NULL, .doc = "name of the machine"},
    {.name = NULL},
};
#define USES(member, text)                                                            \
    {                                                                                 \
        member, FIELD_LIST, .item = FIELD_OBJECT, .fields = usage_fields, .doc = text \
    }
const struct field account_usage_fields[] = {
    USES("DeploymentProcesses", "steps of deployment processes"),
    USES("RunbookProcesses", "steps of runbooks"),
    USES("ProjectVariableSets", "variables of projects"),
    USES("LibraryVariableSets", "variables of the library"),
    USES("Releases", "releases"),
    USES("RunbookSnapshots", "runbook snapshots"),
    USES("Targets", "workers and deployment targets"),
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/accounts/{Id}"},
    {"Usages", "/api/{SpaceId}/accounts/{Id}/usages"},
    {NULL, NULL},
};

const struct resource account_resource = {
    .kind = "Accounts",
    .item_type = "Account",
    .noun = "Account",
    .route = "accounts",
    .fields = account_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .check = check,
};
