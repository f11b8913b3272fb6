/* copy.c - see copy.h.
 *
 * Everything that is copied gets a new id first; then each document is copied with every text that
 * is an old id replaced by the new one, so that what pointed inside the original points inside the
 * copy: channels of actions, actions and runbooks in scopes of variables. Secrets stay sealed as
 * they are. */
#include "api/copy.h"

#include <string.h>

#include "api/executions.h"
#include "base/id.h"
#include "base/map.h"

struct copy {
    struct call *c;
    struct map *ids; /* old -> new, texts in the call's arena */
};

static void ids_freep(struct map **m) { map_free(*m, NULL); }

static const char *new_id(const struct copy *x, const char *old)
{
    const char *id = map_get(x->ids, old);

    return id ? id : old;
}

/* A deep copy with the ids replaced. New reference. */
static json_t *translated(const struct copy *x, const json_t *v)
{
    const char *name;
    json_t *one, *out;
    size_t i;

    if (json_is_string(v)) return jv_string(new_id(x, json_string_value(v)));
    if (json_is_array(v)) {
        out = json_array();
        json_array_foreach (v, i, one) jv_push(out, translated(x, one));
        return out;
    }
    if (!json_is_object(v)) return json_deep_copy(v);
    out = json_object();
    json_object_foreach ((json_t *)v, name, one) jv_set(out, name, translated(x, one));
    return out;
}

static void give_id(struct copy *x, const char *old, const char *id)
{
    if (*old == '\0') return;
    map_put(x->ids, old, (void *)arena_strdup(x->c->arena, id));
}

/* The next id of ${r} for ${doc}. */
static int number(struct db_tx *tx, struct copy *x, const struct resource *r, const json_t *doc,
                  struct error *e)
{
    const char *id;

    if (document_next_id(tx, r->kind, x->c->arena, &id, e) < 0) return -1;
    give_id(x, text(doc, "Id"), id);
    return 0;
}

/* New ids for the steps and actions of a process. */
static void number_steps(struct copy *x, const json_t *process)
{
    const json_t *step, *action;
    char id[UUID_SIZE];
    size_t i, k;

    json_array_foreach (jv_get(process, "Steps"), i, step) {
        give_id(x, text(step, "Id"), id_uuid(id));
        json_array_foreach (jv_get(step, "Actions"), k, action)
            give_id(x, text(action, "Id"), id_uuid(id));
    }
}

static int read_one(struct db_tx *tx, struct copy *x, const struct resource *r, const char *id,
                    json_t **ret, struct error *e)
{
    struct document d;

    return document_get(tx, r->kind, id, x->c->arena, &d, e) < 0 || document_json(&d, ret, e) < 0
               ? -1
               : 0;
}

/* Stores the copy of ${doc}. */
static int insert(struct db_tx *tx, struct copy *x, const struct resource *r, const json_t *doc,
                  struct error *e)
{
    json_auto_t *made = translated(x, doc);

    if (json_object_get(made, "Version") && r != &release_resource) jv_set_i64(made, "Version", 0);
    if (json_object_get(made, "LastSnapshotId")) jv_set_str(made, "LastSnapshotId", NULL);
    if (r == &runbook_resource) jv_set_str(made, "PublishedRunbookSnapshotId", NULL);
    /* what acts by itself begins switched off: somebody must want it twice */
    if (r != &project_resource && json_object_get(made, "IsDisabled"))
        jv_set_bool(made, "IsDisabled", true);
    return resource_insert(tx, x->c, r, made, e);
}

/* ---- runbooks ---- */

struct runbook {
    json_t *runbook, *process;
};

static void runbook_done(struct runbook *r)
{
    json_decref(r->runbook);
    json_decref(r->process);
}

/* Reads the process of a runbook and gives both new ids. */
static int number_runbook(struct db_tx *tx, struct copy *x, struct runbook *r, struct error *e)
{
    const char *process_id = text(r->runbook, "RunbookProcessId");

    if (read_one(tx, x, &runbook_process_resource, process_id, &r->process, e) < 0 ||
        number(tx, x, &runbook_resource, r->runbook, e) < 0)
        return -1;
    give_id(x, process_id,
            arena_fmt(x->c->arena, "RunbookProcess-%s", new_id(x, text(r->runbook, "Id"))));
    number_steps(x, r->process);
    return 0;
}

