/* package_query.c - see package_query.h. */
#include "store/package_query.h"

#include <stdlib.h>

void package_patterns_done(struct package_patterns *p)
{
    free(p->fold);
    free(p->id);
    free(p->version);
}

static void add_range(struct query *q, const struct version_range *r)
{
    query_add(q, " and (");
    for (size_t i = 0; i < r->n; i++) {
        query_add(q, i ? " or (1 = 1" : "(1 = 1");
        if (r->items[i].from) query_add1(q, " and version_key >= ?", TEXT(r->items[i].from));
        if (r->items[i].to) query_add1(q, " and version_key < ?", TEXT(r->items[i].to));
        query_add(q, ")");
    }
    query_add(q, ")");
}

void package_conditions(struct query *q, const char *table, const struct package_query *w,
                        struct package_patterns *p)
{
    query_add(q, " from ");
    query_add(q, table);
    query_add(q, " x where 1 = 1");
    if (w->space_id) query_add1(q, " and space_id = ?", TEXT(w->space_id));
    if (w->package_id) {
        p->fold = str_fold(w->package_id);
        query_add1(q, " and package_fold = ?", TEXT(p->fold));
    }
    if (w->partial_id) {
        p->id = query_like(w->partial_id);
        query_add1(q, " and package_fold like ? escape '!'", TEXT(p->id));
    }
    if (w->partial_version) {
        p->version = query_like(w->partial_version);
        query_add1(q, " and lower(version) like ? escape '!'", TEXT(p->version));
    }
    if (w->ids) query_add_in(q, " and id in", w->ids, w->n_ids);
    if (w->without_prerelease) query_add(q, " and prerelease = 0");
    if (w->range && w->range->n) add_range(q, w->range);
    if (w->only_latest) {
        query_add(q, " and (package_fold, version_key) in (select package_fold, max(version_key) "
                     "from ");
        query_add(q, table);
        query_add1(q, " where space_id = ? group by package_fold)", TEXT(w->space_id));
    }
}

int package_count(struct db_tx *tx, const char *table, const struct package_query *w, int64_t *ret,
                  struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(package_patterns_done) struct package_patterns p = {0};

    query_add(&q, "select count(*)");
    package_conditions(&q, table, w, &p);
    return query_i64(tx, &q, ret, e);
}

void package_order(struct query *q) { query_add(q, " order by package_fold, version_key desc"); }
