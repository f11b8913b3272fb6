/* server_log.c - the server's own log, and the report for who is asked for help. Facts:
 * rest.md 2.8.
 */
#include <string.h>
#include <sys/utsname.h>

#include "api/app.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "base/zip.h"
#include "model/command.h"
#include "store/node.h"
#include "store/summary.h"
#include "store/task.h"

/* ---- the log ---- */

struct lines {
    json_t *items; /* oldest first */
    bool with_detail;
};

static void add_entry(void *ctx, const struct log_entry *entry)
{
    static const char *const categories[] = {"Error", "Warning", "Info", "Verbose"};
    struct lines *l = ctx;
    json_t *o = json_object();

    jv_set_str(o, "Category", categories[entry->level]);
    jv_set_time(o, "OccurredAt", entry->at_ms);
    jv_set_str(o, "MessageText", entry->text);
    jv_set_str(o, "Detail", l->with_detail ? entry->area : "");
    jv_set_i64(o, "Number", entry->number);
    jv_push(l->items, o);
}

static int logs(struct call *c, struct error *e)
{
    struct lines l = {.items = NULL};
    int64_t skip, take;

    if (call_query_number(c, "skip", 0, INT64_MAX, 0, &skip, e) < 0 ||
        call_query_number(c, "take", 0, INT32_MAX, 100, &take, e) < 0 ||
        call_query_flag(c, "includeDetail", false, &l.with_detail, e) < 0)
        return -1;
    l.items = json_array();
    log_each(add_entry, &l);
    c->out = json_array();
    for (int64_t i = (int64_t)json_array_size(l.items) - 1 - skip; i >= 0 && take > 0; i--, take--)
        json_array_append(c->out, json_array_get(l.items, (size_t)i));
    json_decref(l.items);
    return 0;
}

/* ---- the report ---- */

struct report {
    struct call *c;
    struct summary counts;
    struct node *nodes;
    size_t n_nodes;
    struct task *checks; /* the last integrity check */
    size_t n_checks;
};

static int report_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct report *r = ctx;
    struct task_query last = {.kind = "SystemIntegrityCheck", .take = 1};
    int64_t total;

    if (summary_read(tx, &r->counts, e) < 0) return -1;
    if (node_list(tx, r->c->arena, &r->nodes, &r->n_nodes, e) < 0) return -1;
    return task_list(tx, &last, r->c->arena, &r->checks, &r->n_checks, &total, e);
}

static json_t *counts_of(const struct summary *n)
{
    json_t *o = json_object();

    jv_set_i64(o, "Documents", n->documents);
    jv_set_i64(o, "Tasks", n->tasks);
    jv_set_i64(o, "Users", n->users);
    jv_set_i64(o, "Events", n->events);
    return o;
}

static json_t *nodes_of(const struct report *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_nodes; i++) {
        json_t *o = json_object();
        jv_set_str(o, "Id", r->nodes[i].id);
        jv_set_str(o, "Name", r->nodes[i].name);
        jv_set_i64(o, "MaxConcurrentTasks", r->nodes[i].max_tasks);
        jv_set_bool(o, "IsInMaintenanceMode", r->nodes[i].is_draining);
        jv_set_time(o, "LastSeen", r->nodes[i].last_seen);
        jv_push(list, o);
    }
    return list;
}

static json_t *check_of(const struct report *r)
{
    if (r->n_checks == 0) return json_null();
    json_t *o = json_object();
    jv_set_str(o, "Task", r->checks[0].id);
    jv_set_str(o, "State", r->checks[0].state);
    jv_set_str(o, "Message", r->checks[0].error);
    jv_set_time(o, "Completed", r->checks[0].completed_at);
    return o;
}

static void add_facts(struct zip *z, const struct report *r)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    struct app *app = call_app(r->c);
    json_auto_t *o = json_object();
    struct utsname os;

    uname(&os);
    jv_set_str(o, "Version", app->version);
    jv_set_str(o, "InstallationId", app->installation_id);
    jv_set_str(o, "Database", db_engine(app->db));
    jv_set_str(o, "OSVersion",
               arena_fmt(r->c->arena, "%s %s %s", os.sysname, os.release, os.machine));
    jv_set_time(o, "Started", app->started_at);
    jv_set_time(o, "Made", clock_now(app->clock));
    jv_set(o, "Counts", counts_of(&r->counts));
    jv_set(o, "Nodes", nodes_of(r));
    jv_set(o, "IntegrityCheck", check_of(r));
    jv_print(&text, o);
    zip_add(z, "report.json", buf_str(&text), text.n);
}

static void print_entry(void *ctx, const struct log_entry *entry)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    char at[TIME_TEXT_SIZE];

    buf_addf(ctx, "%s %-5s %s: %s\n", time_iso(entry->at_ms, at), levels[entry->level], entry->area,
             entry->text);
}

static int report(struct call *c, struct error *e)
{
    CLEANUP(zip_done) struct zip z = ZIP_INIT;
    CLEANUP(buf_done) struct buf log = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf figures = BUF_INIT(BUF_UNBOUNDED);
    struct report r = {.c = c};
    const char *settings = call_app(c)->settings;

    if (db_read(call_app(c)->db, report_tx, &r, e) < 0) return -1;
    add_facts(&z, &r);
    zip_add(&z, "settings.txt", settings, strlen(settings));
    log_each(print_entry, &log);
    zip_add(&z, "server.log", buf_str(&log), log.n);
    metrics_print(&figures);
    zip_add(&z, "metrics.txt", buf_str(&figures), figures.n);
    zip_end(&z);
    http_header(c->res, "Content-Disposition", "attachment; filename=\"system-report.zip\"");
    http_reply(c->res, 200, "application/zip", buf_str(&z.out), z.out.n);
    return 0;
}

static const struct route_query logs_query[] = {
    {"skip", QUERY_NUMBER, "newest lines to leave out"},
    {"take", QUERY_NUMBER, "lines at most; 100"},
    {"includeDetail", QUERY_FLAG, "the part of the server that wrote the line, as Detail"},
    {.name = NULL}};
static const struct route rows[] = {
    {"GET", "/api/serverstatus/logs", logs, "AdministerSystem", .out = server_log_fields,
     .query = logs_query, .shape = ROUTE_ARRAY, .out_name = "ServerLogLine",
     .doc = "the newest lines of the server's own log, newest first"},
    {"GET", "/api/serverstatus/system-report", report, "AdministerSystem", .shape = ROUTE_BYTES,
     .doc = "a zip for who is asked for help: version, settings without secrets, log, figures"},
};
const struct route_table server_log_routes = {rows, ARRAY_LEN(rows)};
