/* process.c - see process.h.
 *
 * A parser that goes on after a problem: a person who saves a process wants to read everything that
 * is wrong with it at once, a rule that reads a stored one wants the first. What a member should
 * have been is then its default, so that the rest of the document can be checked. `where` is the
 * JSON pointer of the thing being read, `who` its name in words. */
#include "model/process.h"

#include <stdarg.h>

#include "base/map.h"
#include "base/str.h"
#include "base/utf8.h"
#include "schema/schema.h"

struct parser {
    struct arena *arena;
    process_problem *report;
    void *ctx;
    struct error *e;
    size_t problems;
    struct map *step_names, *action_names; /* name -> where it was first used */
};

static const char *const condition_names[] = {
    [CONDITION_SUCCESS] = "Success",
    [CONDITION_FAILURE] = "Failure",
    [CONDITION_ALWAYS] = "Always",
    [CONDITION_VARIABLE] = "Variable",
};
static const char *const trigger_names[] = {
    [START_AFTER_PREVIOUS] = "StartAfterPrevious",
    [START_WITH_PREVIOUS] = "StartWithPrevious",
};

const char *run_condition_name(enum run_condition c) { return condition_names[c]; }
const char *start_trigger_name(enum start_trigger t) { return trigger_names[t]; }

static int name_index(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_same(names[i], name)) return (int)i;
    return -1;
}

bool run_condition_of(const char *name, enum run_condition *ret)
{
    int i = name_index(condition_names, ARRAY_LEN(condition_names), name);

    if (i >= 0) *ret = (enum run_condition)i;
    return i >= 0;
}

bool start_trigger_of(const char *name, enum start_trigger *ret)
{
    int i = name_index(trigger_names, ARRAY_LEN(trigger_names), name);

    if (i >= 0) *ret = (enum start_trigger)i;
    return i >= 0;
}

PRINTF(3, 4) static void problem(struct parser *p, const char *where, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    if (p->report) p->report(p->ctx, where, buf_str(&text));
    if (p->problems++ == 0) (void)fail_at(p->e, where, "%s", buf_str(&text));
}

static const char *below(struct parser *p, const char *where, const char *member)
{
    return arena_fmt(p->arena, "%s/%s", where, member);
}

/* The text of a member; NULL when it is absent, null, or (a problem) no string. */
static const char *text_of(struct parser *p, const json_t *o, const char *member, const char *where,
                           const char *who)
{
    const json_t *v = jv_get(o, member);

    if (v == NULL || json_is_null(v)) return NULL;
    if (!json_is_string(v))
        problem(p, below(p, where, member), "%s: %s is not a text", who, member);
    return json_string_value(v);
}

/* Clients send "" for none. */
static const char *text_or_none(struct parser *p, const json_t *o, const char *member,
                                const char *where, const char *who)
{
    const char *s = text_of(p, o, member, where, who);

    return str_blank(s) ? NULL : s;
}

static bool flag_of(struct parser *p, const json_t *o, const char *member, const char *where,
                    const char *who)
{
    const json_t *v = jv_get(o, member);

    if (v && !json_is_boolean(v) && !json_is_null(v))
        problem(p, below(p, where, member), "%s: %s is neither true nor false", who, member);
    return json_is_true(v);
}

static struct process_texts texts_of(struct parser *p, const json_t *o, const char *member,
                                     const char *where, const char *who)
{
    const json_t *list = jv_get(o, member), *v;
    size_t i, n = json_array_size(list);
    const char **items = ARENA_NEW(p->arena, const char *, n);

    if (list && !json_is_array(list) && !json_is_null(list))
        problem(p, below(p, where, member), "%s: %s is not a list", who, member);
    json_array_foreach (list, i, v) {
        if (!json_is_string(v))
            problem(p, below(p, where, member), "%s: %s holds something that is not a text", who,
                    member);
        items[i] = json_is_string(v) ? json_string_value(v) : "";
    }
    return (struct process_texts){items, n};
}

