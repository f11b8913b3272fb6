/* context.c - see context.h: what is read from the database, and the answers to the rules.
 *
 * A dictionary (context_variables.c) is built when an action is first asked about, and kept until
 * something changes that it holds: an output variable, or where the run stands. */
#include "engine/context_priv.h"

#include <stdlib.h>
#include <string.h>

int context_read_document(struct db_tx *tx, struct context *c, const char *kind, const char *id,
                          json_t **ret, struct error *e)
{
    struct document d;

    if (id == NULL || *id == '\0') return 0;
    if (document_get(tx, kind, id, &c->arena, &d, e) < 0) return -1;
    c->asks_history |= context_asks_history(d.body);
    return document_json(&d, ret, e);
}

static int read_deployment(struct db_tx *tx, struct context *c, struct error *e)
{
    if (context_read_document(tx, c, "Deployments", c->task.subject_id, &c->subject, e) < 0)
        return -1;
    if (context_read_document(tx, c, "Releases", context_text(c->subject, "ReleaseId"), &c->release,
                              e) < 0)
        return -1;
    if (context_read_document(tx, c, "Channels", context_text(c->subject, "ChannelId"), &c->channel,
                              e) < 0)
        return -1;
    return context_read_document(tx, c, "deploymentprocess",
                                 context_text(c->subject, "DeploymentProcessId"), &c->process, e);
}

static int read_runbook_run(struct db_tx *tx, struct context *c, struct error *e)
{
    c->is_runbook = true;
    if (context_read_document(tx, c, "RunbookRuns", c->task.subject_id, &c->subject, e) < 0)
        return -1;
    if (context_read_document(tx, c, "Runbooks", context_text(c->subject, "RunbookId"), &c->runbook,
                              e) < 0)
        return -1;
    if (context_read_document(tx, c, "RunbookSnapshots",
                              context_text(c->subject, "RunbookSnapshotId"), &c->snapshot, e) < 0)
        return -1;
    return context_read_document(tx, c, "RunbookProcess",
                                 context_text(c->subject, "FrozenRunbookProcessId"), &c->process,
                                 e);
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

static int read_creator(struct db_tx *tx, struct context *c, struct error *e)
{
    struct error why = {0};

    if (user_get(tx, context_text(c->subject, "DeployedById"), &c->arena, &c->creator, &why) == 0)
        return 0;
    c->creator = (struct user){0};
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static int read_all(struct db_tx *tx, struct context *c, struct error *e)
{
    bool runbook = strcmp(c->task.kind, "RunbookRun") == 0;

    if ((runbook ? read_runbook_run(tx, c, e) : read_deployment(tx, c, e)) < 0) return -1;
    if (context_read_document(tx, c, "Projects", context_text(c->subject, "ProjectId"), &c->project,
                              e) < 0)
        return -1;
    if (context_read_document(tx, c, "ProjectGroups", context_text(c->project, "ProjectGroupId"),
                              &c->group, e) < 0)
        return -1;
    if (context_read_document(tx, c, "Environments", context_text(c->subject, "EnvironmentId"),
                              &c->environment, e) < 0)
        return -1;
    if (context_read_document(tx, c, "Spaces", c->task.space_id, &c->space, e) < 0) return -1;
    if (context_read_document(tx, c, "variableset",
                              context_text(c->subject, "ManifestVariableSetId"), &c->variables,
                              e) < 0)
        return -1;
    if (context_read_named(tx, c, e) < 0 || read_creator(tx, c, e) < 0 ||
        context_read_history(tx, c, e) < 0)
        return -1;
    return context_read_outputs(tx, c, e);
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
    c->outputs = map_new(true);
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

void context_forget(struct context *c)
{
    if (map_count(c->built) == 0) return;
    map_free(c->built, free_variables);
    c->built = map_new(false);
}

void context_free(struct context *c)
{
    if (c == NULL) return;
    map_free(c->built, free_variables);
    context_free_outputs(c);
    json_t *owned[] = {c->subject,   c->project,  c->group,        c->environment,   c->space,
                       c->release,   c->channel,  c->runbook,      c->snapshot,      c->process,
                       c->variables, c->previous, c->current_here, c->previous_here, c->named};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) json_decref(owned[i]);
    arena_wipe(&c->arena);
    free(c);
}

void context_freep(struct context **c) { context_free(*c); }

void context_set_state(struct context *c, const struct state *state)
{
    c->state = state;
    for (size_t i = 0; state->plan && i < state->plan->n_actions; i++) {
        struct variables *v = map_get(c->built, state->plan->actions[i].id);
        if (v) context_set_planned(state->plan, &state->plan->actions[i], v);
    }
}

static const struct variables *kept(struct context *c, const char *action_id)
{
    const char *key = action_id ? action_id : "";
    struct variables *v = map_get(c->built, key);

    if (v == NULL) map_put(c->built, key, v = context_build(c, action_id));
    return v;
}

const struct variables *context_variables(struct context *c, size_t action)
{
    return kept(c, c->state->plan->actions[action].id);
}

bool context_flag(const struct context *c, size_t action, const char *name, bool otherwise)
{
    return variables_flag(kept((struct context *)c, c->state->plan->actions[action].id), name,
                          otherwise);
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
                               .environment_id = context_text(c->environment, "Id"),
                               .environment_name = context_text(c->environment, "Name"),
                               .channel_id = c->channel ? context_text(c->channel, "Id") : NULL,
                               .channel_name = c->channel ? context_text(c->channel, "Name") : NULL,
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
