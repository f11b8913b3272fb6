/* usages.c - what uses an account or a certificate: see usages.h. Facts: rest.md 1.6. */
#include "api/usages.h"

#include <string.h>

struct use {
    struct db_tx *tx;
    struct call *c;
    const char *id; /* of what is used */
    json_t *out;
};

static json_t *list_of(const struct use *u, const char *name)
{
    json_t *list = jv_get(u->out, name);

    if (list == NULL) jv_set(u->out, name, list = json_array());
    return list;
}

/* Does ${v} hold the id anywhere? */
static bool holds(const json_t *v, const char *id)
{
    const char *key;
    json_t *one;
    size_t i;

    if (json_is_string(v)) return strcmp(json_string_value(v), id) == 0;
    json_array_foreach (v, i, one)
        if (holds(one, id)) return true;
    if (!json_is_object(v)) return false;
    json_object_foreach ((json_t *)v, key, one)
        if (holds(one, id)) return true;
    return false;
}

/* An entry about the project (or library variable set) that owns what uses it. */
static int owner_entry(const struct use *u, const struct resource *r, const char *id, json_t **ret,
                       struct error *e)
{
    json_auto_t *owner = NULL;

    if (resource_read(u->tx, u->c, r, NULL, id, &owner, e) < 0) return -1;
    *ret = json_object();
    jv_set_str(*ret, arena_fmt(u->c->arena, "%sId", r->item_type), text(owner, "Id"));
    jv_set_str(*ret, arena_fmt(u->c->arena, "%sName", r->item_type), text(owner, "Name"));
    if (r->has_slug)
        jv_set_str(*ret, arena_fmt(u->c->arena, "%sSlug", r->item_type), text(owner, "Slug"));
    return 0;
}

static int add_process(const struct use *u, const struct document_use *use, const char *name,
                       struct error *e)
{
    json_auto_t *process = NULL, *entry = NULL;
    json_t *steps = json_array(), *step;
    struct document d;
    size_t i;

    if (document_get(u->tx, use->kind, use->id, u->c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0 ||
        owner_entry(u, &project_resource, text(process, "ProjectId"), &entry, e) < 0)
        return json_decref(steps), -1;
    jv_set(entry, "Steps", steps);
    if (jv_get(process, "RunbookId")) jv_set_str(entry, "RunbookId", text(process, "RunbookId"));
    json_array_foreach (jv_get(process, "Steps"), i, step) {
        if (!holds(step, u->id)) continue;
        json_t *one = json_object();
        jv_set_str(one, "StepId", text(step, "Id"));
        jv_set_str(one, "StepName", text(step, "Name"));
        jv_push(steps, one);
    }
    jv_push(list_of(u, name), TAKE(entry));
    return 0;
}

static int add_variables(const struct use *u, const struct document_use *use, struct error *e)
{
    const struct resource *r = variable_set_owner(use->owner_id);
    json_t *entry;

    if (owner_entry(u, r, use->owner_id, &entry, e) < 0) return -1;
    if (r == &library_variable_set_resource)
        return jv_push(list_of(u, "LibraryVariableSets"), entry), 0;
    jv_set_bool(entry, "IsCurrentlyBeingUsedInProject", true);
    jv_set(entry, "Releases", json_array());
    jv_set(entry, "RunbookSnapshots", json_array());
    jv_push(list_of(u, "ProjectVariableSets"), entry);
    return 0;
}

static void add_target(const struct use *u, const struct document_use *use)
{
    json_t *o = json_object();

    jv_set_str(o, "TargetId", use->id);
    jv_set_str(o, "TargetName", use->name);
    jv_push(list_of(u, "Targets"), o);
}

static int add_use(const struct use *u, const struct document_use *use, struct error *e)
{
    const char *kind = use->kind;

    if (strcmp(kind, deployment_process_resource.kind) == 0)
        return add_process(u, use, "DeploymentProcesses", e);
    if (strcmp(kind, runbook_process_resource.kind) == 0)
        return add_process(u, use, "RunbookProcesses", e);
    if (strcmp(kind, variable_set_resource.kind) == 0) return add_variables(u, use, e);
    if (strcmp(kind, worker_resource.kind) == 0 || strcmp(kind, machine_resource.kind) == 0)
        add_target(u, use);
    return 0;
}

struct usage_answer {
    const char *lists[8]; /* that it has, NULL at the end */
    int (*add)(const struct use *u, const struct document_use *use, struct error *e);
};

static int answer_usages(struct db_tx *tx, struct call *c, const struct usage_answer *answer,
                         struct error *e)
{
    struct resource_target t;
    struct document_use *uses;
    struct document d;
    json_t *links = json_object();
    size_t n;

    json_decref(c->out);
    c->out = json_object();
    jv_set(c->out, "Links", links);
    if (resource_target_of(tx, c, &t, e) < 0 || resource_locate(tx, c, &t, &d, e) < 0 ||
        document_used_by(tx, d.id, true, c->arena, &uses, &n, e) < 0)
        return -1;
    struct use u = {tx, c, d.id, c->out};
    for (size_t i = 0; i < ARRAY_LEN(answer->lists) && answer->lists[i]; i++)
        (void)list_of(&u, answer->lists[i]);
    for (size_t i = 0; i < n; i++) {
        bool again = i && strcmp(uses[i].id, uses[i - 1].id) == 0; /* by another member */
        if (!again && answer->add(&u, &uses[i], e) < 0) return -1;
    }
    jv_set_str(links, "Self",
               arena_fmt(c->arena, "/api/%s/%s/%s/usages", c->space_id, t.r->route, d.id));
    return 0;
}

static int usages_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    static const struct usage_answer answer = {{"DeploymentProcesses", "LibraryVariableSets",
                                                "ProjectVariableSets", "Releases",
                                                "RunbookProcesses", "RunbookSnapshots", "Targets"},
                                               add_use};

    return answer_usages(tx, ctx, &answer, e);
}

/* ---- certificates: the users themselves ---- */

static int add_document(const struct use *u, const struct resource *r, const char *id,
                        const char *list, struct error *e)
{
    json_auto_t *doc = NULL;

    if (resource_read(u->tx, u->c, r, NULL, id, &doc, e) < 0) return -1;
    jv_push(list_of(u, list), resource_answer(r, doc));
    return 0;
}

static int add_certificate_use(const struct use *u, const struct document_use *use, struct error *e)
{
    if (strcmp(use->kind, machine_resource.kind) == 0)
        return add_document(u, &machine_resource, use->id, "DeploymentTargetUsages", e);
    if (strcmp(use->kind, variable_set_resource.kind) != 0) return 0;
    const struct resource *r = variable_set_owner(use->owner_id);
    const char *list = r == &project_resource ? "ProjectUsages" : "LibraryVariableSetUsages";
    return add_document(u, r, use->owner_id, list, e);
}

static int certificate_usages_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    static const struct usage_answer answer = {
        {"ProjectUsages", "LibraryVariableSetUsages", "TenantUsages", "DeploymentTargetUsages"},
        add_certificate_use};

    return answer_usages(tx, ctx, &answer, e);
}

int certificate_usages(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, certificate_usages_tx, c, e);
}

int usages(struct call *c, struct error *e) { return db_read(call_app(c)->db, usages_tx, c, e); }
