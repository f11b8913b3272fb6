/* permission.c - see permission.h. */
#include "rules/permission.h"

#include <string.h>

const struct grants grants_of_everything = {.all = true};

bool ids_have(struct ids list, const char *id)
{
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.items[i], id) == 0) return true;
    return false;
}

static bool is_in(const struct grant *g, const char *space_id)
{
    if (space_id == NULL) return g->space_id == NULL && !g->every_space;
    return g->every_space || (g->space_id && strcmp(g->space_id, space_id) == 0);
}

struct grant grant_effective(const struct grant *g, int permission)
{
    unsigned known = permissions[permission].restrictions;
    struct grant e = *g;
    const struct ids none = {NULL, 0};

    if (!(known & RESTRICT_PROJECTS)) e.projects = none;
    if (!(known & RESTRICT_GROUPS)) e.groups = none;
    if (!(known & RESTRICT_ENVIRONMENTS)) e.environments = none;
    if (!(known & RESTRICT_TENANTS)) e.tenants = none;
    return e;
}

static bool is_restricted(const struct grant *e)
{
    return e->projects.n || e->groups.n || e->environments.n || e->tenants.n;
}

/* Projects and their groups are one restriction: the one or the other is enough. */
static bool covers_project(const struct grant *e, const struct subject *s)
{
    if (e->projects.n == 0 && e->groups.n == 0) return true;
    if (s->project_id == NULL && s->group_id == NULL) return s->partial;
    return (s->project_id && ids_have(e->projects, s->project_id)) ||
           (s->group_id && ids_have(e->groups, s->group_id));
}

static bool covers_list(struct ids allowed, struct ids asked, bool partial, bool one_is_enough)
{
    size_t n = 0;

    if (allowed.n == 0) return true;
    if (asked.n == 0) return partial;
    for (size_t i = 0; i < asked.n; i++) n += ids_have(allowed, asked.items[i]);
    return one_is_enough ? n > 0 : n == asked.n;
}

bool grants_hold(const struct grants *g, int permission, const char *space_id)
{
    if (g->all) return true;
    for (size_t i = 0; i < g->n; i++)
        if (permission_set_has(&g->items[i].set, permission) &&
            (space_id == NULL || is_in(&g->items[i], space_id)))
            return true;
    return false;
}

bool grants_cover(const struct grants *g, int permission, const struct subject *s)
{
    bool view = strcmp(permissions[permission].view, permissions[permission].name) == 0;

    if (g->all) return true;
    for (size_t i = 0; i < g->n; i++) {
        if (!permission_set_has(&g->items[i].set, permission) || !is_in(&g->items[i], s->space_id))
            continue;
        struct grant e = grant_effective(&g->items[i], permission);
        if (covers_project(&e, s) &&
            covers_list(e.environments, s->environments, s->partial, view) &&
            covers_list(e.tenants, s->tenants, s->partial, view))
            return true;
    }
    return false;
}

bool grants_cover_all(const struct grants *g, int permission, const char *space_id)
{
    if (g->all) return true;
    for (size_t i = 0; i < g->n; i++) {
        struct grant e = grant_effective(&g->items[i], permission);
        if (permission_set_has(&e.set, permission) && is_in(&e, space_id) && !is_restricted(&e))
            return true;
    }
    return false;
}

bool grants_enter(const struct grants *g, const char *space_id)
{
    if (g->all) return true;
    for (size_t i = 0; i < g->n; i++)
        if (is_in(&g->items[i], space_id)) return true;
    return false;
}

/* ---- giving ---- */

static bool all_in(struct ids list, struct ids allowed)
{
    for (size_t i = 0; i < list.n; i++)
        if (!ids_have(allowed, list.items[i])) return false;
    return true;
}

/* No wider than ${mine}, one restriction at a time. */
static bool is_within(const struct grant *given, const struct grant *mine)
{
    if (mine->projects.n || mine->groups.n) {
        if (given->projects.n == 0 && given->groups.n == 0) return false;
        if (!all_in(given->projects, mine->projects) || !all_in(given->groups, mine->groups))
            return false;
    }
    if (mine->environments.n &&
        (given->environments.n == 0 || !all_in(given->environments, mine->environments)))
        return false;
    return mine->tenants.n == 0 || (given->tenants.n && all_in(given->tenants, mine->tenants));
}

static bool may_give(const struct grants *g, const struct grant *given, int permission)
{
    struct grant wanted = grant_effective(given, permission);

    for (size_t i = 0; i < g->n; i++) {
        struct grant mine = grant_effective(&g->items[i], permission);
        bool there = given->every_space ? mine.every_space : is_in(&mine, given->space_id);
        if (permission_set_has(&mine.set, permission) && there && is_within(&wanted, &mine))
            return true;
    }
    return false;
}

int grants_may_give(const struct grants *g, const struct grant *given)
{
    for (int p = 0; !g->all && p < (int)permissions_n; p++)
        if (permission_set_has(&given->set, p) && !may_give(g, given, p)) return p;
    return -1;
}
