/* permission.c - what a permission check costs: the rule alone, and all that a request pays for it
 * (the number in the database that says whether the cached grants are the newest, the gate and the
 * judgement of one thing). The user has 20 scoped user roles, each restricted to 20 projects and 5
 * environments; the last one is what counts. permission DATABASE */
#include <stdio.h>
#include <stdlib.h>

#include "api/grants.h"
#include "api/teams.h"
#include "bench/stopwatch.h"
#include "store/migrations.h"

enum { ROLES = 20, PROJECTS = 20, ENVIRONMENTS = 5, PURE = 2000000, WHOLE = 50000 };

static void check(int r, const struct error *e)
{
    if (r >= 0) return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static json_t *ids(const char *kind, int first, int n)
{
    json_t *list = json_array();
    char id[64];

    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "%s-%d", kind, first + i);
        jv_push(list, jv_string(id));
    }
    return list;
}

static int fill_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct document_change by = {.user_id = "users-system", .username = "system"};
    const struct document_reference refs[] = {{"TeamId", TEAM_EVERYONE, true}};

    (void)ctx;
    if (team_keep_built_in(tx, &by, e) < 0) return -1;
    for (int i = 0; i < ROLES; i++) {
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        json_auto_t *doc = json_object();
        struct document stored;
        const char *id = arena_fmt(&a, "ScopedUserRoles-%d", i + 1);
        jv_set_str(doc, "Id", id);
        jv_set_str(doc, "TeamId", TEAM_EVERYONE);
        jv_set_str(doc, "UserRoleId", "userroles-projectdeployer");
        jv_set_str(doc, "SpaceId", "Spaces-1");
        jv_set(doc, "ProjectIds", ids("Projects", i * PROJECTS, PROJECTS));
        jv_set(doc, "EnvironmentIds", ids("Environments", i * ENVIRONMENTS, ENVIRONMENTS));
        CLEANUP(freep) char *text = jv_text(doc);
        const struct document_write w = {.id = id,
                                         .kind = scoped_user_role_resource.kind,
                                         .owner_id = TEAM_EVERYONE,
                                         .body = text,
                                         .references = refs,
                                         .n_references = 1};
        if (document_insert(tx, &w, &by, &a, &stored, e) < 0) return -1;
    }
    return grants_changed(tx, e);
}

static const char *const environment[] = {"Environments-99"};
static const struct subject last = {
    .space_id = "Spaces-1", .project_id = "Projects-399", .environments = {environment, 1}};

static void once(struct grant_cache *cache, struct db *db, int wanted)
{
    const struct grants *g;
    struct error e = {0};

    check(grant_cache_get(cache, db, "Users-1", &g, &e), &e);
    ASSERT(grants_enter(g, "Spaces-1") && grants_hold(g, wanted, "Spaces-1") &&
           grants_cover(g, wanted, &last));
    grant_cache_let_go(cache, g);
}

int main(int argc, char **argv)
{
    struct db_options o = {.url = argc > 1 ? argv[1] : ""};
    struct grant_cache *cache = grant_cache_new();
    int wanted = permission_find("DeploymentCreate");
    const struct grants *g;
    struct error e = {0};
    struct db *db;

    check(db_open(&o, &db, &e), &e);
    check(store_migrate(db, &e), &e);
    check(db_write(db, fill_tx, NULL, &e), &e);
    check(grant_cache_get(cache, db, "Users-1", &g, &e), &e);
    double start = now_s();
    for (int i = 0; i < PURE; i++) ASSERT(grants_cover(g, wanted, &last));
    printf("%.2f", (now_s() - start) / PURE * 1e6);
    start = now_s();
    for (int i = 0; i < WHOLE; i++) once(cache, db, wanted);
    printf(" %.2f\n", (now_s() - start) / WHOLE * 1e6);
    grant_cache_let_go(cache, g);
    grant_cache_free(cache);
    db_close(db);
    return 0;
}
