/* workers.c - worker pools and workers. One pool of a space is its default; a worker is in one pool
 * at least. Facts: rest.md 2.1, 2.2. */
#include "api/machines.h"
#include "model/command.h"

/* ---- pools ---- */

static int keep_default(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                        struct error *e)
{
    (void)tx;
    return default_keep(c, &worker_pool_resource, doc, stored, e);
}

static int move_default(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                        struct error *e)
{
    (void)stored;
    return default_move(tx, c, &worker_pool_resource, doc, e);
}

static const struct resource_hooks pool_hooks = {keep_default, move_default};
static int create_pool(struct call *c, struct error *e)
{
    return resource_create_with(c, &pool_hooks, e);
}
static int update_pool(struct call *c, struct error *e)
{
    return resource_update_with(c, &pool_hooks, e);
}

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

static int summary(struct call *c, struct error *e)
{
    static const struct machine_summary about = {&worker_resource, &worker_pool_resource,
                                                 "WorkerPoolIds", "WorkerPool"};

    return machine_summary(c, &about, e);
}

/* ---- workers ---- */

/* The workers of a dynamic pool are made by its provider. */
static int check_pools(struct db_tx *tx, struct call *c, const json_t *doc, struct error *e)
{
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(doc, "WorkerPoolIds"), i, one) {
        json_auto_t *pool = NULL;
        struct document d;
        struct error why = {0};
        if (document_get(tx, worker_pool_resource.kind, json_string_value(one), c->arena, &d,
                         &why) < 0) {
            if (why.kind == ERR_NOT_FOUND) continue; /* told with all other references */
            *e = why;
            return -1;
        }
        if (document_json(&d, &pool, e) < 0) return -1;
        if (!jv_bool(pool, "CanAddWorkers", true))
            return fail_at(e, "WorkerPoolIds",
                           "WorkerPoolIds: '%s' is a dynamic worker pool; workers cannot be added",
                           d.name);
    }
    return 0;
}

static int before(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                  struct error *e)
{
    return machine_policy_given(tx, c, doc, stored, e) < 0 ? -1 : check_pools(tx, c, doc, e);
}

static const struct resource_hooks worker_hooks = {.before = before};
static int create(struct call *c, struct error *e)
{
    return resource_create_with(c, &worker_hooks, e);
}
static int update(struct call *c, struct error *e)
{
    return resource_update_with(c, &worker_hooks, e);
}

static int systems(struct call *c, struct error *e)
{
    return machine_values_reply(c, &worker_resource, "OperatingSystem", e);
}
static int shells(struct call *c, struct error *e)
{
    return machine_values_reply(c, &worker_resource, "ShellName", e);
}

#define WORKER_FILTERS                                                          \
    {"isDisabled", QUERY_FLAG, "only disabled ones, or only others"},           \
        {"healthStatuses", QUERY_LIST, "only with these results of the check"}, \
        {"commStyles", QUERY_LIST, "only of these kinds"},                      \
    {                                                                           \
        "shellNames", QUERY_LIST, "only those with these shells"                \
    }
static const struct route_query worker_query[] = {
    QUERY_PLAIN,
    WORKER_FILTERS,
    {"workerPoolIds", QUERY_LIST, "only those in these pools"},
    {"thumbprint", QUERY_LIST, "only those with this thumbprint, in any case"},
    QUERY_END};
static const struct route_query summary_query[] = {
    {"ids", QUERY_LIST, "only these pools"},
    {"partialName", QUERY_TEXT, "part of the pool's name, in any case"},
    {"machinePartialName", QUERY_TEXT, "part of the name of workers"},
    {"hideEmptyWorkerPools", QUERY_FLAG, "true: only pools with workers"},
    WORKER_FILTERS,
    QUERY_END};

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("workerpools", "WorkerPool", worker_pool_fields, resource_query,
                         "WorkerView"),
    RESOURCE_POST_ROUTE("/api/{space}/workerpools", create_pool, "WorkerPool", worker_pool_fields,
                        "WorkerEdit", "creates a pool"),
    RESOURCE_PUT_ROUTE("/api/{space}/workerpools/{id}", update_pool, "WorkerPool",
                       worker_pool_fields, "WorkerEdit",
                       "replaces a pool; IsDefault moves the default to it"),
    RESOURCE_DELETE_ROUTE("/api/{space}/workerpools", "WorkerEdit"),
    {"PUT", "/api/{space}/workerpools/sortorder", resource_sort, "WorkerEdit",
     .out = worker_pool_fields, .shape = ROUTE_ARRAY, .out_name = "WorkerPool",
     .doc = "puts pools into the order of the ids in the body"},
    {"GET", "/api/{space}/workerpools/summary", summary, "WorkerView",
     .out = worker_pools_summary_fields, .query = summary_query, .out_name = "WorkerPoolsSummary",
     .doc = "pools with the numbers of their workers"},
    {"GET", "/api/{space}/workerpools/dynamicworkertypes", dynamic_types, "WorkerView",
     .out = dynamic_worker_types_fields, .out_name = "DynamicWorkerTypes",
     .doc = "kinds of workers that dynamic pools can make"},
    {"GET", "/api/{space}/workerpools/supportedtypes", supported_types, "WorkerView",
     .out = supported_pool_types_fields, .out_name = "SupportedWorkerPoolTypes",
     .doc = "kinds of worker pools"},
    RESOURCE_LIST_ROUTE("/api/{space}/workerpools/{pool}/workers", resource_list, "Worker",
                        worker_fields, worker_query, "WorkerView", "workers of a pool"),
    RESOURCE_READ_ROUTES("workers", "Worker", worker_fields, worker_query, "WorkerView"),
    RESOURCE_POST_ROUTE("/api/{space}/workers", create, "Worker", worker_fields, "WorkerEdit",
                        "adds a worker"),
    RESOURCE_PUT_ROUTE("/api/{space}/workers/{id}", update, "Worker", worker_fields, "WorkerEdit",
                       "replaces a worker"),
    RESOURCE_DELETE_ROUTE("/api/{space}/workers", "WorkerEdit"),
    {"GET", "/api/{space}/workers/discover", machine_discover, "WorkerEdit", .out = worker_fields,
     .out_name = "Worker", .query = machine_discover_query,
     .doc = "asks a machine for its thumbprint: not yet"},
    {"GET", "/api/{space}/workers/{id}/connection", machine_connection, "WorkerView",
     .out = machine_connection_fields, .out_name = "MachineConnection",
     .doc = "what is known of the connection to it"},
    {"GET", "/api/{space}/workers/operatingsystem/names/all", systems, "WorkerView",
     .shape = ROUTE_ARRAY, .doc = "operating systems of the workers"},
    {"GET", "/api/{space}/workers/operatingsystem/shells/all", shells, "WorkerView",
     .shape = ROUTE_ARRAY, .doc = "shells of the workers"},
    RESOURCE_LIST_ROUTE("/api/{space}/machinepolicies/{policy}/workers", resource_list, "Worker",
                        worker_fields, worker_query, "WorkerView", "workers under a policy"),
};
const struct route_table worker_routes = {rows, ARRAY_LEN(rows)};
