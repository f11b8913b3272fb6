/* previews.c - what clients show before something starts: where a release may go, which steps would
 * run there, and the values to ask for. Facts: rest.md 2.13. */
#include <string.h>

#include "api/executions.h"
#include "api/permit.h"
#include "api/library.h"
#include "api/promotion.h"
#include "model/command.h"

/* ---- where the release may go ---- */

/* An environment to choose, with the address of what would run there. Takes ${preview} over. */
static json_t *target(const json_t *environment, const char *link, json_t *preview)
{
    json_t *o = json_object(), *links = json_object();

    jv_set_str(o, "Id", text(environment, "Id"));
    jv_set_str(o, "Name", text(environment, "Name"));
    jv_set(links, link, preview);
    jv_set(o, "Links", links);
    return o;
}

static json_t *deployment_target(const json_t *release, const json_t *environment)
{
    return target(environment, "Preview",
                  json_sprintf("/api/%s/releases/%s/deployments/preview/%s{?includeDisabledSteps}",
                               text(release, "SpaceId"), text(release, "Id"),
                               text(environment, "Id")));
}

struct release {
    json_t *release, *project, *process, *variables;
};

static void release_done(struct release *r)
{
    json_decref(r->release);
    json_decref(r->project);
    json_decref(r->process);
    json_decref(r->variables);
}

static int read_frozen(struct db_tx *tx, struct call *c, const struct resource *r, const char *id,
                       json_t **ret, struct error *e)
{
    struct document d;

    return document_get(tx, r->kind, id, c->arena, &d, e) < 0 || document_json(&d, ret, e) < 0 ? -1
                                                                                               : 0;
}

static int read_release(struct db_tx *tx, struct call *c, struct release *r, struct error *e)
{
    if (resource_read(tx, c, &release_resource, NULL, call_param(c, "id"), &r->release, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, text(r->release, "ProjectId"), &r->project,
                      e) < 0 ||
        read_frozen(tx, c, &deployment_process_resource,
                    text(r->release, "ProjectDeploymentProcessSnapshotId"), &r->process, e) < 0)
        return -1;
    if (read_frozen(tx, c, &variable_set_resource, text(r->release, "ProjectVariableSetSnapshotId"),
                    &r->variables, e) < 0)
        return -1;
    return library_append(tx, c, r->release, NULL, r->variables, e);
}

/* Has the document changed since it was frozen as ${frozen}? 1 = yes. */
static int is_changed(struct db_tx *tx, struct call *c, const struct resource *r, const char *id,
                      const json_t *frozen, struct error *e)
{
    json_auto_t *now = NULL;

    if (read_frozen(tx, c, r, id, &now, e) < 0) return -1;
    return jv_i64(now, "Version", 0) != jv_i64(frozen, "Version", 0);
}

static int template_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(release_done) struct release r = {NULL, NULL, NULL, NULL};
    struct call *c = ctx;
    json_auto_t *targets = NULL;
    const json_t *one;
    size_t i;

    if (read_release(tx, c, &r, e) < 0 ||
        promotion_targets(tx, c, r.project, r.release, &targets, e) < 0)
        return -1;
    int process = is_changed(tx, c, &deployment_process_resource,
                             text(r.project, "DeploymentProcessId"), r.process, e);
    int variables =
        is_changed(tx, c, &variable_set_resource, text(r.project, "VariableSetId"), r.variables, e);
    int libraries = library_is_changed(tx, c, r.project, r.release, e);
    if (process < 0 || variables < 0 || libraries < 0) return -1;
    json_t *list = json_array();
    json_array_foreach (targets, i, one) jv_push(list, deployment_target(r.release, one));
    json_decref(c->out);
    c->out = json_object();
    jv_set_bool(c->out, "IsDeploymentProcessModified", process);
    jv_set_bool(c->out, "IsVariableSetModified", variables);
    jv_set_bool(c->out, "IsLibraryVariableSetModified", libraries);
    jv_set_str(c->out, "DeploymentNotes", text(r.release, "ReleaseNotes"));
    jv_set(c->out, "PromoteTo", list);
    jv_set(c->out, "TenantPromotions", json_array());
    return 0;
}

static int deployment_template(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, template_tx, c, e);
}

/* ---- what would run ---- */

