/* endpoint.c - see endpoint.h.
 *
 * Endpoint differs with CommunicationStyle and is kept as it was sent, byte for byte: clients
 * compare what they wrote with what they read. */
#include "model/endpoint.h"

#include <string.h>

#include "base/str.h"

const char *const health_choices[] = {"Healthy",     "Unavailable", "Unknown",
                                      "HasWarnings", "Unhealthy",   NULL};
const char *const machine_status_choices[] = {
    "Online", "Offline", "Unknown", "NeedsUpgrade", "CalamariNeedsUpgrade", "Disabled", NULL};

/* A member of the endpoint, of the nested configuration of Kubernetes agents too; NULL when blank.
 */
static const char *endpoint_text(const json_t *doc, const char *name)
{
    const json_t *endpoint = jv_get(doc, "Endpoint");
    const json_t *nested = jv_get(endpoint, "TentacleEndpointConfiguration");
    const char *s = jv_str(endpoint, name, jv_str(nested, name, NULL));

    return str_blank(s) ? NULL : s;
}

void endpoint_complete(json_t *doc)
{
    const char *uri = endpoint_text(doc, "Uri");

    jv_set_str(doc, "Thumbprint", endpoint_text(doc, "Thumbprint"));
    jv_set_str(doc, "Uri", uri && strstr(uri, "://") ? uri : NULL);
}

struct style {
    const char *name;
    bool worker;          /* a worker may have it too */
    const char *needs[3]; /* members that may not be blank */
};
static const struct style styles[] = {
    {"TentaclePassive", true, {"Uri", "Thumbprint"}},
    {"TentacleActive", true, {"Uri", "Thumbprint"}},
    {"Ssh", true, {"AccountId", "Host", "Fingerprint"}},
    {"KubernetesTentacle", true, {"Thumbprint"}},
    {"Kubernetes", false, {"ClusterUrl"}},
    {"None", false, {NULL}},
    {"OfflineDrop", false, {NULL}},
    {"AzureWebApp", false, {NULL}},
    {"AzureCloudService", false, {NULL}},
    {"AzureServiceFabricCluster", false, {NULL}},
    {"AwsEcsCluster", false, {NULL}},
    {"Ftp", false, {NULL}},
    {"StepPackage", false, {NULL}},
};

const char *endpoint_style(const char *style)
{
    for (size_t i = 0; i < ARRAY_LEN(styles); i++)
        if (str_same(styles[i].name, style)) return styles[i].name;
    return style;
}

static void check_members(const json_t *doc, const struct style *style, struct problems *p)
{
    for (size_t i = 0; i < ARRAY_LEN(style->needs) && style->needs[i]; i++)
        if (endpoint_text(doc, style->needs[i]) == NULL)
            problems_add(p, arena_fmt(p->arena, "/Endpoint/%s", style->needs[i]),
                         "is required for the communication style %s", style->name);
}

static const char *allowed(struct arena *a, bool worker)
{
    const char *list = "";

    for (size_t i = 0; i < ARRAY_LEN(styles); i++)
        if (styles[i].worker || !worker)
            list = arena_fmt(a, "%s%s%s", list, *list ? ", " : "", styles[i].name);
    return list;
}

void endpoint_check(const json_t *doc, bool worker, struct problems *p)
{
    const json_t *endpoint = jv_get(doc, "Endpoint");
    const char *name = jv_str(endpoint, "CommunicationStyle", "");

    if (!json_is_object(endpoint)) {
        problems_add(p, "/Endpoint", "is not an object");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(styles); i++)
        if (str_same(styles[i].name, name) && (styles[i].worker || !worker)) {
            check_members(doc, &styles[i], p);
            return;
        }
    problems_add(p, "/Endpoint/CommunicationStyle", "\"%s\" is not one of %s", name,
                 allowed(p->arena, worker));
}

void endpoint_refer(const json_t *doc, struct references *out)
{
    static const struct {
        const char *member, *kind;
    } ids[] = {
        {"AccountId", "Accounts"}, {"ProxyId", "Proxies"}, {"DefaultWorkerPoolId", "WorkerPools"}};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        references_add(out, (struct reference){arena_fmt(out->arena, "Endpoint.%s", ids[i].member),
                                               endpoint_text(doc, ids[i].member), ids[i].kind,
                                               arena_fmt(out->arena, "/Endpoint/%s", ids[i].member),
                                               true});
    references_add_value(out, "Endpoint.CommunicationStyle",
                         endpoint_text(doc, "CommunicationStyle"));
}
