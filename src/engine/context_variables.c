/* context_variables.c - the variables that an action sees: first system variables, then the
 * project's scoped variables (which win over them), prompted values, output variables, the action's
 * own properties, and at last where the run stands. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "engine/context_priv.h"
#include "rules/next.h"
#include "rules/scope.h"

#define SYNTAX "Octopus.Action.Script.Syntax"

struct system_value {
    const char *name;
    const json_t *from;
    const char *member;
};

static void set_rows(struct variables *v, const struct system_value *rows, size_t n)
{
    char number[24];

    for (size_t i = 0; i < n; i++) {
        if (rows[i].from == NULL) continue;
        const json_t *value = jv_get(rows[i].from, rows[i].member);
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        const char *text = json_is_integer(value) ? number : json_string_value(value);
        variables_set(v, rows[i].name, text ? text : "", false);
    }
}

static void set_surroundings(const struct context *c, struct variables *v)
{
    const struct system_value rows[] = {
        {"Octopus.Project.Id", c->project, "Id"},
        {"Octopus.Project.Name", c->project, "Name"},
        {"Octopus.Project.Slug", c->project, "Slug"},
        {"Octopus.ProjectGroup.Id", c->group, "Id"},
        {"Octopus.ProjectGroup.Name", c->group, "Name"},
        {"Octopus.Space.Id", c->space, "Id"},
        {"Octopus.Space.Name", c->space, "Name"},
        {"Octopus.Environment.Id", c->environment, "Id"},
        {"Octopus.Environment.Name", c->environment, "Name"},
        {"Octopus.Environment.Slug", c->environment, "Slug"},
        {"Octopus.Environment.SortOrder", c->environment, "SortOrder"},
        {"Octopus.Release.Id", c->release, "Id"},
        {"Octopus.Release.Number", c->release, "Version"},
        {"Octopus.Release.Notes", c->release, "ReleaseNotes"},
        {"Octopus.Release.Created", c->release, "Assembled"},
        {"Octopus.Release.Previous.Id", c->previous, "Id"},
        {"Octopus.Release.Previous.Number", c->previous, "Version"},
        {"Octopus.Release.CurrentForEnvironment.Id", c->current_here, "Id"},
        {"Octopus.Release.CurrentForEnvironment.Number", c->current_here, "Version"},
        {"Octopus.Release.PreviousForEnvironment.Id", c->previous_here, "Id"},
        {"Octopus.Release.PreviousForEnvironment.Number", c->previous_here, "Version"},
        {"Octopus.Release.Channel.Id", c->channel, "Id"},
        {"Octopus.Release.Channel.Name", c->channel, "Name"},
        {"Octopus.Runbook.Id", c->runbook, "Id"},
        {"Octopus.Runbook.Name", c->runbook, "Name"},
        {"Octopus.RunbookSnapshot.Id", c->snapshot, "Id"},
        {"Octopus.RunbookSnapshot.Name", c->snapshot, "Name"},
        {"Octopus.RunbookSnapshot.Notes", c->snapshot, "Notes"},
        {"Octopus.Deployment.CreatedBy.Id", c->subject, "DeployedById"},
        {"Octopus.Deployment.CreatedBy.Username", c->subject, "DeployedBy"},
        {"Octopus.Deployment.CreatedBy.DisplayName", c->subject, "DeployedBy"},
    };

    set_rows(v, rows, ARRAY_LEN(rows));
    if (c->creator.display_name && c->creator.display_name[0])
        variables_set(v, "Octopus.Deployment.CreatedBy.DisplayName", c->creator.display_name,
                      false);
    if (c->previous_deployment)
        variables_set(v, "Octopus.Deployment.PreviousSuccessful.Id", c->previous_deployment, false);
    variables_set(v, "Octopus.Deployment.CreatedBy.EmailAddress",
                  c->creator.email ? c->creator.email : "", false);
}

static void set_subject(const struct context *c, struct variables *v)
{
    const struct system_value of_run[] = {
        {"Octopus.RunbookRun.Id", c->subject, "Id"},
        {"Octopus.RunbookRun.Name", c->subject, "Name"},
        {"Octopus.RunbookRun.Created", c->subject, "Created"},
        {"Octopus.RunbookRun.CreatedUtc", c->subject, "Created"},
        {"Octopus.RunbookRun.Comments", c->subject, "Comments"},
    };
    const struct system_value of_deployment[] = {
        {"Octopus.Deployment.Id", c->subject, "Id"},
        {"Octopus.Deployment.Name", c->subject, "Name"},
        {"Octopus.Deployment.Created", c->subject, "Created"},
        {"Octopus.Deployment.Comments", c->subject, "Comments"},
    };

    if (c->is_runbook) set_rows(v, of_run, ARRAY_LEN(of_run));
    else set_rows(v, of_deployment, ARRAY_LEN(of_deployment));
}

/* Where people find it, behind Octopus.Web.ServerUri. */
PRINTF(3, 4)
static void set_link(struct variables *v, const char *name, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf path = BUF_INIT(4 * KiB);
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(&path, fmt, ap);
    va_end(ap);
    variables_set(v, name, buf_str(&path), false);
}

