/* variable_scopes.c - what variables can be scoped to; see variables.h. Facts: rest.md 2.15. */
#include <string.h>

#include "api/machines.h"
#include "api/permit.h"
#include "api/variables.h"

static void add_item(json_t *list, const char *id, const char *name, const char *type)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "Name", name);
    if (type) jv_set_str(o, "ProcessType", type);
    jv_push(list, o);
}

static int add_named(struct db_tx *tx, struct call *c, const struct document_query *asked,
                     const char *type, json_t *list, struct error *e)
{
    struct document_query q = *asked;
    struct document_page page;

    q.take = -1;
    q.without_body = true;
    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) add_item(list, page.items[i].id, page.items[i].name, type);
    return 0;
}

static void add_steps(const json_t *process, json_t *list)
{
    json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(process, "Steps"), i, step)
        json_array_foreach (jv_get(step, "Actions"), k, action)
            add_item(list, text(action, "Id"), text(action, "Name"), NULL);
}

/* Those of the deployment process, then those of the runbooks. */
static int add_actions(struct db_tx *tx, struct call *c, const char *project, json_t *list,
                       struct error *e)
{
    struct document_query runbooks = {.kind = runbook_process_resource.kind,
                                      .space_id = c->space_id,
                                      .filters =
                                          &(struct document_filter){"ProjectId", &project, 1},
                                      .n_filters = 1,
                                      .id_without = RESOURCE_FROZEN,
                                      .order = DOCUMENT_BY_ID,
                                      .take = -1};
    const char *id = arena_fmt(c->arena, "deploymentprocess-%s", project);
    json_auto_t *process = NULL, *all = NULL;
    struct document d;
    json_t *one;
    size_t i;

    if (document_get(tx, deployment_process_resource.kind, id, c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0 || resource_documents(tx, c, &runbooks, &all, e) < 0)
        return -1;
    add_steps(process, list);
    json_array_foreach (all, i, one) add_steps(one, list);
    return 0;
}

static int add_of_project(struct db_tx *tx, struct call *c, const char *project, json_t *values,
                          struct error *e)
{
    struct document_query channels = {.kind = channel_resource.kind, .owner_id = project},
                          runbooks = {.kind = runbook_resource.kind, .owner_id = project};
    json_t *processes = jv_get(values, "Processes");

    add_item(processes, project, "Deployment process", "Deployment");
    return add_actions(tx, c, project, jv_get(values, "Actions"), e) < 0 ||
                   add_named(tx, c, &channels, NULL, jv_get(values, "Channels"), e) < 0 ||
                   add_named(tx, c, &runbooks, "Runbook", processes, e) < 0
               ? -1
               : 0;
}

/* A tag is its own id: the name of its set and its name. */
static int add_tags(struct db_tx *tx, struct call *c, json_t *list, struct error *e)
{
    struct document_query q = {.kind = tag_set_resource.kind,
                               .space_id = c->space_id,
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};
    json_auto_t *sets = NULL;
    json_t *set, *tag;
    size_t i, k;

    if (resource_documents(tx, c, &q, &sets, e) < 0) return -1;
    json_array_foreach (sets, i, set)
        json_array_foreach (jv_get(set, "Tags"), k, tag)
            add_item(list, text(tag, "CanonicalTagName"), text(tag, "CanonicalTagName"), NULL);
    return 0;
}

static int add_roles(struct db_tx *tx, struct call *c, json_t *list, struct error *e)
{
    json_auto_t *roles = json_array();
    json_t *role;
    size_t i;

    if (machine_values(tx, c, &machine_resource, "Roles", roles, e) < 0) return -1;
    json_array_foreach (roles, i, role)
        add_item(list, json_string_value(role), json_string_value(role), NULL);
    return 0;
}

int variable_scopes(struct db_tx *tx, struct call *c, json_t *set, struct error *e)
{
    static const char *const names[] = {"Environments", "Machines",   "Actions",  "Roles",
                                        "Channels",     "TenantTags", "Processes"};
    struct document_query environments = {.kind = environment_resource.kind,
                                          .space_id = c->space_id,
                                          .visible =
                                              permit_visible_by(c, "EnvironmentView", c->space_id),
                                          .order = DOCUMENT_BY_SORT},
                          machines = {.kind = machine_resource.kind,
                                      .space_id = c->space_id,
                                      .visible = permit_visible_by(c, "MachineView", c->space_id)};
    const char *owner = text(set, "OwnerId");
    json_t *values = json_object();

    jv_set(set, "ScopeValues", values);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) jv_set(values, names[i], json_array());
    if (variable_set_owner(owner) == &project_resource &&
        add_of_project(tx, c, owner, values, e) < 0)
        return -1;
    return add_named(tx, c, &environments, NULL, jv_get(values, "Environments"), e) < 0 ||
                   add_named(tx, c, &machines, NULL, jv_get(values, "Machines"), e) < 0 ||
                   add_roles(tx, c, jv_get(values, "Roles"), e) < 0 ||
                   add_tags(tx, c, jv_get(values, "TenantTags"), e) < 0
               ? -1
               : 0;
}
