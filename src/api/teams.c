/* teams.c - teams and the user roles they have. See teams.h; the teams that the server keeps:
 * built_in_teams.c. Facts: rest.md 2.10. */
#include "api/teams.h"

#include <string.h>

#include "api/grants.h"
#include "api/permit.h"
#include "store/user.h"

/* ---- who may grant what ---- */

static int may_grant(struct call *c, const json_t *scoped, const json_t *role, struct error *e)
{
    struct scoped_grants g = scoped_grants_of(scoped, role, c->arena);
    int p = grants_may_give(c->caller.grants, &g.space);

    if (p < 0) p = grants_may_give(c->caller.grants, &g.system);
    if (p < 0) return 0;
    return fail(e, ERR_DENIED, "%s cannot grant the user role '%s'%s%s: permission %s is missing",
                c->caller.name, text(role, "Name"), g.space.space_id ? " in " : "",
                g.space.space_id ? g.space.space_id : "", permissions[p].name);
}

/* Stored documents of a kind that point to ${id} by ${member}. */
static int pointing(struct db_tx *tx, struct call *c, const struct resource *r, const char *member,
                    const char *id, json_t **ret, struct error *e)
{
    struct document_filter f = {member, &id, 1};
    struct document_query q = {
        .kind = r->kind, .filters = &f, .n_filters = 1, .order = DOCUMENT_BY_ID, .take = -1};

    return resource_documents(tx, c, &q, ret, e);
}

int team_may_change_role(struct db_tx *tx, struct call *c, const json_t *role, struct error *e)
{
    json_auto_t *all = NULL;
    const json_t *scoped;
    size_t i;

    if (pointing(tx, c, &scoped_user_role_resource, "UserRoleId", text(role, "Id"), &all, e) < 0)
        return -1;
    json_array_foreach (all, i, scoped)
        if (may_grant(c, scoped, role, e) < 0) return -1;
    return 0;
}

/* What a member names: ERR_INVALID when it is not there. */
static int named(struct db_tx *tx, struct call *c, const struct resource *r, const json_t *doc,
                 const char *member, json_t **ret, struct error *e)
{
    struct error why = {0};
    struct document d;

    if (document_get(tx, r->kind, text(doc, member), c->arena, &d, &why) == 0)
        return document_json(&d, ret, e);
    if (why.kind == ERR_NOT_FOUND)
        return fail_at(e, member, "%s: '%s' is not there", member, text(doc, member));
    *e = why;
    return -1;
}

static int may_grant_scoped(struct db_tx *tx, struct call *c, const json_t *scoped, struct error *e)
{
    json_auto_t *role = NULL;

    if (named(tx, c, &user_role_resource, scoped, "UserRoleId", &role, e) < 0) return -1;
    return may_grant(c, scoped, role, e);
}

/* Whoever changes who is in a team holds all that the team has. */
static int may_change_members(struct db_tx *tx, struct call *c, const json_t *team, struct error *e)
{
    struct grants g;
    int p = -1;

    if (grants_of_team(tx, text(team, "Id"), c->arena, &g, e) < 0) return -1;
    for (size_t i = 0; i < g.n && p < 0; i++) p = grants_may_give(c->caller.grants, &g.items[i]);
    if (p < 0) return 0;
    return fail(
        e, ERR_DENIED,
        "%s cannot change who is in the team '%s': permission %s is missing, which it grants",
        c->caller.name, text(team, "Name"), permissions[p].name);
}

/* ---- teams ---- */

