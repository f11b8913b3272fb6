/* progression.c - how far a release is in its lifecycle, and the newest releases of a project.
 * The rules: rules/promotion.h. Facts: rest.md 2.13. */
#include <string.h>

#include "api/dashboard_item.h"
#include "api/executions.h"
#include "api/permit.h"
#include "api/promotion.h"
#include "api/task_document.h"
#include "base/time.h"
#include "model/command.h"

json_t *dashboard_item(const struct app *app, const struct dashboard_row *row, bool previous)
{
    json_t *o = json_object(), *links = json_object();
    bool ended = task_state_ended(row->state);
    int64_t until = ended ? row->completed_at : clock_now(app->clock);
    char duration[64];

    jv_set_str(o, "Id", row->deployment_id);
    jv_set_str(o, "ProjectId", row->project_id);
    jv_set_str(o, "EnvironmentId", row->environment_id);
    jv_set_str(o, "ReleaseId", row->release_id);
    jv_set_str(o, "DeploymentId", row->deployment_id);
    jv_set_str(o, "TaskId", row->task_id);
    jv_set_str(o, "TenantId", NULL);
    jv_set_str(o, "ChannelId", row->channel_id);
    jv_set_str(o, "ReleaseVersion", row->release_version);
    jv_set_time(o, "Created", row->created_at);
    jv_set_time(o, "QueueTime", row->queued_at);
    jv_set_time(o, "StartTime", row->started_at);
    jv_set_time(o, "CompletedTime", row->completed_at);
    jv_set_str(o, "State", row->state);
    jv_set_bool(o, "HasPendingInterruptions", false);
    jv_set(o, "PendingInterruptionTypes", json_array());
    jv_set_bool(o, "HasWarningsOrErrors", row->has_warnings);
    jv_set_str(o, "ErrorMessage", row->error);
    jv_set_str(o, "Duration",
               time_duration(row->started_at ? until - row->started_at : 0, duration));
    jv_set_bool(o, "IsCurrent", !previous);
    jv_set_bool(o, "IsPrevious", previous);
    jv_set_bool(o, "IsCompleted", ended);
    jv_set(links, "Task", json_sprintf("/api/tasks/%s", row->task_id));
    jv_set(o, "Links", links);
    return o;
}

int dashboard_permit(struct db_tx *tx, const struct call *c, struct dashboard_rows *rows,
                     struct error *e)
{
    size_t n = 0;

    for (size_t i = 0; i < rows->n; i++) {
        const struct dashboard_row *row = &rows->items[i];
        struct subject s = {.space_id = c->space_id,
                            .project_id = row->project_id,
                            .environments = {&row->environment_id, 1}};
        int may = permit_about(tx, c, "DeploymentView", &s, e);
        if (may < 0) return -1;
        if (may) rows->items[n++] = *row;
    }
    rows->n = n;
    return 0;
}

json_t *reference_item(const char *id, const char *name)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "Name", name);
    return o;
}

/* ---- one release ---- */

static bool is_in(const json_t *phase, const char *environment_id)
{
    return jv_has(jv_get(phase, "AutomaticDeploymentTargets"), environment_id) ||
           jv_has(jv_get(phase, "OptionalDeploymentTargets"), environment_id);
}

/* A deployment and its task, as the phase shows them. */
static int add_deployment(struct db_tx *tx, struct call *c, const struct dashboard_row *row,
                          json_t *list, struct error *e)
{
    json_auto_t *deployment = NULL;
    struct task task;

    if (resource_read(tx, c, &deployment_resource, NULL, row->deployment_id, &deployment, e) < 0 ||
        execution_complete(tx, c, deployment, e) < 0 ||
        task_get(tx, row->task_id, c->arena, &task, e) < 0)
        return -1;
    json_t *o = json_object();
    jv_set(o, "Task", task_document(call_app(c), &task));
    jv_set(o, "Deployment", resource_answer(&deployment_resource, deployment));
    jv_push(list, o);
    return 0;
}

static int add_phase(struct db_tx *tx, struct call *c, const struct promotion *p, size_t number,
                     const struct dashboard_rows *rows, json_t *phases, struct error *e)
{
    static const char *const same[] = {"Id",
                                       "Name",
                                       "AutomaticDeploymentTargets",
                                       "OptionalDeploymentTargets",
                                       "MinimumEnvironmentsBeforePromotion",
                                       "IsOptionalPhase",
                                       "IsPriorityPhase"};
    const json_t *phase = promotion_phase(p, number);
    json_auto_t *o = json_object();
    json_t *deployments = json_array();

    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        json_object_set(o, same[i], json_object_get(phase, same[i]));
    if (json_object_get(o, "IsPriorityPhase") == NULL) jv_set_bool(o, "IsPriorityPhase", false);
    jv_set_bool(o, "Blocked", promotion_blocked(p, number));
    jv_set_str(o, "Progress", promotion_progress_name(promotion_progress(p, number)));
    jv_set(o, "Deployments", deployments);
    for (size_t i = 0; i < rows->n; i++)
        if (is_in(phase, rows->items[i].environment_id) &&
            add_deployment(tx, c, &rows->items[i], deployments, e) < 0)
            return -1;
    jv_push(phases, TAKE(o));
    return 0;
}

