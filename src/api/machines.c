/* machines.c - deployment targets, as far as they are stored, and the policies of machines. Facts:
 * rest.md 2.3, 2.4. */
#include "api/machines.h"
#include "api/paging.h"
#include "model/command.h"

#define MACHINE_FILTERS                                                         \
    {"roles", QUERY_LIST, "only those with one of these roles"},                \
        {"isDisabled", QUERY_FLAG, "only disabled ones, or only others"},       \
        {"healthStatuses", QUERY_LIST, "only with these results of the check"}, \
        {"commStyles", QUERY_LIST, "only of these kinds"},                      \
        {"tenantIds", QUERY_LIST, "only those of these tenants"},               \
        {"tenantTags", QUERY_LIST, "only those of tenants with these tags"},    \
    {                                                                           \
        "shellNames", QUERY_LIST, "only those with these shells"                \
    }
static const struct route_query machine_query[] = {
    QUERY_PLAIN,
    MACHINE_FILTERS,
    {"environmentIds", QUERY_LIST, "only those in these environments"},
    {"thumbprint", QUERY_LIST, "only those with this thumbprint"},
    QUERY_END};
const struct route_query environments_summary_query[] = {
    {"ids", QUERY_LIST, "only these environments"},
    {"partialName", QUERY_TEXT, "part of the environment's name, in any case"},
    {"machinePartialName", QUERY_TEXT, "part of the name of targets"},
    MACHINE_FILTERS,
    QUERY_END};

/* A machine that names no policy has the default one. */
int machine_policy_given(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    const char *id;

    (void)stored;
    if (!str_blank(text(doc, "MachinePolicyId"))) return 0;
    if (default_id(tx, c, &machine_policy_resource, &id, e) < 0) return -1;
    jv_set_str(doc, "MachinePolicyId", id);
    return 0;
}

static const struct resource_hooks machine_hooks = {.before = machine_policy_given};
static int create(struct call *c, struct error *e)
{
    return resource_create_with(c, &machine_hooks, e);
}
static int update(struct call *c, struct error *e)
{
    return resource_update_with(c, &machine_hooks, e);
}

static int roles(struct call *c, struct error *e)
{
    return machine_values_reply(c, &machine_resource, "Roles", e);
}

/* Nothing is deployed to targets yet: none has a task. */
static int check_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *doc = NULL;

    return resource_read(tx, c, &machine_resource, NULL, call_param(c, "id"), &doc, e);
}

static int tasks(struct call *c, struct error *e)
{
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 || db_read(call_app(c)->db, check_tx, c, e) < 0) return -1;
    c->out = paging_envelope(c, &paging, "Task", 0, json_array());
    return 0;
}

/* ---- policies ---- */

static int keep_policy(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                       struct error *e)
{
    (void)tx;
    return default_keep(c, &machine_policy_resource, doc, stored, e);
}

static int move_policy(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                       struct error *e)
{
    (void)stored;
    return default_move(tx, c, &machine_policy_resource, doc, e);
}

static const struct resource_hooks policy_hooks = {keep_policy, move_policy};
static int create_policy(struct call *c, struct error *e)
{
    return resource_create_with(c, &policy_hooks, e);
}
static int update_policy(struct call *c, struct error *e)
{
    return resource_update_with(c, &policy_hooks, e);
}

/* What a policy is when nothing is said about it. */
static int policy_template(struct call *c, struct error *e)
{
    json_auto_t *in = json_object(), *doc = NULL;

    jv_set_str(in, "Name", "New machine policy");
    if (resource_decode(c, &machine_policy_resource, in, NULL, &doc, e) < 0) return -1;
    jv_set_str(doc, "Id", ""); /* it has none before it is created */
    jv_set_str(doc, "SpaceId", c->space_id);
    resource_reply(c, &machine_policy_resource, doc);
    return 0;
}

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("machines", "Machine", machine_fields, machine_query, "MachineView"),
    RESOURCE_POST_ROUTE("/api/{space}/machines", create, "Machine", machine_fields, "MachineCreate",
                        "adds a deployment target"),
    RESOURCE_PUT_ROUTE("/api/{space}/machines/{id}", update, "Machine", machine_fields,
                       "MachineEdit", "replaces a deployment target"),
    RESOURCE_DELETE_ROUTE("/api/{space}/machines", "MachineDelete"),
    {"GET", "/api/{space}/machines/discover", machine_discover, "MachineCreate",
     .out = machine_fields, .out_name = "Machine", .query = machine_discover_query,
     .doc = "asks a machine for its thumbprint: not yet"},
    {"GET", "/api/{space}/machines/{id}/connection", machine_connection, "MachineView",
     .out = machine_connection_fields, .out_name = "MachineConnection",
     .doc = "what is known of the connection to it"},
    {"GET", "/api/{space}/machines/{id}/tasks", tasks, "TaskView", .out = task_fields,
     .out_name = "Task", .shape = ROUTE_PAGE, .doc = "tasks that used it: none"},
    {"GET", "/api/{space}/machineroles/all", roles, "MachineView", .shape = ROUTE_ARRAY,
     .doc = "roles that deployment targets have"},
    RESOURCE_LIST_ROUTE("/api/{space}/environments/{id}/machines", resource_list, "Machine",
                        machine_fields, machine_query, "MachineView",
                        "deployment targets of an environment"),
    RESOURCE_LIST_ROUTE("/api/{space}/machinepolicies/{id}/machines", resource_list, "Machine",
                        machine_fields, machine_query, "MachineView",
                        "deployment targets under a policy"),
    RESOURCE_READ_ROUTES("machinepolicies", "MachinePolicy", machine_policy_fields, resource_query,
                         "MachinePolicyView"),
    {"GET", "/api/{space}/machinepolicies/template", policy_template, "MachinePolicyView",
     .out = machine_policy_fields, .out_name = "MachinePolicy",
     .doc = "what a policy is when nothing is said about it"},
    RESOURCE_POST_ROUTE("/api/{space}/machinepolicies", create_policy, "MachinePolicy",
                        machine_policy_fields, "MachinePolicyCreate", "creates a policy"),
    RESOURCE_PUT_ROUTE("/api/{space}/machinepolicies/{id}", update_policy, "MachinePolicy",
                       machine_policy_fields, "MachinePolicyEdit",
                       "replaces a policy; IsDefault moves the default to it"),
    RESOURCE_DELETE_ROUTE("/api/{space}/machinepolicies", "MachinePolicyDelete"),
};
const struct route_table machine_routes = {rows, ARRAY_LEN(rows)};
