/* server_info.c - the server about itself: root documents, status, capabilities, nodes, OpenAPI,
 * health and metrics. Facts: rest.md 1.3, 1.5, 2.8. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "api/app.h"
#include "api/openapi.h"
#include "api/paging.h"
#include "api/resource.h"
#include "api/routes.h"
#include "api/spaces.h"
#include "base/metrics.h"
#include "base/time.h"
#include "model/command.h"
#include "model/root.h"
#include "store/node.h"
#include "store/task.h"

static int default_space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    return space_default(tx, c->arena, &c->space_id, e);
}

static int root(struct call *c, struct error *e)
{
    struct app *app = call_app(c);

    if (db_read(app->db, default_space_tx, c, e) < 0) return -1;
    c->out = json_object();
    jv_set_str(c->out, "Application", "Bobtail");
    jv_set_str(c->out, "Version", app->version);
    jv_set_str(c->out, "ApiVersion", "3.0.0");
    jv_set_str(c->out, "InstallationId", app->installation_id);
    jv_set_bool(c->out, "IsEarlyAccessProgram", false);
    jv_set_bool(c->out, "HasLongTermSupport", true);
    jv_set(c->out, "Links", root_links(c->space_id));
    return 0;
}

static int space_root(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_str(c->out, "Id", c->space_id);
    jv_set(c->out, "Links", space_links(c->space_id));
    return 0;
}

static int capabilities(struct call *c, struct error *e)
{
    static const char *const names[] = {"GetAllSpacesRequest", "CreateReleaseCommandV1",
                                        "CreateDeploymentUntenantedCommandV1",
                                        "RunRunbookCommandV1"};

    (void)e;
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) jv_push(list, jv_string(names[i]));
    c->out = json_object();
    jv_set(c->out, "Capabilities", list);
    return 0;
}

/* There are no toggles: everything that is there is on. */
static int feature_toggles(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set(c->out, "FeatureToggles", json_array());
    return 0;
}

static int status(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_bool(c->out, "IsDatabaseEncrypted", true);
    jv_set_bool(c->out, "IsMajorMinorUpgrade", false);
    jv_set_bool(c->out, "IsInMaintenanceMode", false);
    jv_set_bool(c->out, "IsPotentialClone", false);
    jv_set_bool(c->out, "IsUpgradeAvailable", false);
    jv_set(c->out, "MaintenanceExpires", json_null());
    jv_set_str(c->out, "MaximumAvailableVersion", call_app(c)->version);
    jv_set_str(c->out, "MaximumAvailableVersionCoveredByLicense", call_app(c)->version);
    json_t *links = json_object();
    jv_set_str(links, "Self", "/api/serverstatus");
    jv_set_str(links, "SystemInfo", "/api/serverstatus/system-info");
    jv_set(c->out, "Links", links);
    return 0;
}

static int status_health(struct call *c, struct error *e)
{
    struct engine_load load = engine_load(call_app(c)->engine);

    (void)e;
    c->out = json_object();
    jv_set_bool(c->out, "IsOperatingNormally", true);
    jv_set_bool(c->out, "IsEntireClusterReadOnly", false);
    jv_set_bool(c->out, "IsEntireClusterDrainingTasks", load.draining);
    jv_set_bool(c->out, "IsCompliantWithLicense", true);
    jv_set_str(c->out, "Description",
               load.draining ? "No new tasks are taken" : "Operating normally");
    return 0;
}

static int timezones(struct call *c, struct error *e)
{
    (void)e;
    json_t *utc = json_object();
    jv_set_str(utc, "Id", "UTC");
    jv_set_str(utc, "Name", "(UTC) Coordinated Universal Time");
    jv_set_bool(utc, "IsLocal", true);
    c->out = json_array();
    jv_push(c->out, utc);
    return 0;
}

static int64_t status_number(const char *name)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    int64_t value = 0;

    if (f == NULL) return 0;
    while (fgets(line, sizeof(line), f))
        if (str_starts(line, name)) value = strtoll(line + strlen(name) + 1, NULL, 10);
    fclose(f);
    return value;
}

static int system_info(struct call *c, struct error *e)
{
    char up[TIME_TEXT_SIZE];
    struct utsname os;

    (void)e;
    uname(&os);
    c->out = json_object();
    jv_set_str(c->out, "Version", call_app(c)->version);
    jv_set_str(c->out, "OSVersion",
               arena_fmt(c->arena, "%s %s %s", os.sysname, os.release, os.machine));
    jv_set_str(c->out, "ClrVersion", "none");
    jv_set_str(c->out, "Uptime",
               time_span(clock_now(call_app(c)->clock) - call_app(c)->started_at + 1, up));
    jv_set_i64(c->out, "WorkingSetBytes", status_number("VmRSS:") * 1024);
    jv_set_i64(c->out, "ThreadCount", status_number("Threads:"));
    jv_set_i64(c->out, "MinThreadPoolCount", 1);
    return 0;
}

struct nodes {
    struct call *c;
    struct node *list;
    size_t n;
};

static int nodes_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct nodes *x = ctx;

    return node_list(tx, x->c->arena, &x->list, &x->n, e);
}

