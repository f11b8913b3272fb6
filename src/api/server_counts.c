/* server_counts.c - see server_counts.h. Facts: rest.md 2.8. */
#include "api/server_counts.h"

#include <string.h>

#include "api/resource.h"
#include "os/zone_names.h"
#include "store/user.h"

/* Members of the answer, and the kinds of documents that they count; NULL: counted otherwise, or
 * there is no such thing. */
static const struct {
    const char *group, *member, *kind;
} rows[] = {
    {"Global", "Spaces", "Spaces"},
    {"Global", "Teams", "Teams"},
    {"Global", "Users", NULL},
    {"Infrastructure", "DeploymentTargets", "Machines"},
    {"Infrastructure", "Environments", "Environments"},
    {"Infrastructure", "Tenants", "Tenants"},
    {"Infrastructure", "WorkerPools", "WorkerPools"},
    {"Infrastructure", "Workers", "Workers"},
    {"Library", "Certificates", "Certificates"},
    {"Library", "Packages", NULL},
    {"Library", "VariableSets", "LibraryVariableSets"},
    {"Project", "Deployments", "Deployments"},
    {"Project", "Projects", "Projects"},
    {"Project", "Releases", "Releases"},
    {"Project", "RunbookRuns", "RunbookRuns"},
    {"Project", "Runbooks", "Runbooks"},
};

static int count_users(struct db_tx *tx, struct call *c, int64_t *ret, struct error *e)
{
    struct user *list;
    size_t n;

    return user_list(tx, NULL, 0, 0, c->arena, &list, &n, ret, e);
}

static int count(struct db_tx *tx, struct call *c, size_t row, int64_t *ret, struct error *e)
{
    struct document_query q = {.kind = rows[row].kind, .skip = 0, .take = 0};
    struct document_page page;

    *ret = 0;
    if (strcmp(rows[row].member, "Users") == 0) return count_users(tx, c, ret, e);
    if (q.kind == NULL) return 0;
    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    *ret = page.total;
    return 0;
}

static int counts_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    int64_t n;

    json_decref(c->out);
    c->out = json_object();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (count(tx, c, i, &n, e) < 0) return -1;
        if (json_object_get(c->out, rows[i].group) == NULL)
            jv_set(c->out, rows[i].group, json_object());
        jv_set_i64(json_object_get(c->out, rows[i].group), rows[i].member, n);
    }
    return 0;
}

int server_counts(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, counts_tx, c, e) < 0 ? -1 : 0;
}

int server_time_zones(struct call *c, struct error *e)
{
    size_t n;
    const char *const *names = zone_names(c->arena, &n), *local = zone_local(c->arena);

    (void)e;
    c->out = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        bool is_utc = strcmp(names[i], "UTC") == 0;
        jv_set_str(o, "Id", names[i]);
        jv_set_str(o, "Name", is_utc ? "(UTC) Coordinated Universal Time" : names[i]);
        jv_set_bool(o, "IsLocal", strcmp(names[i], local) == 0);
        jv_push(c->out, o);
    }
    return 0;
}
