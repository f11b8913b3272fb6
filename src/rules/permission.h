/* permission.h - what a caller may do: grants, and the questions asked of them.
 *
 * A grant is a set of permissions in one space (or for what is in none), perhaps restricted to some
 * projects, project groups, environments and tenants. A restriction counts for those permissions
 * only whose row of the catalogue knows it. Whoever holds AdministerSystem may do everything. Pure:
 * any thread. */
#ifndef RULES_PERMISSION_H
#define RULES_PERMISSION_H
#include <stdint.h>

#include "model/permission.h"

struct permission_set {
    uint64_t bits[PERMISSIONS_MAX / 64];
};
static inline bool permission_set_has(const struct permission_set *s, int p)
{
    return s->bits[p / 64] >> (p % 64) & 1;
}
static inline void permission_set_add(struct permission_set *s, int p)
{
    s->bits[p / 64] |= UINT64_C(1) << (p % 64);
}

struct ids {
    const char *const *items;
    size_t n;
};
bool ids_have(struct ids list, const char *id);

struct grant {
    const char *space_id; /* NULL: for what is in no space */
    bool every_space;     /* space_id counts for nothing */
    struct permission_set set;
    struct ids projects, groups, environments, tenants; /* empty: not restricted */
};
struct grants {
    bool all; /* holds AdministerSystem */
    const struct grant *items;
    size_t n;
};

extern const struct grants grants_of_everything;

/** What something is about. */
struct subject {
    const char *space_id;              /* NULL: in no space */
    const char *project_id, *group_id; /* NULL: of none. group_id: the group of the project */
    struct ids environments, tenants;
    bool partial; /* only a part of what is asked about: what is missing is not judged */
};

/** Is the permission held at all in ${space_id} (NULL: anywhere), whatever its restrictions? */
bool grants_hold(const struct grants *g, int permission, const char *space_id);
/** Is it held for ${s}? Of several environments all must be granted, for a permission to view one
 * of them. What is about no project (environment, tenant) is not covered by a grant that is
 * restricted to some. */
bool grants_cover(const struct grants *g, int permission, const struct subject *s);
/** Is it held in ${space_id} (NULL: for what is in no space) without a restriction? */
bool grants_cover_all(const struct grants *g, int permission, const char *space_id);
/** May the space be entered? Whoever holds any permission in it may. */
bool grants_enter(const struct grants *g, const char *space_id);
/** Does ${given} grant nothing but what ${g} covers? -1 = yes; otherwise a permission that it may
 * not grant. */
int grants_may_give(const struct grants *g, const struct grant *given);

/** The restrictions of ${g} that count for ${permission}; the others come back empty. */
struct grant grant_effective(const struct grant *g, int permission);
#endif
