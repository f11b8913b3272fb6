/* permission.h - the catalogue of permissions: what a route may ask for and a user role may grant.
 *
 * The names are those of the public clients; some guard nothing here yet and are kept, so that
 * roles made for them can be stored. Constants: any thread. */
#ifndef MODEL_PERMISSION_H
#define MODEL_PERMISSION_H
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "schema/field.h"

enum permission_level {
    PERMISSION_SPACE = 1,  /* granted in a space */
    PERMISSION_SYSTEM = 2, /* granted for what is in no space */
};
/** What a grant may be restricted to; a restriction that the permission does not know has no effect
 * on it. */
enum permission_restriction {
    RESTRICT_PROJECTS = 1,
    RESTRICT_GROUPS = 2, /* project groups */
    RESTRICT_ENVIRONMENTS = 4,
    RESTRICT_TENANTS = 8,
};

struct permission {
    const char *name;
    unsigned levels, restrictions;
    const char *view; /* the permission to know that the thing is there; may be itself */
    const char *doc;  /* what it allows, lower case */
};
extern const struct permission permissions[]; /* ordered by name */
extern const size_t permissions_n;
#define PERMISSIONS_MAX 192

/** The place of ${name} in the catalogue, exactly as written; -1. */
int permission_find(const char *name);
/** The permission to view a kind of thing, by its type ("Channel"): called after it, or one of its
 * neighbour; -1: none. */
int permission_to_view(const char *item_type);
/** In order, each once, and every `view` is there; ERR_INTERNAL names the row. */
int permissions_check(struct error *e) MUST_USE;

/* of answers; user_permissions.c */
extern const struct field permission_fields[], user_permissions_fields[], team_membership_fields[];
/** {"AccountView": {...}, ...}. New reference. */
json_t *permissions_document(void);
/** Names of restrictions as clients write them: "Projects", ... New reference. */
json_t *restrictions_document(unsigned restrictions);

/** A role that is always there. Lists are names with spaces between. */
struct built_in_role {
    const char *id, *name, *description;
    const char *space, *system; /* NULL: every permission of that level; see built_in_role_has */
};
extern const struct built_in_role built_in_roles[];
extern const size_t built_in_roles_n;
#define ROLE_SYSTEM_ADMINISTRATOR "userroles-systemadministrator"
#define ROLE_SPACE_MANAGER "userroles-spacemanager"
/** The names it grants at ${level}, in the order of the catalogue. New reference. */
json_t *built_in_role_grants(const struct built_in_role *r, enum permission_level level);
#endif
