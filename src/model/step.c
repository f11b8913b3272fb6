/* step.c - see step.h.
 *
 * The tables keep every documented member, also those that only clients use. Ids are given once and
 * stay: references by step or action id (variable scopes, "skip this step") rely on it; slugs are
 * made of the name when they are missing and are unique in the process. */
#include "model/step.h"

#include <string.h>

#include "base/id.h"
#include "base/map.h"
#include "base/str.h"
#include "model/process.h"
#include "model/shape.h"

static const char *const step_conditions[] = {"Success", "Failure", "Always", "Variable", NULL};
static const char *const action_conditions[] = {"Success", "Variable", NULL};
static const char *const triggers[] = {"StartAfterPrevious", "StartWithPrevious", NULL};
static const char *const package_requirements[] = {"LetOctopusDecide", "BeforePackageAcquisition",
                                                   "AfterPackageAcquisition", NULL};

static const struct field container_fields[] = {
    {"Image", FIELD_STRING, .doc = "image the script runs in; empty: none"},
    {"FeedId", FIELD_STRING, .doc = "registry of the image"},
    {"GitUrl", FIELD_STRING, .doc = "repository of the Dockerfile"},
    {"Dockerfile", FIELD_STRING, .doc = "path of the Dockerfile"},
    {.name = NULL},
};

static const struct field package_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"Name", FIELD_STRING, .fallback = "\"\"", .doc = "name; empty: the main package"},
    {"PackageId", FIELD_STRING, .doc = "id in the feed"},
    {"FeedId", FIELD_STRING, .doc = "feed it comes from, or an expression"},
    {"AcquisitionLocation", FIELD_STRING, .fallback = "\"Server\"",
     .doc = "Server, ExecutionTarget, NotAcquired, or an expression"},
    {"Version", FIELD_STRING, FIELD_OMIT_NULL, .doc = "fixed version"},
    {"Properties", FIELD_MAP, .item = FIELD_SENSITIVE, .flags = FIELD_PLAIN_TOO,
     .doc = "settings of the package"},
    {.name = NULL},
};

const struct field action_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    ROW_NAME("name, unique in the process"),
    ROW_SLUG,
    {"ActionType", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS,
     .doc = "kind of action, e.g. Octopus.Script"},
    {"Notes", FIELD_STRING, .doc = "for people"},
    {"IsDisabled", FIELD_BOOL, .doc = "true: never runs"},
    {"IsRequired", FIELD_BOOL, .doc = "true: cannot be skipped"},
    {"CanBeUsedForProjectVersioning", FIELD_BOOL, .doc = "true: its package may name releases"},
    {"WorkerPoolId", FIELD_STRING, .ref_kind = "WorkerPools",
     .doc = "pool it runs in; null: the default pool"},
    {"WorkerPoolVariable", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "variable that names the pool instead"},
    {"Container", FIELD_OBJECT, .fields = container_fields, .doc = "container it runs in"},
    {"Environments", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "runs only in these; empty: in all"},
    {"ExcludedEnvironments", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "does not run in these"},
    {"Channels", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Channels",
     .doc = "runs only for releases of these; empty: of all"},
    {"TenantTags", FIELD_LIST, .item = FIELD_STRING, .doc = "runs only for tenants with these"},
    {"Packages", FIELD_LIST, .item = FIELD_OBJECT, .fields = package_fields,
     .doc = "packages it uses"},
    {"GitDependencies", FIELD_LIST, .item = FIELD_ANY, .doc = "repositories it uses"},
    {"Condition", FIELD_STRING, .choices = action_conditions, .fallback = "\"Success\"",
     .doc = "when it runs"},
    {"Properties", FIELD_MAP, FIELD_PLAIN_TOO, .item = FIELD_SENSITIVE,
     .doc = "settings; a text or a sensitive value each"},
    {"StepPackageVersion", FIELD_STRING, FIELD_OMIT_NULL, .doc = "version of the step package"},
    {"Inputs", FIELD_ANY, FIELD_OMIT_NULL, .doc = "inputs of the step package"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field step_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    ROW_NAME("name, unique in the process"),
    ROW_SLUG,
    {"PackageRequirement", FIELD_STRING, .choices = package_requirements,
     .fallback = "\"LetOctopusDecide\"", .doc = "when packages are fetched"},
    {"Properties", FIELD_MAP, FIELD_PLAIN_TOO, .item = FIELD_SENSITIVE,
     .doc = "settings; a text or a sensitive value each"},
    {"Condition", FIELD_STRING, .choices = step_conditions, .fallback = "\"Success\"",
     .doc = "when it runs"},
    {"StartTrigger", FIELD_STRING, .choices = triggers, .fallback = "\"StartAfterPrevious\"",
     .doc = "after the step before it, or beside it"},
    {"Actions", FIELD_LIST, .item = FIELD_OBJECT, .fields = action_fields, .max = ACTIONS_MAX,
     .doc = "what it does, in order"},
    {.name = NULL},
};

/* Slugs already used by things of one kind in this process; the value is not used. */
static void free_slugs(struct map **m) { map_free(*m, NULL); }

