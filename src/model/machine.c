/* machine.c - a deployment target: stored and served, not deployed to yet. See resource.h. */
#include "model/endpoint.h"
#include "model/resource.h"
#include "model/shape.h"

/* Kept as it was sent; only secrets are sealed. */
#define KEPT(member, text)                              \
    {                                                   \
        member, FIELD_ANY, FIELD_OMIT_NULL, .doc = text \
    }
#define SECRET(member, text)                                  \
    {                                                         \
        member, FIELD_SENSITIVE, FIELD_OMIT_NULL, .doc = text \
    }
static const struct field endpoint_fields[] = {
    {"CommunicationStyle", FIELD_STRING, FIELD_REQUIRED, .doc = "what is at its other end"},
    KEPT("Id", "always null"),
    KEPT("Uri", "address of the agent"),
    KEPT("Thumbprint", "thumbprint of its certificate"),
    KEPT("ProxyId", "proxy on the way to it"),
    KEPT("TentacleVersionDetails", "version of the agent"),
    KEPT("CertificateSignatureAlgorithm", "how its certificate is signed"),
    KEPT("AccountId", "account that lets the server in"),
    KEPT("Host", "host of SSH"),
    KEPT("Port", "port of SSH"),
    KEPT("Fingerprint", "fingerprint of its host key"),
    KEPT("DotNetCorePlatform", "its platform"),
    KEPT("TentacleEndpointConfiguration", "how the agent in Kubernetes is reached"),
    KEPT("KubernetesAgentDetails", "version of the agent in Kubernetes"),
    KEPT("UpgradeLocked", "true: the agent is not updated"),
    KEPT("DefaultNamespace", "namespace of the agent in Kubernetes"),
    KEPT("DefaultWorkerPoolId", "pool whose workers act for it"),
    KEPT("ClusterUrl", "address of the cluster"),
    KEPT("ClusterName", "name of the cluster"),
    KEPT("ClusterCertificate", "certificate of the cluster"),
    KEPT("ClusterCertificatePath", "file of it"),
    KEPT("SkipTlsVerification", "true: it is not checked"),
    KEPT("Namespace", "namespace"),
    KEPT("RunningInContainer", "true: the worker is a container"),
    KEPT("Container", "image in which steps run"),
    KEPT("ContainerOptions", "options of that container"),
    KEPT("Authentication", "how the server signs in"),
    KEPT("Region", "region of Amazon Web Services"),
    KEPT("AssumeRole", "true: takes a role"),
    KEPT("AssumedRoleArn", "the role"),
    KEPT("AssumedRoleSession", "name of the session"),
    KEPT("AssumeRoleSessionDurationSeconds", "how long it is"),
    KEPT("AssumeRoleExternalId", "external id of the role"),
    KEPT("UseInstanceRole", "true: takes the role of the worker"),
    KEPT("ResourceGroupName", "resource group"),
    KEPT("WebAppName", "web app"),
    KEPT("WebAppSlotName", "its slot"),
    KEPT("CloudServiceName", "cloud service"),
    KEPT("StorageAccountName", "storage account"),
    KEPT("Slot", "its slot"),
    KEPT("SwapIfPossible", "true: slots are swapped"),
    KEPT("UseCurrentInstanceCount", "true: keeps the number of instances"),
    KEPT("ConnectionEndpoint", "address of the fabric"),
    KEPT("SecurityMode", "how the fabric is secured"),
    KEPT("ServerCertThumbprint", "thumbprint of the fabric"),
    KEPT("ClientCertVariable", "variable with the client's certificate"),
    KEPT("CertificateStoreLocation", "where certificates are"),
    KEPT("CertificateStoreName", "name of that store"),
    KEPT("AadCredentialType", "how the server signs in at Azure"),
    KEPT("AadUserCredentialUsername", "as whom"),
    KEPT("AadClientCredentialSecret", "variable with the secret of the client"),
    SECRET("AadUserCredentialPassword", "password"),
    KEPT("Destination", "where offline packages are put"),
    KEPT("ApplicationsDirectory", "folder of applications there"),
    KEPT("OctopusWorkingDirectory", "folder of work there"),
    SECRET("SensitiveVariablesEncryptionPassword", "password of sensitive variables there"),
    {.name = NULL},
};

const struct field machine_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    {"IsDisabled", FIELD_BOOL, FIELD_FILTER, .doc = "true: nothing is deployed to it"},
    {"MachinePolicyId", FIELD_STRING, .ref_kind = "MachinePolicies",
     .doc = "its policy; the default one when it is not given"},
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments it is in"},
    {"Roles", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "what it is for"},
    {"TenantedDeploymentParticipation", FIELD_STRING, .choices = tenancy_choices,
     .fallback = "\"Untenanted\"", .doc = "whether it is for tenants"},
    {"TenantIds", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "tenants it is for"},
    {"TenantTags", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "tags of such tenants"},
    ROWS_FOUND_OUT("deployment target"),
    {"SkipInitialHealthCheck", FIELD_BOOL, .doc = "true: it is not checked when it is added"},
    {"Endpoint", FIELD_OBJECT, FIELD_REQUIRED, .fields = endpoint_fields,
     .doc = "how it is reached; members depend on CommunicationStyle"},
    ROW_LINKS,
    {.name = NULL},
};

static void check(const json_t *doc, struct problems *p) { endpoint_check(doc, false, p); }

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/machines/{Id}"},
    {"Connection", "/api/{SpaceId}/machines/{Id}/connection"},
    {"TasksTemplate", "/api/{SpaceId}/machines/{Id}/tasks{?skip,take}"},
    {NULL, NULL},
};

const struct resource machine_resource = {
    .kind = "Machines",
    .item_type = "Machine",
    .noun = "Deployment target",
    .route = "machines",
    .fields = machine_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = endpoint_complete,
    .check = check,
    .refer = endpoint_refer,
};