static void set_links(const struct context *c, struct variables *v)
{
    const char *space = context_text(c->space, "Id"), *project = context_text(c->project, "Id"),
               *own = context_text(c->subject, "Id");

    set_link(v, "Octopus.Web.ProjectLink", "/app#/%s/projects/%s", space, project);
    if (c->is_runbook) {
        const char *runbook = context_text(c->runbook, "Id");
        set_link(v, "Octopus.Web.RunbookSnapshotLink",
                 "/app#/%s/projects/%s/operations/runbooks/%s/snapshots/%s", space, project,
                 runbook, context_text(c->snapshot, "Id"));
        set_link(v, "Octopus.Web.RunbookRunLink",
                 "/app#/%s/projects/%s/operations/runbooks/%s/runs/%s", space, project, runbook,
                 own);
    } else {
        set_link(v, "Octopus.Web.ReleaseLink", "/app#/%s/releases/%s", space,
                 context_text(c->release, "Id"));
        set_link(v, "Octopus.Web.DeploymentLink", "/app#/%s/deployments/%s", space, own);
    }
    if (c->server_uri) {
        variables_set(v, "Octopus.Web.ServerUri", c->server_uri, false);
        variables_set(v, "Octopus.Web.BaseUrl", c->server_uri, false);
    }
}

static void set_task(const struct context *c, struct variables *v)
{
    json_auto_t *arguments = NULL;
    const char *name;
    json_t *value;
    char at[TIME_TEXT_SIZE];

    variables_set(v, "Octopus.Task.Id", c->task.id, false);
    variables_set(v, "Octopus.Task.Name", c->task.description, false);
    variables_set(v, "Octopus.Task.QueueTime", time_iso(c->task.queued_at, at), false);
    if (c->task.arguments == NULL ||
        jv_parse(c->task.arguments, strlen(c->task.arguments), &arguments, NULL) < 0)
        return;
    json_object_foreach (arguments, name, value) {
        CLEANUP(buf_done) struct buf full = BUF_INIT(4 * KiB);
        buf_addf(&full, "Octopus.Task.Argument[%s]", name);
        if (json_is_string(value))
            variables_set(v, buf_str(&full), json_string_value(value), false);
    }
}

static void set_system(const struct context *c, struct variables *v)
{
    set_surroundings(c, v);
    set_subject(c, v);
    set_links(c, v);
    set_task(c, v);
    variables_set(v, "Octopus.Deployment.ForcePackageDownload",
                  jv_bool(c->subject, "ForcePackageDownload", false) ? "True" : "False", false);
    variables_set(v, "Octopus.Action.MaxParallelism", "10", false);
    variables_set(v, "OctopusBypassDeploymentMutex", "True", false);
}

static void set_scoped(struct context *c, struct variables *v, const char *action_id,
                       struct arena *scratch)
{
    struct scope_context where = {.environment = context_text(c->environment, "Id"),
                                  .channel = c->channel ? context_text(c->channel, "Id") : NULL,
                                  .action = action_id,
                                  .process_owner =
                                      context_text(c->is_runbook ? c->runbook : c->project, "Id"),
                                  .project = context_text(c->project, "Id")};
    const json_t *sets[] = {jv_get(c->variables, "Variables")};
    struct scope_variable *chosen;
    size_t n;

