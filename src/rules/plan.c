/* plan.c - see plan.h: makes a plan from a process, and reads it back.
 *
 * Making goes step by step and action by action and stops at the first thing that is wrong. An
 * action that is left out (disabled, filtered, skipped) is not looked at any further: a disabled
 * step may be half-written. What a property says may be a template, so it is evaluated first; what
 * a property does not say, a variable of its name may.
 *
 * Reading trusts nothing: a plan comes from a database. Members that a later version adds are
 * ignored here unless it raises the version. */
#include "rules/plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"

#define MAX_PARALLELISM "Octopus.Action.MaxParallelism"

struct planner {
    const struct plan_input *in;
    struct arena arena;
    struct process process;
    struct error *e;
    /* what is being planned, for messages */
    const struct process_step *step;
    const struct process_action *action;
    const char *who;   /* step "Deploy", or step "Deploy", action "Copy" */
    const char *where; /* JSON pointer of the action */
};

/* ------------------------------------------------------------------ values */

static const char *value_of(struct planner *p, const char *action_id, const char *name)
{
    const struct evaluator *ev = &p->in->evaluator;

    return ev->value ? ev->value(ev->ctx, action_id, name, &p->arena) : NULL;
}

/* What a property of the action says, else the variable of its name; NULL when neither says
 * anything. */
static const char *setting(struct planner *p, const char *name)
{
    const struct evaluator *ev = &p->in->evaluator;
    const char *s = process_property(&p->action->properties, name);

    if (s && ev->evaluate) s = ev->evaluate(ev->ctx, p->action->id, s, &p->arena);
    if (str_blank(s)) s = value_of(p, p->action->id, name);
    return str_blank(s) ? NULL : s;
}

static const char *property_pointer(struct planner *p, const char *name)
{
    return arena_fmt(&p->arena, "%s/Properties/%s", p->where, name);
}

static bool whole_number(struct planner *p, const char *s, int64_t min, int64_t max, int64_t *ret)
{
    struct str t = str_trim(str_of(s));

    return str_i64(arena_strndup(&p->arena, t.p, t.n), min, max, ret);
}

static int number_setting(struct planner *p, const char *name, int64_t min, int64_t max,
                          int64_t otherwise, int64_t *ret)
{
    const char *s = setting(p, name);

    *ret = otherwise;
    if (s == NULL || whole_number(p, s, min, max, ret)) return 0;
    return fail_at(p->e, property_pointer(p, name),
                   "%s: %s is \"%s\"; it must be a whole number from %" PRId64 " to %" PRId64,
                   p->who, name, s, min, max);
}

static int flag_setting(struct planner *p, const char *name, bool otherwise, bool *ret)
{
    const char *s = setting(p, name);

    *ret = str_flag(s, otherwise);
    if (s == NULL || str_flag(s, true) == str_flag(s, false)) return 0;
    return fail_at(p->e, property_pointer(p, name), "%s: %s is \"%s\"; it must be True or False",
                   p->who, name, s);
}

/* The variable, for the run (${action_id} NULL) or for one action. */
static int parallelism(struct planner *p, const char *action_id, int64_t *ret)
{
    const char *s = value_of(p, action_id, MAX_PARALLELISM);

    *ret = PLAN_PARALLELISM;
    if (str_blank(s) || whole_number(p, s, 1, INT32_MAX, ret)) return 0;
    return fail(
        p->e, ERR_INVALID,
        "the variable " MAX_PARALLELISM " is \"%s\"; it must be a whole number of at least 1", s);
}

/* ------------------------------------------------------------------ what is left out */

static bool listed(struct process_texts list, const char *id)
{
    for (size_t i = 0; id && i < list.n; i++)
        if (str_same(list.items[i], id)) return true;
    return false;
}

static bool names_it(const char *skip, const char *id, const char *name)
{
    return (!str_blank(id) && str_same(skip, id)) || str_same(skip, name);
}

