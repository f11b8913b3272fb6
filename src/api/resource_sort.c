/* resource_sort.c - the order that people give to resources; see resource.h. */
#include "api/resource.h"

static int sort_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct resource_target t;
    json_t *one;
    size_t i;

    if (resource_target_of(tx, c, &t, e) < 0) return -1;
    json_array_foreach (c->body, i, one) {
        json_auto_t *doc = NULL;
        if (resource_read(tx, c, t.r, NULL, json_string_value(one), &doc, e) < 0) return -1;
        jv_set_i64(doc, "SortOrder", (int64_t)i);
        if (resource_replace(tx, c, t.r, doc, -1, e) < 0) return -1;
    }
    return 0;
}

int resource_sort(struct call *c, struct error *e)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(c->body)) return fail(e, ERR_INVALID, "request body: want a list of ids");
    json_array_foreach (c->body, i, one)
        if (!json_is_string(one))
            return fail(e, ERR_INVALID, "request body: item %zu is not a text", i);
    if (db_write(call_app(c)->db, sort_tx, c, e) < 0) return -1;
    return resource_all(c, e);
}
