/* runbook_runs.c - a runbook's snapshot running in one environment or several. Facts: rest.md 2.14.
 */
#include <string.h>

#include "api/executions.h"
#include "model/command.h"

struct start {
    struct call *c;
    const char *project;                                     /* NULL: the runbook's own */
    const char *runbook;                                     /* id, name or slug */
    const char *runbook_member, *snapshot, *snapshot_member; /* snapshot "" = the published one */
    const json_t *environments;                              /* array of ids, names or slugs */
    const char *environment_member;
    const json_t *asked; /* the RunbookRun, decoded */
    json_t *made;        /* RunbookRun documents */
    json_t *tasks;       /* RunbookRunServerTasks */
};

static int find_snapshot(struct db_tx *tx, struct start *x, const json_t *runbook, json_t **ret,
                         struct error *e)
{
    const char *member = x->snapshot_member;
    const char *wanted =
        str_blank(x->snapshot) ? text(runbook, "PublishedRunbookSnapshotId") : x->snapshot;

    if (*wanted == '\0')
        return fail_at(e, member,
                       "%s: runbook '%s' has no published snapshot; publish one or name one",
                       member, text(runbook, "Name"));
    return execution_find(tx, x->c, &runbook_snapshot_resource, text(runbook, "Id"), member, wanted,
                          ret, e);
}

static int run_in(struct db_tx *tx, struct start *x, struct execution *run, const char *environment,
                  struct error *e)
{
    json_auto_t *where = NULL, *made = NULL;
    struct task task;

    if (execution_find(tx, x->c, &environment_resource, NULL, x->environment_member, environment,
                       &where, e) < 0)
        return -1;
    int allowed = runbook_may_run_in(tx, x->c, run->project, run->runbook, where, e);
    if (allowed < 0) return -1;
    if (!allowed)
        return fail_at(e, x->environment_member,
                       "%s: runbook '%s' may not run in the environment '%s'",
                       x->environment_member, text(run->runbook, "Name"), text(where, "Name"));
    run->environment = where;
    if (execution_queue(tx, x->c, run, &made, &task, e) < 0) return -1;
    json_t *one = json_object();
    jv_set_str(one, "RunbookRunId", text(made, "Id"));
    jv_set_str(one, "ServerTaskId", task.id);
    jv_push(x->tasks, one);
    jv_push(x->made, resource_answer(&runbook_run_resource, made));
    return 0;
}

static int find_runbook(struct db_tx *tx, struct start *x, json_t **project, json_t **runbook,
                        struct error *e)
{
    if (x->project && execution_find(tx, x->c, &project_resource, NULL, "projectName", x->project,
                                     project, e) < 0)
        return -1;
    const char *owner = *project ? text(*project, "Id") : NULL;
    if (execution_find(tx, x->c, &runbook_resource, owner, x->runbook_member, x->runbook, runbook,
                       e) < 0)
        return -1;
    if (*project) return 0;
    return resource_read(tx, x->c, &project_resource, NULL, text(*runbook, "ProjectId"), project,
                         e);
}

static int start_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct start *x = ctx;
    json_auto_t *project = NULL, *runbook = NULL, *snapshot = NULL;
    const json_t *one;
    size_t i;

    json_decref(x->tasks);
    json_decref(x->made);
    x->tasks = json_array();
    x->made = json_array();
    if (find_runbook(tx, x, &project, &runbook, e) < 0 ||
        find_snapshot(tx, x, runbook, &snapshot, e) < 0)
        return -1;
    struct execution run = {
        .project = project, .runbook = runbook, .snapshot = snapshot, .asked = x->asked};
    json_array_foreach (x->environments, i, one)
        if (run_in(tx, x, &run, json_string_value(one), e) < 0) return -1;
    return 0;
}

/* Runs, and gives c->out the part of the answer that ${choose} takes. */
static int start(struct start *x, json_t *(*choose)(struct start *x), struct error *e)
{
    int done = execution_write(x->c, start_tx, x, e);

    if (done == 0) x->c->out = choose(x);
    json_decref(x->tasks);
    json_decref(x->made);
    return done;
}

static json_t *the_tasks(struct start *x)
{
    json_t *o = json_object();

    jv_set(o, "RunbookRunServerTasks", json_incref(x->tasks));
    return o;
}
static json_t *the_run(struct start *x) { return json_incref(json_array_get(x->made, 0)); }
static json_t *the_runs(struct start *x) { return json_incref(x->made); }

/* Members that are set when their names are known; until then the table wants something there. */
static json_t *placeholders(void)
{
    json_t *o = json_object();

    jv_set_str(o, "RunbookId", "-");
    jv_set_str(o, "EnvironmentId", "-");
    return o;
}

int runbook_run_start(struct db_tx *tx, struct call *c, const char *runbook_id,
                      const json_t *environments, const char *comments, struct error *e)
{
    json_auto_t *in = placeholders(), *asked = NULL;

    jv_set_str(in, "Comments", comments);
    if (execution_asked(c, &runbook_run_resource, in, json_incref(in), &asked, e) < 0) return -1;
    struct start x = {.c = c,
                      .runbook = runbook_id,
                      .runbook_member = "RunbookId",
                      .snapshot = "",
                      .snapshot_member = "RunbookId",
                      .environments = environments,
                      .environment_member = "EnvironmentIds",
                      .asked = asked};
    int done = start_tx(tx, &x, e);
    json_decref(x.tasks);
    json_decref(x.made);
    return done;
}