/* A person's skip names the action, or its whole step. */
static bool skipped_by_person(const struct planner *p, const struct process_step *step,
                              const struct process_action *action)
{
    for (size_t i = 0; i < p->in->n_skips; i++)
        if (names_it(p->in->skips[i], action->id, action->name) ||
            names_it(p->in->skips[i], step->id, step->name))
            return true;
    return false;
}

/* Why the action does not run in this run at all; NULL when it does. */
static const char *excluded(struct planner *p)
{
    const struct plan_input *in = p->in;
    const struct process_action *a = p->action;

    if (a->disabled) return "The step is disabled";
    if ((a->environments.n && !listed(a->environments, in->environment_id)) ||
        listed(a->excluded_environments, in->environment_id))
        return arena_fmt(&p->arena, "The step does not run in the environment %s",
                         in->environment_name ? in->environment_name : in->environment_id);
    /* a runbook has no channels: a filter by channel says nothing about it */
    if (in->channel_id && a->channels.n && !listed(a->channels, in->channel_id))
        return arena_fmt(&p->arena, "The step does not run in the channel %s",
                         in->channel_name ? in->channel_name : in->channel_id);
    if (a->tenant_tags.n) return "The step runs for tenants only";
    if (!a->required && skipped_by_person(p, p->step, a))
        return "The step was skipped by the person who started the run";
    return NULL;
}

/* A skip that names nothing would let run what a person wanted left out. */
static int check_skips(struct planner *p)
{
    for (size_t k = 0; k < p->in->n_skips; k++) {
        const char *skip = p->in->skips[k];
        bool found = false;
        for (size_t i = 0; i < p->process.n_steps && !found; i++) {
            const struct process_step *step = &p->process.steps[i];
            found = names_it(skip, step->id, step->name);
            for (size_t j = 0; j < step->n_actions && !found; j++)
                found = names_it(skip, step->actions[j].id, step->actions[j].name);
        }
        if (!found)
            return fail(p->e, ERR_INVALID, "there is no step \"%s\" to skip in the process", skip);
    }
    return 0;
}

/* ------------------------------------------------------------------ one action */

static int check_supported(struct planner *p)
{
    const struct process_action *a = p->action;
    const char *roles = process_property(&p->step->properties, "Octopus.Action.TargetRoles");
    const char *source = setting(p, "Octopus.Action.Script.ScriptSource");
    bool on_server;

    if (!str_same(a->type, "Octopus.Script"))
        return fail_at(p->e, arena_fmt(&p->arena, "%s/ActionType", p->where),
                       "%s: the action type %s is not supported", p->who, a->type);
    if (a->container_image)
        return fail_at(p->e, arena_fmt(&p->arena, "%s/Container/Image", p->where),
                       "%s: running in a container (%s) is not supported", p->who,
                       a->container_image);
    if (source && !str_same(source, "Inline"))
        return fail_at(p->e, property_pointer(p, "Octopus.Action.Script.ScriptSource"),
                       "%s: the script source %s is not supported", p->who, source);
    if (str_blank(roles)) roles = process_property(&a->properties, "Octopus.Action.TargetRoles");
    if (flag_setting(p, "Octopus.Action.RunOnServer", str_blank(roles), &on_server) < 0) return -1;
    if (!str_blank(roles))
        return fail_at(p->e, property_pointer(p, "Octopus.Action.TargetRoles"),
                       "%s: Octopus.Action.TargetRoles is \"%s\", and deployment targets are not "
                       "supported",
                       p->who, roles);
    if (!on_server)
        return fail_at(p->e, property_pointer(p, "Octopus.Action.RunOnServer"),
                       "%s: Octopus.Action.RunOnServer is False and Octopus.Action.TargetRoles is "
                       "empty, so there is nowhere to run it",
                       p->who);
    return 0;
}