static struct process_property property_of(struct parser *p, const char *name, const json_t *v,
                                           const char *where, const char *who)
{
    struct process_property property = {.name = name};

    if (json_is_string(v)) property.value = json_string_value(v);
    else if (json_is_boolean(v)) property.value = json_is_true(v) ? "True" : "False";
    else if (json_is_integer(v))
        property.value = arena_fmt(p->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_object(v)) property.sensitive = true;
    else if (!json_is_null(v))
        problem(p, below(p, where, pointer_token(p->arena, name)),
                "%s: the property \"%s\" is neither a text nor a sensitive value", who, name);
    return property;
}

static struct process_properties properties_of(struct parser *p, const json_t *o, const char *where,
                                               const char *who)
{
    const json_t *bag = jv_get(o, "Properties");
    json_t *v;
    size_t n = 0;
    const char *name;
    struct process_property *items =
        ARENA_NEW(p->arena, struct process_property, json_object_size(bag));

    where = below(p, where, "Properties");
    if (bag && !json_is_object(bag) && !json_is_null(bag))
        problem(p, where, "%s: Properties is not an object", who);
    json_object_foreach ((json_t *)bag, name, v) items[n++] = property_of(p, name, v, where, who);
    return (struct process_properties){items, n};
}

const char *process_property(const struct process_properties *properties, const char *name)
{
    for (size_t i = 0; i < properties->n; i++)
        if (str_same(properties->items[i].name, name)) return properties->items[i].value;
    return NULL;
}

/* The name of a step or action: not blank, not too long, and the only one of its kind in the
 * process. */
static const char *name_of(struct parser *p, const json_t *o, struct map *names, const char *where,
                           const char *who, const char *kind)
{
    const char *name = text_of(p, o, "Name", where, who);

    where = below(p, where, "Name");
    if (str_blank(name)) {
        problem(p, where, "%s has no name", who);
        return "";
    }
    if (utf8_length(name) > PROCESS_NAME_MAX) {
        problem(p, where, "%s: the name has %zu characters, at most %d are allowed", who,
                utf8_length(name), PROCESS_NAME_MAX);
        return "";
    }
    CLEANUP(freep) char *key = str_fold(name);
    const char *first = map_get(names, key);
    if (first)
        problem(p, where, "%s: the name \"%s\" is used by the %s at %s already", who, name, kind,
                first);
    else map_put(names, key, (void *)where);
    return name;
}

static enum run_condition condition_of(struct parser *p, const json_t *o, bool of_action,
                                       const char *where, const char *who)
{
    enum run_condition c = CONDITION_SUCCESS;
    const char *s = text_or_none(p, o, "Condition", where, who);

    if (s == NULL) return c;
    if (!run_condition_of(s, &c) ||
        (of_action && c != CONDITION_SUCCESS && c != CONDITION_VARIABLE)) {
        problem(p, below(p, where, "Condition"), "%s: the condition \"%s\" is none of %s", who, s,
                of_action ? "Success, Variable" : "Success, Failure, Always, Variable");
        return CONDITION_SUCCESS;
    }
    return c;
}

static enum start_trigger trigger_of(struct parser *p, const json_t *o, const char *where,
                                     const char *who)
{
    enum start_trigger t = START_AFTER_PREVIOUS;
    const char *s = text_or_none(p, o, "StartTrigger", where, who);

    if (s && !start_trigger_of(s, &t))
        problem(p, below(p, where, "StartTrigger"),
                "%s: the start trigger \"%s\" is none of StartAfterPrevious, StartWithPrevious",
                who, s);
    return t;
}