static json_t *texts(const struct promotion_ids *ids)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ids->n; i++) jv_push(list, jv_string(ids->items[i]));
    return list;
}

static int release_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    struct call *c = ctx;
    json_auto_t *release = NULL, *project = NULL, *phases = json_array();
    struct dashboard_rows rows;
    json_t *links = json_object();

    json_decref(c->out);
    c->out = json_object();
    jv_set(c->out, "Links", links);
    if (resource_find(tx, c, NULL, &release, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, text(release, "ProjectId"), &project, e) <
            0 ||
        standing_read(tx, c, project, release, &s, e) < 0 ||
        dashboard_of_release(tx, text(release, "Id"), c->arena, &rows, e) < 0 ||
        dashboard_permit(tx, c, &rows, e) < 0)
        return -1;
    for (size_t i = 0; i < promotion_phases(&s.p); i++)
        if (add_phase(tx, c, &s.p, i, &rows, phases, e) < 0) return -1;
    struct promotion_ids next = promotion_next(&s.p, c->arena);
    jv_set(links, "Self",
           json_sprintf("/api/%s/releases/%s/progression", c->space_id, text(release, "Id")));
    jv_set(c->out, "Phases", TAKE(phases));
    jv_set(c->out, "NextDeployments", texts(&next));
    jv_set_i64(c->out, "NextDeploymentsMinimumRequired", promotion_wanted(&s.p));
    return 0;
}

static int of_release(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, release_tx, c, e);
}

/* ---- the newest releases of a project ---- */

/* A channel with its lifecycle, read once for all releases. */
struct lane {
    json_t *channel, *lifecycle; /* lifecycle: resolved */
};
struct overview {
    struct call *c;
    int64_t take;
    json_t *project;
    struct lane *lanes;
    size_t n;
    struct document_page environments; /* without body, in order */
};

static void overview_done(struct overview *x)
{
    json_decref(x->project);
    for (size_t i = 0; i < x->n; i++) {
        json_decref(x->lanes[i].channel);
        json_decref(x->lanes[i].lifecycle);
    }
}

static int read_lane(struct db_tx *tx, struct overview *x, json_t *channel, struct error *e)
{
    const char *own = jv_str(channel, "LifecycleId", text(x->project, "LifecycleId"));
    json_auto_t *lifecycle = NULL;
    struct promotion_ids all;

    if (resource_read(tx, x->c, &lifecycle_resource, NULL, own, &lifecycle, e) < 0 ||
        environment_ids(tx, x->c, &all, e) < 0)
        return -1;
    x->lanes[x->n++] = (struct lane){json_incref(channel), lifecycle_resolve(lifecycle, &all)};
    return 0;
}

static int read_lanes(struct db_tx *tx, struct overview *x, struct error *e)
{
    struct document_query channels = {.kind = channel_resource.kind,
                                      .owner_id = text(x->project, "Id"),
                                      .order = DOCUMENT_BY_NAME,
                                      .take = -1};
    struct document_query environments = {.kind = environment_resource.kind,
                                          .space_id = x->c->space_id,
                                          .order = DOCUMENT_BY_SORT,
                                          .take = -1,
                                          .without_body = true};
    json_auto_t *list = NULL;
    json_t *one;
    size_t i;

    if (document_list(tx, &environments, x->c->arena, &x->environments, e) < 0 ||
        resource_documents(tx, x->c, &channels, &list, e) < 0)
        return -1;
    x->lanes = ARENA_NEW(x->c->arena, struct lane, json_array_size(list) + 1);
    json_array_foreach (list, i, one)
        if (read_lane(tx, x, one, e) < 0) return -1;
    return 0;
}

static bool lane_reaches(const struct lane *l, const char *environment_id)
{
    const json_t *phase;
    size_t i;

    json_array_foreach (jv_get(l->lifecycle, "Phases"), i, phase)
        if (is_in(phase, environment_id)) return true;
    return false;
}

static void describe_environments(const struct overview *x, json_t *out)
{
    json_t *all = json_array(), *by_channel = json_object();

    for (size_t i = 0; i < x->n; i++)
        jv_set(by_channel, text(x->lanes[i].channel, "Id"), json_array());
    for (size_t k = 0; k < x->environments.n; k++) {
        const struct document *d = &x->environments.items[k];
        bool any = false;
        for (size_t i = 0; i < x->n; i++) {
            if (!lane_reaches(&x->lanes[i], d->id)) continue;
            any = true;
            jv_push(json_object_get(by_channel, text(x->lanes[i].channel, "Id")),
                    reference_item(d->id, d->name));
        }
        if (any) jv_push(all, reference_item(d->id, d->name));
    }
    jv_set(out, "Environments", all);
    jv_set(out, "ChannelEnvironments", by_channel);
}

