/* context.c - see context.h.
 *
 * A dictionary is built per action and kept until an output variable changes: first system
 * variables, then the project's scoped variables (which win over them), prompted values, output
 * variables, and at last the action's own properties. */
#include "engine/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "rules/scope.h"
#include "store/document.h"
#include "store/task_log.h"

struct output_value {
    const char *action, *name, *value;
    bool sensitive;
};

struct context {
    struct arena arena;
    const struct secret_key *key;
    const char *server_uri;
    struct task task; /* texts in arena */
    bool is_runbook;
    json_t *subject; /* the deployment or the runbook run */
    json_t *project, *environment, *space, *release, *channel, *runbook, *snapshot, *process,
        *variables;
    ARENA_LIST(struct output_value) outputs;
    ARENA_LIST(const char *) skips;
    ARENA_LIST(struct document) pools;
    const char *default_pool;
    const struct plan *plan;
    struct map *built; /* action id ("" = the run) -> struct variables, until outputs change */
};

static int read_document(struct db_tx *tx, struct context *c, const char *kind, const char *id,
                         json_t **ret, struct error *e)
{
    struct document d;

    if (id == NULL || *id == '\0') return 0;
    if (document_get(tx, kind, id, &c->arena, &d, e) < 0) return -1;
    return document_json(&d, ret, e);
}

static const char *text(const json_t *object, const char *name) { return jv_str(object, name, ""); }

static int read_deployment(struct db_tx *tx, struct context *c, struct error *e)
{
    if (read_document(tx, c, "Deployments", c->task.subject_id, &c->subject, e) < 0) return -1;
    if (read_document(tx, c, "Releases", text(c->subject, "ReleaseId"), &c->release, e) < 0)
        return -1;
    if (read_document(tx, c, "Channels", text(c->subject, "ChannelId"), &c->channel, e) < 0)
        return -1;
    return read_document(tx, c, "deploymentprocess", text(c->subject, "DeploymentProcessId"),
                         &c->process, e);
}

static int read_runbook_run(struct db_tx *tx, struct context *c, struct error *e)
{
    c->is_runbook = true;
    if (read_document(tx, c, "RunbookRuns", c->task.subject_id, &c->subject, e) < 0) return -1;
    if (read_document(tx, c, "Runbooks", text(c->subject, "RunbookId"), &c->runbook, e) < 0)
        return -1;
    if (read_document(tx, c, "RunbookSnapshots", text(c->subject, "RunbookSnapshotId"),
                      &c->snapshot, e) < 0)
        return -1;
    return read_document(tx, c, "RunbookProcess", text(c->subject, "FrozenRunbookProcessId"),
                         &c->process, e);
}

static int read_outputs(struct db_tx *tx, struct context *c, struct error *e)
{
    struct output_variable *list;
    size_t n;

    if (output_variable_list(tx, c->task.id, &c->arena, &list, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        const char *value = list[i].value;
        if (list[i].is_sensitive && context_unseal(c, value, &c->arena, &value, e) < 0) return -1;
        *ARENA_ADD(&c->arena, &c->outputs) =
            (struct output_value){list[i].action, list[i].name, value, list[i].is_sensitive};
    }
    return 0;
}

static void copy_task(struct context *c, const struct task *t)
{
    struct arena *a = &c->arena;

    c->task = *t;
    c->task.id = arena_strdup(a, t->id);
    c->task.space_id = arena_strdup(a, t->space_id);
    c->task.description = arena_strdup(a, t->description);
    c->task.kind = arena_strdup(a, t->kind);
    c->task.subject_id = arena_strdup(a, t->subject_id);
    c->task.arguments = arena_strdup(a, t->arguments);
}

static int read_all(struct db_tx *tx, struct context *c, struct error *e)
{
    bool runbook = strcmp(c->task.kind, "RunbookRun") == 0;

    if ((runbook ? read_runbook_run(tx, c, e) : read_deployment(tx, c, e)) < 0) return -1;
    if (read_document(tx, c, "Projects", text(c->subject, "ProjectId"), &c->project, e) < 0)
        return -1;
    if (read_document(tx, c, "Environments", text(c->subject, "EnvironmentId"), &c->environment,
                      e) < 0)
        return -1;
    if (read_document(tx, c, "Spaces", c->task.space_id, &c->space, e) < 0) return -1;
    if (read_document(tx, c, "variableset", text(c->subject, "ManifestVariableSetId"),
                      &c->variables, e) < 0)
        return -1;
    return read_outputs(tx, c, e);
}

int context_load(struct db_tx *tx, const struct context_options *o, struct context **ret,
                 struct error *e)
{
    struct context *c = xcalloc(1, sizeof(*c));
    json_t *skips, *one;
    size_t i;

    c->key = o->key;
    c->server_uri = o->server_uri;
    c->built = map_new(false);
    copy_task(c, o->task);
    if (read_all(tx, c, e) < 0) {
        context_free(c);
        return -1;
    }
    skips = jv_get(c->subject, "SkipActions");
    json_array_foreach (skips, i, one)
        if (json_is_string(one)) *ARENA_ADD(&c->arena, &c->skips) = json_string_value(one);
    *ret = c;
    return 0;
}

static void free_variables(void *v) { variables_free(v); }

static void forget_built(struct context *c)
{
    map_free(c->built, free_variables);
    c->built = map_new(false);
}

void context_free(struct context *c)
{
    if (c == NULL) return;
    map_free(c->built, free_variables);
    json_t *owned[] = {c->subject, c->project, c->environment, c->space,   c->release,
                       c->channel, c->runbook, c->snapshot,    c->process, c->variables};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) json_decref(owned[i]);
    arena_done(&c->arena);
    free(c);
}