static int run_v1(struct call *c, struct error *e)
{
    json_auto_t *command = NULL, *asked = NULL;

    if (execution_command(c, create_runbook_run_fields, &command, e) < 0 ||
        execution_asked(c, &runbook_run_resource, command, placeholders(), &asked, e) < 0)
        return -1;
    struct start x = {.c = c,
                      .project = text(command, "ProjectName"),
                      .runbook = text(command, "RunbookName"),
                      .runbook_member = "runbookName",
                      .snapshot = text(command, "Snapshot"),
                      .snapshot_member = "snapshot",
                      .environments = jv_get(command, "EnvironmentNames"),
                      .environment_member = "environmentNames",
                      .asked = asked};
    return start(&x, the_tasks, e);
}

/* The classic form: a RunbookRun document. */
static int run_classic(struct call *c, struct error *e)
{
    json_auto_t *asked = NULL, *where = json_array();

    if (execution_asked(c, &runbook_run_resource, c->body, json_copy(c->body), &asked, e) < 0)
        return -1;
    jv_push(where, jv_string(text(asked, "EnvironmentId")));
    struct start x = {.c = c,
                      .runbook = text(asked, "RunbookId"),
                      .runbook_member = "RunbookId",
                      .snapshot = text(asked, "RunbookSnapshotId"),
                      .snapshot_member = "RunbookSnapshotId",
                      .environments = where,
                      .environment_member = "EnvironmentId",
                      .asked = asked};
    return start(&x, the_run, e);
}

/* The link CreateRunbookRun of a runbook: parameters with EnvironmentIds (or one EnvironmentId),
 * answered by all runs. */
static int run_of_runbook(struct call *c, struct error *e)
{
    json_auto_t *asked = NULL, *where = json_array();
    struct http_strings ids;
    const char *one, *snapshot;

    if (call_texts(c, "EnvironmentIds", &ids, e) < 0 ||
        call_text(c, "EnvironmentId", NULL, &one, e) < 0 ||
        call_text(c, "RunbookSnapshotId", NULL, &snapshot, e) < 0 ||
        call_text(c, "RunbookSnapshotNameOrId", snapshot, &snapshot, e) < 0)
        return -1;
    for (size_t i = 0; i < ids.n; i++) jv_push(where, jv_string(ids.items[i]));
    if (!str_blank(one)) jv_push(where, jv_string(one));
    if (json_array_size(where) == 0)
        return fail_at(e, "EnvironmentIds", "EnvironmentIds: name at least one environment");
    json_t *in = json_copy(c->body), *set = placeholders();
    json_object_update(in, set);
    json_decref(set);
    if (execution_asked(c, &runbook_run_resource, c->body, in, &asked, e) < 0) return -1;
    struct start x = {.c = c,
                      .runbook = call_param(c, "id"),
                      .runbook_member = "RunbookId",
                      .snapshot = snapshot,
                      .snapshot_member = "RunbookSnapshotId",
                      .environments = where,
                      .environment_member = "EnvironmentIds",
                      .asked = asked};
    return start(&x, the_runs, e);
}

static const struct route rows[] = {
    {"POST", "/api/{space}/runbook-runs/create/v1", run_v1, "RunbookRunCreate",
     .in = create_runbook_run_fields, .out = create_runbook_run_answer_fields, .status = 201,
     .in_name = "RunRunbookCommandV1", .out_name = "RunRunbookResponseV1",
     .doc = "runs a runbook in environments, all named by id or name"},
    RESOURCE_READ_ROUTES("runbookRuns", "RunbookRun", runbook_run_fields, runbook_run_query,
                         "RunbookRunView"),
    RESOURCE_POST_ROUTE("/api/{space}/runbookRuns", run_classic, "RunbookRun", runbook_run_fields,
                        "RunbookRunCreate", "runs a runbook in an environment from a document"),
    {"POST", "/api/{space}/runbooks/{id}/runbookRuns/create", run_of_runbook, "RunbookRunCreate",
     .in = runbook_run_fields, .out = runbook_run_fields, .shape = ROUTE_ARRAY, .status = 201,
     .in_name = "RunbookRun", .out_name = "RunbookRun",
     .doc = "runs a runbook in the environments EnvironmentIds"},
    RESOURCE_LIST_ROUTE("/api/{space}/runbookSnapshots/{snapshot}/runbookRuns", resource_list,
                        "RunbookRun", runbook_run_fields, runbook_run_query, "RunbookRunView",
                        "runs of a snapshot, newest first"),
    RESOURCE_LIST_ROUTE("/api/{space}/runbooks/{runbook}/runbookRuns", resource_list, "RunbookRun",
                        runbook_run_fields, runbook_run_query, "RunbookRunView",
                        "runs of a runbook, newest first"),
};
const struct route_table runbook_run_routes = {rows, ARRAY_LEN(rows)};
