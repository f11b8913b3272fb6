/* retention.c - see retention.h. What goes is decided by rules/retention from one reading of a
 * project; it is removed in transactions of a bounded size, the tasks first, each of which leaves a
 * state that the next run goes on from. */
#include "engine/retention.h"

#include <string.h>

#include "base/str.h"
#include "model/resource.h"
#include "rules/retention.h"
#include "store/document.h"
#include "store/retention.h"
#include "store/task.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define SYSTEM_DAYS 30
#define ROWS_AT_ONCE 500
#define TASKS_AT_ONCE 50

/* What one project, or one look over all projects, yields. */
struct gather {
    struct system_task *task;
    struct arena arena;
    const char *project_id;
    const char **ids; /* projects, or what is to go */
    size_t n;
    json_t *lifecycles;                /* by id */
    struct retention_period otherwise; /* of the space, for what is being looked at */
};

/* ---- reading ---- */

static int projects_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct gather *g = ctx;
    struct document_query q = {
        .kind = project_resource.kind, .order = DOCUMENT_BY_ID, .take = -1, .without_body = true};
    struct document_page page;

    if (document_list(tx, &q, &g->arena, &page, e) < 0) return -1;
    g->ids = ARENA_NEW(&g->arena, const char *, page.n + 1);
    for (size_t i = 0; i < page.n; i++) g->ids[i] = page.items[i].id;
    g->n = page.n;
    return 0;
}

static int read_document(struct db_tx *tx, struct gather *g, const struct resource *r,
                         const char *id, json_t **ret, struct error *e)
{
    struct document d;

    return document_get(tx, r->kind, id, &g->arena, &d, e) < 0 ? -1 : document_json(&d, ret, e);
}

/* Borrowed; read once. */
static int lifecycle_of(struct db_tx *tx, struct gather *g, const char *id, const json_t **ret,
                        struct error *e)
{
    json_t *doc;

    *ret = json_object_get(g->lifecycles, id);
    if (*ret) return 0;
    if (read_document(tx, g, &lifecycle_resource, id, &doc, e) < 0) return -1;
    jv_set(g->lifecycles, id, doc);
    *ret = doc;
    return 0;
}

static int read_default(struct db_tx *tx, struct gather *g, const char *space_id, const char *type,
                        struct error *e)
{
    json_auto_t *doc = NULL;

    if (retention_default_get(tx, space_id, type, &g->arena, &doc, e) < 0) return -1;
    if (str_same(jv_str(doc, "Strategy", ""), "Forever"))
        jv_set_bool(doc, "ShouldKeepForever", true);
    g->otherwise = retention_period_of(doc, (struct retention_period){RETENTION_FOREVER, 0});
    return 0;
}

static int release_of(struct db_tx *tx, struct gather *g, const json_t *project,
                      const struct document *d, struct retention_release *ret, struct error *e)
{
    json_auto_t *doc = NULL, *channel = NULL;

    if (document_json(d, &doc, e) < 0) return -1;
    *ret = (struct retention_release){.id = d->id,
                                      .channel_id =
                                          arena_strdup(&g->arena, jv_str(doc, "ChannelId", "")),
                                      .otherwise = g->otherwise,
                                      .at_ms = d->created_at};
    if (read_document(tx, g, &channel_resource, ret->channel_id, &channel, e) < 0) return -1;
    const char *lifecycle = jv_str(channel, "LifecycleId", jv_str(project, "LifecycleId", ""));
    return lifecycle_of(tx, g, lifecycle, &ret->lifecycle, e);
}

static bool has_succeeded(const struct retention_row *r)
{
    return strcmp(r->state, "Success") == 0;
}

