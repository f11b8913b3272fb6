/* scope.c - see scope.h.
 *
 * The weights are those that clients compute with. Process owner, trigger and parent deployment are
 * not among them and have their places by what the product documents: a process owner is less than
 * a channel, a trigger overrides everything that a process can say. */
#include "rules/scope.h"

#include "base/map.h"
#include "base/str.h"

enum field {
    PROJECT,
    PROCESS_OWNER,
    CHANNEL,
    ENVIRONMENT,
    TENANT_TAG,
    TENANT,
    ROLE,
    TARGET_ROLE,
    MACHINE,
    ACTION,
    TRIGGER,
    USER,
    FIELDS
};
static const struct {
    const char *name;
    int64_t weight;
} fields[FIELDS] = {
    [PROJECT] = {"Project", 1},         [PROCESS_OWNER] = {"ProcessOwner", 5},
    [CHANNEL] = {"Channel", 10},        [ENVIRONMENT] = {"Environment", 100},
    [TENANT_TAG] = {"TenantTag", 1000}, [TENANT] = {"Tenant", 1001},
    [ROLE] = {"Role", 10000},           [TARGET_ROLE] = {"TargetRole", 100000},
    [MACHINE] = {"Machine", 1000000},   [ACTION] = {"Action", 10000000},
    [TRIGGER] = {"Trigger", 50000000},  [USER] = {"User", 100000000},
};

/* What the context has for a field: one id in ${one}, or a list. */
static struct scope_ids ids_of(const struct scope_context *c, enum field field, const char **one)
{
    switch (field) {
    case PROJECT: *one = c->project; break;
    case PROCESS_OWNER: *one = c->process_owner; break;
    case CHANNEL: *one = c->channel; break;
    case ENVIRONMENT: *one = c->environment; break;
    case TENANT: *one = c->tenant; break;
    case MACHINE: *one = c->machine; break;
    case ACTION: *one = c->action; break;
    case TRIGGER: *one = c->trigger; break;
    case USER: *one = c->user; break;
    case TENANT_TAG: return c->tenant_tags;
    case ROLE: return c->roles;
    case TARGET_ROLE: return c->target_roles;
    default: *one = NULL; break;
    }
    return (struct scope_ids){one, *one && **one ? 1 : 0};
}

static bool has(struct scope_ids ids, const json_t *id)
{
    for (size_t i = 0; json_is_string(id) && i < ids.n; i++)
        if (str_same(ids.items[i], json_string_value(id))) return true;
    return false;
}

/* Does one of ${wanted} (a list of ids, or one id) stand in the context? */
static bool matches(const struct scope_context *c, enum field field, const json_t *wanted)
{
    const char *one = NULL;
    struct scope_ids ids = ids_of(c, field, &one);
    const json_t *id;
    size_t i;

    if (json_is_string(wanted)) return has(ids, wanted);
    json_array_foreach (wanted, i, id)
        if (has(ids, id)) return true;
    return false;
}

static bool is_empty(const json_t *wanted)
{
    return json_is_null(wanted) || (json_is_array(wanted) && json_array_size(wanted) == 0);
}

int64_t scope_weight(const json_t *scope, const struct scope_context *context)
{
    const char *name;
    json_t *wanted;
    int64_t weight = 0;

    json_object_foreach ((json_t *)scope, name, wanted) {
        enum field field = 0;
        if (is_empty(wanted)) continue;
        while (field < FIELDS && !str_same(fields[field].name, name)) field++;
        if (field == FIELDS || !matches(context, field, wanted)) return -1;
        weight += fields[field].weight;
    }
    return weight;
}

static struct scope_variable variable_of(const json_t *document, int64_t weight)
{
    const char *type = jv_str(document, "Type", "String");

    return (struct scope_variable){
        .name = jv_str(document, "Name", NULL),
        .value = jv_str(document, "Value", NULL),
        .type = type,
        .sensitive = jv_bool(document, "IsSensitive", false) || str_same(type, "Sensitive"),
        .document = document,
        .weight = weight,
    };
}

void scope_select(const json_t *const *sets, size_t n, const struct scope_context *context,
                  struct arena *a, struct scope_variable **ret, size_t *ret_n)
{
    struct map *chosen = map_new(true);
    struct scope_variable *out;
    const json_t *document;
    size_t total = 0, used = 0, k;

    for (size_t i = 0; i < n; i++) total += json_array_size(sets[i]);
    out = ARENA_NEW(a, struct scope_variable, total);
    for (size_t i = 0; i < n; i++) {
        json_array_foreach (sets[i], k, document) {
            int64_t weight = scope_weight(jv_get(document, "Scope"), context);
            const char *name = jv_str(document, "Name", NULL);
            if (weight < 0 || str_blank(name)) continue;
            struct scope_variable *before = map_get(chosen, name);
            if (before && weight <= before->weight)
                continue; /* among equals the earlier one wins */
            if (before == NULL) map_put(chosen, name, before = &out[used++]);
            *before = variable_of(document, weight);
        }
    }
    map_free(chosen, NULL);
    *ret = out;
    *ret_n = used;
}
