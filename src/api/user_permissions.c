/* user_permissions.c - what a user may do, which teams the user is in, which spaces the user may
 * enter. Everybody may ask about oneself; about others whoever may view users. Facts: rest.md 2.10.
 */
#include <string.h>

#include "api/grants.h"
#include "api/permit.h"
#include "store/user.h"

/* ---- whom it is about ---- */

struct about {
    struct call *c;
    const char *user_id;
    bool as_configured; /* restrictions that have no effect are shown too */
    json_t *out;
};

static int find_user(struct db_tx *tx, const struct about *x, struct error *e)
{
    struct error why = {0};
    struct user u;

    if (strcmp(x->user_id, x->c->caller.id) != 0 && !permit_holds(x->c, "UserView", NULL))
        return permit_denied(x->c, "UserView", x->user_id, e);
    if (user_get(tx, x->user_id, x->c->arena, &u, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return call_not_found(e, x->user_id);
    *e = why;
    return -1;
}

static int answer(struct about *x, db_fn *fn, struct error *e)
{
    if (db_read(call_app(x->c)->db, fn, x, e) < 0) {
        json_decref(x->out);
        return -1;
    }
    x->c->out = x->out;
    return 0;
}

static void start(struct about *x, json_t *out)
{
    json_decref(x->out);
    x->out = out;
}

/* ---- teams ---- */

static json_t *membership(const json_t *team)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", text(team, "Id"));
    jv_set_str(o, "Name", text(team, "Name"));
    jv_set_str(o, "SpaceId", jv_str(team, "SpaceId", NULL));
    jv_set_bool(o, "IsDirectlyAssigned", strcmp(text(team, "Id"), TEAM_EVERYONE) != 0);
    jv_set(o, "ExternalGroupNames", json_array());
    return o;
}

static bool is_asked(const struct call *c, const char *space_id, bool with_system)
{
    struct http_strings spaces = call_query_list(c, "spaces");

    if (spaces.n == 0 || str_same(spaces.items[0], "all")) return true;
    if (space_id[0] == '\0') return with_system;
    for (size_t i = 0; i < spaces.n; i++)
        if (strcmp(spaces.items[i], space_id) == 0) return true;
    return false;
}

static int list_teams(struct db_tx *tx, const struct about *x, json_t *out, struct error *e)
{
    struct ids teams;
    json_auto_t *all = NULL;
    const json_t *one;
    bool system;
    size_t i;

    if (find_user(tx, x, e) < 0 || call_query_flag(x->c, "includeSystem", false, &system, e) < 0 ||
        grants_teams(tx, x->user_id, x->c->arena, &teams, e) < 0)
        return -1;
    struct document_query q = {.kind = team_resource.kind,
                               .ids = teams.items,
                               .n_ids = teams.n,
                               .order = DOCUMENT_BY_NAME,
                               .take = -1};
    if (resource_documents(tx, x->c, &q, &all, e) < 0) return -1;
    json_array_foreach (all, i, one)
        if (is_asked(x->c, text(one, "SpaceId"), system)) jv_push(out, membership(one));
    return 0;
}

static int teams_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct about *x = ctx;

    start(x, json_array());
    return list_teams(tx, x, x->out, e);
}

static int teams(struct call *c, struct error *e)
{
    struct about x = {.c = c, .user_id = call_param(c, "id")};

    return answer(&x, teams_tx, e);
}

static int team_membership(struct call *c, struct error *e)
{
    struct about x = {.c = c, .user_id = call_query(c, "userId")};

    if (x.user_id == NULL) x.user_id = c->caller.id;
    return answer(&x, teams_tx, e);
}

/* ---- permissions ---- */

static json_t *list_of(struct ids ids)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ids.n; i++) jv_push(list, jv_string(ids.items[i]));
    return list;
}

static json_t *restricted(const struct grant *g)
{
    json_t *o = json_object();

    jv_set_str(o, "SpaceId", g->space_id);
    jv_set(o, "RestrictedToProjectIds", list_of(g->projects));
    jv_set(o, "RestrictedToProjectGroupIds", list_of(g->groups));
    jv_set(o, "RestrictedToEnvironmentIds", list_of(g->environments));
    jv_set(o, "RestrictedToTenantIds", list_of(g->tenants));
    return o;
}

/* Lists by permission; those that nothing grants are left out. */
static json_t *space_permissions(const struct about *x, const struct grants *g)
{
    json_t *all = json_object();

    for (int p = 0; p < (int)permissions_n; p++) {
        json_t *list = json_array();
        for (size_t i = 0; i < g->n; i++) {
            const struct grant *one = &g->items[i];
            if (!permission_set_has(&one->set, p) || (one->space_id == NULL && !one->every_space))
                continue;
            struct grant effective = grant_effective(one, p);
            jv_push(list, restricted(x->as_configured ? one : &effective));
        }
        if (json_array_size(list)) jv_set(all, permissions[p].name, list);
        else json_decref(list);
    }
    return all;
}