static int find_user(struct db_tx *tx, struct call *c, const char *id, struct error *e)
{
    struct error why = {0};
    struct user u;

    if (user_get(tx, id, c->arena, &u, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND)
        return fail_at(e, "MemberUserIds", "MemberUserIds: there is no user '%s'", id);
    *e = why;
    return -1;
}

static int check_members(struct db_tx *tx, struct call *c, const json_t *doc, struct error *e)
{
    const json_t *one, *members = jv_get(doc, "MemberUserIds");
    size_t i;

    json_array_foreach (members, i, one)
        if (find_user(tx, c, json_string_value(one), e) < 0) return -1;
    return 0;
}

static int refuse(const json_t *team, const char *what, struct error *e)
{
    return fail(e, ERR_INVALID, "%s of the team '%s' cannot be changed", what, text(team, "Name"));
}

static int before_team(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                       struct error *e)
{
    const json_t *was = jv_get(stored, "MemberUserIds"), *is = jv_get(doc, "MemberUserIds");
    json_auto_t *space = NULL;

    if (stored == NULL && text(doc, "SpaceId")[0] &&
        named(tx, c, &space_resource, doc, "SpaceId", &space, e) < 0)
        return -1;
    if (stored && !jv_bool(stored, "CanBeRenamed", true) &&
        strcmp(text(doc, "Name"), text(stored, "Name")) != 0)
        return refuse(stored, "the name", e);
    if (stored && !json_equal(was, is)) {
        if (!jv_bool(stored, "CanChangeMembers", true)) return refuse(stored, "the members", e);
        if (may_change_members(tx, c, doc, e) < 0) return -1;
    }
    if (!json_equal(was, is) && check_members(tx, c, doc, e) < 0) return -1;
    return grants_changed(tx, e);
}

static int after_team(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                      struct error *e)
{
    struct document_change by = resource_change(c, &space_resource);

    if (stored == NULL) return 0;
    if (team_keep_administrator(tx, e) < 0) return -1;
    return team_tell_space(tx, &by, doc, e);
}

static int before_team_delete(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                              struct error *e)
{
    (void)c, (void)stored;
    if (!jv_bool(doc, "CanBeDeleted", true))
        return fail(e, ERR_INVALID, "the team '%s' cannot be deleted", text(doc, "Name"));
    return grants_changed(tx, e);
}

int team_may_add_member(struct db_tx *tx, struct call *c, const char *team_id, struct error *e)
{
    json_auto_t *doc = json_pack("{s:s}", "AddToTeamIds", team_id), *team = NULL;

    if (named(tx, c, &team_resource, doc, "AddToTeamIds", &team, e) < 0) return -1;
    if (!jv_bool(team, "CanChangeMembers", true)) return refuse(team, "the members", e);
    struct subject s = {.space_id = jv_str(team, "SpaceId", NULL)};
    int may = permit_about(tx, c, "TeamEdit", &s, e);
    if (may == 0) return permit_denied(c, "TeamEdit", text(team, "Name"), e);
    return may < 0 ? -1 : may_change_members(tx, c, team, e);
}

/* ---- scoped user roles ---- */

static const struct {
    const char *member;
    const struct resource *r; /* NULL: there are none yet */
} restrictions[] = {{"ProjectIds", &project_resource},
                    {"ProjectGroupIds", &project_group_resource},
                    {"EnvironmentIds", &environment_resource},
                    {"TenantIds", NULL}};

static int check_restriction(struct db_tx *tx, struct call *c, const json_t *doc, size_t which,
                             const json_t *stored, struct error *e)
{
    const char *member = restrictions[which].member, *space = text(doc, "SpaceId");
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(doc, member), i, one) {
        const char *id = json_string_value(one);
        struct error why = {0};
        struct document d = {.space_id = ""};
        if (stored && jv_has(jv_get(stored, member), id)) continue; /* it may be gone since */
        bool there = restrictions[which].r &&
                     document_get(tx, restrictions[which].r->kind, id, c->arena, &d, &why) == 0;
        if (!there && why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
        if (!there || strcmp(d.space_id, space) != 0 || space[0] == '\0')
            call_problem(c, "%s: '%s' is not in the space of the scoped user role", member, id);
    }
    return 0;
}

static int check_scoped(struct db_tx *tx, struct call *c, const json_t *doc, const json_t *stored,
                        struct error *e)
{
    json_auto_t *team = NULL, *role = NULL, *space = NULL;
    const char *in = text(doc, "SpaceId");

    if (named(tx, c, &team_resource, doc, "TeamId", &team, e) < 0 ||
        named(tx, c, &user_role_resource, doc, "UserRoleId", &role, e) < 0 ||
        (in[0] && named(tx, c, &space_resource, doc, "SpaceId", &space, e) < 0))
        return -1;
    if (!jv_bool(team, "CanChangeRoles", true)) return refuse(team, "the user roles", e);
    if (text(team, "SpaceId")[0] && strcmp(text(team, "SpaceId"), in) != 0)
        return fail_at(e, "SpaceId", "the team '%s' gets user roles in its own space only",
                       text(team, "Name"));
    const char *needed = in[0] ? "GrantedSpacePermissions" : "GrantedSystemPermissions";
    if (json_array_size(jv_get(role, needed)) == 0)
        return fail_at(e, "SpaceId", "the user role '%s' grants nothing %s", text(role, "Name"),
                       in[0] ? "in a space" : "without a space");
    for (size_t i = 0; i < ARRAY_LEN(restrictions); i++)
        if (check_restriction(tx, c, doc, i, stored, e) < 0) return -1;
    return call_problems(c, e) < 0 ? -1 : may_grant(c, doc, role, e);
}

static int before_scoped(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    if (stored && may_grant_scoped(tx, c, stored, e) < 0) return -1;
    return check_scoped(tx, c, doc, stored, e) < 0 ? -1 : grants_changed(tx, e);
}

static int before_scoped_delete(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                                struct error *e)
{
    json_auto_t *team = NULL;

    (void)stored;
    if (named(tx, c, &team_resource, doc, "TeamId", &team, e) < 0) return -1;
    if (!jv_bool(team, "CanChangeRoles", true)) return refuse(team, "the user roles", e);
    return may_grant_scoped(tx, c, doc, e) < 0 ? -1 : grants_changed(tx, e);
}

/* ---- routes ---- */

static const struct resource_hooks team_hooks = {before_team, after_team};
static const struct resource_hooks scoped_hooks = {.before = before_scoped};
static int create(struct call *c, struct error *e)
{
    return resource_create_with(c, &team_hooks, e);
}
static int update(struct call *c, struct error *e)
{
    return resource_update_with(c, &team_hooks, e);
}
static int delete (struct call *c, struct error *e)
{
    return resource_delete_with(c, before_team_delete, e);
}
static int create_scoped(struct call *c, struct error *e)
{
    return resource_create_with(c, &scoped_hooks, e);
}
static int update_scoped(struct call *c, struct error *e)
{
    return resource_update_with(c, &scoped_hooks, e);
}
static int delete_scoped(struct call *c, struct error *e)
{
    return resource_delete_with(c, before_scoped_delete, e);
}

static const struct route_query query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"name", QUERY_TEXT, "exact name, in any case"},
    {"partialName", QUERY_TEXT, "part of the name, in any case"},
    {"spaces", QUERY_LIST, "only those of these spaces; all: of every space"},
    {"includeSystem", QUERY_FLAG, "with spaces: those of no space too"},
    {.name = NULL}};
