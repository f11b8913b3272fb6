/* permit.c - see permit.h. */
#include "api/permit.h"

#include <string.h>

#include "api/grants.h"

int permit_denied(const struct call *c, const char *permission, const char *what, struct error *e)
{
    return fail(e, ERR_DENIED, "%s may not do this: permission %s is missing%s%.100s",
                c->caller.name, permission, what ? " for " : "", what ? what : "");
}

bool permit_holds(const struct call *c, const char *permission, const char *space_id)
{
    return grants_cover_all(c->caller.grants, permission_find(permission), space_id);
}

int permit_user(const struct call *c, const char *user_id, struct error *e)
{
    struct app *app = call_app(c);
    const struct grants *theirs;
    int missing = -1;

    if (grant_cache_get(app->grants, app->db, user_id, &theirs, e) < 0) return -1;
    for (size_t i = 0; i < theirs->n && missing < 0; i++)
        missing = grants_may_give(c->caller.grants, &theirs->items[i]);
    grant_cache_let_go(app->grants, theirs);
    if (missing < 0) return 0;
    return permit_denied(c, permissions[missing].name, user_id, e);
}

bool permit_is_free(const struct call *c)
{
    return (c->caller.grants && c->caller.grants->all) || c->route->permission[0] == '*';
}

/* ---- one thing ---- */

static struct ids one_id(struct arena *a, const char *id)
{
    const char **ids = ARENA_NEW(a, const char *, 1);

    *ids = id;
    return (struct ids){ids, str_blank(id) ? 0 : 1};
}

static struct ids list_of(struct arena *a, const json_t *list)
{
    const char **ids = ARENA_NEW(a, const char *, json_array_size(list) + 1);
    const json_t *one;
    size_t i;

    json_array_foreach (list, i, one) ids[i] = json_string_value(one);
    return (struct ids){ids, json_array_size(list)};
}

/* One id in ${one}, or the list ${many}. */
static struct ids either(struct arena *a, const json_t *doc, const char *one, const char *many)
{
    const char *id = text(doc, one);

    return id[0] ? one_id(a, id) : list_of(a, jv_get(doc, many));
}

static const char *given(const char *id) { return str_blank(id) ? NULL : id; }

/* A member of a stored document; NULL when either is missing. In the call's arena. */
static int member_of(struct db_tx *tx, const struct call *c, const struct resource *r,
                     const char *id, const char *member, const char **ret, struct error *e)
{
    struct error why = {0};
    json_auto_t *doc = NULL;
    struct document d;

    *ret = NULL;
    if (document_get(tx, r->kind, id, c->arena, &d, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return 0;
        *e = why;
        return -1;
    }
    if (document_json(&d, &doc, e) < 0) return -1;
    *ret = given(arena_strdup(c->arena, text(doc, member)));
    return 0;
}

/* What belongs to a release is about the release's project. */
static int subject_of(struct db_tx *tx, const struct call *c, const struct resource *r,
                      const json_t *doc, struct subject *ret, struct error *e)
{
    struct subject s = {.space_id = given(text(doc, "SpaceId")),
                        .project_id = given(text(doc, "ProjectId")),
                        .environments = either(c->arena, doc, "EnvironmentId", "EnvironmentIds"),
                        .tenants = either(c->arena, doc, "TenantId", "TenantIds")};

    if (s.project_id == NULL && r == &variable_set_resource)
        s.project_id = given(text(doc, "OwnerId"));
    if (r == &project_resource) {
        s.project_id = text(doc, "Id");
        s.group_id = given(text(doc, "ProjectGroupId"));
    }
    if (r == &project_group_resource) s.group_id = text(doc, "Id");
    if (r == &environment_resource) s.environments = one_id(c->arena, text(doc, "Id"));
    *ret = s;
    if (s.project_id || text(doc, "ReleaseId")[0] == '\0') return 0;
    return member_of(tx, c, &release_resource, text(doc, "ReleaseId"), "ProjectId",
                     &ret->project_id, e);
}

static bool has_groups(const struct grants *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->items[i].groups.n) return true;
    return false;
}

/* The group of the project, when a grant asks for it. */
static int find_group(struct db_tx *tx, const struct call *c, struct subject *s, struct error *e)
{
    if (s->project_id == NULL || s->group_id || !has_groups(c->caller.grants)) return 0;
    return member_of(tx, c, &project_resource, s->project_id, "ProjectGroupId", &s->group_id, e);
}

/* ${view}: the permission to view the thing; -1: there is nothing to hide. */
static int judge(struct db_tx *tx, const struct call *c, const char *permission, struct subject *s,
                 int view, const char *asked, struct error *e)
{
    const struct grants *g = c->caller.grants;

    if (find_group(tx, c, s, e) < 0) return -1;
    if (grants_cover(g, permission_find(permission), s)) return 0;
    return view < 0 || grants_cover(g, view, s) ? permit_denied(c, permission, asked, e)
                                                : call_not_found(e, asked);
}