static int pool_by_variable(struct planner *p, struct pool_ref *ret)
{
    const char *name = p->action->worker_pool_variable;
    const char *value = value_of(p, p->action->id, name);
    const char *where = arena_fmt(&p->arena, "%s/WorkerPoolVariable", p->where);

    if (value == NULL)
        return fail_at(p->e, where,
                       "%s: WorkerPoolVariable names the variable \"%s\", which has no value here",
                       p->who, name);
    if (!p->in->pools.find(p->in->pools.ctx, value, ret))
        return fail_at(
            p->e, where,
            "%s: WorkerPoolVariable names the variable \"%s\", whose value \"%s\" is the "
            "id, name or slug of no worker pool",
            p->who, name, value);
    return 0;
}

static int resolve_pool(struct planner *p, struct pool_ref *ret)
{
    const struct process_action *a = p->action;
    const struct pool_finder *pools = &p->in->pools;

    if (a->worker_pool_id && a->worker_pool_variable)
        return fail_at(p->e, arena_fmt(&p->arena, "%s/WorkerPoolVariable", p->where),
                       "%s: A step can't have both a worker pool id and a worker pool variable",
                       p->who);
    if (a->worker_pool_variable) return pool_by_variable(p, ret);
    if (a->worker_pool_id) {
        if (pools->find(pools->ctx, a->worker_pool_id, ret)) return 0;
        return fail_at(p->e, arena_fmt(&p->arena, "%s/WorkerPoolId", p->where),
                       "%s: there is no worker pool \"%s\" (WorkerPoolId)", p->who,
                       a->worker_pool_id);
    }
    if (pools->find_default(pools->ctx, ret)) return 0;
    return fail(p->e, ERR_INTERNAL, "%s: the space has no default worker pool", p->who);
}

#define BODY "Octopus.Action.Script.ScriptBody"
static const char *const languages[] = {"Bash", "Python", "PowerShell"};

static bool has_body(struct planner *p, const char *language)
{
    const char *name = language ? arena_fmt(&p->arena, BODY "[%s]", language) : BODY;

    return !str_blank(process_property(&p->action->properties, name));
}

/* The name of a language as it is set, in its own spelling; NULL when it is not one of ours. */
static const char *language_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(languages); i++)
        if (str_same(languages[i], name)) return languages[i];
    return NULL;
}

static int refuse_syntax(struct planner *p, const char *name, const char *value)
{
    if (str_same(value, "CSharp") || str_same(value, "FSharp"))
        return fail_at(p->e, property_pointer(p, name),
                       "%s: the script language %s is not supported", p->who, value);
    return fail_at(p->e, property_pointer(p, name),
                   "%s: %s is \"%s\"; it must be one of Bash, Python, PowerShell", p->who, name,
                   value);
}

/* The language of the script: as set; without that Bash, or, when there is no body but for some
 * languages, the first of those. A language that is set and has no body gives way to one that has
 * it. Whoever runs the script is told. */
static int find_syntax(struct planner *p, const char **ret)
{
    const char *name = "Octopus.Action.Script.Syntax", *set = setting(p, name);
    const char *wanted = set ? language_of(set) : languages[0];

    if (wanted == NULL) return refuse_syntax(p, name, set);
    *ret = wanted;
    if (has_body(p, NULL) || has_body(p, wanted)) return 0;
    for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
        if (!has_body(p, languages[i])) continue;
        *ret = languages[i];
        return 0;
    }
    return 0;
}