    if (sets[0] == NULL) return;
    scope_select(sets, 1, &where, scratch, &chosen, &n);
    for (size_t i = 0; i < n; i++) {
        variables_set(v, chosen[i].name, context_plain_value(c, chosen[i].document, scratch),
                      chosen[i].sensitive);
        context_set_named(c, v, &chosen[i], scratch);
    }
}

static void set_prompted(struct context *c, struct variables *v, struct arena *scratch)
{
    const char *name;
    json_t *value;

    json_object_foreach (jv_get(c->subject, "FormValues"), name, value) {
        const struct variable *known = variables_find(v, name);
        if (json_is_string(value))
            variables_set(v, name, json_string_value(value), known && known->sensitive);
    }
    json_object_foreach (jv_get(c->subject, "SealedValues"), name, value) {
        const char *plain = context_opened(c, value, scratch);
        if (plain) variables_set(v, name, plain, true);
    }
}

static void set_outputs(const struct context *c, struct variables *v)
{
    const char *name;
    void *value;

    for (size_t at = 0; map_each(c->outputs, &at, &name, &value);) {
        const struct output_value *o = value;
        variables_set(v, name, o->value, o->sensitive);
    }
}

/* The document of the action with that id, and its step's. */
static const json_t *find_action(const struct context *c, const char *id, const json_t **ret_step)
{
    json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(c->process, "Steps"), i, step) {
        json_array_foreach (jv_get(step, "Actions"), k, action) {
            if (strcmp(context_text(action, "Id"), id) != 0) continue;
            *ret_step = step;
            return action;
        }
    }
    return NULL;
}

/* Sensitive properties hold {"Sealed": ...} in the stored document. */
static void set_properties(const struct context *c, struct variables *v, const json_t *properties,
                           struct arena *scratch)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)properties, name, value) {
        const char *plain = json_is_object(value) ? context_opened(c, value, scratch) : NULL;
        if (json_is_string(value)) variables_set(v, name, json_string_value(value), false);
        else if (plain) variables_set(v, name, plain, true);
    }
}

void context_set_planned(const struct plan *plan, const struct plan_action *p, struct variables *v)
{
    variables_set(v, "Octopus.Action.Number", p->number, false);
    variables_set(v, "Octopus.Step.Number", plan->steps[p->step].number, false);
    variables_set(v, "Octopus.WorkerPool.Id", p->pool_id, false);
    variables_set(v, "Octopus.WorkerPool.Name", p->pool_name, false);
    /* the plan has chosen; where nobody asked for Bash, the step says that it takes it */
    const char *set = variables_get_raw(v, SYNTAX);
    if (p->syntax && (!str_blank(set) || strcmp(p->syntax, "Bash") != 0))
        variables_set(v, SYNTAX, p->syntax, false);
}

static void set_action(struct context *c, struct variables *v, const char *action_id,
                       struct arena *scratch)
{
    const json_t *step = NULL, *action = find_action(c, action_id, &step);
    const struct plan *plan = c->state ? c->state->plan : NULL;

    if (action == NULL) return;
    variables_set(v, "Octopus.Action.Id", context_text(action, "Id"), false);
    variables_set(v, "Octopus.Action.Name", context_text(action, "Name"), false);
    variables_set(v, "Octopus.Action.StepName", context_text(step, "Name"), false);
    variables_set(v, "Octopus.Step.Id", context_text(step, "Id"), false);
    variables_set(v, "Octopus.Step.Name", context_text(step, "Name"), false);
    set_properties(c, v, jv_get(step, "Properties"), scratch);
    set_properties(c, v, jv_get(action, "Properties"), scratch);
    for (size_t i = 0; plan && i < plan->n_actions; i++)
        if (strcmp(plan->actions[i].id, action_id) == 0)
            context_set_planned(plan, &plan->actions[i], v);
}

/* ---- where the run stands ---- */

/* Octopus.<Noun>[<name>].<member>, and without the index where it is the own one. */
static void set_indexed(struct variables *v, const char *noun, const char *name, bool own,
                        const char *member, const char *value)
{
    CLEANUP(buf_done) struct buf full = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&full, "Octopus.%s[%s].%s", noun, name, member);
    variables_set(v, buf_str(&full), value, false);
    if (!own) return;
    buf_clear(&full);
    buf_addf(&full, "Octopus.%s.%s", noun, member);
    variables_set(v, buf_str(&full), value, false);
}

