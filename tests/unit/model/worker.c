/* worker.c - what registering clients send for a worker, and the pools they name. */
#include "model/resource.h"
#include "tests/lib/tap.h"

#include "base/str.h"

static json_t *parse(const char *text)
{
    json_t *v = NULL;
    struct error err = {0};

    EXPECT_OK(jv_parse(text, strlen(text), &v, &err));
    return v;
}

/* The decoded and completed worker; NULL with a problem. */
static json_t *worker(const char *text, struct problems *p)
{
    json_auto_t *in = parse(text), *doc = NULL;

    if (schema_decode(worker_resource.fields, in, NULL, NULL, &doc, p) < 0) return NULL;
    resource_check(&worker_resource, doc, p);
    if (p->n) return NULL;
    resource_complete(&worker_resource, doc);
    return json_incref(doc);
}

#define WITH(endpoint) \
    "{\"Name\":\"w\",\"WorkerPoolIds\":[\"WorkerPools-1\"],\"Endpoint\":" endpoint "}"

TEST(an_endpoint_is_echoed_byte_for_byte)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    static const char endpoint[] = "{\"CommunicationStyle\":\"TentaclePassive\",\"Uri\":\"https://"
                                   "Listening.TEST/\",\"Thumbprint\":"
                                   "\"3f\",\"ProxyId\":null,\"TentacleVersionDetails\":{"
                                   "\"UpgradeLocked\":false},\"Foreign\":[1]}";
    CLEANUP(freep) char *in = xasprintf(WITH("%s"), endpoint);
    json_auto_t *doc = worker(in, &p);
    EXPECT(doc != NULL);
    json_auto_t *answer = resource_answer(&worker_resource, doc);
    CLEANUP(freep) char *out = jv_text(jv_get(answer, "Endpoint"));

    EXPECT_STR(out, endpoint);
    EXPECT_STR(jv_str(answer, "Thumbprint", ""), "3f");
    EXPECT_STR(jv_str(answer, "Uri", ""), "https://Listening.TEST/");
}

TEST(health_and_system_that_clients_send_are_ignored)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = worker(
        "{\"Name\":\"w\",\"WorkerPoolIds\":[\"WorkerPools-1\"],\"Status\":\"Online\","
        "\"HealthStatus\":\"Healthy\",\"OperatingSystem\":\"Linux\",\"Endpoint\":"
        "{\"CommunicationStyle\":\"TentacleActive\",\"Uri\":\"poll://x/\",\"Thumbprint\":\"T\"}}",
        &p);

    EXPECT_STR(jv_str(doc, "HealthStatus", ""), "Unknown");
    EXPECT_STR(jv_str(doc, "Status", ""), "Unknown");
    EXPECT_STR(jv_str(doc, "OperatingSystem", ""), "Unknown");
}

TEST(a_worker_without_address_shows_no_uri)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = worker(WITH("{\"CommunicationStyle\":\"Ssh\",\"AccountId\":\"Accounts-1\","
                                   "\"Host\":\"h\",\"Port\":22,\"Fingerprint\":\"f\"}"),
                              &p);
    json_auto_t *answer = resource_answer(&worker_resource, doc);

    EXPECT(jv_get(answer, "Uri") == NULL && jv_get(answer, "Thumbprint") == NULL);
}

static void expect_problem(const char *text, const char *pointer, const char *message)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc = worker(text, &p);

    EXPECT(doc == NULL && p.n > 0);
    EXPECT_STR(p.items[0].pointer, pointer);
    EXPECT_STR(p.items[0].message, message);
}

TEST(a_worker_needs_a_pool_and_a_known_endpoint)
{
    expect_problem("{\"Name\":\"w\",\"WorkerPoolIds\":[],\"Endpoint\":{}}", "/WorkerPoolIds",
                   "is required");
    expect_problem("{\"Name\":\"w\",\"WorkerPoolIds\":[\"WorkerPools-1\"]}", "/Endpoint",
                   "is required");
    expect_problem(WITH("[]"), "/Endpoint", "is required");
    expect_problem(WITH("7"), "/Endpoint", "is not an object");
    expect_problem(WITH("{}"), "/Endpoint/CommunicationStyle",
                   "\"\" is not one of TentaclePassive, TentacleActive, Ssh, KubernetesTentacle");
    expect_problem(WITH("{\"CommunicationStyle\":\"TentaclePassive\",\"Uri\":\"https://x/\","
                        "\"Thumbprint\":\"\"}"),
                   "/Endpoint/Thumbprint",
                   "is required for the communication style TentaclePassive");
}

TEST(pools_policy_account_and_proxy_are_references)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    struct references refs = REFERENCES_INIT(&a);
    json_auto_t *doc = worker(
        "{\"Name\":\"w\",\"WorkerPoolIds\":[\"WorkerPools-1\",\"WorkerPools-2\"],"
        "\"MachinePolicyId\":\"MachinePolicies-1\",\"Endpoint\":{\"CommunicationStyle\":\"Ssh\","
        "\"AccountId\":\"Accounts-1\",\"ProxyId\":\"Proxies-1\",\"Host\":\"h\",\"Fingerprint\":"
        "\"f\"}}",
        &p);

    resource_references(&worker_resource, doc, &refs);
    EXPECT_INT(refs.n, 10); /* and five plain values */
    static const char *const ids[] = {"MachinePolicies-1", "WorkerPools-1", "WorkerPools-2",
                                      "Accounts-1", "Proxies-1"};
    size_t n = 0;
    for (size_t i = 0; i < refs.n; i++)
        if (refs.items[i].kind) EXPECT_STR(refs.items[i].id, ids[n++]);
    EXPECT_INT(n, ARRAY_LEN(ids));
    EXPECT_STR(refs.items[refs.n - 1].member, "Endpoint.CommunicationStyle");
    EXPECT_STR(refs.items[refs.n - 1].id, "ssh");
}
