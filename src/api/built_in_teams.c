/* built_in_teams.c - the roles and teams that the server itself keeps. See teams.h.
 *
 * What is there is compared with what this version knows, and written only when it differs: a start
 * writes nothing. A space and its managers' team say the same about its managers: whichever is
 * written writes the other. */
#include <string.h>

#include "api/grants.h"
#include "api/teams.h"
#include "store/user.h"

static const char *managers_of(struct arena *a, const char *space_id)
{
    return arena_fmt(a, TEAM_MANAGERS "%s", space_id);
}

/* ---- writing without a caller ---- */

static int put(struct db_tx *tx, const struct document_change *by, const struct resource *r,
               json_t *doc, bool is_new, struct arena *a, struct error *e)
{
    struct references refs = REFERENCES_INIT(a);
    struct document_change change = *by;
    struct document stored;

    change.noun = r->noun;
    resource_complete(r, doc);
    resource_references(r, doc, &refs);
    struct document_write w = resource_row(r, doc, &refs);
    if ((is_new ? document_insert(tx, &w, &change, a, &stored, e)
                : document_update(tx, &w, -1, &change, a, &stored, e)) < 0)
        return -1;
    return grants_changed(tx, e);
}

/* 1 = there is one. */
static int stored_of(struct db_tx *tx, const struct resource *r, const char *id, struct arena *a,
                     json_t **ret, struct error *e)
{
    struct error why = {0};
    struct document d;

    if (document_get(tx, r->kind, id, a, &d, &why) == 0)
        return document_json(&d, ret, e) < 0 ? -1 : 1;
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

/* The whole document of ${members}, read-only ones too; takes them over. */
static int whole(const struct resource *r, json_t *members, struct arena *a, json_t **ret,
                 struct error *e)
{
    struct problems p = PROBLEMS_INIT(a);
    json_auto_t *in = members;

    if (schema_decode(r->fields, in, NULL, NULL, ret, &p) < 0) return problems_fail(&p, e);
    json_object_update(*ret, in);
    resource_complete(r, *ret);
    return 0;
}

/* Makes it when it is missing; ${renew}: also when it differs. */
static int keep(struct db_tx *tx, const struct document_change *by, const struct resource *r,
                json_t *members, bool renew, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *doc = NULL, *stored = NULL;

    if (whole(r, members, &a, &doc, e) < 0) return -1;
    int found = stored_of(tx, r, text(doc, "Id"), &a, &stored, e);
    if (found < 0) return -1;
    if (found && (!renew || json_equal(doc, stored))) return 0;
    return put(tx, by, r, doc, !found, &a, e);
}

/* ---- roles, teams ---- */

static json_t *role_members(const struct built_in_role *r)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", r->id);
    jv_set_str(o, "Name", r->name);
    jv_set_str(o, "Description", r->description);
    jv_set(o, "GrantedSpacePermissions", built_in_role_grants(r, PERMISSION_SPACE));
    jv_set(o, "GrantedSystemPermissions", built_in_role_grants(r, PERMISSION_SYSTEM));
    jv_set_bool(o, "CanBeDeleted", false);
    return o;
}

static json_t *team_members(const char *id, const char *name, const char *description,
                            bool can_change_members, bool can_change_roles)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "Name", name);
    jv_set_str(o, "Slug", id + strlen("teams-"));
    jv_set_str(o, "Description", description);
    jv_set_bool(o, "CanBeDeleted", false);
    jv_set_bool(o, "CanBeRenamed", false);
    jv_set_bool(o, "CanChangeMembers", can_change_members);
    jv_set_bool(o, "CanChangeRoles", can_change_roles);
    return o;
}

static json_t *scoped_members(const char *team_id, const char *role_id, const char *space_id)
{
    CLEANUP(freep) char *id = xasprintf("scopeduserroles-%s", team_id);
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "TeamId", team_id);
    jv_set_str(o, "UserRoleId", role_id);
    jv_set_str(o, "SpaceId", space_id);
    return o;
}