/* A wait between two attempts is nobody's concern. */
static const char *code_of(enum action_status status)
{
    return action_status_name(status == ACTION_WAITING ? ACTION_RUNNING : status);
}

static void set_error(struct variables *v, const char *noun, const char *name, bool own,
                      const char *error)
{
    if (error == NULL && !own) return; /* what is not there reads as empty */
    set_indexed(v, noun, name, own, "Status.Error", error ? error : "");
    set_indexed(v, noun, name, own, "Status.ErrorDetail", error ? error : "");
}

/* The cause of the action's failure, NULL when it has not failed. */
static const char *set_action_status(const struct state *s, struct variables *v,
                                     const struct plan_action *p, bool own, struct arena *scratch)
{
    enum action_status status = s->actions[p->index].status;
    const char *error = status == ACTION_FAILED ? next_failure_cause(s, p->index, scratch) : NULL;

    set_indexed(v, "Action", p->name, own, "Status.Code", code_of(status));
    set_indexed(v, "Action", p->name, own, "IsSkipped",
                status == ACTION_SKIPPED ? "True" : "False");
    set_error(v, "Action", p->name, own, error);
    set_indexed(v, "Action", p->name, false, "Id", p->id);
    set_indexed(v, "Action", p->name, false, "Name", p->name);
    set_indexed(v, "Action", p->name, false, "Number", p->number);
    set_indexed(v, "Action", p->name, false, "StepName", s->plan->steps[p->step].name);
    return error;
}

static void set_step_status(const struct state *s, struct variables *v, const struct plan_step *p,
                            const char *action_id, struct arena *scratch)
{
    const char *error = NULL;
    bool own = false;

    for (size_t i = 0; i < p->n_actions; i++) {
        const struct plan_action *a = &s->plan->actions[p->first_action + i];
        bool this_one = action_id && strcmp(a->id, action_id) == 0;
        const char *cause = set_action_status(s, v, a, this_one, scratch);
        if (error == NULL) error = cause;
        own |= this_one;
    }
    set_indexed(v, "Step", p->name, own, "Status.Code", code_of(state_step(s, p->index)));
    set_error(v, "Step", p->name, own, error);
    set_indexed(v, "Step", p->name, false, "Id", p->id);
    set_indexed(v, "Step", p->name, false, "Name", p->name);
    set_indexed(v, "Step", p->name, false, "Number", p->number);
}

static void set_status(const struct context *c, struct variables *v, const char *action_id,
                       struct arena *scratch)
{
    const struct state *s = c->state;
    const char *error = s && s->plan ? next_failure(s, scratch) : NULL;

    variables_set(v, "Octopus.Deployment.Error", error ? error : "", false);
    variables_set(v, "Octopus.Deployment.ErrorDetail", error ? error : "", false);
    for (size_t i = 0; s && s->plan && i < s->plan->n_steps; i++)
        set_step_status(s, v, &s->plan->steps[i], action_id, scratch);
}

/* A secret that is a template is masked as the script sees it, too. */
static void learn_evaluated(struct context *c, const struct variables *v, struct arena *scratch)
{
    const struct variable *x;
    const char *value;

    for (size_t at = 0; c->masker && (x = variables_each(v, &at)) != NULL;)
        if (x->sensitive && x->value && strstr(x->value, "#{") &&
            variables_get(v, x->name, scratch, &value, NULL) == 0)
            context_learn_secret(c, x->name, value);
}

struct variables *context_build(struct context *c, const char *action_id)
{
    CLEANUP(arena_wipe) struct arena scratch = ARENA_INIT;
    struct variables *v = variables_new();

    set_system(c, v);
    set_scoped(c, v, action_id, &scratch);
    set_prompted(c, v, &scratch);
    set_outputs(c, v);
    if (action_id) set_action(c, v, action_id, &scratch);
    set_status(c, v, action_id, &scratch);
    learn_evaluated(c, v, &scratch);
    return v;
}