static int insert_runbook(struct db_tx *tx, struct copy *x, const struct runbook *r,
                          struct error *e)
{
    return insert(tx, x, &runbook_resource, r->runbook, e) < 0 ||
                   insert(tx, x, &runbook_process_resource, r->process, e) < 0
               ? -1
               : 0;
}

/* ---- what the body says of the copy ---- */

/* Takes ${names} of the body over into ${doc}; the slug is made anew unless it is given. */
static void take_over(const struct call *c, json_t *doc, const char *const *names, size_t n)
{
    json_object_del(doc, "Slug");
    for (size_t i = 0; i < n; i++) {
        json_t *v = jv_get(c->body, names[i]);
        if (v && !json_is_null(v)) json_object_set(doc, names[i], v);
    }
}

/* Checks the members that were taken over as those of any new document. */
static int check(struct call *c, const struct resource *r, const json_t *doc, struct error *e)
{
    json_auto_t *decoded = NULL;

    return resource_decode(c, r, doc, NULL, &decoded, e);
}

/* ---- projects ---- */

struct project {
    struct copy x;
    json_t *project, *process, *variables;
    json_t *others; /* [{kind, documents}]: channels, triggers */
    struct runbook *runbooks;
    size_t n;
};

static void project_done(struct project *p)
{
    map_free(p->x.ids, NULL);
    json_decref(p->project);
    json_decref(p->process);
    json_decref(p->variables);
    json_decref(p->others);
    for (size_t i = 0; i < p->n; i++) runbook_done(&p->runbooks[i]);
}

/* Is a resource of that kind part of its project as it is set up, and copied as it is? */
static bool is_setting(const struct resource *r)
{
    return r->owner_member && strcmp(r->owner_member, "ProjectId") == 0 && r != &release_resource &&
           r != &runbook_resource && r != &deployment_process_resource;
}

static int owned(struct db_tx *tx, struct project *p, const struct resource *r, json_t **ret,
                 struct error *e)
{
    struct document_query q = {.kind = r->kind,
                               .owner_id = text(p->project, "Id"),
                               .id_without = RESOURCE_FROZEN,
                               .order = DOCUMENT_BY_ID,
                               .take = -1};

    return resource_documents(tx, p->x.c, &q, ret, e);
}

static int number_settings(struct db_tx *tx, struct project *p, struct error *e)
{
    json_t *one;
    size_t k;

    p->others = json_array();
    for (size_t i = 0; resources[i]; i++) {
        json_auto_t *list = NULL;
        if (!is_setting(resources[i])) continue;
        if (owned(tx, p, resources[i], &list, e) < 0) return -1;
        json_array_foreach (list, k, one)
            if (number(tx, &p->x, resources[i], one, e) < 0) return -1;
        json_t *kind = json_object();
        jv_set_str(kind, "Kind", resources[i]->kind);
        json_object_set(kind, "Documents", list);
        jv_push(p->others, kind);
    }
    return 0;
}

static int number_runbooks(struct db_tx *tx, struct project *p, struct error *e)
{
    json_auto_t *list = NULL;
    json_t *one;
    size_t i;

    if (owned(tx, p, &runbook_resource, &list, e) < 0) return -1;
    p->runbooks = ARENA_NEW(p->x.c->arena, struct runbook, json_array_size(list) + 1);
    json_array_foreach (list, i, one) {
        p->runbooks[p->n++] = (struct runbook){.runbook = json_incref(one)};
        if (number_runbook(tx, &p->x, &p->runbooks[i], e) < 0) return -1;
    }
    return 0;
}

static int number_project(struct db_tx *tx, struct project *p, struct error *e)
{
    const char *process = text(p->project, "DeploymentProcessId"),
               *variables = text(p->project, "VariableSetId");
    struct copy *x = &p->x;

    if (read_one(tx, x, &deployment_process_resource, process, &p->process, e) < 0 ||
        read_one(tx, x, &variable_set_resource, variables, &p->variables, e) < 0 ||
        number(tx, x, &project_resource, p->project, e) < 0)
        return -1;
    const char *id = new_id(x, text(p->project, "Id"));
    give_id(x, process, arena_fmt(x->c->arena, "deploymentprocess-%s", id));
    give_id(x, variables, arena_fmt(x->c->arena, "variableset-%s", id));
    number_steps(x, p->process);
    return number_settings(tx, p, e) < 0 || number_runbooks(tx, p, e) < 0 ? -1 : 0;
}

