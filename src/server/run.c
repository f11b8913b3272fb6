/* run.c - the command `run`: the composition of everything, start and stop.
 *
 * SIGTERM and SIGINT: nothing more is claimed, streams end, scripts go on under their supervisors;
 * the next start takes them up. What has not ended after STOP_S (a database that does not answer)
 * is cut off, which loses nothing that a kill would not lose. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/app.h"
#include "api/promotion.h"
#include "api/grants.h"
#include "api/router.h"
#include "api/routes.h"
#include "api/triggers.h"
#include "api/watch.h"
#include "api/sign_in_gate.h"
#include "base/id.h"
#include "base/log.h"
#include "db/db.h"
#include "fleet/driver.h"
#include "jobs/first_process.h"
#include "model/resource.h"
#include "os/account.h"
#include "os/file.h"
#include "os/limit.h"
#include "os/lock.h"
#include "os/notify.h"
#include "os/thread.h"
#include "server/access.h"
#include "server/command.h"
#include "server/folder.h"
#include "server/master_key.h"
#include "server/restore.h"
#include "server/identity.h"
#include "server/seed.h"
#include "server/system_tasks.h"
#include "store/migrations.h"

#define STOP_S 9 /* service managers and users are promised 10 */

struct server {
    struct arena arena;
    struct options o;
    struct secret_key key;
    struct app app;
    struct db *db;
    struct driver *builtin;
    struct engine *engine;
    struct router *router;
    struct http_server *http;
    int lock_fd;
    const char *protected_paths[4];
    _Atomic(const char *) waits_for; /* while it stops */
};

static void fatal(const char *why)
{
    log_error("server", "stopping: %s", why);
    _exit(70);
}

static void fatal_database(void *ctx, const char *why)
{
    (void)ctx;
    fatal(why);
}

/* Programs that belong to the server lie beside it. */
static const char *beside(struct server *s, const char *name)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    ASSERT(n > 0);
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    return arena_fmt(&s->arena, "%.*s/%s", (int)(slash - self), self, name);
}

static int open_store(struct server *s, struct error *e)
{
    struct db_options d = {.url = s->o.database, .connections = (int)s->o.work_threads + 8};

    if (db_open(&d, &s->db, e) < 0) return -1;
    db_on_fatal(s->db, fatal_database, NULL);
    if (store_migrate(s->db, e) < 0 || master_key_open(&s->o, s->db, &s->key, e) < 0) return -1;
    if (seed_installation(s->db, &s->arena, &s->app.installation_id, e) < 0) return -1;
    if (identity_ensure(s->db, &s->key, e) < 0) return -1;
    return seed_space(s->db, e);
}

static int start_engine(struct server *s, struct error *e)
{
    const char *worker = arena_fmt(&s->arena, "builtin/%s", s->app.node_id);
    s->protected_paths[0] = s->o.data_dir;
    s->protected_paths[1] = "/etc/bobtail";
    struct builtin_options b = {.jobs_path = arena_fmt(&s->arena, "%s/builtin", s->o.data_dir),
                                .tools_path = arena_fmt(&s->arena, "%s/tools", s->o.data_dir),
                                .launcher_path = beside(s, "bobtail-launcher"),
                                .step_path = beside(s, "bobtail-step"),
                                .account = s->o.builtin_account[0] ? s->o.builtin_account : NULL,
                                .protected_paths = s->protected_paths,
                                .worker = worker,
                                .name =
                                    arena_fmt(&s->arena, "Built-in worker of %s", s->o.node_name),
                                .output_max = s->o.output_limit};
    if (driver_builtin(&b, &s->builtin, e) < 0) return fail_wrap(e, "built-in worker");
    struct engine_options g = {.db = s->db,
                               .key = &s->key,
                               .clock = &system_clock,
                               .builtin = s->builtin,
                               .node_id = s->app.node_id,
                               .node_name = s->o.node_name,
                               .jobs_path = b.jobs_path,
                               .blobs_path = s->app.blobs_path,
                               .server_uri = s->o.public_url[0] ? s->o.public_url : NULL,
                               .task_cap = s->o.task_cap,
                               .log_limit = s->o.task_log_limit,
                               .threads = (size_t)s->o.work_threads,
                               .shared = strcmp(db_engine(s->db), "postgres") == 0,
                               .promote = automatic_deployments,
                               .trigger = triggers_act,
                               .ctx = &s->app,
                               .system_tasks = system_tasks,
                               .fatal = fatal};
    return engine_start(&g, &s->engine, e);
}