static int plan_settings(struct planner *p, json_t *out)
{
    int64_t parallel, retries, backoff, timeout, grace;
    const char *syntax = NULL;
    struct pool_ref pool;
    bool raw;

    if (check_supported(p) < 0 || resolve_pool(p, &pool) < 0 || find_syntax(p, &syntax) < 0 ||
        flag_setting(p, "OctopusUseRawScript", false, &raw) < 0 ||
        number_setting(p, "Octopus.Action.AutoRetry.MaximumCount", 0, PLAN_RETRIES_MAX, 0,
                       &retries) < 0 ||
        number_setting(p, "Octopus.Action.AutoRetry.MinimumBackoff", 0, PLAN_BACKOFF_MAX_S, 0,
                       &backoff) < 0 ||
        number_setting(p, "Octopus.Action.ExecutionTimeout.Minutes", 0, PLAN_TIMEOUT_MAX_MIN, 0,
                       &timeout) < 0 ||
        number_setting(p, "Octopus.Action.CancelGraceSeconds", 0, PLAN_GRACE_MAX_S, PLAN_GRACE_S,
                       &grace) < 0)
        return -1;
    if (parallelism(p, p->action->id, &parallel) < 0) return fail_wrap(p->e, "%s", p->who);
    jv_set_str(out, "WorkerPoolId", pool.id);
    jv_set_str(out, "WorkerPoolName", pool.name);
    jv_set_str(out, "WorkerKind", "builtin");
    jv_set_i64(out, "MaxParallelism", parallel);
    jv_set_i64(out, "RetryMaximum", retries);
    jv_set_i64(out, "RetryBackoffSeconds", backoff);
    jv_set_i64(out, "TimeoutMinutes", timeout);
    jv_set_str(out, "Syntax", syntax);
    jv_set_bool(out, "IsRaw", raw);
    jv_set_i64(out, "CancelGraceSeconds", grace);
    return 0;
}

static int plan_action(struct planner *p, const char *number, json_t *out)
{
    const struct process_action *a = p->action;
    const char *reason = excluded(p);

    jv_set_str(out, "Id", a->id ? a->id : "");
    jv_set_str(out, "Name", a->name);
    jv_set_str(out, "Number", number);
    jv_set_str(out, "ActionType", a->type);
    jv_set_bool(out, "IsRequired", a->required);
    jv_set_str(out, "Excluded", reason);
    jv_set_str(out, "Condition", run_condition_name(a->condition));
    jv_set_str(out, "ConditionExpression", process_action_expression(a));
    return reason ? 0 : plan_settings(p, out);
}

/* ------------------------------------------------------------------ the whole */

static int plan_step(struct planner *p, size_t index, json_t *out)
{
    const struct process_step *step = p->step = &p->process.steps[index];
    json_t *actions = json_array();

    jv_set_str(out, "Id", step->id ? step->id : "");
    jv_set_str(out, "Name", step->name);
    jv_set_str(out, "Number", arena_fmt(&p->arena, "%zu", index + 1));
    jv_set_str(out, "Condition", run_condition_name(step->condition));
    jv_set_str(out, "ConditionExpression", process_step_expression(step));
    jv_set_str(out, "StartTrigger", start_trigger_name(step->trigger));
    jv_set(out, "Actions", actions);
    for (size_t i = 0; i < step->n_actions; i++) {
        bool single = step->n_actions == 1;
        json_t *action = json_object();
        jv_push(actions, action);
        p->action = &step->actions[i];
        p->where = arena_fmt(&p->arena, "/Steps/%zu/Actions/%zu", index, i);
        p->who = single ? arena_fmt(&p->arena, "step \"%s\"", step->name)
                        : arena_fmt(&p->arena, "step \"%s\", action \"%s\"", step->name,
                                    p->action->name);
        const char *number = single ? arena_fmt(&p->arena, "%zu", index + 1)
                                    : arena_fmt(&p->arena, "%zu.%zu", index + 1, i + 1);
        if (plan_action(p, number, action) < 0) return -1;
    }
    return 0;
}