/* Channels, or all but channels. */
static int insert_settings(struct db_tx *tx, struct project *p, bool channels, struct error *e)
{
    const json_t *kind, *one;
    size_t i, k;

    json_array_foreach (p->others, i, kind) {
        if ((strcmp(text(kind, "Kind"), channel_resource.kind) == 0) != channels) continue;
        json_array_foreach (jv_get(kind, "Documents"), k, one)
            if (insert(tx, &p->x, resource_by_kind(text(kind, "Kind")), one, e) < 0) return -1;
    }
    return 0;
}

/* What others point to comes before them. */
static int insert_belongings(struct db_tx *tx, struct project *p, struct error *e)
{
    if (insert_settings(tx, p, true, e) < 0 ||
        insert(tx, &p->x, &deployment_process_resource, p->process, e) < 0)
        return -1;
    for (size_t i = 0; i < p->n; i++)
        if (insert_runbook(tx, &p->x, &p->runbooks[i], e) < 0) return -1;
    if (insert(tx, &p->x, &variable_set_resource, p->variables, e) < 0) return -1;
    return insert_settings(tx, p, false, e);
}

static int project_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    static const char *const own[] = {"Name", "Slug", "Description", "ProjectGroupId",
                                      "LifecycleId"};
    struct call *c = ctx;
    CLEANUP(project_done) struct project p = {.x = {c, map_new(false)}};
    const char *wanted = call_query(c, "clone");
    json_auto_t *made = NULL;

    if (execution_find(tx, c, &project_resource, NULL, "clone", wanted, &p.project, e) < 0 ||
        number_project(tx, &p, e) < 0)
        return -1;
    made = translated(&p.x, p.project);
    json_object_del(made, "Name");
    take_over(c, made, own, ARRAY_LEN(own));
    jv_set_str(made, "ClonedFromProjectId", text(p.project, "Id"));
    if (check(c, &project_resource, made, e) < 0 ||
        resource_insert(tx, c, &project_resource, made, e) < 0 || insert_belongings(tx, &p, e) < 0)
        return -1;
    resource_reply(c, &project_resource, made);
    return 0;
}

int copy_project(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, project_tx, c, e) < 0 ? -1 : 0;
}

/* ---- one runbook ---- */

/* The project that the copy goes to: of the path, else of the body, else the original's. */
static int find_project(struct db_tx *tx, struct call *c, const char *original, const char **ret,
                        struct error *e)
{
    json_auto_t *project = NULL;
    struct resource_target t;
    const char *named;

    if (resource_target_of(tx, c, &t, e) < 0) return -1;
    if (t.n > 0) {
        *ret = t.in[0].id;
        return 0;
    }
    if (call_text(c, "ProjectId", NULL, &named, e) < 0) return -1;
    *ret = original;
    if (str_blank(named)) return 0;
    if (execution_find(tx, c, &project_resource, NULL, "ProjectId", named, &project, e) < 0)
        return -1;
    *ret = arena_strdup(c->arena, text(project, "Id"));
    return 0;
}

static int runbook_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    static const char *const own[] = {"Name", "Slug", "Description"};
    struct call *c = ctx;
    CLEANUP(ids_freep) struct map *ids = map_new(false);
    CLEANUP(runbook_done) struct runbook r = {NULL, NULL};
    struct copy x = {c, ids};
    const char *project;

    if (execution_find(tx, c, &runbook_resource, NULL, "clone", call_query(c, "clone"), &r.runbook,
                       e) < 0 ||
        find_project(tx, c, text(r.runbook, "ProjectId"), &project, e) < 0 ||
        number_runbook(tx, &x, &r, e) < 0)
        return -1;
    json_object_del(r.runbook, "Name");
    take_over(c, r.runbook, own, ARRAY_LEN(own));
    give_id(&x, text(r.runbook, "ProjectId"), project);
    if (check(c, &runbook_resource, r.runbook, e) < 0 || insert_runbook(tx, &x, &r, e) < 0)
        return -1;
    json_auto_t *made = NULL;
    if (read_one(tx, &x, &runbook_resource, new_id(&x, text(r.runbook, "Id")), &made, e) < 0)
        return -1;
    resource_reply(c, &runbook_resource, made);
    return 0;
}

int copy_runbook(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, runbook_tx, c, e) < 0 ? -1 : 0;
}
