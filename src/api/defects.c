/* defects.c - defects of releases: one that is not resolved keeps its release from entering further
 * phases (rules/promotion.h). Facts: rest.md 1.6. */
#include <string.h>

#include "api/promotion.h"
#include "store/promotion.h"

/* The defect of the release that is not resolved: 1, 0 = there is none. */
static int find_open(struct db_tx *tx, struct call *c, const char *release_id, json_t **ret,
                     struct error *e)
{
    struct document_query q = {.kind = defect_resource.kind,
                               .owner_id = release_id,
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = 1};
    json_auto_t *newest = NULL;

    if (resource_documents(tx, c, &q, &newest, e) < 0) return -1;
    json_t *one = json_array_get(newest, 0);
    if (one == NULL || strcmp(text(one, "Status"), "Unresolved") != 0) return 0;
    *ret = json_incref(one);
    return 1;
}

int defect_of_release(struct db_tx *tx, struct call *c, const char *release_id, struct error *e)
{
    json_auto_t *open = NULL;

    return find_open(tx, c, release_id, &open, e);
}

/* Only the newest one can be open. */
static int check_none(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                      struct error *e)
{
    json_auto_t *open = NULL;
    struct resource_target t;

    (void)stored;
    if (resource_target_of(tx, c, &t, e) < 0) return -1;
    jv_set_str(doc, "ReleaseId", t.in[0].id);
    int found = find_open(tx, c, t.in[0].id, &open, e);
    if (found <= 0) return found;
    return fail(e, ERR_INVALID, "%s: a defect is reported already and not resolved: %.200s",
                t.in[0].id, text(open, "Description"));
}

static int report(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.before = check_none};

    return resource_create_with(c, &hooks, e);
}

static int resolve_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *open = NULL;
    struct resource_target t;

    if (resource_target_of(tx, c, &t, e) < 0) return -1;
    const char *release = t.in[0].id;
    int found = find_open(tx, c, release, &open, e);
    if (found < 0) return -1;
    if (!found) return fail(e, ERR_INVALID, "%s: no defect is reported", release);
    jv_set_str(open, "Status", "Resolved");
    if (resource_replace(tx, c, &defect_resource, open, -1, e) < 0) return -1;
    resource_reply(c, &defect_resource, open);
    return promotion_mark(tx, release, clock_now(call_app(c)->clock), e);
}

/* Now its lifecycle may have something to do. */
static int resolve(struct call *c, struct error *e)
{
    if (db_write(call_app(c)->db, resolve_tx, c, e) < 0) return -1;
    engine_promote(call_app(c)->engine);
    return 0;
}

#define DEFECTS "/api/{space}/releases/{release}/defects"
static const struct route rows[] = {
    RESOURCE_LIST_ROUTE(DEFECTS, resource_list, "Defect", defect_fields, resource_query,
                        "ReleaseView", "defects of a release, oldest first"),
    RESOURCE_GET_ROUTE(DEFECTS, "Defect", defect_fields, "ReleaseView"),
    RESOURCE_POST_ROUTE(DEFECTS, report, "Defect", defect_fields, "DefectReport",
                        "keeps the release from entering further phases of its lifecycle"),
    {"POST", DEFECTS "/resolve", resolve, "DefectResolve", .flags = ROUTE_OPTIONAL_BODY,
     .out = defect_fields, .out_name = "Defect", .doc = "lets the release go on"},
};
const struct route_table defect_routes = {rows, ARRAY_LEN(rows)};