static int start_http(struct server *s, struct error *e)
{
    struct router_options r = {.tables = api_tables,
                               .n_tables = api_tables_n,
                               .app = &s->app,
                               .authenticate = access_authenticate,
                               .permit = access_permit,
                               .leave = access_leave,
                               .space = access_space};
    if (router_new(&r, &s->router, e) < 0) return -1;
    struct http_options h = {.listen = s->o.http_listen,
                             .handle = router_handle,
                             .body_limit = router_body_limit,
                             .is_quick = router_is_quick,
                             .ctx = s->router};
    return http_server_start(&h, &s->http, e);
}

static int start(struct server *s, struct error *e)
{
    if (resources_check(e) < 0 || folder_take(s->o.data_dir, &s->lock_fd, e) < 0) return -1;
    if (restore_is_whole(s->o.data_dir, e) < 0 || open_store(s, e) < 0) return -1;
    if (seed_admin(s->db, &s->o, e) < 0) return -1;
    s->app.db = s->db;
    s->app.grants = grant_cache_new();
    s->app.key = &s->key;
    s->app.clock = &system_clock;
    s->app.sign_in = sign_in_gate_new(&system_clock);
    s->app.version = BOBTAIL_VERSION;
    s->app.node_name = s->o.node_name;
    s->app.blobs_path = arena_fmt(&s->arena, "%s/blobs", s->o.data_dir);
    s->app.started_at = clock_now(&system_clock);
    if (folder_node_id(s->o.data_dir, &s->arena, &s->app.node_id, e) < 0) return -1;
    if (start_engine(s, e) < 0) return -1;
    s->app.engine = s->engine;
    s->app.metrics_token = s->o.metrics_token;
    if (watch_start(s->db, s->app.node_id, strcmp(db_engine(s->db), "postgres") == 0, &s->app.watch,
                    e) < 0)
        return -1;
    return start_http(s, e);
}

/* Runs beside stop(). */
static void *end_in_time(void *ctx)
{
    struct server *s = ctx;
    struct timespec left = {.tv_sec = STOP_S};

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
    log_warn("server", "ending after %d s without waiting for %s any longer", STOP_S, s->waits_for);
    _exit(0);
}

static void limit_stop(struct server *s)
{
    pthread_t thread;
    struct error e;

    s->waits_for = "requests that are being answered";
    if (thread_start(&thread, "stop-limit", end_in_time, s, &e) == 0) pthread_detach(thread);
    else log_warn("server", "the stop has no time limit: %s", e.text);
}

static void stop(struct server *s)
{
    if (s->engine) engine_drain(s->engine);
    http_server_stop(s->http);
    s->waits_for = "runs that write to the database";
    if (s->engine) engine_stop(s->engine);
    s->waits_for = "the built-in worker and the database";
    watch_stop(s->app.watch);
    driver_free(s->builtin);
    router_free(s->router);
    sign_in_gate_free(s->app.sign_in);
    grant_cache_free(s->app.grants);
    db_close(s->db);
    secret_key_wipe(&s->key);
    if (s->lock_fd >= 0) close(s->lock_fd);
    arena_done(&s->arena);
}

/* "127.0.0.1:0" listens on some port: says which. */
static const char *address(struct server *s)
{
    const char *colon = strrchr(s->o.http_listen, ':');

    return arena_fmt(&s->arena, "http://%.*s:%d", (int)(colon ? colon - s->o.http_listen : 0),
                     s->o.http_listen, http_server_port(s->http));
}

static int serve(struct server *s, struct error *e)
{
    sigset_t waited;
    int got;

    if (first_process_leave(e) < 0) return -1;
    sigemptyset(&waited);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGHUP);
    sigprocmask(SIG_BLOCK, &waited, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct error why;
    if (limit_raise_files(&why) < 0) log_warn("server", "%s", why.text);
    if (start(s, e) < 0) return -1;
    log_info("server", "Bobtail %s listens on %s", BOBTAIL_VERSION, address(s));
    notify_service("READY=1");
    do sigwait(&waited, &got);
    while (got == SIGHUP);
    limit_stop(s);
    notify_service("STOPPING=1");
    log_info("server", "stopping; scripts go on and are taken up by the next start");
    return 0;
}

static int run(struct command_call *c, struct error *e)
{
    struct server s = {.o = c->o, .lock_fd = -1};
    int r = serve(&s, e);

    stop(&s);
    return r;
}

const struct command command_run = {
    .name = "run",
    .run = run,
    .has_settings = true,
    .help = "runs the server until SIGTERM",
};