static bool runs(const json_t *action, const char *environment_id, const char *channel_id,
                 bool with_disabled)
{
    const json_t *in = jv_get(action, "Environments"), *channels = jv_get(action, "Channels");

    if (jv_bool(action, "IsDisabled", false) && !with_disabled) return false;
    if (json_array_size(in) && !jv_has(in, environment_id)) return false;
    if (json_array_size(channels) && !jv_has(channels, channel_id)) return false;
    return !jv_has(jv_get(action, "ExcludedEnvironments"), environment_id);
}

static json_t *step_document(const json_t *action, json_t *number)
{
    static const char *const empty[] = {"Roles", "MachineNames", "Machines", "UnavailableMachines",
                                        "ExcludedMachines"};
    json_t *o = json_object();

    jv_set_str(o, "ActionId", text(action, "Id"));
    jv_set_str(o, "ActionName", text(action, "Name"));
    jv_set(o, "ActionNumber", number);
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) jv_set(o, empty[i], json_array());
    jv_set_bool(o, "CanBeSkipped", !jv_bool(action, "IsRequired", false));
    jv_set_bool(o, "IsDisabled", jv_bool(action, "IsDisabled", false));
    jv_set_bool(o, "HasNoApplicableMachines", false);
    return o;
}

static json_t *steps_to_execute(const struct release *r, const char *environment_id,
                                bool with_disabled)
{
    json_t *list = json_array();
    const json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(r->process, "Steps"), i, step) {
        size_t n = json_array_size(jv_get(step, "Actions"));
        json_array_foreach (jv_get(step, "Actions"), k, action)
            if (runs(action, environment_id, text(r->release, "ChannelId"), with_disabled))
                jv_push(list, step_document(action, n > 1 ? json_sprintf("%zu.%zu", i + 1, k + 1)
                                                          : json_sprintf("%zu", i + 1)));
    }
    return list;
}

/* A prompted variable as a row of a form; the client sends its value under the variable's id. */
static json_t *element(const json_t *variable)
{
    const json_t *prompt = jv_get(variable, "Prompt");
    json_t *o = json_object(), *control = json_object(),
           *settings = jv_get(prompt, "DisplaySettings");

    jv_set_str(control, "Type", "VariableValue");
    jv_set_str(control, "Name", text(variable, "Name"));
    jv_set_str(control, "Label", text(prompt, "Label"));
    jv_set_str(control, "Description", text(prompt, "Description"));
    jv_set_bool(control, "Required", jv_bool(prompt, "Required", false));
    jv_set(control, "DisplaySettings",
           json_is_object(settings) ? json_incref(settings) : json_object());
    jv_set_str(o, "Name", text(variable, "Id"));
    jv_set(o, "Control", control);
    jv_set_bool(o, "IsValueRequired", jv_bool(prompt, "Required", false));
    return o;
}

static json_t *form(const struct release *r, const json_t *environment)
{
    json_t *o = json_object(), *values = json_object(), *elements = json_array(), *one;
    size_t i;

    json_array_foreach (jv_get(r->variables, "Variables"), i, one) {
        const json_t *value = jv_get(one, "Value");
        if (!json_is_object(jv_get(one, "Prompt")) ||
            !prompt_applies(one, text(environment, "Id"), jv_str(r->release, "ChannelId", NULL),
                            text(r->project, "Id")))
            continue;
        jv_push(elements, element(one));
        jv_set_str(values, text(one, "Id"), json_is_string(value) ? json_string_value(value) : "");
    }
    jv_set(o, "Values", values);
    jv_set(o, "Elements", elements);
    return o;
}

/* What a failed step does unless the start says otherwise: the runbook or project says, or leaves
 * it to the environment. */
static bool asks_a_person(const struct release *r, const json_t *environment)
{
    const char *mode = jv_str(r->release, "DefaultGuidedFailureMode",
                              text(r->project, "DefaultGuidedFailureMode"));

    if (str_same(mode, "On")) return true;
    return !str_same(mode, "Off") && jv_bool(environment, "UseGuidedFailure", false);
}

static json_t *preview_document(const struct release *r, const json_t *environment,
                                bool with_disabled)
{
    json_t *o = json_object();

    jv_set(o, "Form", form(r, environment));
    jv_set(o, "StepsToExecute", steps_to_execute(r, text(environment, "Id"), with_disabled));
    jv_set_bool(o, "UseGuidedFailureModeByDefault", asks_a_person(r, environment));
    return o;
}