void context_freep(struct context **c) { context_free(*c); }

/* What is known of an action once the run is planned. */
static void set_planned(const struct context *c, struct variables *v, const struct plan_action *p)
{
    variables_set(v, "Octopus.Action.Number", p->number, false);
    variables_set(v, "Octopus.Step.Number", c->plan->steps[p->step].number, false);
    variables_set(v, "Octopus.WorkerPool.Id", p->pool_id, false);
    variables_set(v, "Octopus.WorkerPool.Name", p->pool_name, false);
}

void context_set_plan(struct context *c, const struct plan *plan)
{
    c->plan = plan;
    for (size_t i = 0; i < plan->n_actions; i++) {
        struct variables *v = map_get(c->built, plan->actions[i].id);
        if (v) set_planned(c, v, &plan->actions[i]);
    }
}

/* The plain value of a variable document: opened when it is sealed, NULL when it has none. */
static const char *plain_value(struct context *c, const struct scope_variable *v)
{
    const char *sealed = jv_str(jv_get(v->document, "Value"), "Sealed", NULL), *plain = NULL;

    if (!v->sensitive) return v->value;
    if (sealed == NULL) sealed = jv_str(v->document, "Sealed", NULL);
    if (sealed == NULL) sealed = v->value && seal_is(v->value) ? v->value : NULL;
    if (sealed == NULL) return v->value;
    /* a value sealed with another key cannot be used; the step sees no value rather than the cipher
     * text */
    return context_unseal(c, sealed, &c->arena, &plain, NULL) < 0 ? NULL : plain;
}

static const json_t *variable_list(const struct context *c)
{
    return jv_get(c->variables, "Variables");
}

static void add_secret(struct masker *m, const char *plain, size_t *too_short)
{
    if (plain == NULL) return;
    if (strlen(plain) < MASKER_CHARACTERS_MIN || !masker_add(m, str_of(plain))) ++*too_short;
}

/* Adds what is sealed in a bag of values: {"Name": {"Sealed": ...}}, or the sealed text itself. */
static void add_sealed(struct context *c, struct masker *m, const json_t *bag, size_t *too_short)
{
    const char *name, *plain;
    json_t *value;

    json_object_foreach ((json_t *)bag, name, value) {
        const char *sealed =
            json_is_string(value) ? json_string_value(value) : jv_str(value, "Sealed", NULL);
        if (sealed && seal_is(sealed) && context_unseal(c, sealed, &c->arena, &plain, NULL) == 0)
            add_secret(m, plain, too_short);
    }
}