/* Administrators of a database that had no teams yet. */
static int administrators(struct db_tx *tx, struct arena *a, json_t **ret, struct error *e)
{
    struct user *list;
    int64_t total;
    size_t n;

    if (user_list(tx, NULL, 0, -1, a, &list, &n, &total, e) < 0) return -1;
    *ret = json_array();
    for (size_t i = 0; i < n; i++)
        if (list[i].is_admin) jv_push(*ret, jv_string(list[i].id));
    return 0;
}

static int keep_teams(struct db_tx *tx, const struct document_change *by, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_t *first;

    if (keep(tx, by, &team_resource,
             team_members(TEAM_EVERYONE, "Everyone", "all users", false, true), false, e) < 0 ||
        administrators(tx, &a, &first, e) < 0)
        return -1;
    json_t *team = team_members(TEAM_ADMINISTRATORS, "Octopus Administrators",
                                "those who may do everything", true, false);
    jv_set(team, "MemberUserIds", first);
    if (keep(tx, by, &team_resource, team, false, e) < 0) return -1;
    return keep(tx, by, &scoped_user_role_resource,
                scoped_members(TEAM_ADMINISTRATORS, ROLE_SYSTEM_ADMINISTRATOR, NULL), false, e);
}

static int make_managers(struct db_tx *tx, const struct document_change *by, const char *space_id,
                         const json_t *members, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *id = managers_of(&a, space_id);
    json_t *team =
        team_members(id, "Space Managers", "those who may do everything in the space", true, false);

    jv_set_str(team, "SpaceId", space_id);
    jv_set(team, "MemberUserIds", json_deep_copy(members));
    if (keep(tx, by, &team_resource, team, false, e) < 0) return -1;
    return keep(tx, by, &scoped_user_role_resource,
                scoped_members(id, ROLE_SPACE_MANAGER, space_id), false, e);
}

static int keep_managers(struct db_tx *tx, const struct document_change *by, struct error *e)
{
    struct document_query q = {.kind = space_resource.kind, .order = DOCUMENT_BY_ID, .take = -1};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_page page;

    if (document_list(tx, &q, &a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *space = NULL;
        if (document_json(&page.items[i], &space, e) < 0 ||
            make_managers(tx, by, page.items[i].id, jv_get(space, "SpaceManagersTeamMembers"), e) <
                0)
            return -1;
    }
    return 0;
}

int team_keep_built_in(struct db_tx *tx, const struct document_change *by, struct error *e)
{
    for (size_t i = 0; i < built_in_roles_n; i++)
        if (keep(tx, by, &user_role_resource, role_members(&built_in_roles[i]), true, e) < 0)
            return fail_wrap(e, "user role %s", built_in_roles[i].name);
    return keep_teams(tx, by, e) < 0 ? -1 : keep_managers(tx, by, e);
}

int team_add_member(struct db_tx *tx, const struct document_change *by, const char *team_id,
                    const char *user_id, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *team = NULL;

    int found = stored_of(tx, &team_resource, team_id, &a, &team, e);
    if (found == 0) return fail(e, ERR_INVALID, "there is no team '%s'", team_id);
    if (found < 0) return -1;
    if (jv_has(jv_get(team, "MemberUserIds"), user_id)) return 0;
    jv_push(jv_get(team, "MemberUserIds"), jv_string(user_id));
    if (put(tx, by, &team_resource, team, false, &a, e) < 0) return -1;
    return team_tell_space(tx, by, team, e);
}

int team_keep_administrator(struct db_tx *tx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *team = NULL;
    const json_t *one;
    size_t i;

    if (stored_of(tx, &team_resource, TEAM_ADMINISTRATORS, &a, &team, e) < 0) return -1;
    json_array_foreach (jv_get(team, "MemberUserIds"), i, one) {
        struct error why = {0};
        struct user u;
        if (user_get(tx, json_string_value(one), &a, &u, &why) == 0 && u.is_active) return 0;
        if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
    }
    return fail_at(e, "MemberUserIds",
                   "%s needs one member that may sign in: this is the last active administrator, "
                   "make another one first",
                   text(team, "Name"));
}

static void take_out(json_t *members, const char *user_id)
{
    for (size_t i = json_array_size(members); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(members, i)), user_id) == 0)
            json_array_remove(members, i);
}

