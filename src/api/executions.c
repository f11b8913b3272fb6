/* executions.c - see executions.h. */
#include "api/executions.h"
#include "api/permit.h"

#include "api/library.h"

#include <string.h>

#include "api/task_document.h"
#include "base/time.h"
#include "engine/queue.h"

int execution_find(struct db_tx *tx, struct call *c, const struct resource *r, const char *owner_id,
                   const char *member, const char *name, json_t **ret, struct error *e)
{
    struct error why = {0};

    if (str_blank(name)) return fail_at(e, member, "%s is missing", member);
    if (resource_read(tx, c, r, owner_id, name, ret, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND)
        return fail_at(e, member, "%s: there is no %s '%s'", member, r->noun, name);
    *e = why;
    return -1;
}

int execution_check_enabled(const json_t *project, const char *member, struct error *e)
{
    if (!jv_bool(project, "IsDisabled", false)) return 0;
    return fail_at(e, member, "project '%s' is disabled", text(project, "Name"));
}

bool execution_is(const struct resource *r)
{
    return r == &deployment_resource || r == &runbook_run_resource;
}

struct http_strings execution_states(const struct call *c, const char *name)
{
    struct http_strings states = call_query_list(c, name);

    for (size_t i = 0; i < states.n; i++) {
        const char *known = task_state_named(states.items[i]);
        if (known) states.items[i] = known;
    }
    return states;
}

int execution_complete(struct db_tx *tx, struct call *c, json_t *doc, struct error *e)
{
    struct task task;

    if (task_get(tx, text(doc, "TaskId"), c->arena, &task, e) < 0) return -1;
    jv_set_bool(doc, "FailureEncountered",
                strcmp(task.state, "Failed") == 0 || strcmp(task.state, "TimedOut") == 0);
    return 0;
}

int execution_freeze(struct db_tx *tx, struct call *c, const struct resource *r, const char *id,
                     const char **ret, struct error *e)
{
    json_auto_t *doc = NULL;
    struct document d;

    if (document_get(tx, r->kind, id, c->arena, &d, e) < 0 || document_json(&d, &doc, e) < 0)
        return -1;
    return resource_freeze(tx, c, r, doc, ret, e);
}

/* ---- what was asked for ---- */

/* The text, or the first one of the list, that names something; NULL. */
static const char *first_named(const json_t *v)
{
    const json_t *one;
    size_t i;

    if (json_is_string(v)) return str_blank(json_string_value(v)) ? NULL : json_string_value(v);
    json_array_foreach (v, i, one)
        if (json_is_string(one) && !str_blank(json_string_value(one)))
            return json_string_value(one);
    return NULL;
}

/* There are no such things here: naming one is a mistake that must not pass unseen. */
static void refuse_names(struct call *c, const json_t *o)
{
    static const struct {
        const char *member, *noun;
    } lists[] = {{"Tenants", "tenant"},
                 {"TenantTags", "tenant tag"},
                 {"TenantId", "tenant"},
                 {"SpecificMachineNames", "deployment target"},
                 {"ExcludedMachineNames", "deployment target"},
                 {"SpecificMachineIds", "deployment target"},
                 {"ExcludedMachineIds", "deployment target"},
                 {"SpecificTargetTagNames", "target tag"},
                 {"ExcludedTargetTagNames", "target tag"},
                 {"SpecificTargetTagIds", "target tag"},
                 {"ExcludedTargetTagIds", "target tag"},
                 {"DeploymentFreezeNames", "deployment freeze"},
                 {"GitRef", "Git reference"},
                 {"GitCommit", "Git commit"},
                 {"GitResources", "Git resource"}};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const char *named = first_named(jv_get(o, lists[i].member));
        if (named)
            call_problem(c, "%s: there is no %s '%s'", lists[i].member, lists[i].noun, named);
    }
}

/* A command names its space up to three times beside the address: all must mean the same. */
struct space_check {
    struct call *c;
    const json_t *command;
};