static void note_slug(struct map *used, const json_t *o)
{
    const char *slug = jv_str(o, "Slug", NULL);

    if (!str_blank(slug)) map_put(used, slug, (void *)slug);
}

static void give_slug(struct map *used, json_t *o)
{
    CLEANUP(freep) char *base = str_slug(jv_str(o, "Name", ""));
    CLEANUP(freep) char *slug = xstrdup(base);

    if (!str_blank(jv_str(o, "Slug", NULL))) return;
    for (int i = 1; map_get(used, slug); i++) {
        freep(&slug);
        slug = xasprintf("%s-%d", base, i);
    }
    jv_set_str(o, "Slug", slug);
    note_slug(used, o);
}

static void give_id(json_t *o)
{
    char id[UUID_SIZE];

    if (json_is_object(o) && str_blank(jv_str(o, "Id", NULL))) jv_set_str(o, "Id", id_uuid(id));
}

void process_normalise(json_t *doc)
{
    CLEANUP(free_slugs) struct map *steps = map_new(true), *actions = map_new(true);
    json_t *step, *action, *package;
    size_t i, j, k;

    json_array_foreach (jv_get(doc, "Steps"), i, step) {
        note_slug(steps, step);
        json_array_foreach (jv_get(step, "Actions"), j, action) note_slug(actions, action);
    }
    json_array_foreach (jv_get(doc, "Steps"), i, step) {
        give_id(step);
        give_slug(steps, step);
        json_array_foreach (jv_get(step, "Actions"), j, action) {
            give_id(action);
            give_slug(actions, action);
            json_array_foreach (jv_get(action, "Packages"), k, package) give_id(package);
        }
    }
}

static void report(void *ctx, const char *where, const char *text)
{
    problems_add(ctx, where, "%s", text);
}

/* Two things with one id cannot be told apart by whoever refers to it. */
static void check_id(struct map *seen, const json_t *o, const char *where, struct problems *p)
{
    const char *id = jv_str(o, "Id", NULL);

    if (str_blank(id)) return;
    if (map_get(seen, id))
        problems_add(p, arena_fmt(p->arena, "%s/Id", where), "the id \"%s\" is used twice", id);
    map_put(seen, id, (void *)id);
}

static void check_pool(const struct process_action *action, const char *where, struct problems *p)
{
    if (action->worker_pool_id && action->worker_pool_variable)
        problems_add(p, arena_fmt(p->arena, "%s/WorkerPoolVariable", where),
                     "action \"%s\": A step can't have both a worker pool id and a worker pool "
                     "variable",
                     action->name);
}

void process_check(const json_t *doc, struct problems *p)
{
    CLEANUP(free_slugs) struct map *steps = map_new(true), *actions = map_new(true);
    const json_t *step, *action;
    struct process view;
    struct error e;
    size_t i, j;

    if (process_parse(doc, p->arena, &view, report, p, &e) < 0) return;
    json_array_foreach (jv_get(doc, "Steps"), i, step) {
        const char *where = arena_fmt(p->arena, "/Steps/%zu", i);
        check_id(steps, step, where, p);
        if (view.steps[i].n_actions == 0)
            problems_add(p, arena_fmt(p->arena, "%s/Actions", where), "step \"%s\" has no action",
                         view.steps[i].name);
        json_array_foreach (jv_get(step, "Actions"), j, action) {
            const char *at = arena_fmt(p->arena, "%s/Actions/%zu", where, j);
            check_id(actions, action, at, p);
            check_pool(&view.steps[i].actions[j], at, p);
        }
    }
}

static void add_feed(const char *id, const char *pointer, struct references *out)
{
    int64_t n;

    if (id == NULL || !str_starts(id, "Feeds-") ||
        !str_i64(id + strlen("Feeds-"), 1, INT64_MAX, &n))
        return;
    references_add(out, (struct reference){.member = "Steps.Actions.FeedId",
                                           .id = id,
                                           .kind = "Feeds",
                                           .pointer = pointer,
                                           .restricts = true});
}

static void refer_action(const json_t *action, const char *where, struct references *out)
{
    static const char property[] = "Octopus.Action.Package.FeedId";
    struct arena *a = out->arena;
    const json_t *package;
    size_t i;

    add_feed(jv_str(jv_get(action, "Container"), "FeedId", NULL),
             arena_fmt(a, "%s/Container/FeedId", where), out);
    add_feed(jv_str(jv_get(action, "Properties"), property, NULL),
             arena_fmt(a, "%s/Properties/%s", where, property), out);
    json_array_foreach (jv_get(action, "Packages"), i, package)
        add_feed(jv_str(package, "FeedId", NULL), arena_fmt(a, "%s/Packages/%zu/FeedId", where, i),
                 out);
}

void process_refer(const json_t *doc, struct references *out)
{
    const json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(doc, "Steps"), i, step)
        json_array_foreach (jv_get(step, "Actions"), k, action)
            refer_action(action, arena_fmt(out->arena, "/Steps/%zu/Actions/%zu", i, k), out);
}