static int plan_run(struct planner *p, json_t *out)
{
    const struct plan_input *in = p->in;
    json_t *steps;
    int64_t parallel;

    if (process_parse(in->process, &p->arena, &p->process, NULL, NULL, p->e) < 0)
        return fail_wrap(p->e, "the process");
    if (p->process.n_steps == 0) return fail_at(p->e, "/Steps", "the process has no steps");
    if (check_skips(p) < 0 || parallelism(p, NULL, &parallel) < 0) return -1;
    jv_set_i64(out, "Version", PLAN_VERSION);
    jv_set_str(out, "Kind", in->kind);
    jv_set_str(out, "TaskId", in->task_id);
    jv_set_str(out, "EnvironmentId", in->environment_id);
    jv_set_str(out, "EnvironmentName", in->environment_name);
    jv_set_str(out, "ChannelId", in->channel_id);
    jv_set_i64(out, "MaxParallelism", parallel);
    jv_set_bool(out, "GuidedFailure", false);
    if (in->references) jv_set(out, "References", json_deep_copy(in->references));
    jv_set(out, "Steps", steps = json_array());
    for (size_t i = 0; i < p->process.n_steps; i++) {
        json_t *step = json_object();
        jv_push(steps, step);
        if (plan_step(p, i, step) < 0) return -1;
    }
    return 0;
}

int plan_make(const struct plan_input *in, json_t **ret_plan, struct error *e)
{
    struct planner p = {.in = in, .arena = ARENA_INIT, .e = e};
    json_auto_t *out = json_object();
    int r = plan_run(&p, out);

    arena_done(&p.arena);
    if (r < 0) return -1;
    *ret_plan = TAKE(out);
    return 0;
}

/* ------------------------------------------------------------------ reading */

/* A member of the wrong type is remembered, and the plan refused at the end. */
struct reader {
    const char *bad; /* the member */
};

static const char *read_text(struct reader *r, const json_t *o, const char *name, bool needed)
{
    const json_t *v = json_object_get(o, name);

    if (json_is_string(v)) return json_string_value(v);
    if (needed || (v && !json_is_null(v))) r->bad = name;
    return NULL;
}

static int64_t read_number(struct reader *r, const json_t *o, const char *name, int64_t min,
                           int64_t max, int64_t otherwise)
{
    const json_t *v = json_object_get(o, name);
    int64_t n = v ? json_integer_value(v) : otherwise;

    if ((v && !json_is_integer(v)) || n < min || n > max) {
        r->bad = name;
        return otherwise;
    }
    return n;
}

static enum run_condition read_condition(struct reader *r, const json_t *o)
{
    enum run_condition c = CONDITION_SUCCESS;
    const char *s = read_text(r, o, "Condition", true);

    if (s && !run_condition_of(s, &c)) r->bad = "Condition";
    return c;
}

static void read_action(struct reader *r, const json_t *o, struct plan_action *a)
{
    a->id = read_text(r, o, "Id", true);
    a->name = read_text(r, o, "Name", true);
    a->number = read_text(r, o, "Number", true);
    a->type = read_text(r, o, "ActionType", true);
    a->required = json_is_true(json_object_get(o, "IsRequired"));
    a->excluded = read_text(r, o, "Excluded", false);
    a->condition = read_condition(r, o);
    a->expression = read_text(r, o, "ConditionExpression", true);
    bool runs = a->excluded == NULL;
    a->pool_id = read_text(r, o, "WorkerPoolId", runs);
    a->pool_name = read_text(r, o, "WorkerPoolName", runs);
    a->worker_kind = read_text(r, o, "WorkerKind", runs);
    a->max_parallelism = read_number(r, o, "MaxParallelism", 1, INT32_MAX, PLAN_PARALLELISM);
    a->retries = (int)read_number(r, o, "RetryMaximum", 0, PLAN_RETRIES_MAX, 0);
    a->backoff_s = read_number(r, o, "RetryBackoffSeconds", 0, PLAN_BACKOFF_MAX_S, 0);
    a->timeout_min = read_number(r, o, "TimeoutMinutes", 0, PLAN_TIMEOUT_MAX_MIN, 0);
    a->syntax = read_text(r, o, "Syntax", runs);
    a->raw = json_is_true(json_object_get(o, "IsRaw"));
    a->grace_s = read_number(r, o, "CancelGraceSeconds", 0, PLAN_GRACE_MAX_S, PLAN_GRACE_S);
    if (a->condition != CONDITION_SUCCESS && a->condition != CONDITION_VARIABLE)
        r->bad = "Condition";
}