void context_secrets(const struct context *c, struct masker *m, size_t *ret_short)
{
    struct context *open = (struct context *)c; /* opening a secret uses the context's arena */
    json_t *one, *action;
    size_t i, k, too_short = 0;

    json_array_foreach ((json_t *)variable_list(c), i, one) {
        struct scope_variable v = {.value = jv_str(one, "Value", NULL),
                                   .sensitive = jv_bool(one, "IsSensitive", false) ||
                                                str_same(jv_str(one, "Type", ""), "Sensitive"),
                                   .document = one};
        if (v.sensitive) add_secret(m, plain_value(open, &v), &too_short);
    }
    add_sealed(open, m, jv_get(c->subject, "SealedValues"), &too_short);
    json_array_foreach (jv_get(c->process, "Steps"), i, one) {
        add_sealed(open, m, jv_get(one, "Properties"), &too_short);
        json_array_foreach (jv_get(one, "Actions"), k, action)
            add_sealed(open, m, jv_get(action, "Properties"), &too_short);
    }
    for (i = 0; i < c->outputs.n; i++)
        if (c->outputs.items[i].sensitive) add_secret(m, c->outputs.items[i].value, &too_short);
    *ret_short = too_short;
}

struct system_value {
    const char *name;
    const json_t *from;
    const char *member;
};

static void set_system(struct context *c, struct variables *v)
{
    const struct system_value rows[] = {
        {"Octopus.Project.Id", c->project, "Id"},
        {"Octopus.Project.Name", c->project, "Name"},
        {"Octopus.Project.Slug", c->project, "Slug"},
        {"Octopus.ProjectGroup.Id", c->project, "ProjectGroupId"},
        {"Octopus.Space.Id", c->space, "Id"},
        {"Octopus.Space.Name", c->space, "Name"},
        {"Octopus.Environment.Id", c->environment, "Id"},
        {"Octopus.Environment.Name", c->environment, "Name"},
        {"Octopus.Environment.Slug", c->environment, "Slug"},
        {"Octopus.Release.Id", c->release, "Id"},
        {"Octopus.Release.Number", c->release, "Version"},
        {"Octopus.Release.Notes", c->release, "ReleaseNotes"},
        {"Octopus.Release.Created", c->release, "Assembled"},
        {"Octopus.Release.Channel.Id", c->channel, "Id"},
        {"Octopus.Release.Channel.Name", c->channel, "Name"},
        {"Octopus.Runbook.Id", c->runbook, "Id"},
        {"Octopus.Runbook.Name", c->runbook, "Name"},
        {"Octopus.RunbookSnapshot.Id", c->snapshot, "Id"},
        {"Octopus.RunbookSnapshot.Name", c->snapshot, "Name"},
        {"Octopus.RunbookSnapshot.Notes", c->snapshot, "Notes"},
        {c->is_runbook ? "Octopus.RunbookRun.Id" : "Octopus.Deployment.Id", c->subject, "Id"},
        {c->is_runbook ? "Octopus.RunbookRun.Name" : "Octopus.Deployment.Name", c->subject, "Name"},
        {c->is_runbook ? "Octopus.RunbookRun.Created" : "Octopus.Deployment.Created", c->subject,
         "Created"},
        {c->is_runbook ? "Octopus.RunbookRun.Comments" : "Octopus.Deployment.Comments", c->subject,
         "Comments"},
        {"Octopus.Deployment.CreatedBy.Id", c->subject, "DeployedById"},
        {"Octopus.Deployment.CreatedBy.Username", c->subject, "DeployedBy"},
        {"Octopus.Deployment.CreatedBy.DisplayName", c->subject, "DeployedBy"},
    };
    char at[TIME_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].from) variables_set(v, rows[i].name, text(rows[i].from, rows[i].member), false);
    variables_set(v, "Octopus.Task.Id", c->task.id, false);
    variables_set(v, "Octopus.Task.Name", c->task.description, false);
    variables_set(v, "Octopus.Task.QueueTime", time_iso(c->task.queued_at, at), false);
    variables_set(v, "Octopus.Deployment.ForcePackageDownload", "False", false);
    variables_set(v, "Octopus.Action.MaxParallelism", "10", false);
    variables_set(v, "OctopusBypassDeploymentMutex", "True", false);
    if (c->server_uri) {
        variables_set(v, "Octopus.Web.ServerUri", c->server_uri, false);
        variables_set(v, "Octopus.Web.BaseUrl", c->server_uri, false);
    }
}

static void set_scoped(struct context *c, struct variables *v, const char *action_id)
{
    struct scope_context where = {.environment = text(c->environment, "Id"),
                                  .channel = c->channel ? text(c->channel, "Id") : NULL,
                                  .action = action_id,
                                  .process_owner =
                                      text(c->is_runbook ? c->runbook : c->project, "Id"),
                                  .project = text(c->project, "Id")};
    const json_t *sets[] = {variable_list(c)};
    struct scope_variable *chosen;
    size_t n;

    if (sets[0] == NULL) return;
    scope_select(sets, 1, &where, &c->arena, &chosen, &n);
    for (size_t i = 0; i < n; i++)
        variables_set(v, chosen[i].name, plain_value(c, &chosen[i]), chosen[i].sensitive);
}