int permit_document(struct db_tx *tx, const struct call *c, const struct resource *r,
                    const json_t *doc, const char *asked, bool part, struct error *e)
{
    const char *wanted = c->route ? c->route->permission : NULL;
    int view = permission_to_view(r->item_type);
    struct subject s;

    if (permit_is_free(c)) return 0;
    if (view < 0) view = permission_find(permissions[permission_find(wanted)].view);
    if (subject_of(tx, c, r, doc, &s, e) < 0) return -1;
    s.partial = part;
    return judge(tx, c, wanted, &s, view, asked, e);
}

int permit_new(struct db_tx *tx, const struct call *c, const char *permission,
               const struct resource *r, const json_t *doc, struct error *e)
{
    const char *name = r->name_member ? given(text(doc, r->name_member)) : NULL;
    struct subject s;

    if (permit_is_free(c)) return 0;
    if (subject_of(tx, c, r, doc, &s, e) < 0) return -1;
    if (!r->system) s.space_id = c->space_id;
    return judge(tx, c, permission ? permission : c->route->permission, &s, -1, name, e);
}

int permit_may(struct db_tx *tx, const struct call *c, int permission, const struct resource *r,
               const json_t *doc, struct error *e)
{
    struct subject s;

    if (c->caller.grants->all) return 1;
    if (subject_of(tx, c, r, doc, &s, e) < 0 || find_group(tx, c, &s, e) < 0) return -1;
    return permission >= 0 && grants_cover(c->caller.grants, permission, &s);
}

int permit_subject(struct db_tx *tx, const struct call *c, struct subject *s, const char *asked,
                   struct error *e)
{
    if (permit_is_free(c)) return 0;
    int wanted = permission_find(c->route->permission);
    return judge(tx, c, c->route->permission, s, permission_find(permissions[wanted].view), asked,
                 e);
}

/* ---- lists ---- */

int permit_about(struct db_tx *tx, const struct call *c, const char *permission, struct subject *s,
                 struct error *e)
{
    if (c->caller.grants->all) return 1;
    if (find_group(tx, c, s, e) < 0) return -1;
    return grants_cover(c->caller.grants, permission_find(permission), s);
}

static struct visible part_of(const struct grant *g, bool in_space)
{
    return (struct visible){.space_id = in_space         ? NULL
                                        : g->every_space ? NULL
                                        : g->space_id    ? g->space_id
                                                         : "",
                            .projects = g->projects.items,
                            .groups = g->groups.items,
                            .environments = g->environments.items,
                            .n_projects = g->projects.n,
                            .n_groups = g->groups.n,
                            .n_environments = g->environments.n};
}

static bool is_everything(const struct visible *v)
{
    return v->space_id == NULL && v->n_projects == 0 && v->n_groups == 0 && v->n_environments == 0;
}

struct visible_parts permit_visible_by(const struct call *c, const char *permission,
                                       const char *space_id)
{
    const struct grants *g = c->caller.grants;
    const struct visible_parts everything = {NULL, 0};
    int wanted = permission_find(permission);
    size_t n = 0;

    if (g->all) return everything;
    struct visible *list = ARENA_NEW(c->arena, struct visible, g->n + 1);
    for (size_t i = 0; i < g->n; i++) {
        struct grant one = grant_effective(&g->items[i], wanted);
        const struct grants only = {.items = &one, .n = 1};
        if (!grants_hold(&only, wanted, space_id) || one.tenants.n) continue;
        list[n] = part_of(&one, space_id != NULL);
        if (is_everything(&list[n])) return everything;
        n++;
    }
    return (struct visible_parts){list, n};
}

struct visible_parts permit_visible(const struct call *c, const char *space_id)
{
    if (permit_is_free(c)) return (struct visible_parts){NULL, 0};
    return permit_visible_by(c, c->route->permission, space_id);
}

void permit_spaces(const struct call *c, const char *const **ret, size_t *ret_n)
{
    static const char *const every[] = {"SpaceView", "SpaceEdit", "SpaceDelete"};
    const struct grants *g = c->caller.grants;
    const char **ids = ARENA_NEW(c->arena, const char *, g->n + 1);

    *ret = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < ARRAY_LEN(every); i++)
        if (grants_cover_all(g, permission_find(every[i]), NULL)) return;
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (g->items[i].every_space) return;
        if (g->items[i].space_id) ids[n++] = g->items[i].space_id;
    }
    *ret = ids;
    *ret_n = n;
}