static json_t *node_document(const struct node *n)
{
    json_auto_t *o = json_object();

    jv_set_str(o, "Id", n->id);
    jv_set_str(o, "Name", n->name);
    jv_set_i64(o, "MaxConcurrentTasks", n->max_tasks);
    jv_set_bool(o, "IsInMaintenanceMode", n->is_draining);
    jv_set_time(o, "LastSeen", n->last_seen);
    return resource_answer(&server_node_resource, o);
}

static int nodes(struct call *c, struct error *e)
{
    struct nodes x = {.c = c};
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 || db_read(call_app(c)->db, nodes_tx, &x, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < x.n; i++) jv_push(items, node_document(&x.list[i]));
    c->out = paging_slice(c, &paging, server_node_resource.item_type, items);
    return 0;
}

/* The node of the path. */
static int find_node(struct call *c, struct node **ret, struct error *e)
{
    struct nodes x = {.c = c};
    const char *wanted = call_param(c, "id");

    if (db_read(call_app(c)->db, nodes_tx, &x, e) < 0) return -1;
    for (size_t i = 0; i < x.n; i++) {
        *ret = &x.list[i];
        if (str_same(x.list[i].id, wanted) || str_same(x.list[i].name, wanted)) return 0;
    }
    return call_not_found(e, wanted);
}

static int node(struct call *c, struct error *e)
{
    struct node *n = NULL;

    if (find_node(c, &n, e) < 0) return -1;
    c->out = node_document(n);
    return 0;
}

/* Schemas that rows only name. */
static const struct field *table_of(const char *name)
{
    for (size_t i = 0; resources[i]; i++)
        if (strcmp(resources[i]->item_type, name) == 0) return resources[i]->fields;
    for (const struct named_table *t = command_tables; t->name; t++)
        if (strcmp(t->name, name) == 0) return t->fields;
    return NULL;
}

static int openapi(struct call *c, struct error *e)
{
    (void)e;
    struct openapi_options o = {.tables = api_tables,
                                .n_tables = api_tables_n,
                                .title = "Bobtail",
                                .version = call_app(c)->version,
                                .schema_of = schema_describe,
                                .table_of = table_of};
    c->out = openapi_document(&o);
    return 0;
}

static int ping_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct task_counts *n = ctx;

    return task_count(tx, NULL, n, e);
}

/* Healthy = the database answers. */
static int healthz(struct call *c, struct error *e)
{
    struct task_counts n;

    if (db_read(call_app(c)->db, ping_tx, &n, e) < 0) return -1;
    http_reply(c->res, 200, HTTP_TEXT, "ok\n", 3);
    return 0;
}

static int metrics(struct call *c, struct error *e)
{
    static struct metric queued =
        METRIC("gauge", "bobtail_tasks_queued", NULL, "Tasks that wait in the queue.");
    static struct metric rss =
        METRIC("gauge", "bobtail_resident_bytes", NULL, "Memory of the server process.");
    static struct metric up =
        METRIC("gauge", "bobtail_uptime_seconds", NULL, "Time since the server started.");
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 * MiB);
    struct task_counts n;

    if (db_read(call_app(c)->db, ping_tx, &n, e) < 0) return -1;
    metric_set(&queued, n.queued);
    metric_set(&rss, status_number("VmRSS:") * 1024);
    metric_set(&up, (clock_now(call_app(c)->clock) - call_app(c)->started_at) / 1000);
    metrics_print(&out);
    http_reply(c->res, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out), out.n);
    return 0;
}

static const struct route_query toggle_query[] = {{"Name", QUERY_TEXT, "name of one toggle"},
                                                  {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api", root, PERM_ANONYMOUS, .out = root_fields, .out_name = "Root",
     .doc = "the root document: version and links"},
    {"GET", "/api/{space}", space_root, PERM_AUTHENTICATED, .doc = "links of a space"},
    {"GET", "/api/capabilities", capabilities, PERM_AUTHENTICATED,
     .doc = "requests that this server knows"},
    {"GET", "/api/configuration/feature-toggles", feature_toggles, PERM_AUTHENTICATED,
     .query = toggle_query, .doc = "feature toggles that are on"},
    {"GET", "/api/serverstatus", status, PERM_AUTHENTICATED, .doc = "state of the installation"},
    {"GET", "/api/serverstatus/health", status_health, PERM_ANONYMOUS,
     .doc = "whether the server operates normally"},
    {"GET", "/api/serverstatus/timezones", timezones, PERM_AUTHENTICATED, .shape = ROUTE_ARRAY,
     .doc = "time zones known to the server"},
    {"GET", "/api/serverstatus/system-info", system_info, "AdministerSystem",
     .doc = "process and machine"},
    {"GET", "/api/octopusservernodes", nodes, "AdministerSystem", .out = server_node_fields,
     .shape = ROUTE_PAGE, .out_name = "OctopusServerNode", .doc = "server nodes"},
    {"GET", "/api/octopusservernodes/{id}", node, "AdministerSystem", .out = server_node_fields,
     .out_name = "OctopusServerNode", .doc = "one server node, by id or name"},
    {"GET", "/api/openapi.json", openapi, PERM_ANONYMOUS, .doc = "this description of the API"},
    {"GET", "/healthz", healthz, PERM_ANONYMOUS, .shape = ROUTE_TEXT,
     .doc = "ok while the database answers"},
    {"GET", "/metrics", metrics, PERM_ANONYMOUS, .shape = ROUTE_TEXT,
     .doc = "figures for Prometheus"},
};
const struct route_table server_routes = {rows, ARRAY_LEN(rows)};