static void set_prompted(struct context *c, struct variables *v)
{
    const char *name;
    json_t *value;

    json_object_foreach (jv_get(c->subject, "FormValues"), name, value) {
        const struct variable *known = variables_find(v, name);
        if (json_is_string(value))
            variables_set(v, name, json_string_value(value), known && known->sensitive);
    }
    json_object_foreach (jv_get(c->subject, "SealedValues"), name, value) {
        const char *sealed = json_string_value(value), *plain;
        if (sealed && context_unseal(c, sealed, &c->arena, &plain, NULL) == 0)
            variables_set(v, name, plain, true);
    }
}

static void set_outputs(struct context *c, struct variables *v)
{
    CLEANUP(buf_done) struct buf name = BUF_INIT(64 * KiB);

    for (size_t i = 0; i < c->outputs.n; i++) {
        const struct output_value *o = &c->outputs.items[i];
        buf_clear(&name);
        buf_addf(&name, "Octopus.Action[%s].Output.%s", o->action, o->name);
        variables_set(v, buf_str(&name), o->value, o->sensitive);
    }
}

/* Sensitive properties hold {"Sealed": ...} in the stored document. */
static void set_sealed_properties(struct context *c, struct variables *v, const json_t *properties)
{
    const char *name, *plain;
    json_t *value;

    json_object_foreach ((json_t *)properties, name, value) {
        const char *sealed = jv_str(value, "Sealed", NULL);
        if (sealed && context_unseal(c, sealed, &c->arena, &plain, NULL) == 0)
            variables_set(v, name, plain, true);
    }
}

/* The document of the action with that id, and its step's. */
static const json_t *find_action(const struct context *c, const char *id, const json_t **ret_step)
{
    json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(c->process, "Steps"), i, step) {
        json_array_foreach (jv_get(step, "Actions"), k, action) {
            if (strcmp(text(action, "Id"), id) != 0) continue;
            *ret_step = step;
            return action;
        }
    }
    return NULL;
}

static void set_json_properties(struct context *c, struct variables *v, const json_t *properties)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)properties, name, value)
        if (json_is_string(value)) variables_set(v, name, json_string_value(value), false);
    set_sealed_properties(c, v, properties);
}

static void set_action(struct context *c, struct variables *v, const char *action_id)
{
    const json_t *step = NULL, *action = find_action(c, action_id, &step);

    if (action == NULL) return;
    variables_set(v, "Octopus.Action.Id", text(action, "Id"), false);
    variables_set(v, "Octopus.Action.Name", text(action, "Name"), false);
    variables_set(v, "Octopus.Action.StepName", text(step, "Name"), false);
    variables_set(v, "Octopus.Step.Id", text(step, "Id"), false);
    variables_set(v, "Octopus.Step.Name", text(step, "Name"), false);
    set_json_properties(c, v, jv_get(step, "Properties"));
    set_json_properties(c, v, jv_get(action, "Properties"));
    for (size_t i = 0; c->plan && i < c->plan->n_actions; i++)
        if (strcmp(c->plan->actions[i].id, action_id) == 0) set_planned(c, v, &c->plan->actions[i]);
}

static struct variables *build(struct context *c, const char *action_id)
{
    struct variables *v = variables_new();

    set_system(c, v);
    set_scoped(c, v, action_id);
    set_prompted(c, v);
    set_outputs(c, v);
    if (action_id) set_action(c, v, action_id);
    return v;
}

static const struct variables *kept(struct context *c, const char *action_id)
{
    const char *key = action_id ? action_id : "";
    struct variables *v = map_get(c->built, key);

    if (v == NULL) map_put(c->built, key, v = build(c, action_id));
    return v;
}

const struct variables *context_variables(struct context *c, size_t action)
{
    return kept(c, c->plan->actions[action].id);
}

bool context_flag(const struct context *c, size_t action, const char *name, bool otherwise)
{
    return variables_flag(kept((struct context *)c, c->plan->actions[action].id), name, otherwise);
}

const char *context_value(struct context *c, const char *name, struct arena *a)
{
    const char *value = NULL;

    return variables_get(kept(c, NULL), name, a, &value, NULL) < 0 ? NULL : value;
}

