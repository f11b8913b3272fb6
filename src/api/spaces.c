/* spaces.c - spaces, as far as they can be read; see spaces.h. Facts: rest.md 2.9. */
#include "api/spaces.h"

#include "api/resource.h"

int space_default(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    struct document_query q = {.kind = space_resource.kind, .order = DOCUMENT_BY_ID, .take = -1};
    struct document_page page;

    if (document_list(tx, &q, a, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *doc = NULL;
        if (document_json(&page.items[i], &doc, e) < 0) return -1;
        if (!jv_bool(doc, "IsDefault", false)) continue;
        *ret = page.items[i].id;
        return 0;
    }
    return call_not_found(e, "default space");
}

static const struct route rows[] = {
    RESOURCE_LIST_ROUTE("/api/spaces", resource_list, "Space", space_fields, resource_query,
                        PERM_AUTHENTICATED, "spaces by name"),
    {"GET", "/api/spaces/all", resource_all, PERM_AUTHENTICATED, .out = space_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Space", .doc = "all spaces"},
    RESOURCE_GET_ROUTE("/api/spaces", "Space", space_fields, PERM_AUTHENTICATED),
};
const struct route_table space_routes = {rows, ARRAY_LEN(rows)};