static json_t *system_permissions(const struct grants *g)
{
    json_t *list = json_array();

    for (int p = 0; p < (int)permissions_n; p++)
        for (size_t i = 0; i < g->n; i++) {
            const struct grant *one = &g->items[i];
            if (one->space_id || one->every_space || !permission_set_has(&one->set, p)) continue;
            jv_push(list, jv_string(permissions[p].name));
            break;
        }
    return list;
}

static int permissions_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct about *x = ctx;
    json_t *teams = json_array(), *links = json_object();
    struct grants g;

    start(x, json_object());
    jv_set(x->out, "Teams", teams);
    jv_set(x->out, "Links", links);
    if (list_teams(tx, x, teams, e) < 0 || grants_load(tx, x->user_id, x->c->arena, &g, e) < 0)
        return -1;
    jv_set_str(x->out, "Id", x->user_id);
    jv_set_bool(x->out, "IsPermissionsComplete", true);
    jv_set_bool(x->out, "IsTeamsComplete", true);
    jv_set(x->out, "SpacePermissions", space_permissions(x, &g));
    jv_set(x->out, "SystemPermissions", system_permissions(&g));
    jv_set_str(links, "Self", arena_fmt(x->c->arena, "/api/users/%s/permissions", x->user_id));
    jv_set_str(links, "User", arena_fmt(x->c->arena, "/api/users/%s", x->user_id));
    return 0;
}

static int effective(struct call *c, struct error *e)
{
    struct about x = {.c = c, .user_id = call_param(c, "id")};

    return answer(&x, permissions_tx, e);
}

static int configuration(struct call *c, struct error *e)
{
    struct about x = {.c = c, .user_id = call_param(c, "id"), .as_configured = true};

    return answer(&x, permissions_tx, e);
}

/* ---- spaces ---- */

static int spaces_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct about *x = ctx;
    struct document_query q = {.kind = space_resource.kind, .order = DOCUMENT_BY_NAME, .take = -1};
    struct grants g;
    json_auto_t *all = NULL;
    const json_t *one;
    size_t i;

    start(x, json_array());
    if (find_user(tx, x, e) < 0 || grants_load(tx, x->user_id, x->c->arena, &g, e) < 0 ||
        resource_documents(tx, x->c, &q, &all, e) < 0)
        return -1;
    json_array_foreach (all, i, one)
        if (grants_enter(&g, text(one, "Id")))
            jv_push(x->out, resource_answer(&space_resource, one));
    return 0;
}

static int spaces(struct call *c, struct error *e)
{
    struct about x = {.c = c, .user_id = call_param(c, "id")};

    return answer(&x, spaces_tx, e);
}

static const struct route_query team_query[] = {
    {"spaces", QUERY_LIST, "only teams of these spaces; all: of every space"},
    {"includeSystem", QUERY_FLAG, "with spaces: teams of no space too"},
    {.name = NULL}};
static const struct route_query membership_query[] = {
    {"userId", QUERY_TEXT, "the user; the caller when it is not given"},
    {"spaces", QUERY_LIST, "only teams of these spaces; all: of every space"},
    {"includeSystem", QUERY_FLAG, "with spaces: teams of no space too"},
    {.name = NULL}};
static const struct route rows[] = {
    {"GET", "/api/users/{id}/permissions", effective, PERM_AUTHENTICATED,
     .out = user_permissions_fields, .query = team_query, .out_name = "UserPermissionSet",
     .doc = "what a user may do"},
    {"GET", "/api/users/{id}/permissions/configuration", configuration, PERM_AUTHENTICATED,
     .out = user_permissions_fields, .query = team_query, .out_name = "UserPermissionSet",
     .doc = "what a user was granted, with restrictions that have no effect"},
    {"GET", "/api/users/{id}/teams", teams, PERM_AUTHENTICATED, .out = team_membership_fields,
     .query = team_query, .shape = ROUTE_ARRAY, .out_name = "TeamMembership",
     .doc = "the teams of a user"},
    {"GET", "/api/teammembership", team_membership, PERM_AUTHENTICATED,
     .out = team_membership_fields, .query = membership_query, .shape = ROUTE_ARRAY,
     .out_name = "TeamMembership", .doc = "the teams of a user"},
    {"GET", "/api/users/{id}/spaces", spaces, PERM_AUTHENTICATED, .out = space_fields,
     .shape = ROUTE_ARRAY, .out_name = "Space", .doc = "spaces that the user may enter"},
};
const struct route_table user_permission_routes = {rows, ARRAY_LEN(rows)};