static bool truthy(void *ctx, const char *action_id, const char *expression)
{
    return template_truthy(kept(ctx, action_id), expression);
}

static char *evaluate(void *ctx, const char *action_id, const char *source, struct arena *a)
{
    struct template_result r = {0};

    if (template_evaluate(kept(ctx, action_id), source, a, &r, NULL) < 0 || r.text == NULL)
        return arena_strdup(a, source);
    return (char *)r.text;
}

static char *value_of(void *ctx, const char *action_id, const char *name, struct arena *a)
{
    const char *value = NULL;

    return variables_get(kept(ctx, action_id), name, a, &value, NULL) < 0 ? NULL : (char *)value;
}

struct evaluator context_evaluator(struct context *c)
{
    return (struct evaluator){.truthy = truthy, .evaluate = evaluate, .value = value_of, .ctx = c};
}

void context_plan_input(struct context *c, struct plan_input *ret)
{
    *ret = (struct plan_input){.kind = c->is_runbook ? "RunbookRun" : "Deployment",
                               .task_id = c->task.id,
                               .process = c->process,
                               .environment_id = text(c->environment, "Id"),
                               .environment_name = text(c->environment, "Name"),
                               .channel_id = c->channel ? text(c->channel, "Id") : NULL,
                               .channel_name = c->channel ? text(c->channel, "Name") : NULL,
                               .skips = c->skips.items,
                               .n_skips = c->skips.n,
                               .pools = context_pools(c),
                               .evaluator = context_evaluator(c)};
}

int context_load_pools(struct db_tx *tx, struct context *c, struct error *e)
{
    struct document_query q = {
        .kind = "WorkerPools", .space_id = c->task.space_id, .order = DOCUMENT_BY_SORT, .take = -1};
    struct document_page page;

    if (document_list(tx, &q, &c->arena, &page, e) < 0) return -1;
    c->pools.n = 0;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *body = NULL;
        if (document_json(&page.items[i], &body, e) < 0) return -1;
        *ARENA_ADD(&c->arena, &c->pools) = page.items[i];
        if (jv_bool(body, "IsDefault", false)) c->default_pool = page.items[i].id;
    }
    return 0;
}

static bool find_pool(void *ctx, const char *wanted, struct pool_ref *ret)
{
    struct context *c = ctx;

    for (size_t i = 0; i < c->pools.n; i++) {
        const struct document *d = &c->pools.items[i];
        if (!str_same(d->id, wanted) && !str_same(d->name, wanted) && !str_same(d->slug, wanted))
            continue;
        *ret = (struct pool_ref){d->id, d->name};
        return true;
    }
    return false;
}

static bool find_default_pool(void *ctx, struct pool_ref *ret)
{
    struct context *c = ctx;

    return c->default_pool && find_pool(c, c->default_pool, ret);
}

struct pool_finder context_pools(struct context *c)
{
    return (struct pool_finder){find_pool, find_default_pool, c};
}

void context_output_variable(struct context *c, const char *action_name, const char *name,
                             const char *value, bool sensitive)
{
    struct output_value *slot = NULL;

    for (size_t i = 0; i < c->outputs.n && slot == NULL; i++) {
        struct output_value *o = &c->outputs.items[i];
        if (strcmp(o->action, action_name) == 0 && str_same(o->name, name)) slot = o;
    }
    if (slot == NULL) slot = ARENA_ADD(&c->arena, &c->outputs);
    *slot =
        (struct output_value){arena_strdup(&c->arena, action_name), arena_strdup(&c->arena, name),
                              arena_strdup(&c->arena, value), sensitive};
    forget_built(c);
}

const char *context_seal(const struct context *c, const char *plain, struct arena *a)
{
    CLEANUP(freep) char *sealed = seal_text(c->key, plain, strlen(plain));

    return arena_strdup(a, sealed);
}

const char *context_stored_value(const struct context *c, const char *value, bool sensitive,
                                 struct arena *a)
{
    return sensitive ? context_seal(c, value, a) : arena_strdup(a, value);
}

int context_unseal(const struct context *c, const char *sealed, struct arena *a, const char **ret,
                   struct error *e)
{
    CLEANUP(buf_done) struct buf plain = BUF_INIT(CONTEXT_SEALED_MAX);

    if (seal_open(c->key, sealed, &plain, e) < 0) return -1;
    *ret = arena_strndup(a, buf_str(&plain), plain.n);
    return 0;
}