int team_forget_user(struct db_tx *tx, const struct document_change *by, const char *user_id,
                     struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_filter f = {"MemberUserIds", &user_id, 1};
    struct document_query q = {
        .kind = team_resource.kind, .filters = &f, .n_filters = 1, .take = -1};
    struct document_page page;

    if (document_list(tx, &q, &a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *team = NULL;
        if (document_json(&page.items[i], &team, e) < 0) return -1;
        take_out(jv_get(team, "MemberUserIds"), user_id);
        if (put(tx, by, &team_resource, team, false, &a, e) < 0 ||
            team_tell_space(tx, by, team, e) < 0)
            return -1;
    }
    return team_keep_administrator(tx, e);
}

/* ---- a space and its managers' team ---- */

/* Gives ${member} of a stored document the members of a team. */
static int copy_members(struct db_tx *tx, const struct document_change *by,
                        const struct resource *r, const char *id, const char *member,
                        const json_t *members, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *doc = NULL;

    int found = stored_of(tx, r, id, &a, &doc, e);
    if (found <= 0 || json_equal(jv_get(doc, member), members)) return found < 0 ? -1 : 0;
    jv_set(doc, member, json_deep_copy(members));
    return put(tx, by, r, doc, false, &a, e);
}

int team_tell_space(struct db_tx *tx, const struct document_change *by, const json_t *team,
                    struct error *e)
{
    if (!str_starts(text(team, "Id"), TEAM_MANAGERS)) return 0;
    return copy_members(tx, by, &space_resource, text(team, "SpaceId"), "SpaceManagersTeamMembers",
                        jv_get(team, "MemberUserIds"), e);
}

static int check_managers_teams(struct db_tx *tx, const json_t *space, struct error *e)
{
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(space, "SpaceManagersTeams"), i, one) {
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        json_auto_t *team = NULL;
        int found = stored_of(tx, &team_resource, json_string_value(one), &a, &team, e);
        if (found < 0) return -1;
        if (found == 0)
            return fail_at(e, "SpaceManagersTeams", "SpaceManagersTeams: there is no team '%s'",
                           json_string_value(one));
    }
    return 0;
}

int team_hear_space(struct db_tx *tx, const struct document_change *by, const json_t *space,
                    struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const json_t *members = jv_get(space, "SpaceManagersTeamMembers");

    if (check_managers_teams(tx, space, e) < 0) return -1;
    if (make_managers(tx, by, text(space, "Id"), members, e) < 0) return -1;
    if (copy_members(tx, by, &team_resource, managers_of(&a, text(space, "Id")), "MemberUserIds",
                     members, e) < 0)
        return -1;
    return grants_changed(tx, e);
}

static int delete_all(struct db_tx *tx, const struct document_change *by, const struct resource *r,
                      const char *space_id, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_query q = {
        .kind = r->kind, .space_id = space_id, .take = -1, .without_body = true};
    struct document_change change = *by;
    struct document_page page;

    change.noun = r->noun;
    if (document_list(tx, &q, &a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++)
        if (document_delete(tx, r->kind, page.items[i].id, &change, e) < 0) return -1;
    return 0;
}

int team_leave_space(struct db_tx *tx, const struct document_change *by, const char *space_id,
                     struct error *e)
{
    if (delete_all(tx, by, &scoped_user_role_resource, space_id, e) < 0 ||
        delete_all(tx, by, &team_resource, space_id, e) < 0)
        return -1;
    return grants_changed(tx, e);
}