static struct retention_execution *executions_of(struct gather *g, const struct retention_row *rows,
                                                 size_t n)
{
    struct retention_execution *list = ARENA_NEW(&g->arena, struct retention_execution, n + 1);

    for (size_t i = 0; i < n; i++)
        list[i] = (struct retention_execution){.owner_id = rows[i].owner_id,
                                               .id = rows[i].subject_id,
                                               .environment_id = rows[i].environment_id,
                                               .at_ms = rows[i].at_ms,
                                               .ended = task_state_ended(rows[i].state),
                                               .succeeded = has_succeeded(&rows[i])};
    return list;
}

static int releases_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct gather *g = ctx;
    struct document_query q = {.kind = release_resource.kind,
                               .owner_id = g->project_id,
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = -1};
    json_auto_t *project = NULL;
    struct document_page page;
    struct retention_row *rows;
    size_t n_rows;

    g->n = 0;
    if (read_document(tx, g, &project_resource, g->project_id, &project, e) < 0 ||
        read_default(tx, g, jv_str(project, "SpaceId", ""), "LifecycleRelease", e) < 0 ||
        document_list(tx, &q, &g->arena, &page, e) < 0 ||
        retention_deployments(tx, g->project_id, &g->arena, &rows, &n_rows, e) < 0)
        return -1;
    struct retention_release *list = ARENA_NEW(&g->arena, struct retention_release, page.n + 1);
    for (size_t i = 0; i < page.n; i++)
        if (release_of(tx, g, project, &page.items[i], &list[i], e) < 0) return -1;
    retention_of_releases(list, page.n, executions_of(g, rows, n_rows), n_rows,
                          system_task_now(g->task));
    g->ids = ARENA_NEW(&g->arena, const char *, page.n + 1);
    for (size_t i = 0; i < page.n; i++)
        if (!list[i].keep) g->ids[g->n++] = list[i].id;
    return 0;
}

static int runs_of(struct db_tx *tx, struct gather *g, const struct document *d, struct error *e)
{
    json_auto_t *doc = NULL;
    struct retention_row *rows;
    size_t n;

    if (document_json(d, &doc, e) < 0 ||
        read_default(tx, g, d->space_id, "RunbookRetention", e) < 0 ||
        retention_runs(tx, g->project_id, d->id, &g->arena, &rows, &n, e) < 0)
        return -1;
    struct retention_execution *list = executions_of(g, rows, n);
    retention_of_runs(list, n, retention_period_of(jv_get(doc, "RunRetentionPolicy"), g->otherwise),
                      system_task_now(g->task));
    const char **ids = ARENA_NEW(&g->arena, const char *, g->n + n + 1);
    memcpy(ids, g->ids, g->n * sizeof(*ids));
    g->ids = ids;
    for (size_t i = 0; i < n; i++)
        if (!list[i].keep) g->ids[g->n++] = list[i].id;
    return 0;
}

static int runs_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct gather *g = ctx;
    struct document_query q = {.kind = runbook_resource.kind,
                               .owner_id = g->project_id,
                               .order = DOCUMENT_BY_ID,
                               .take = -1};
    struct document_page page;

    g->n = 0;
    g->ids = ARENA_NEW(&g->arena, const char *, 1);
    if (document_list(tx, &q, &g->arena, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++)
        if (runs_of(tx, g, &page.items[i], e) < 0) return -1;
    return 0;
}

/* ---- removing ---- */

struct removal {
    struct system_task *task;
    const struct resource *r;
    const char *id;
    bool done;
};

static int remove_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct removal *x = ctx;
    struct document_change by = {.user_id = "users-system",
                                 .username = "system",
                                 .now_ms = system_task_now(x->task),
                                 .noun = x->r->noun};
    int64_t left = ROWS_AT_ONCE;
    struct error why = {0};

    int gone = retention_delete_tasks(tx, x->id, &left, e);
    x->done = gone > 0;
    if (gone <= 0) return gone;
    if (document_delete(tx, x->r->kind, x->id, &by, &why) == 0 || why.kind == ERR_NOT_FOUND)
        return 0;
    *e = why;
    return -1;
}

