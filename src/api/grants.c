/* grants.c - see grants.h.
 *
 * An entry of the cache is never changed: a newer one takes its place, and the old one is freed
 * when the last call lets it go. Nothing is read from the database under the lock. */
#include "api/grants.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "model/resource.h"
#include "store/counter.h"
#include "store/document.h"

#define VERSION "grants"

int grants_changed(struct db_tx *tx, struct error *e)
{
    int64_t version;

    return counter_next(tx, VERSION, &version, e);
}

/* ---- loading ---- */

static int ids_of(struct db_tx *tx, const struct resource *r, const struct document_filter *f,
                  bool with_body, struct arena *a, struct document_page *ret, struct error *e)
{
    struct document_query q = {.kind = r->kind,
                               .filters = f,
                               .n_filters = 1,
                               .order = DOCUMENT_BY_ID,
                               .take = -1,
                               .without_body = !with_body};

    return document_list(tx, &q, a, ret, e);
}

int grants_teams(struct db_tx *tx, const char *user_id, struct arena *a, struct ids *ret,
                 struct error *e)
{
    struct document_filter f = {"MemberUserIds", &user_id, 1};
    struct document_page page;

    if (ids_of(tx, &team_resource, &f, false, a, &page, e) < 0) return -1;
    const char **ids = ARENA_NEW(a, const char *, page.n + 1);
    ids[0] = TEAM_EVERYONE;
    for (size_t i = 0; i < page.n; i++) ids[i + 1] = page.items[i].id;
    *ret = (struct ids){ids, page.n + 1};
    return 0;
}

static struct permission_set set_of(const json_t *role, const char *member)
{
    struct permission_set set = {{0}};
    const json_t *one;
    size_t i;

    json_array_foreach (json_object_get(role, member), i, one) {
        int p = permission_find(json_string_value(one));
        if (p >= 0) permission_set_add(&set, p); /* one of another version grants nothing */
    }
    return set;
}

static struct ids list_of(const json_t *doc, const char *member, struct arena *a)
{
    const json_t *list = json_object_get(doc, member), *one;
    const char **ids = ARENA_NEW(a, const char *, json_array_size(list) + 1);
    size_t i;

    json_array_foreach (list, i, one) ids[i] = arena_strdup(a, json_string_value(one));
    return (struct ids){ids, json_array_size(list)};
}

struct scoped_grants scoped_grants_of(const json_t *scoped, const json_t *role, struct arena *a)
{
    struct scoped_grants g = {
        .space = {.space_id = arena_strdup(a, jv_str(scoped, "SpaceId", NULL)),
                  .projects = list_of(scoped, "ProjectIds", a),
                  .groups = list_of(scoped, "ProjectGroupIds", a),
                  .environments = list_of(scoped, "EnvironmentIds", a),
                  .tenants = list_of(scoped, "TenantIds", a)},
        .system = {.set = set_of(role, "GrantedSystemPermissions")}};

    if (g.space.space_id) g.space.set = set_of(role, "GrantedSpacePermissions");
    return g;
}

/* ConfigureServer grants what workers need, in every space. */
static bool for_workers(const struct grant *system, struct grant *ret)
{
    *ret = (struct grant){.every_space = true};
    permission_set_add(&ret->set, permission_find("WorkerView"));
    permission_set_add(&ret->set, permission_find("WorkerEdit"));
    return permission_set_has(&system->set, permission_find("ConfigureServer"));
}

struct loading {
    struct arena *a;
    bool all;
    ARENA_LIST(struct grant) list;
};

static int add(struct db_tx *tx, const json_t *scoped, struct loading *l, struct error *e)
{
    json_auto_t *role = NULL;
    struct document r;
    struct grant workers;

    if (document_get(tx, user_role_resource.kind, jv_str(scoped, "UserRoleId", ""), l->a, &r, e) <
            0 ||
        document_json(&r, &role, e) < 0)
        return -1;
    struct scoped_grants g = scoped_grants_of(scoped, role, l->a);
    if (g.space.space_id) *ARENA_ADD(l->a, &l->list) = g.space;
    *ARENA_ADD(l->a, &l->list) = g.system;
    if (for_workers(&g.system, &workers)) *ARENA_ADD(l->a, &l->list) = workers;
    l->all |= permission_set_has(&g.system.set, permission_find("AdministerSystem"));
    return 0;
}