#define SCOPED "/api/scopeduserroles"
static const struct route rows[] = {
    RESOURCE_LIST_ROUTE("/api/teams", resource_list, "Team", team_fields, query, "TeamView",
                        "teams by name"),
    {"GET", "/api/teams/all", resource_all, "TeamView", .out = team_fields, .query = query,
     .shape = ROUTE_ARRAY, .out_name = "Team", .doc = "all teams"},
    RESOURCE_GET_ROUTE("/api/teams", "Team", team_fields, "TeamView"),
    RESOURCE_LIST_ROUTE("/api/teams/{team}/scopeduserroles", resource_list, "ScopedUserRole",
                        scoped_user_role_fields, query, "TeamView", "the user roles of a team"),
    RESOURCE_POST_ROUTE("/api/teams", create, "Team", team_fields, "TeamCreate", "creates a team"),
    RESOURCE_PUT_ROUTE("/api/teams/{id}", update, "Team", team_fields, "TeamEdit",
                       "replaces a team; its members get its user roles"),
    {"DELETE", "/api/teams/{id}", delete, "TeamDelete", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "deletes a team and what it was granted"},
    RESOURCE_LIST_ROUTE(SCOPED, resource_list, "ScopedUserRole", scoped_user_role_fields, query,
                        "TeamView", "which team has which user role where"),
    {"GET", SCOPED "/all", resource_all, "TeamView", .out = scoped_user_role_fields, .query = query,
     .shape = ROUTE_ARRAY, .out_name = "ScopedUserRole", .doc = "all of them"},
    RESOURCE_GET_ROUTE(SCOPED, "ScopedUserRole", scoped_user_role_fields, "TeamView"),
    RESOURCE_POST_ROUTE(SCOPED, create_scoped, "ScopedUserRole", scoped_user_role_fields,
                        "TeamEdit", "gives a team a user role, in a space or for the server"),
    RESOURCE_PUT_ROUTE(SCOPED "/{id}", update_scoped, "ScopedUserRole", scoped_user_role_fields,
                       "TeamEdit", "changes the role and what it is restricted to"),
    {"DELETE", SCOPED "/{id}", delete_scoped, "TeamEdit", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "takes a user role from a team"},
};
const struct route_table team_routes = {rows, ARRAY_LEN(rows)};
