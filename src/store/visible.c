/* visible.c - see visible.h. */
#include "store/visible.h"

#include <string.h>

/* The documents of that kind that are about one of the projects: themselves, or by a reference. */
static void add_projects(struct query *q, const char *kind, const struct visible *v)
{
    bool group = strcmp(kind, "ProjectGroups") == 0, project = strcmp(kind, "Projects") == 0;

    if (group || project) {
        query_add_in(q, " and (d.id in", group ? v->groups : v->projects,
                     group ? v->n_groups : v->n_projects);
        query_add_in(q,
                     " or d.id in (select r.from_id from reference r where r.member = "
                     "'ProjectGroupId' and r.to_id in",
                     v->groups, v->n_groups);
    } else {
        /* also what belongs to something that refers to the project: a defect to its release */
        query_add_in(q,
                     " and exists (select 1 from reference r where r.from_id in (d.id, d.owner_id) "
                     "and r.member in ('ProjectId', 'OwnerId') and (r.to_id in",
                     v->projects, v->n_projects);
        query_add_in(q,
                     " or r.to_id in (select g.from_id from reference g where g.member = "
                     "'ProjectGroupId' and g.to_id in",
                     v->groups, v->n_groups);
        query_add(q, ")");
    }
    query_add(q, "))");
}

static void add_environments(struct query *q, const char *kind, const struct visible *v)
{
    if (strcmp(kind, "Environments") == 0) {
        query_add_in(q, " and d.id in", v->environments, v->n_environments);
        return;
    }
    query_add_in(q,
                 " and d.id in (select r.from_id from reference r where r.member in "
                 "('EnvironmentId', 'EnvironmentIds') and r.to_id in",
                 v->environments, v->n_environments);
    query_add(q, ")");
}

void visible_add_documents(struct query *q, const char *kind, const struct visible_parts *parts)
{
    bool is_environment = strcmp(kind, "Environments") == 0,
         of_no_environment = strcmp(kind, "Projects") == 0 || strcmp(kind, "ProjectGroups") == 0 ||
                             strcmp(kind, "variableset") == 0;

    if (parts->items == NULL) return;
    query_add(q, " and (1 = 0");
    for (size_t i = 0; i < parts->n; i++) {
        const struct visible *v = &parts->items[i];
        query_add(q, " or (1 = 1");
        if (v->space_id) query_add1(q, " and d.space_id = ?", TEXT(v->space_id));
        if ((v->n_projects || v->n_groups) && !is_environment) add_projects(q, kind, v);
        if (v->n_environments && !of_no_environment) add_environments(q, kind, v);
        query_add(q, ")");
    }
    query_add(q, ")");
}

void visible_add_tasks(struct query *q, const struct visible_parts *parts)
{
    if (parts == NULL || parts->items == NULL) return;
    query_add(q, " and (1 = 0");
    for (size_t i = 0; i < parts->n; i++) {
        const struct visible *v = &parts->items[i];
        query_add(q, " or (1 = 1");
        if (v->space_id) query_add1(q, " and space_id = ?", TEXT(v->space_id));
        if (v->n_projects || v->n_groups) {
            query_add_in(q, " and (project_id in", v->projects, v->n_projects);
            query_add_in(q,
                         " or project_id in (select g.from_id from reference g where g.member = "
                         "'ProjectGroupId' and g.to_id in",
                         v->groups, v->n_groups);
            query_add(q, "))");
        }
        if (v->n_environments)
            query_add_in(q, " and environment_id in", v->environments, v->n_environments);
        query_add(q, ")");
    }
    query_add(q, ")");
}