/* A period of the phase the release is in, else of its lifecycle. */
static json_t *retention(const struct promotion *p, const char *member)
{
    json_t *own = NULL;

    for (size_t i = 0; i < promotion_phases(p) && own == NULL; i++)
        if (promotion_progress(p, i) == PROMOTION_CURRENT)
            own = json_object_get(promotion_phase(p, i), member);
    return json_incref(json_is_object(own) ? own : json_object_get(p->lifecycle, member));
}

static int add_release(struct db_tx *tx, struct overview *x, const struct lane *l,
                       const json_t *release, json_t *list, struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    struct call *c = x->c;
    struct dashboard_rows rows;
    json_t *o, *deployments = json_object();

    if (standing_in(tx, c, json_incref(l->lifecycle), text(release, "Id"), &s, e) < 0 ||
        dashboard_of_release(tx, text(release, "Id"), c->arena, &rows, e) < 0 ||
        dashboard_permit(tx, c, &rows, e) < 0) {
        json_decref(deployments);
        return -1;
    }
    for (size_t i = 0; i < rows.n; i++) {
        json_t *one = json_array();
        jv_push(one, dashboard_item(call_app(c), &rows.items[i], false));
        jv_set(deployments, rows.items[i].environment_id, one);
    }
    struct promotion_ids next = promotion_next(&s.p, c->arena);
    o = json_object();
    jv_set(o, "Release", resource_answer(&release_resource, release));
    jv_set(o, "Channel", resource_answer(&channel_resource, l->channel));
    jv_set(o, "Deployments", deployments);
    jv_set(o, "NextDeployments", texts(&next));
    jv_set_bool(o, "HasUnresolvedDefect", s.p.has_defect);
    jv_set(o, "ReleaseRetentionPeriod", retention(&s.p, "ReleaseRetentionPolicy"));
    jv_set(o, "TentacleRetentionPeriod", retention(&s.p, "TentacleRetentionPolicy"));
    jv_push(list, o);
    return 0;
}

static int add_releases(struct db_tx *tx, struct overview *x, json_t *list, struct error *e)
{
    struct document_query q = {.kind = release_resource.kind,
                               .owner_id = text(x->project, "Id"),
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = x->take};
    json_auto_t *releases = NULL;
    const json_t *one;
    size_t i;

    if (resource_documents(tx, x->c, &q, &releases, e) < 0) return -1;
    json_array_foreach (releases, i, one)
        for (size_t k = 0; k < x->n; k++)
            if (strcmp(text(x->lanes[k].channel, "Id"), text(one, "ChannelId")) == 0 &&
                add_release(tx, x, &x->lanes[k], one, list, e) < 0)
                return -1;
    return 0;
}

static int project_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(overview_done) struct overview x = *(struct overview *)ctx;
    struct call *c = x.c;
    json_t *list = json_array(), *links = json_object();

    json_decref(c->out);
    c->out = json_object();
    jv_set(c->out, "Releases", list);
    jv_set(c->out, "Links", links);
    if (resource_find(tx, c, NULL, &x.project, e) < 0 || read_lanes(tx, &x, e) < 0) return -1;
    describe_environments(&x, c->out);
    jv_set(links, "Self",
           json_sprintf("/api/%s/projects/%s/progression", c->space_id, text(x.project, "Id")));
    return add_releases(tx, &x, list, e);
}

static int of_project(struct call *c, struct error *e)
{
    struct overview x = {.c = c};

    if (call_query_number(c, "releaseHistoryCount", 1, 100, 30, &x.take, e) < 0) return -1;
    return db_read(call_app(c)->db, project_tx, &x, e);
}

/* ---- a lifecycle ---- */

static int preview_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *stored = NULL, *resolved = NULL;
    struct promotion_ids all;

    if (resource_find(tx, c, NULL, &stored, e) < 0 || environment_ids(tx, c, &all, e) < 0)
        return -1;
    resolved = lifecycle_resolve(stored, &all);
    resource_reply(c, &lifecycle_resource, resolved);
    return 0;
}

static int preview(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, preview_tx, c, e);
}

static const struct route_query history_query[] = {
    {"releaseHistoryCount", QUERY_NUMBER, "how many releases, 30 unless given"}, {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/releases/{id}/progression", of_release, "ReleaseView",
     .out = lifecycle_progression_fields, .out_name = "LifecycleProgression",
     .doc = "how far a release is in its lifecycle, and where it may go next"},
    {"GET", "/api/{space}/projects/{id}/progression", of_project, "ReleaseView",
     .out = progression_fields, .query = history_query, .out_name = "Progression",
     .doc = "the newest releases of a project and where they stand"},
    {"GET", "/api/{space}/lifecycles/{id}/preview", preview, "LifecycleView",
     .out = lifecycle_fields, .out_name = "Lifecycle",
     .doc = "a lifecycle with the environments that each of its phases really has"},
};
const struct route_table progression_routes = {rows, ARRAY_LEN(rows)};
