/* user_roles.c - the catalogue of permissions, and user roles. The built-in ones stay as they are.
 * Nobody can put a permission into a role that would grant somebody more than the caller may do;
 * see teams.h. Facts: rest.md 2.10. */
#include "api/grants.h"
#include "api/resource.h"
#include "api/teams.h"

static int catalogue(struct call *c, struct error *e)
{
    (void)e;
    c->out = permissions_document();
    return 0;
}

static int refuse_built_in(const json_t *stored, const char *what, struct error *e)
{
    if (jv_bool(stored, "CanBeDeleted", true)) return 0;
    return fail(e, ERR_INVALID,
                "the user role '%s' is built in and cannot be %s; make one of your own",
                text(stored, "Name"), what);
}

static int before(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                  struct error *e)
{
    if (stored == NULL) return grants_changed(tx, e);
    if (refuse_built_in(stored, "changed", e) < 0) return -1;
    return team_may_change_role(tx, c, doc, e) < 0 ? -1 : grants_changed(tx, e);
}

static int before_delete(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    (void)c, (void)stored;
    return refuse_built_in(doc, "deleted", e) < 0 ? -1 : grants_changed(tx, e);
}

static const struct resource_hooks hooks = {.before = before};
static int create(struct call *c, struct error *e) { return resource_create_with(c, &hooks, e); }
static int update(struct call *c, struct error *e) { return resource_update_with(c, &hooks, e); }
static int delete (struct call *c, struct error *e)
{
    return resource_delete_with(c, before_delete, e);
}

static const struct route rows[] = {
    {"GET", "/api/permissions/all", catalogue, PERM_AUTHENTICATED,
     .doc = "all permissions by name: where they can be granted and restricted to what"},
    RESOURCE_LIST_ROUTE("/api/userroles", resource_list, "UserRole", user_role_fields,
                        resource_query, "UserRoleView", "user roles by name"),
    {"GET", "/api/userroles/all", resource_all, "UserRoleView", .out = user_role_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "UserRole",
     .doc = "all user roles"},
    RESOURCE_GET_ROUTE("/api/userroles", "UserRole", user_role_fields, "UserRoleView"),
    RESOURCE_POST_ROUTE("/api/userroles", create, "UserRole", user_role_fields, "UserRoleEdit",
                        "creates a user role"),
    RESOURCE_PUT_ROUTE("/api/userroles/{id}", update, "UserRole", user_role_fields, "UserRoleEdit",
                       "replaces a user role that is not built in"),
    {"DELETE", "/api/userroles/{id}", delete, "UserRoleEdit", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "deletes a user role that is not built in and that no team has"},
};
const struct route_table user_role_routes = {rows, ARRAY_LEN(rows)};