static void read_step(struct reader *r, const json_t *o, struct plan_step *s)
{
    const char *trigger = read_text(r, o, "StartTrigger", true);

    s->id = read_text(r, o, "Id", true);
    s->name = read_text(r, o, "Name", true);
    s->number = read_text(r, o, "Number", true);
    s->condition = read_condition(r, o);
    s->expression = read_text(r, o, "ConditionExpression", true);
    if (trigger && !start_trigger_of(trigger, &s->trigger)) r->bad = "StartTrigger";
}

static void read_steps(struct reader *r, struct plan *p, const json_t *list)
{
    struct plan_step *steps = ARENA_NEW(&p->arena, struct plan_step, json_array_size(list));
    size_t n_actions = 0, group = 0, i, j;
    const json_t *o, *a;

    json_array_foreach (list, i, o) n_actions += json_array_size(json_object_get(o, "Actions"));
    struct plan_action *actions = ARENA_NEW(&p->arena, struct plan_action, n_actions);
    p->steps = steps;
    p->actions = actions;
    json_array_foreach (list, i, o) {
        const json_t *own = json_object_get(o, "Actions");
        read_step(r, o, &steps[i]);
        if (i > 0 && steps[i].trigger == START_AFTER_PREVIOUS) group++;
        steps[i].index = i;
        steps[i].group = group;
        steps[i].first_action = p->n_actions;
        steps[i].n_actions = json_array_size(own);
        json_array_foreach (own, j, a) {
            struct plan_action *action = &actions[p->n_actions];
            action->index = p->n_actions++;
            action->step = i;
            read_action(r, a, action);
        }
    }
    p->n_steps = json_array_size(list);
}

int plan_parse(json_t *json, struct plan **ret, struct error *e)
{
    struct reader r = {0};
    const json_t *version = json_object_get(json, "Version");

    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return fail(e, ERR_CORRUPT, "the plan has no version");
    if (json_integer_value(version) > PLAN_VERSION)
        return fail(e, ERR_INVALID,
                    "the plan has version %" JSON_INTEGER_FORMAT
                    ", made by a newer version of the program; this one knows %d",
                    json_integer_value(version), PLAN_VERSION);
    if (!json_is_array(json_object_get(json, "Steps")))
        return fail(e, ERR_CORRUPT, "the plan has no list of steps");

    CLEANUP(plan_freep) struct plan *p = xcalloc(1, sizeof *p);
    p->json = json_incref(json);
    p->version = (int)json_integer_value(version);
    p->kind = read_text(&r, json, "Kind", true);
    p->task_id = read_text(&r, json, "TaskId", true);
    p->environment_id = read_text(&r, json, "EnvironmentId", false);
    p->environment_name = read_text(&r, json, "EnvironmentName", false);
    p->channel_id = read_text(&r, json, "ChannelId", false);
    p->max_parallelism = read_number(&r, json, "MaxParallelism", 1, INT32_MAX, PLAN_PARALLELISM);
    p->guided_failure = json_is_true(json_object_get(json, "GuidedFailure"));
    p->references = json_object_get(json, "References");
    read_steps(&r, p, json_object_get(json, "Steps"));
    if (r.bad)
        return fail(e, ERR_CORRUPT, "the plan's member \"%s\" has a value that it cannot have",
                    r.bad);
    *ret = TAKE(p);
    return 0;
}

void plan_free(struct plan *p)
{
    if (p == NULL) return;
    json_decref(p->json);
    arena_done(&p->arena);
    free(p);
}

void plan_freep(struct plan **p) { plan_free(*p); }