struct preview {
    struct call *c;
    struct http_strings environments;
    bool with_disabled;
    json_t *list;
};

static int preview_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(release_done) struct release r = {NULL, NULL, NULL, NULL};
    struct preview *x = ctx;

    json_decref(x->list);
    x->list = json_array();
    if (read_release(tx, x->c, &r, e) < 0) return -1;
    for (size_t i = 0; i < x->environments.n; i++) {
        json_auto_t *environment = NULL;
        if (resource_read(tx, x->c, &environment_resource, NULL, x->environments.items[i],
                          &environment, e) < 0)
            return -1;
        jv_push(x->list, preview_document(&r, environment, x->with_disabled));
    }
    return 0;
}

static int preview(struct call *c, struct error *e)
{
    const char *environment = call_param(c, "environment");
    struct preview x = {.c = c, .environments = {&environment, 1}};

    if (call_query_flag(c, "includeDisabledSteps", false, &x.with_disabled, e) < 0) return -1;
    int done = db_read(call_app(c)->db, preview_tx, &x, e);
    if (done >= 0) c->out = json_incref(json_array_get(x.list, 0));
    json_decref(x.list);
    return done < 0 ? -1 : 0;
}

/* Several at once: {DeploymentPreviews: [{EnvironmentId}], IncludeDisabledSteps}. */
static int previews(struct call *c, struct error *e)
{
    const json_t *wanted = jv_get(c->body, "DeploymentPreviews"), *one;
    const char **ids = ARENA_NEW(c->arena, const char *, json_array_size(wanted) + 1);
    struct preview x = {.c = c};
    size_t i;

    if (call_flag(c, "IncludeDisabledSteps", false, &x.with_disabled, e) < 0) return -1;
    json_array_foreach (wanted, i, one) ids[i] = text(one, "EnvironmentId");
    x.environments = (struct http_strings){ids, json_array_size(wanted)};
    int done = db_read(call_app(c)->db, preview_tx, &x, e);
    if (done >= 0) c->out = json_incref(x.list);
    json_decref(x.list);
    return done < 0 ? -1 : 0;
}

/* ---- the same for runbooks ---- */

static json_t *run_target(const json_t *runbook, const json_t *environment)
{
    return target(environment, "RunbookRunPreview",
                  json_sprintf("/api/%s/runbooks/%s/runbookRuns/preview/%s{?includeDisabledSteps}",
                               text(runbook, "SpaceId"), text(runbook, "Id"),
                               text(environment, "Id")));
}

/* The runbook of {id}, or the one of the snapshot of {id}; the snapshot, else the published one,
 * NULL when there is none. */
static int find_runbook(struct db_tx *tx, struct call *c, json_t **runbook, json_t **snapshot,
                        struct error *e)
{
    const char *id = call_param(c, "id");
    bool by_snapshot = strstr(c->route->path, "/runbookSnapshots/") != NULL;

    if (by_snapshot) {
        if (resource_read(tx, c, &runbook_snapshot_resource, NULL, id, snapshot, e) < 0) return -1;
        return resource_read(tx, c, &runbook_resource, NULL, text(*snapshot, "RunbookId"), runbook,
                             e);
    }
    if (resource_read(tx, c, &runbook_resource, NULL, id, runbook, e) < 0) return -1;
    const char *published = text(*runbook, "PublishedRunbookSnapshotId");
    if (*published == '\0') return 0;
    return resource_read(tx, c, &runbook_snapshot_resource, NULL, published, snapshot, e);
}

/* What the snapshot has frozen, or process and variables as they are now. */
static int read_runbook(struct db_tx *tx, struct call *c, struct release *r, struct error *e)
{
    json_auto_t *snapshot = NULL;

    if (find_runbook(tx, c, &r->release, &snapshot, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, text(r->release, "ProjectId"), &r->project,
                      e) < 0)
        return -1;
    const char *process =
        jv_str(snapshot, "FrozenRunbookProcessId", text(r->release, "RunbookProcessId"));
    const char *variables =
        jv_str(snapshot, "FrozenProjectVariableSetId", text(r->project, "VariableSetId"));
    if (read_frozen(tx, c, &runbook_process_resource, process, &r->process, e) < 0) return -1;
    if (read_frozen(tx, c, &variable_set_resource, variables, &r->variables, e) < 0) return -1;
    return library_append(tx, c, snapshot, r->project, r->variables, e);
}

