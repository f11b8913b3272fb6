/* default.c - the one of its kind that a space uses when none is named; see resource.h. */
#include <string.h>

#include "api/resource.h"

static int defaults(struct db_tx *tx, struct call *c, const struct resource *r,
                    struct document_page *ret, struct error *e)
{
    static const char *const yes[] = {"true"};
    static const struct document_filter is_default = {"IsDefault", yes, 1};
    struct document_query q = {.kind = r->kind,
                               .space_id = c->space_id,
                               .filters = &is_default,
                               .n_filters = 1,
                               .order = DOCUMENT_BY_ID,
                               .take = -1};

    return document_list(tx, &q, c->arena, ret, e);
}

int default_keep(struct call *c, const struct resource *r, const json_t *doc, const json_t *stored,
                 struct error *e)
{
    if (!jv_bool(stored, "IsDefault", false) || jv_bool(doc, "IsDefault", false)) return 0;
    return fail_at(e, "IsDefault",
                   "IsDefault: '%s' is the default %s; make another one the default",
                   text(stored, "Name"), resource_noun(c->arena, r));
}

int default_move(struct db_tx *tx, struct call *c, const struct resource *r, const json_t *doc,
                 struct error *e)
{
    struct document_page page;

    if (!jv_bool(doc, "IsDefault", false)) return 0;
    if (defaults(tx, c, r, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *before = NULL;
        if (strcmp(page.items[i].id, text(doc, "Id")) == 0) continue;
        if (document_json(&page.items[i], &before, e) < 0) return -1;
        jv_set_bool(before, "IsDefault", false);
        if (resource_replace(tx, c, r, before, -1, e) < 0) return -1;
    }
    return 0;
}

int default_id(struct db_tx *tx, struct call *c, const struct resource *r, const char **ret,
               struct error *e)
{
    struct document_page page;

    if (defaults(tx, c, r, &page, e) < 0) return -1;
    if (page.n == 0)
        return fail(e, ERR_INTERNAL, "%s has no default %s", c->space_id,
                    resource_noun(c->arena, r));
    *ret = page.items[0].id;
    return 0;
}