static int check_space(struct db_tx *tx, void *ctx, struct error *e)
{
    static const char *const members[] = {"SpaceId", "SpaceIdOrName", "SpaceName"};
    struct space_check *x = ctx;
    struct call *c = x->c;

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *named = text(x->command, members[i]);
        json_auto_t *space = NULL;
        if (*named == '\0' || strcmp(named, c->space_id) == 0) continue;
        if (execution_find(tx, c, &space_resource, NULL, members[i], named, &space, e) < 0)
            return -1;
        if (strcmp(text(space, "Id"), c->space_id) != 0)
            return fail_at(e, members[i], "%s: '%s' is another space than %s of the address",
                           members[i], named, c->space_id);
    }
    return 0;
}

int execution_command(struct call *c, const struct field *table, json_t **ret, struct error *e)
{
    struct space_check x = {.c = c};
    json_auto_t *command = NULL;

    if (resource_command(c, table, &command, e) < 0) return -1;
    x.command = command;
    if (db_read(call_app(c)->db, check_space, &x, e) < 0) return -1;
    refuse_names(c, command);
    if (call_problems(c, e) < 0) return -1;
    *ret = TAKE(command);
    return 0;
}

/* Members of a command and what they are called in the document. */
static const struct {
    const char *command, *document;
} same[] = {
    {"ForcePackageDownload", "ForcePackageDownload"},
    {"ForcePackageRedeployment", "ForcePackageRedeployment"},
    {"UseGuidedFailure", "UseGuidedFailure"},
    {"Priority", "Priority"},
    {"RunAt", "QueueTime"},
    {"NoRunAfter", "QueueTimeExpiry"},
    {"Comments", "Comments"},
    {"Variables", "FormValues"},
    {"SkipStepNames", "SkipActions"},
};

/* The time that the document has there; 0 = none. */
static int64_t time_in(const json_t *doc, const char *member)
{
    const char *s = jv_str(doc, member, NULL);
    int64_t at;

    return s && time_parse_iso(s, &at) ? at : 0;
}

/* A start that is planned must be possible. */
static int check_plan(struct call *c, const json_t *doc, struct error *e)
{
    int64_t at = time_in(doc, "QueueTime"), until = time_in(doc, "QueueTimeExpiry");
    int64_t from = at > clock_now(call_app(c)->clock) ? at : clock_now(call_app(c)->clock);
    char text_of_from[TIME_TEXT_SIZE];

    if (until && until <= from)
        call_problem(c, "QueueTimeExpiry (noRunAfter): '%s' is not after %s, when it could start",
                     text(doc, "QueueTimeExpiry"), time_iso(from, text_of_from));
    return call_problems(c, e);
}

