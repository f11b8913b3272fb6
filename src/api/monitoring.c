/* monitoring.c - what is asked while something is wrong: /healthz, /metrics, the status of health.
 * Their routes are quick: answered by a thread of their own, without a look at credentials, which
 * stand in the database. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/app.h"
#include "api/routes.h"
#include "api/watch.h"
#include "base/metrics.h"
#include "crypt/apikey.h"
#include "model/command.h"

/* Healthy = the database answers. */
static int healthz(struct call *c, struct error *e)
{
    if (watch_ask(call_app(c)->watch, e) < 0) return -1;
    http_reply(c->res, 200, HTTP_TEXT, "ok\n", 3);
    return 0;
}

static int status_health(struct call *c, struct error *e)
{
    struct engine_load load = engine_load(call_app(c)->engine);
    struct error why = {0};

    (void)e;
    bool well = watch_ask(call_app(c)->watch, &why) == 0;
    c->out = json_object();
    jv_set_bool(c->out, "IsOperatingNormally", well);
    jv_set_bool(c->out, "IsEntireClusterReadOnly", load.in_maintenance);
    jv_set_bool(c->out, "IsEntireClusterDrainingTasks", load.draining || load.in_maintenance);
    jv_set_bool(c->out, "IsCompliantWithLicense", true);
    jv_set_str(c->out, "Description",
               !well                 ? why.text
               : load.in_maintenance ? "Maintenance mode: only administrators change something"
               : load.draining       ? "No new tasks are taken"
                                     : "Operating normally");
    return 0;
}

/* ---- /metrics ---- */

int64_t process_number(const char *name)
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

/* A proxy on this machine speaks for others. */
static bool is_local(const struct http_request *req)
{
    if (http_request_header(req, "X-Forwarded-For") || http_request_header(req, "Forwarded"))
        return false;
    return str_starts(req->remote, "127.") || str_starts(req->remote, "[::1]:");
}

static int allow(const struct call *c, struct error *e)
{
    const char *token = call_app(c)->metrics_token,
               *given = http_request_header(c->req, "Authorization");
    char wanted[HASH_TEXT_SIZE], got[HASH_TEXT_SIZE];

    if (is_local(c->req)) return 0;
    if (str_blank(token))
        return fail(e, ERR_DENIED,
                    "figures are told on the machine itself only, or to who sends the token of the "
                    "setting metrics-token");
    if (given && strncasecmp(given, "Bearer ", 7) == 0 &&
        apikey_hash_same(hash_text(given + 7, strlen(given + 7), got),
                         hash_text(token, strlen(token), wanted)))
        return 0;
    return fail(e, ERR_UNAUTHENTICATED, "figures need the header Authorization: Bearer TOKEN");
}

static void print_disk(struct buf *out, const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk) < 0) return;
    buf_addf(out,
             "# HELP bobtail_blobs_disk_free_bytes Room left where blobs are kept.\n# TYPE "
             "bobtail_blobs_disk_free_bytes gauge\nbobtail_blobs_disk_free_bytes %llu\n# HELP "
             "bobtail_blobs_disk_bytes Size of that file system.\n# TYPE bobtail_blobs_disk_bytes "
             "gauge\nbobtail_blobs_disk_bytes %llu\n",
             (unsigned long long)disk.f_bavail * disk.f_frsize,
             (unsigned long long)disk.f_blocks * disk.f_frsize);
}

/* Figures are wanted most when the database is away: what it would tell is left out then. */
static int metrics(struct call *c, struct error *e)
{
    static struct metric rss =
        METRIC("gauge", "bobtail_resident_bytes", NULL, "Memory of the server process.");
    static struct metric up =
        METRIC("gauge", "bobtail_uptime_seconds", NULL, "Time since the server started.");
    static struct metric cap =
        METRIC("gauge", "bobtail_tasks_cap", NULL, "Tasks that this node runs at once.");
    CLEANUP(buf_done) struct buf out = BUF_INIT(2 * MiB);
    struct app *app = call_app(c);

    if (allow(c, e) < 0) return -1;
    metric_set(&rss, process_number("VmRSS:") * 1024);
    metric_set(&up, (clock_now(app->clock) - app->started_at) / 1000);
    metric_set(&cap, engine_load(app->engine).cap);
    metrics_print(&out);
    buf_addf(&out,
             "# HELP bobtail_build_info The version that runs.\n# TYPE bobtail_build_info "
             "gauge\nbobtail_build_info{version=\"%s\"} 1\n",
             app->version);
    print_disk(&out, app->blobs->folder);
    watch_print(app->watch, &out);
    http_reply(c->res, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out), out.n);
    return 0;
}

static const struct route rows[] = {
    {"GET", "/api/serverstatus/health", status_health, PERM_ANONYMOUS, .flags = ROUTE_QUICK,
     .out = server_health_fields, .out_name = "ServerHealth",
     .doc = "whether the server operates normally"},
    {"GET", "/healthz", healthz, PERM_ANONYMOUS, .flags = ROUTE_QUICK, .shape = ROUTE_TEXT,
     .doc = "ok while the database answers"},
    {"GET", "/metrics", metrics, PERM_ANONYMOUS, .flags = ROUTE_QUICK, .shape = ROUTE_TEXT,
     .doc = "figures for Prometheus"},
};
const struct route_table monitoring_routes = {rows, ARRAY_LEN(rows)};
