/* worker.c - a machine that runs scripts for the server. See resource.h.
 *
 * Endpoint differs with CommunicationStyle and is kept as it was sent, byte for byte: clients
 * compare what they wrote with what they read. What the server finds out (health, system, versions)
 * is read-only; clients send it all the same. */
#include "base/str.h"
#include <string.h>

#include "model/resource.h"
#include "model/shape.h"

static const char *const health_choices[] = {"Healthy",     "Unavailable", "Unknown",
                                             "HasWarnings", "Unhealthy",   NULL};
static const char *const status_choices[] = {
    "Online", "Offline", "Unknown", "NeedsUpgrade", "CalamariNeedsUpgrade", "Disabled", NULL};

#define FOUND_OUT(member, text)                                                       \
    {                                                                                 \
        member, FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"Unknown\"", .doc = text \
    }

const struct field worker_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    {"IsDisabled", FIELD_BOOL, .doc = "true: gets no work"},
    {"MachinePolicyId", FIELD_STRING, .ref_kind = "MachinePolicies",
     .doc = "its policy; the default one when it is not given"},
    {"WorkerPoolIds", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_STRING, .ref_kind = "WorkerPools",
     .doc = "pools it is in, at least one"},
    {"HealthStatus", FIELD_STRING, FIELD_READ_ONLY, .choices = health_choices,
     .fallback = "\"Unknown\"", .doc = "result of the last health check"},
    {"Status", FIELD_STRING, FIELD_READ_ONLY, .choices = status_choices, .fallback = "\"Unknown\"",
     .doc = "the same, for old clients"},
    {"StatusSummary", FIELD_STRING, FIELD_READ_ONLY,
     .fallback = "\"This worker has not been checked yet.\"", .doc = "the same, in words"},
    {"HasLatestCalamari", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: its step executor is current"},
    {"IsInProcess", FIELD_BOOL, FIELD_READ_ONLY, .doc = "always false"},
    FOUND_OUT("OperatingSystem", "name of its system"),
    FOUND_OUT("OperatingSystemVersion", "version of its system"),
    FOUND_OUT("ShellName", "its shell"),
    FOUND_OUT("ShellVersion", "version of its shell"),
    FOUND_OUT("Architecture", "its processor"),
    {"Thumbprint", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL,
     .doc = "thumbprint of its certificate"},
    {"Uri", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL, .doc = "address of its agent"},
    {"SkipInitialHealthCheck", FIELD_BOOL, .doc = "true: it is not checked when it is added"},
    {"Endpoint", FIELD_ANY, FIELD_REQUIRED,
     .doc = "how it is reached; members depend on CommunicationStyle"},
    ROW_LINKS,
    {.name = NULL},
};

/* A member of the endpoint, of the nested configuration of Kubernetes agents too; NULL when blank.
 */
static const char *endpoint_text(const json_t *doc, const char *name)
{
    const json_t *endpoint = jv_get(doc, "Endpoint");
    const json_t *nested = jv_get(endpoint, "TentacleEndpointConfiguration");
    const char *s = jv_str(endpoint, name, jv_str(nested, name, NULL));

    return str_blank(s) ? NULL : s;
}

static void complete(json_t *doc)
{
    const char *uri = endpoint_text(doc, "Uri");

    jv_set_str(doc, "Thumbprint", endpoint_text(doc, "Thumbprint"));
    jv_set_str(doc, "Uri", uri && strstr(uri, "://") ? uri : NULL);
}

struct style {
    const char *name;
    const char *needs[4]; /* members that may not be blank */
};
static const struct style styles[] = {
    {"TentaclePassive", {"Uri", "Thumbprint"}},
    {"TentacleActive", {"Uri", "Thumbprint"}},
    {"Ssh", {"AccountId", "Host", "Fingerprint"}},
    {"KubernetesTentacle", {"Thumbprint"}},
};

static void check_style(const json_t *doc, const struct style *style, struct problems *p)
{
    for (size_t i = 0; i < ARRAY_LEN(style->needs) && style->needs[i]; i++)
        if (endpoint_text(doc, style->needs[i]) == NULL)
            problems_add(p, arena_fmt(p->arena, "/Endpoint/%s", style->needs[i]),
                         "is required for the communication style %s", style->name);
}

static void check(const json_t *doc, struct problems *p)
{
    const json_t *endpoint = jv_get(doc, "Endpoint");
    const char *name = jv_str(endpoint, "CommunicationStyle", "");

    if (!json_is_object(endpoint)) {
        problems_add(p, "/Endpoint", "is not an object");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(styles); i++)
        if (str_same(styles[i].name, name)) {
            check_style(doc, &styles[i], p);
            return;
        }
    problems_add(p, "/Endpoint/CommunicationStyle",
                 "\"%s\" is not one of TentaclePassive, TentacleActive, Ssh, KubernetesTentacle",
                 name);
}

static void refer(const json_t *doc, struct references *out)
{
    const char *account = endpoint_text(doc, "AccountId"), *proxy = endpoint_text(doc, "ProxyId");

    if (account)
        references_add(out, (struct reference){"Endpoint.AccountId", account, "Accounts",
                                               "/Endpoint/AccountId", true});
    if (proxy)
        references_add(out, (struct reference){"Endpoint.ProxyId", proxy, "Proxies",
                                               "/Endpoint/ProxyId", true});
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/workers/{Id}"},
    {"Connection", "/api/{SpaceId}/workers/{Id}/connection"},
    {NULL, NULL},
};

const struct resource worker_resource = {
    .kind = "Workers",
    .item_type = "Worker",
    .noun = "Worker",
    .route = "workers",
    .fields = worker_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
    .check = check,
    .refer = refer,
};