int execution_asked(struct call *c, const struct resource *r, const json_t *command, json_t *more,
                    json_t **ret, struct error *e)
{
    json_auto_t *in = more;

    json_decref(c->errors);
    c->errors = NULL;
    refuse_names(c, command);
    if (call_problems(c, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        json_t *v = json_object_get(command, same[i].command);
        if (v && !json_object_get(in, same[i].document)) json_object_set(in, same[i].document, v);
    }
    json_auto_t *doc = NULL;
    if (resource_decode(c, r, in, NULL, &doc, e) < 0 || check_plan(c, doc, e) < 0) return -1;
    *ret = TAKE(doc);
    return 0;
}

/* ---- queueing ---- */

static json_t *common(struct call *c, const struct execution *x, const char *task_id)
{
    json_t *o = x->asked ? json_deep_copy(x->asked) : json_object();

    jv_set_str(o, "Name",
               arena_fmt(c->arena, "%s to %s", x->runbook ? text(x->runbook, "Name") : "Deploy",
                         text(x->environment, "Name")));
    jv_set_str(o, "ProjectId", text(x->project, "Id"));
    jv_set_str(o, "EnvironmentId", text(x->environment, "Id"));
    jv_set_str(o, "TaskId", task_id);
    jv_set_time(o, "Created", clock_now(call_app(c)->clock));
    jv_set_str(o, "DeployedBy", c->caller.name);
    jv_set_str(o, "DeployedById", c->caller.id);
    jv_set_str(o, "ManifestVariableSetId", x->variables_id);
    return o;
}

static json_t *document_of(struct call *c, const struct execution *x, const char *task_id)
{
    json_t *o = common(c, x, task_id);

    if (x->runbook) {
        jv_set_str(o, "RunbookId", text(x->runbook, "Id"));
        jv_set_str(o, "RunbookSnapshotId", text(x->snapshot, "Id"));
        jv_set_str(o, "FrozenRunbookProcessId", text(x->snapshot, "FrozenRunbookProcessId"));
    } else {
        jv_set_str(o, "ReleaseId", text(x->release, "Id"));
        jv_set_str(o, "ChannelId", text(x->release, "ChannelId"));
        jv_set_str(o, "DeploymentProcessId",
                   text(x->release, "ProjectDeploymentProcessSnapshotId"));
    }
    return o;
}

static const char *description_of(struct call *c, const struct execution *x)
{
    const char *environment = text(x->environment, "Name");

    if (x->runbook)
        return arena_fmt(c->arena, "Run runbook %s snapshot %s on %s", text(x->runbook, "Name"),
                         text(x->snapshot, "Name"), environment);
    return arena_fmt(c->arena, "Deploy %s release %s to %s", text(x->project, "Name"),
                     text(x->release, "Version"), environment);
}

/* What the release or snapshot has frozen, as one set. */
static int find_variables(struct db_tx *tx, struct call *c, struct execution *x, struct error *e)
{
    const json_t *frozen = x->runbook ? x->snapshot : x->release;
    const char *own =
        text(frozen, x->runbook ? "FrozenProjectVariableSetId" : "ProjectVariableSetSnapshotId");

    return x->variables_id ? 0 : library_manifest(tx, c, frozen, own, &x->variables_id, e);
}

int execution_queue(struct db_tx *tx, struct call *c, const struct execution *asked, json_t **ret,
                    struct task *ret_task, struct error *e)
{
    struct execution run = *asked, *x = &run;
    bool runbook = x->runbook != NULL;

    if (find_variables(tx, c, x, e) < 0) return -1;
    struct queue_request q = {.space_id = c->space_id,
                              .kind = runbook ? "RunbookRun" : "Deploy",
                              .subject_argument = runbook ? "RunbookRunId" : "DeploymentId",
                              .project_id = text(x->project, "Id"),
                              .environment_id = text(x->environment, "Id"),
                              .runbook_id = runbook ? text(x->runbook, "Id") : NULL,
                              .variables_id = x->variables_id,
                              .now_ms = clock_now(call_app(c)->clock),
                              .key = call_app(c)->key};

    int64_t at = time_in(x->asked, "QueueTime");
    q.due_ms = at > q.now_ms ? at : 0;
    q.expires_ms = time_in(x->asked, "QueueTimeExpiry");
    if (execution_check_enabled(x->project, "ProjectId", e) < 0) return -1;
    if (queue_number(tx, &q.number, e) < 0) return -1;
    json_auto_t *doc = document_of(c, x, queue_task_id(c->arena, q.number));
    if (prompts_apply(tx, c, x->variables_id, doc, e) < 0) return -1;
    /* also when something is run again, which the route has another permission for */
    const struct resource *r = runbook ? &runbook_run_resource : &deployment_resource;
    if (permit_new(tx, c, runbook ? "RunbookRunCreate" : "DeploymentCreate", r, doc, e) < 0 ||
        resource_insert_made(tx, c, r, doc, e) < 0)
        return -1;
    q.subject_id = arena_strdup(c->arena, text(doc, "Id"));
    q.description = description_of(c, x);
    if (queue_add(tx, &q, c->arena, ret_task, e) < 0) return -1;
    *ret = TAKE(doc);
    return 0;
}

/* Two that freeze the same document at once: one of them tries again. */
static int write_again(int (*write)(struct db *db, db_fn *fn, void *ctx, struct error *e),
                       struct call *c, db_fn *fn, void *ctx, struct error *e)
{
    struct error why = {0};

    for (int i = 0; i < 5; i++) {
        if (write(call_app(c)->db, fn, ctx, &why) >= 0) return 0;
        if (why.kind != ERR_CONFLICT) break;
    }
    *e = why;
    return -1;
}

int execution_prepare(struct call *c, db_fn *fn, void *ctx, struct error *e)
{
    return write_again(db_write, c, fn, ctx, e);
}

int execution_write(struct call *c, db_fn *fn, void *ctx, struct error *e)
{
    static const char *const times[] = {"RunAt", "NoRunAfter", "QueueTime", "QueueTimeExpiry"};
    bool planned = false;

    if (write_again(db_write_hot, c, fn, ctx, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        planned |= json_is_string(jv_get(c->body, times[i]));
    if (planned) engine_due(call_app(c)->engine);
    engine_kick(call_app(c)->engine);
    return 0;
}

/* ---- rerun ---- */

struct rerun {
    struct call *c;
    struct task before, task;
};

static int read_before(struct db_tx *tx, struct rerun *x, struct error *e)
{
    if (task_in_space(tx, x->c, call_param(x->c, "id"), &x->before, e) < 0) return -1;
    if (task_state_ended(x->before.state)) return 0;
    return fail(e, ERR_INVALID, "%s is %s; only a task that has ended can run again", x->before.id,
                x->before.state);
}

/* The same work again: the documents of the first run, frozen as they were. */
static int queue_again(struct db_tx *tx, struct rerun *x, struct error *e)
{
    struct call *c = x->c;
    bool is_runbook = x->before.runbook_id != NULL;
    json_auto_t *subject = NULL, *project = NULL, *environment = NULL, *first = NULL,
                *second = NULL, *made = NULL;

    if (resource_read(tx, c, is_runbook ? &runbook_run_resource : &deployment_resource, NULL,
                      x->before.subject_id, &subject, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, x->before.project_id, &project, e) < 0 ||
        resource_read(tx, c, &environment_resource, NULL, x->before.environment_id, &environment,
                      e) < 0)
        return -1;
    if (is_runbook ? resource_read(tx, c, &runbook_resource, NULL, text(subject, "RunbookId"),
                                   &first, e) < 0 ||
                         resource_read(tx, c, &runbook_snapshot_resource, NULL,
                                       text(subject, "RunbookSnapshotId"), &second, e) < 0
                   : resource_read(tx, c, &release_resource, NULL, text(subject, "ReleaseId"),
                                   &first, e) < 0)
        return -1;
    jv_set_str(subject, "Id", NULL);
    jv_set_str(subject, "QueueTime", NULL); /* now, whenever the first one was planned for */
    jv_set_str(subject, "QueueTimeExpiry", NULL);
    jv_set_str(subject, "Comments", arena_fmt(c->arena, "Rerun of %s", x->before.id));
    struct execution again = {.project = project,
                              .environment = environment,
                              .release = is_runbook ? NULL : first,
                              .runbook = is_runbook ? first : NULL,
                              .snapshot = second,
                              .variables_id =
                                  arena_strdup(c->arena, text(subject, "ManifestVariableSetId")),
                              .asked = subject};
    if (execution_queue(tx, c, &again, &made, &x->task, e) < 0) return -1;
    return task_get(tx, x->task.id, c->arena, &x->task, e); /* its texts lived in the documents */
}

static int rerun_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct rerun *x = ctx;
    const char *space = x->c->space_id;

    if (read_before(tx, x, e) < 0) return -1;
    x->c->space_id = x->before.space_id;
    int done = queue_again(tx, x, e);
    x->c->space_id = space;
    return done;
}

int executions_rerun(struct call *c, struct error *e)
{
    struct rerun x = {.c = c};

    if (execution_write(c, rerun_tx, &x, e) < 0) return -1;
    c->out = task_document(call_app(c), &x.task);
    return 0;
}
