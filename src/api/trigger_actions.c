/* trigger_actions.c - what triggers do when they are due. See triggers.h.
 *
 * One transaction moves the trigger on to its next time and starts the work, so that it acts once
 * for each time whatever is killed when, on one node or several. A time that this server missed by
 * more than LATE_MS (it was down) is passed over; that, and what could not be started, is written
 * into the audit. The server's own user stands for who asked. */
#include <string.h>

#include "api/executions.h"
#include "api/triggers.h"
#include "base/log.h"
#include "store/dashboard.h"
#include "store/event.h"
#include "store/trigger.h"

#define LATE_MS ((int64_t)60 * 60 * 1000)

struct act {
    struct call call;
    const char *trigger_id;
    int64_t due_ms, now_ms;
    int found;
};

/* The values of prompted variables: an object as JSON text. */
static int form_values(const json_t *action, json_t **ret, struct error *e)
{
    const char *s = jv_str(action, "Variables", jv_str(action, "Variable", ""));

    *ret = NULL;
    if (str_blank(s)) return 0;
    if (jv_parse(s, strlen(s), ret, e) < 0) return fail_wrap(e, "Variables");
    return 0;
}

static int deploy(struct db_tx *tx, struct call *c, json_t *project, json_t *release,
                  const char *environment_id, const json_t *trigger, struct error *e)
{
    json_auto_t *environment = NULL, *values = NULL;

    if (resource_read(tx, c, &environment_resource, NULL, environment_id, &environment, e) < 0 ||
        form_values(jv_get(trigger, "Action"), &values, e) < 0)
        return -1;
    return deployment_start(tx, c, project, release, environment,
                            arena_fmt(c->arena, "Made by the trigger %s", text(trigger, "Name")),
                            values, e);
}

/* The deployment that counts in an environment: the newest that succeeded. NULL: none has. */
static int current_in(struct db_tx *tx, struct call *c, const char *project_id,
                      const char *environment_id, const char *channel_id,
                      const struct dashboard_row **ret, struct error *e)
{
    struct dashboard_query q = {c->space_id, &project_id, &environment_id, 1, 1};
    struct dashboard_rows rows;
    int (*const reads[])(struct db_tx *, const struct dashboard_query *, struct arena *,
                         struct dashboard_rows *,
                         struct error *) = {dashboard_newest, dashboard_previous};

    *ret = NULL;
    for (size_t i = 0; i < ARRAY_LEN(reads) && *ret == NULL; i++) {
        if (reads[i](tx, &q, c->arena, &rows, e) < 0) return -1;
        if (rows.n == 0 || strcmp(rows.items[0].state, "Success") != 0) continue;
        const char *channel = rows.items[0].channel_id;
        if (*channel_id && (channel == NULL || strcmp(channel, channel_id) != 0)) continue;
        *ret = &rows.items[0];
    }
    return 0;
}

/* The release that stands in one of the source environments, the one that came there last; NULL. */
static int latest_in(struct db_tx *tx, struct call *c, const char *project_id, const json_t *action,
                     const char **ret, struct error *e)
{
    json_auto_t *sources = json_array();
    const char *single = text(action, "SourceEnvironmentId"), *channel = text(action, "ChannelId");
    const json_t *one;
    int64_t newest = -1;
    size_t i;

    *ret = NULL;
    if (*single) jv_push(sources, jv_string(single));
    json_array_foreach (jv_get(action, "SourceEnvironmentIds"), i, one)
        jv_push(sources, json_incref((json_t *)one));
    json_array_foreach (sources, i, one) {
        const struct dashboard_row *row;
        if (current_in(tx, c, project_id, json_string_value(one), channel, &row, e) < 0) return -1;
        if (row == NULL || row->completed_at <= newest) continue;
        newest = row->completed_at;
        *ret = row->release_id;
    }
    return 0;
}

static int deploy_latest(struct db_tx *tx, struct call *c, json_t *project, const json_t *trigger,
                         struct error *e)
{
    const json_t *action = jv_get(trigger, "Action");
    const char *destination = text(action, "DestinationEnvironmentId"), *release_id;
    const struct dashboard_row *there;
    json_auto_t *release = NULL;

    if (latest_in(tx, c, text(project, "Id"), action, &release_id, e) < 0 ||
        current_in(tx, c, text(project, "Id"), destination, "", &there, e) < 0)
        return -1;
    if (release_id == NULL)
        return fail(e, ERR_INVALID, "no release has succeeded in the source environments");
    bool again = jv_bool(action, "ShouldRedeployWhenReleaseIsCurrent", false);
    if (there && strcmp(there->release_id, release_id) == 0 && !again) return 0;
    if (resource_read(tx, c, &release_resource, NULL, release_id, &release, e) < 0) return -1;
    return deploy(tx, c, project, release, destination, trigger, e);
}

static int deploy_new(struct db_tx *tx, struct call *c, json_t *project, const json_t *trigger,
                      struct error *e)
{
    const json_t *action = jv_get(trigger, "Action");
    json_auto_t *release = NULL;