/* 1 = removed, 0 = it is still needed: said in the log, and left for the next time. */
static int remove_one(struct system_task *t, const struct resource *r, const char *id,
                      struct error *e)
{
    struct removal x = {.task = t, .r = r, .id = id};
    struct error why = {0};

    while (!x.done) {
        if (system_task_checkpoint(t, e) < 0) return -1;
        if (db_write(system_task_db(t), remove_tx, &x, &why) >= 0) continue;
        if (why.kind != ERR_CONFLICT && why.kind != ERR_INVALID) {
            *e = why;
            return -1;
        }
        system_task_say(t, LOG_CAT_INFO, "%s stays: %s", id, why.text);
        return 0;
    }
    system_task_say(t, LOG_CAT_VERBOSE, "Removed %s", id);
    return 1;
}

static int remove_found(struct gather *g, db_fn *find, const struct resource *r, int64_t *removed,
                        struct error *e)
{
    struct error why = {0};

    g->n = 0;
    if (db_read(system_task_db(g->task), find, g, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return 0; /* its project is gone by now */
        *e = why;
        return -1;
    }
    for (size_t i = 0; i < g->n; i++) {
        int done = remove_one(g->task, r, g->ids[i], e);
        if (done < 0) return -1;
        *removed += done;
    }
    return 0;
}

static int clean_project(struct system_task *t, const char *project_id, int64_t removed[2],
                         struct error *e)
{
    json_auto_t *lifecycles = json_object();
    struct gather g = {
        .task = t, .arena = ARENA_INIT, .project_id = project_id, .lifecycles = lifecycles};

    int done = remove_found(&g, releases_tx, &release_resource, &removed[0], e);
    if (done == 0) done = remove_found(&g, runs_tx, &runbook_run_resource, &removed[1], e);
    arena_done(&g.arena);
    return done;
}

static int clean_projects(struct system_task *t, struct error *e)
{
    struct gather g = {.task = t, .arena = ARENA_INIT};
    int64_t removed[2] = {0};

    int done = db_read(system_task_db(t), projects_tx, &g, e);
    for (size_t i = 0; i < g.n && done >= 0; i++) done = clean_project(t, g.ids[i], removed, e);
    size_t projects = g.n;
    arena_done(&g.arena);
    if (done < 0) return -1;
    system_task_say(t, LOG_CAT_INFO, "Removed %lld releases and %lld runbook runs of %zu projects",
                    (long long)removed[0], (long long)removed[1], projects);
    return 0;
}

struct old_tasks {
    int64_t before_ms, removed;
    bool more;
};

static int old_tasks_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct old_tasks *o = ctx;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    int64_t left = ROWS_AT_ONCE;
    const char **ids;
    size_t n, i;

    o->removed = 0;
    if (task_system_ended(tx, o->before_ms, TASKS_AT_ONCE, &a, &ids, &n, e) < 0) return -1;
    for (i = 0; i < n && left > 0; i++) {
        if (task_delete(tx, ids[i], &left, e) < 0) return -1;
        o->removed += left > 0;
    }
    o->more = n == TASKS_AT_ONCE || left <= 0;
    return 0;
}

static int remove_system_tasks(struct system_task *t, struct error *e)
{
    struct old_tasks o = {.before_ms = system_task_now(t) - SYSTEM_DAYS * DAY_MS};
    int64_t removed = 0;

    do {
        if (system_task_checkpoint(t, e) < 0 ||
            db_write(system_task_db(t), old_tasks_tx, &o, e) < 0)
            return -1;
        removed += o.removed;
    } while (o.more);
    system_task_say(t, LOG_CAT_INFO,
                    "Removed %lld tasks of the server that ended more than %d days ago",
                    (long long)removed, SYSTEM_DAYS);
    return 0;
}

int retention_run(struct system_task *t, struct error *e)
{
    if (clean_projects(t, e) < 0 || retention_packages(t, e) < 0) return -1;
    return remove_system_tasks(t, e);
}