static int add_scoped(struct db_tx *tx, struct ids teams, struct loading *l, struct error *e)
{
    struct document_filter f = {"TeamId", teams.items, teams.n};
    struct document_page page;

    if (ids_of(tx, &scoped_user_role_resource, &f, true, l->a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *scoped = NULL;
        if (document_json(&page.items[i], &scoped, e) < 0 || add(tx, scoped, l, e) < 0) return -1;
    }
    return 0;
}

/* The teams that manage a space by what the space says. */
static int add_managed(struct db_tx *tx, struct ids teams, struct loading *l, struct error *e)
{
    struct document_filter f = {"SpaceManagersTeams", teams.items, teams.n};
    struct document_page page;

    if (ids_of(tx, &space_resource, &f, false, l->a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *scoped = json_object();
        jv_set_str(scoped, "SpaceId", page.items[i].id);
        jv_set_str(scoped, "UserRoleId", ROLE_SPACE_MANAGER);
        if (add(tx, scoped, l, e) < 0) return -1;
    }
    return 0;
}

static int of_teams(struct db_tx *tx, struct ids teams, struct arena *a, struct grants *ret,
                    struct error *e)
{
    struct loading l = {.a = a};

    if (add_scoped(tx, teams, &l, e) < 0 || add_managed(tx, teams, &l, e) < 0) return -1;
    *ret = (struct grants){l.all, l.list.items, l.list.n};
    return 0;
}

int grants_of_team(struct db_tx *tx, const char *team_id, struct arena *a, struct grants *ret,
                   struct error *e)
{
    return of_teams(tx, (struct ids){&team_id, 1}, a, ret, e);
}

int grants_load(struct db_tx *tx, const char *user_id, struct arena *a, struct grants *ret,
                struct error *e)
{
    struct ids teams;

    return grants_teams(tx, user_id, a, &teams, e) < 0 ? -1 : of_teams(tx, teams, a, ret, e);
}

/* ---- cache ---- */

enum { ENTRIES_MAX = 10000 }; /* then it starts anew */

struct entry {
    struct grants grants; /* first: what is handed out points here */
    int64_t version;
    size_t holders; /* the cache is one */
    struct arena arena;
};

struct grant_cache {
    pthread_mutex_t lock;
    struct map *entries; /* struct entry by user */
};

/* Under the lock, or when nobody else knows the cache. */
static void let_go(void *entry)
{
    struct entry *x = entry;

    if (x == NULL || --x->holders) return;
    arena_done(&x->arena);
    free(x);
}

struct grant_cache *grant_cache_new(void)
{
    struct grant_cache *c = xcalloc(1, sizeof(*c));

    pthread_mutex_init(&c->lock, NULL);
    c->entries = map_new(false);
    return c;
}

void grant_cache_free(struct grant_cache *c)
{
    if (c == NULL) return;
    map_free(c->entries, let_go);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void grant_cache_let_go(struct grant_cache *c, const struct grants *grants)
{
    if (grants == NULL) return;
    pthread_mutex_lock(&c->lock);
    let_go((struct entry *)grants);
    pthread_mutex_unlock(&c->lock);
}

static struct entry *hold(struct grant_cache *c, const char *user_id, int64_t version)
{
    pthread_mutex_lock(&c->lock);
    struct entry *x = map_get(c->entries, user_id);
    if (x && x->version != version) x = NULL;
    if (x) x->holders++;
    pthread_mutex_unlock(&c->lock);
    return x;
}

static void put(struct grant_cache *c, const char *user_id, struct entry *x)
{
    x->holders = 2;
    pthread_mutex_lock(&c->lock);
    if (map_count(c->entries) >= ENTRIES_MAX) {
        map_free(c->entries, let_go);
        c->entries = map_new(false);
    }
    let_go(map_put(c->entries, user_id, x));
    pthread_mutex_unlock(&c->lock);
}

struct lookup {
    struct grant_cache *cache;
    const char *user_id;
    struct entry *found; /* held */
};

static int lookup_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct lookup *l = ctx;
    int64_t version;

    if (l->found) grant_cache_let_go(l->cache, &l->found->grants); /* of the try before */
    l->found = NULL;
    if (counter_last(tx, VERSION, &version, e) < 0) return -1;
    l->found = hold(l->cache, l->user_id, version);
    if (l->found) return 0;
    struct entry *x = xcalloc(1, sizeof(*x));
    x->version = version;
    x->holders = 1;
    if (grants_load(tx, l->user_id, &x->arena, &x->grants, e) < 0) {
        let_go(x);
        return -1;
    }
    put(l->cache, l->user_id, x);
    l->found = x;
    return 0;
}

int grant_cache_get(struct grant_cache *c, struct db *db, const char *user_id,
                    const struct grants **ret, struct error *e)
{
    struct lookup l = {c, user_id, NULL};

    if (db_read(db, lookup_tx, &l, e) < 0) {
        if (l.found) grant_cache_let_go(c, &l.found->grants);
        return -1;
    }
    *ret = &l.found->grants;
    return 0;
}
