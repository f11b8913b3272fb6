/* workers.c - worker pools, workers, machine policies and feeds: what there is of them is read
 * here. Facts: rest.md 2.1 to 2.3, 2.16. */
#include "api/resource.h"
#include "model/command.h"

/* Who makes the workers of a dynamic pool; there is no provider here. */
static int dynamic_types(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_str(c->out, "Id", "DynamicWorkerTypes");
    jv_set(c->out, "WorkerTypes", json_array());
    return 0;
}

static int supported_types(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_str(c->out, "Id", "SupportedWorkerPoolTypes");
    json_t *types = json_array();
    jv_push(types, jv_string("StaticWorkerPool"));
    jv_set(c->out, "SupportedPoolTypes", types);
    return 0;
}

/* What is known of the systems of workers, before any has been asked. */
static int no_names(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    return 0;
}

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("workerpools", "WorkerPool", worker_pool_fields, resource_query,
                         "WorkerView"),
    {"GET", "/api/{space}/workerpools/dynamicworkertypes", dynamic_types, "WorkerView",
     .out = dynamic_worker_types_fields, .out_name = "DynamicWorkerTypes",
     .doc = "kinds of workers that dynamic pools can make"},
    {"GET", "/api/{space}/workerpools/supportedtypes", supported_types, "WorkerView",
     .out = supported_pool_types_fields, .out_name = "SupportedWorkerPoolTypes",
     .doc = "kinds of worker pools"},
    RESOURCE_LIST_ROUTE("/api/{space}/workerpools/{pool}/workers", resource_list, "Worker",
                        worker_fields, worker_query, "WorkerView", "workers of a pool"),
    RESOURCE_READ_ROUTES("workers", "Worker", worker_fields, worker_query, "WorkerView"),
    {"GET", "/api/{space}/workers/operatingsystem/names/all", no_names, "WorkerView",
     .shape = ROUTE_ARRAY, .doc = "operating systems of the workers"},
    {"GET", "/api/{space}/workers/operatingsystem/shells/all", no_names, "WorkerView",
     .shape = ROUTE_ARRAY, .doc = "shells of the workers"},
    RESOURCE_READ_ROUTES("machinepolicies", "MachinePolicy", machine_policy_fields, resource_query,
                         "MachinePolicyView"),
    RESOURCE_LIST_ROUTE("/api/{space}/machinepolicies/{policy}/workers", resource_list, "Worker",
                        worker_fields, worker_query, "WorkerView", "workers under a policy"),
    RESOURCE_READ_ROUTES("feeds", "Feed", feed_fields, resource_query, "FeedView"),
};
const struct route_table worker_routes = {rows, ARRAY_LEN(rows)};