    if (release_make(tx, c, text(project, "Id"), text(action, "ChannelId"),
                     arena_fmt(c->arena, "Made by the trigger %s", text(trigger, "Name")), &release,
                     e) < 0)
        return -1;
    return deploy(tx, c, project, release, text(action, "EnvironmentId"), trigger, e);
}

static int run_runbook(struct db_tx *tx, struct call *c, json_t *project, const json_t *trigger,
                       struct error *e)
{
    const json_t *action = jv_get(trigger, "Action");

    (void)project;
    return runbook_run_start(tx, c, text(action, "RunbookId"), jv_get(action, "EnvironmentIds"),
                             arena_fmt(c->arena, "Made by the trigger %s", text(trigger, "Name")),
                             e);
}

static const struct {
    const char *type;
    int (*act)(struct db_tx *tx, struct call *c, json_t *project, const json_t *trigger,
               struct error *e);
} actions[] = {{"DeployLatestRelease", deploy_latest},
               {"DeployNewRelease", deploy_new},
               {"RunRunbook", run_runbook}};

static int perform(struct db_tx *tx, struct call *c, const json_t *trigger, struct error *e)
{
    const char *type = text(jv_get(trigger, "Action"), "ActionType");
    json_auto_t *project = NULL;

    if (resource_read(tx, c, &project_resource, NULL, text(trigger, "ProjectId"), &project, e) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (str_same(actions[i].type, type)) return actions[i].act(tx, c, project, trigger, e);
    return fail(e, ERR_INVALID, "its action %s is none that this server knows", type);
}

static int note(struct db_tx *tx, struct act *x, const char *why, struct error *e)
{
    const char *related[] = {x->trigger_id};
    struct event ev = {
        .space_id = x->call.space_id,
        .category = "TriggerActionFailed",
        .user_id = x->call.caller.id,
        .username = x->call.caller.name,
        .occurred_at = x->now_ms,
        .message = arena_fmt(x->call.arena, "Trigger %s did not act: %s", x->trigger_id, why),
        .related = related,
        .n_related = 1};

    return event_add(tx, &ev, NULL, e);
}

/* Moves the trigger on. 1 = it is this transaction's to act, with its document; 0 = it is gone, or
 * another node was faster. */
static int take(struct db_tx *tx, struct act *x, json_t **ret, struct error *e)
{
    struct error why = {0};
    struct document d;
    int64_t next;

    if (document_get(tx, project_trigger_resource.kind, x->trigger_id, x->call.arena, &d, &why) <
        0) {
        if (why.kind == ERR_NOT_FOUND) return trigger_set_due(tx, x->trigger_id, 0, e);
        *e = why;
        return -1;
    }
    x->call.space_id = d.space_id;
    if (document_json(&d, ret, e) < 0 || trigger_next(*ret, x->now_ms, &next, e) < 0) return -1;
    return trigger_move_due(tx, x->trigger_id, x->due_ms, next, e);
}

static int act_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct act *x = ctx;
    json_auto_t *trigger = NULL;

    x->found = trigger_first_due(tx, x->call.arena, &x->trigger_id, &x->due_ms, e);
    if (x->found < 0) return -1;
    if (x->found == 0) return x->due_ms = 0;
    if (x->due_ms > x->now_ms) return x->found = 0;
    int mine = take(tx, x, &trigger, e);
    if (mine <= 0) return mine;
    if (x->now_ms - x->due_ms > LATE_MS) return note(tx, x, "the server was not there in time", e);
    return perform(tx, &x->call, trigger, e);
}

struct refusal {
    struct act *act;
    const char *why;
};

static int refuse_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct refusal *r = ctx;
    json_auto_t *trigger = NULL;
    struct error why = {0};

    int mine = take(tx, r->act, &trigger, &why);
    if (mine < 0 && why.kind == ERR_INVALID) { /* its time zone is gone: nothing to wait for */
        mine = 1;
        if (trigger_set_due(tx, r->act->trigger_id, 0, e) < 0) return -1;
    } else if (mine < 0) {
        *e = why;
        return -1;
    }
    return mine == 0 ? 0 : note(tx, r->act, r->why, e);
}

/* Trying again would say the same. */
static bool is_final(const struct error *why)
{
    return why->kind == ERR_INVALID || why->kind == ERR_NOT_FOUND || why->kind == ERR_CORRUPT;
}

int triggers_act(void *app, int64_t *ret_next_ms, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct act x = {.call = call_of_system(app, &a)};
    struct db *db = call_app(&x.call)->db;
    struct error why = {0};

    x.now_ms = clock_now(call_app(&x.call)->clock);
    int done = db_write(db, act_tx, &x, &why);
    json_auto_t *errors = x.call.errors;
    *ret_next_ms = x.due_ms;
    if (done >= 0) return x.found;
    const json_t *first = json_array_get(errors, 0);
    struct refusal r = {&x, json_is_string(first) ? json_string_value(first) : why.text};
    if (x.trigger_id && is_final(&why)) {
        log_warn("api", "trigger %s did not act: %s", x.trigger_id, r.why);
        return db_write(db, refuse_tx, &r, e) < 0 ? -1 : 1;
    }
    *e = why;
    return -1;
}