static int run_targets(struct db_tx *tx, struct call *c, const struct release *r, json_t *list,
                       struct error *e)
{
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = c->space_id,
                               .visible = permit_visible_by(c, "EnvironmentView", c->space_id),
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};
    json_auto_t *all = NULL;
    const json_t *one;
    size_t i;

    if (resource_documents(tx, c, &q, &all, e) < 0) return -1;
    json_array_foreach (all, i, one) {
        int allowed = runbook_may_run_in(tx, c, r->project, r->release, one, e);
        if (allowed < 0) return -1;
        if (allowed) jv_push(list, run_target(r->release, one));
    }
    return 0;
}

static int run_template_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(release_done) struct release r = {NULL, NULL, NULL, NULL};
    struct call *c = ctx;
    json_auto_t *list = json_array();

    if (read_runbook(tx, c, &r, e) < 0 || run_targets(tx, c, &r, list, e) < 0) return -1;
    int changed = is_changed(tx, c, &runbook_process_resource, text(r.release, "RunbookProcessId"),
                             r.process, e);
    if (changed < 0) return -1;
    json_decref(c->out);
    c->out = json_object();
    jv_set_str(c->out, "RunbookId", text(r.release, "Id"));
    jv_set_bool(c->out, "IsRunbookProcessModified", changed);
    jv_set(c->out, "PromoteTo", json_incref(list));
    jv_set(c->out, "TenantPromotions", json_array());
    return 0;
}

static int run_template(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, run_template_tx, c, e);
}

static int run_preview_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(release_done) struct release r = {NULL, NULL, NULL, NULL};
    struct preview *x = ctx;
    json_auto_t *environment = NULL;

    json_decref(x->list);
    x->list = NULL;
    if (read_runbook(tx, x->c, &r, e) < 0 ||
        resource_read(tx, x->c, &environment_resource, NULL, x->environments.items[0], &environment,
                      e) < 0)
        return -1;
    x->list = preview_document(&r, environment, x->with_disabled);
    return 0;
}

static int run_preview(struct call *c, struct error *e)
{
    const char *environment = call_param(c, "environment");
    struct preview x = {.c = c, .environments = {&environment, 1}};

    if (call_query_flag(c, "includeDisabledSteps", false, &x.with_disabled, e) < 0) return -1;
    if (db_read(call_app(c)->db, run_preview_tx, &x, e) < 0) {
        json_decref(x.list);
        return -1;
    }
    c->out = x.list;
    return 0;
}

static const struct route_query disabled_query[] = {
    {"includeDisabledSteps", QUERY_FLAG, "disabled steps too"}, {NULL, 0, NULL}};
#define RELEASE "/api/{space}/releases/{id}"
#define RUN_ROUTES(path, template)                                                                \
    {"GET",                                                                                       \
     path template,                                                                               \
     run_template,                                                                                \
     "RunbookView",                                                                               \
     .out = runbook_run_template_fields,                                                          \
     .out_name = "RunbookRunTemplate",                                                            \
     .doc = "environments where the runbook may run"},                                            \
    {                                                                                             \
        "GET", path "/runbookRuns/preview/{environment}", run_preview, "RunbookView",             \
            .out = deployment_preview_fields, .query = disabled_query,                            \
            .out_name = "DeploymentPreview", .doc = "steps that would run, and values to ask for" \
    }
static const struct route rows[] = {
    {"GET", RELEASE "/deployments/template", deployment_template, "ReleaseView",
     .out = deployment_template_fields, .out_name = "DeploymentTemplate",
     .doc = "environments where the release may go now"},
    {"GET", RELEASE "/deployments/preview/{environment}", preview, "ReleaseView",
     .out = deployment_preview_fields, .query = disabled_query, .out_name = "DeploymentPreview",
     .doc = "steps that would run, and values to ask for"},
    {"POST", RELEASE "/deployments/previews", previews, "ReleaseView",
     .in = deployment_previews_fields, .out = deployment_preview_fields, .shape = ROUTE_ARRAY,
     .in_name = "DeploymentPreviews", .out_name = "DeploymentPreview",
     .doc = "the same for several environments"},
    RUN_ROUTES("/api/{space}/runbooks/{id}", "/runbookRunTemplate"),
    RUN_ROUTES("/api/{space}/runbookSnapshots/{id}", "/runbookRuns/template"),
};
const struct route_table preview_routes = {rows, ARRAY_LEN(rows)};
