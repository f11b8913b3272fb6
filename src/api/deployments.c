/* deployments.c - deployments: a release to one environment or several. Facts: rest.md 2.13. */
#include "api/executions.h"
#include "api/promotion.h"
#include "model/command.h"

struct deploy {
    struct call *c;
    const char *project, *release;
    const json_t *environments; /* array of ids, names or slugs */
    const json_t *asked;        /* the Deployment, decoded */
    bool update_variables;
    json_t *made;  /* the last one */
    json_t *tasks; /* DeploymentServerTasks */
};

static int deploy_to(struct db_tx *tx, struct deploy *x, json_t *project, json_t *release,
                     const char *member, const char *environment, struct error *e)
{
    json_auto_t *where = NULL, *made = NULL;
    struct task task;

    if (execution_find(tx, x->c, &environment_resource, NULL, member, environment, &where, e) < 0 ||
        promotion_check(tx, x->c, project, release, where, member, e) < 0)
        return -1;
    struct execution run = {
        .project = project, .environment = where, .release = release, .asked = x->asked};
    if (execution_queue(tx, x->c, &run, &made, &task, e) < 0) return -1;
    json_t *one = json_object();
    jv_set_str(one, "DeploymentId", text(made, "Id"));
    jv_set_str(one, "ServerTaskId", task.id);
    jv_push(x->tasks, one);
    json_decref(x->made);
    x->made = TAKE(made);
    return 0;
}

static void start_again(struct deploy *x)
{
    json_decref(x->tasks);
    json_decref(x->made);
    x->tasks = json_array();
    x->made = NULL;
}

static int v1_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct deploy *x = ctx;
    json_auto_t *project = NULL, *release = NULL;
    const json_t *one;
    size_t i;

    start_again(x);
    if (execution_find(tx, x->c, &project_resource, NULL, "projectName", x->project, &project, e) <
            0 ||
        execution_find(tx, x->c, &release_resource, text(project, "Id"), "releaseVersion",
                       x->release, &release, e) < 0)
        return -1;
    if (x->update_variables && release_update_variables(tx, x->c, project, release, -1, e) < 0)
        return -1;
    json_array_foreach (x->environments, i, one)
        if (deploy_to(tx, x, project, release, "environmentNames", json_string_value(one), e) < 0)
            return -1;
    return 0;
}

static int classic_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct deploy *x = ctx;
    json_auto_t *project = NULL, *release = NULL;

    start_again(x);
    if (execution_find(tx, x->c, &release_resource, NULL, "ReleaseId", x->release, &release, e) <
            0 ||
        resource_read(tx, x->c, &project_resource, NULL, text(release, "ProjectId"), &project, e) <
            0)
        return -1;
    return deploy_to(tx, x, project, release, "EnvironmentId", text(x->asked, "EnvironmentId"), e);
}

/* Puts the answer of a command, or the document, into c->out. */
static int finish(struct deploy *x, db_fn *fn, bool command, struct error *e)
{
    struct call *c = x->c;
    int done = execution_write(c, fn, x, e);

    if (done == 0 && command) {
        c->out = json_object();
        jv_set(c->out, "DeploymentServerTasks", json_incref(x->tasks));
    } else if (done == 0) {
        resource_reply(c, &deployment_resource, x->made);
    }
    json_decref(x->tasks);
    json_decref(x->made);
    return done;
}

int deployment_start(struct db_tx *tx, struct call *c, json_t *project, json_t *release,
                     json_t *environment, const char *comments, const json_t *values,
                     struct error *e)
{
    json_auto_t *in = json_object(), *asked = NULL, *made = NULL;
    struct task task;

    jv_set_str(in, "ReleaseId", text(release, "Id"));
    jv_set_str(in, "EnvironmentId", text(environment, "Id"));
    jv_set_str(in, "Comments", comments);
    if (values) json_object_set(in, "FormValues", (json_t *)values);
    if (promotion_check(tx, c, project, release, environment, "EnvironmentId", e) < 0 ||
        execution_asked(c, &deployment_resource, in, json_incref(in), &asked, e) < 0)
        return -1;
    struct execution run = {
        .project = project, .environment = environment, .release = release, .asked = asked};
    return execution_queue(tx, c, &run, &made, &task, e);
}

static int create_v1(struct call *c, struct error *e)
{
    json_auto_t *command = NULL, *asked = NULL;
    json_t *more = json_object();

    /* ReleaseId and EnvironmentId are set when their names are known; until then the table wants
     * something there */
    jv_set_str(more, "ReleaseId", "-");
    jv_set_str(more, "EnvironmentId", "-");
    if (execution_command(c, create_deployment_fields, &command, e) < 0) {
        json_decref(more);
        return -1;
    }
    if (execution_asked(c, &deployment_resource, command, more, &asked, e) < 0) return -1;
    struct deploy x = {.c = c,
                       .project = text(command, "ProjectName"),
                       .release = text(command, "ReleaseVersion"),
                       .environments = jv_get(command, "EnvironmentNames"),
                       .update_variables = jv_bool(command, "UpdateVariableSnapshot", false),
                       .asked = asked};
    return finish(&x, v1_tx, true, e);
}

/* The classic form: a Deployment document. */
static int create_classic(struct call *c, struct error *e)
{
    json_auto_t *asked = NULL;

    if (execution_asked(c, &deployment_resource, c->body, json_copy(c->body), &asked, e) < 0)
        return -1;
    struct deploy x = {.c = c, .release = text(asked, "ReleaseId"), .asked = asked};
    return finish(&x, classic_tx, false, e);
}

static const struct route rows[] = {
    {"POST", "/api/{space}/deployments/create/untenanted/v1", create_v1, "DeploymentCreate",
     .in = create_deployment_fields, .out = create_deployment_answer_fields, .status = 201,
     .in_name = "CreateDeploymentUntenantedCommandV1",
     .out_name = "CreateDeploymentUntenantedResponseV1",
     .doc = "deploys a release to environments, all named by id or name"},
    RESOURCE_READ_ROUTES("deployments", "Deployment", deployment_fields, deployment_query,
                         "DeploymentView"),
    RESOURCE_POST_ROUTE("/api/{space}/deployments", create_classic, "Deployment", deployment_fields,
                        "DeploymentCreate", "deploys a release to an environment from a document"),
    RESOURCE_LIST_ROUTE("/api/{space}/releases/{release}/deployments", resource_list, "Deployment",
                        deployment_fields, deployment_query, "DeploymentView",
                        "deployments of a release, newest first"),
};
const struct route_table deployment_routes = {rows, ARRAY_LEN(rows)};