static struct process_action parse_action(struct parser *p, const json_t *o, const char *where,
                                          const char *who)
{
    struct process_action a = {0};

    if (!json_is_object(o)) problem(p, where, "%s is not an object", who);
    a.name = name_of(p, o, p->action_names, where, who, "action");
    if (a.name[0]) who = arena_fmt(p->arena, "action \"%s\"", a.name);
    a.id = text_of(p, o, "Id", where, who);
    a.slug = text_of(p, o, "Slug", where, who);
    a.type = text_or_none(p, o, "ActionType", where, who);
    if (a.type == NULL) problem(p, below(p, where, "ActionType"), "%s has no action type", who);
    a.disabled = flag_of(p, o, "IsDisabled", where, who);
    a.required = flag_of(p, o, "IsRequired", where, who);
    a.condition = condition_of(p, o, true, where, who);
    a.worker_pool_id = text_or_none(p, o, "WorkerPoolId", where, who);
    a.worker_pool_variable = text_or_none(p, o, "WorkerPoolVariable", where, who);
    a.container_image =
        text_or_none(p, jv_get(o, "Container"), "Image", below(p, where, "Container"), who);
    a.environments = texts_of(p, o, "Environments", where, who);
    a.excluded_environments = texts_of(p, o, "ExcludedEnvironments", where, who);
    a.channels = texts_of(p, o, "Channels", where, who);
    a.tenant_tags = texts_of(p, o, "TenantTags", where, who);
    a.properties = properties_of(p, o, where, who);
    return a;
}

static struct process_step parse_step(struct parser *p, const json_t *o, const char *where,
                                      const char *who)
{
    struct process_step s = {0};
    const json_t *list = jv_get(o, "Actions"), *v;
    size_t i;

    if (!json_is_object(o)) problem(p, where, "%s is not an object", who);
    s.name = name_of(p, o, p->step_names, where, who, "step");
    if (s.name[0]) who = arena_fmt(p->arena, "step \"%s\"", s.name);
    s.id = text_of(p, o, "Id", where, who);
    s.slug = text_of(p, o, "Slug", where, who);
    s.condition = condition_of(p, o, false, where, who);
    s.trigger = trigger_of(p, o, where, who);
    s.properties = properties_of(p, o, where, who);

    where = below(p, where, "Actions");
    if (list && !json_is_array(list) && !json_is_null(list))
        problem(p, where, "%s: Actions is not a list", who);
    struct process_action *actions =
        ARENA_NEW(p->arena, struct process_action, json_array_size(list));
    json_array_foreach (list, i, v) {
        actions[i] = parse_action(p, v, arena_fmt(p->arena, "%s/%zu", where, i),
                                  arena_fmt(p->arena, "action %zu of %s", i + 1, who));
    }
    s.actions = actions;
    s.n_actions = json_array_size(list);
    return s;
}

static void free_names(struct map **m) { map_free(*m, NULL); }

int process_parse(const json_t *document, struct arena *a, struct process *ret,
                  process_problem *report, void *ctx, struct error *e)
{
    CLEANUP(free_names) struct map *step_names = map_new(false);
    CLEANUP(free_names) struct map *action_names = map_new(false);
    struct parser p = {.arena = a,
                       .report = report,
                       .ctx = ctx,
                       .e = e,
                       .step_names = step_names,
                       .action_names = action_names};
    const json_t *list = jv_get(document, "Steps"), *v;
    size_t i;

    if (!json_is_object(document)) problem(&p, "", "the process is not an object");
    if (list && !json_is_array(list) && !json_is_null(list))
        problem(&p, "/Steps", "Steps is not a list");
    struct process_step *steps = ARENA_NEW(a, struct process_step, json_array_size(list));
    json_array_foreach (list, i, v)
        steps[i] =
            parse_step(&p, v, arena_fmt(a, "/Steps/%zu", i), arena_fmt(a, "step %zu", i + 1));
    if (p.problems) return -1;
    *ret = (struct process){.id = jv_str(document, "Id", NULL),
                            .version = jv_i64(document, "Version", 0),
                            .steps = steps,
                            .n_steps = json_array_size(list)};
    return 0;
}

/* Octopus.Step... is the documented name for steps, Octopus.Action... is what clients write for
 * both. */
static const char *expression_of(const struct process_properties *properties)
{
    static const char *const names[] = {"Octopus.Step.ConditionVariableExpression",
                                        "Octopus.Action.ConditionVariableExpression"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *s = process_property(properties, names[i]);
        if (!str_blank(s)) return s;
    }
    return "";
}

const char *process_step_expression(const struct process_step *step)
{
    return expression_of(&step->properties);
}

const char *process_action_expression(const struct process_action *action)
{
    return expression_of(&action->properties);
}
