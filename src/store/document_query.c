/* document_query.c - reading documents: one, lists, and who points to whom. See document.h.
 *
 * A list is two statements with the same conditions: the count and the page. The count is left out
 * when the page shows it (the first page is not full). */
#include "db/query.h"
#include "store/document.h"

#define KEYS                                                                                      \
    "d.id, d.kind, d.space_id, d.owner_id, d.name, d.slug, d.sort, d.row_version, d.created_at, " \
    "d.updated_at"
enum { BODY = 10, IDS_MAX = 5000 };

static const char SQL_GET[] =
    "select " KEYS ", d.doc from document d where d.id = $1 and d.kind = $2";
static const char SQL_USED_BY[] =
    "select d.id, d.kind, d.name, r.member, d.owner_id, r.restricts from reference r "
    "join document d on d.id = r.from_id where r.to_id = $1 and r.restricts >= $2 "
    "order by d.name_fold, d.id, r.member {{C}}";

static void read_row(struct db_rows *r, bool with_body, struct arena *a, struct document *ret)
{
    *ret = (struct document){.id = arena_strdup(a, db_text(r, 0)),
                             .kind = arena_strdup(a, db_text(r, 1)),
                             .space_id = arena_strdup(a, db_text(r, 2)),
                             .owner_id = arena_strdup(a, db_text(r, 3)),
                             .name = arena_strdup(a, db_text(r, 4)),
                             .slug = arena_strdup(a, db_text(r, 5)),
                             .sort = db_i64(r, 6),
                             .row_version = db_i64(r, 7),
                             .created_at = db_i64(r, 8),
                             .updated_at = db_i64(r, 9)};
    if (!with_body) return;
    const char *text = db_text(r, BODY);
    ret->body_n = strlen(text);
    ret->body = arena_strndup(a, text, ret->body_n);
}

int document_json(const struct document *d, json_t **ret, struct error *e)
{
    if (jv_parse(d->body, d->body_n, ret, e) == 0) return 0;
    if (e) e->kind = ERR_CORRUPT;
    return fail_wrap(e, "the stored document %s", d->id);
}

int document_get(struct db_tx *tx, const char *kind, const char *id, struct arena *a,
                 struct document *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id), TEXT(kind)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "%s '%s' does not exist", kind, id);
    if (r < 0) return -1;
    read_row(rows, true, a, ret);
    return 0;
}

static void add_place(struct query *q, const char *kind, const char *space_id, const char *owner_id)
{
    query_add1(q, " from document d where d.kind = ?", TEXT(kind));
    if (space_id) query_add1(q, " and d.space_id = ?", TEXT(space_id));
    if (owner_id) query_add1(q, " and d.owner_id = ?", TEXT(owner_id));
}

int document_find(struct db_tx *tx, const char *kind, const char *space_id, const char *owner_id,
                  const char *wanted, struct arena *a, struct document *ret, struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(wanted);
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    query_add(&q, "select " KEYS ", d.doc");
    add_place(&q, kind, space_id, owner_id);
    query_add1(&q, " and (d.id = ?", TEXT(wanted));
    query_add1(&q, " or d.name_fold = ?", TEXT(fold));
    query_add1(&q, " or d.slug = ?)", TEXT(fold));
    query_add1(&q, " order by case when d.id = ? then 0", TEXT(wanted));
    query_add1(&q, " when d.name_fold = ? then 1 else 2 end, d.number, d.id limit 1", TEXT(fold));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    int r = fold[0] ? db_next(rows, e) : 0;
    if (r == 0) return fail(e, ERR_NOT_FOUND, "%s '%s' does not exist", kind, wanted);
    if (r < 0) return -1;
    read_row(rows, true, a, ret);
    return 0;
}

/* ---- lists ---- */

/* Folded forms that the conditions point to. */
struct folded {
    char *name, *slug, *part, *exact;
};

static void folded_done(struct folded *f)
{
    freep(&f->name);
    freep(&f->slug);
    freep(&f->part);
    freep(&f->exact);
}

static void folded_make(struct folded *f, const struct document_query *w)
{
    f->name = str_blank(w->name) ? NULL : str_fold(w->name);
    f->slug = str_blank(w->slug) ? NULL : str_fold(w->slug);
    f->part = str_blank(w->partial_name) ? NULL : query_like(w->partial_name);
    f->exact = f->part ? str_fold(w->partial_name) : NULL;
}

static void add_reference_filter(struct query *q, const struct document_filter *f)
{
    query_add_in(q, " and d.id in (select r.from_id from reference r where r.to_id in", f->to_ids,
                 f->n_to_ids);
    if (f->member) query_add1(q, " and r.member = ?", TEXT(f->member));
    query_add(q, ")");
}

static void add_conditions(struct query *q, const struct document_query *w, const struct folded *f)
{
    add_place(q, w->kind, w->space_id, w->owner_id);
    if (w->ids) query_add_in(q, " and d.id in", w->ids, w->n_ids);
    if (w->id_without) {
        query_add1(q, " and d.id not like '%' || ?", TEXT(w->id_without));
        query_add(q, " || '%'");
    }
    if (f->name) query_add1(q, " and d.name_fold = ?", TEXT(f->name));
    if (f->slug) query_add1(q, " and d.slug = ?", TEXT(f->slug));
    if (f->part) query_add1(q, " and d.name_fold like ? escape '!'", TEXT(f->part));
    for (size_t i = 0; i < w->n_filters; i++) add_reference_filter(q, &w->filters[i]);
    if (w->among) query_add_in(q, " and d.id in", w->among, w->n_among);
    if (w->spaces) query_add_in(q, " and d.space_id in", w->spaces, w->n_spaces);
    visible_add_documents(q, w->kind, &w->visible);
    if (w->task_states == NULL) return;
    query_add_in(q, " and exists (select 1 from task t where t.subject_id = d.id and t.state in",
                 w->task_states, w->n_task_states);
    query_add(q, ")");
}

static const char *const orders[] = {
    [DOCUMENT_BY_NAME] = " d.name_fold, d.number, d.id",
    [DOCUMENT_BY_SORT] = " d.sort, d.name_fold, d.number, d.id",
    [DOCUMENT_BY_ID] = " d.number, d.id",
    [DOCUMENT_BY_ID_DESC] = " d.number desc, d.id desc",
};

static int read_page(struct db_tx *tx, const struct document_query *w, const struct folded *f,
                     struct arena *a, struct document_page *ret, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct document) list = {0};
    int r;

    query_add(&q, w->without_body ? "select " KEYS : "select " KEYS ", d.doc");
    add_conditions(&q, w, f);
    query_add(&q, " order by");
    /* who asks for a part of a name and gives all of it means that one */
    if (f->exact) query_add1(&q, " case when d.name_fold = ? then 0 else 1 end,", TEXT(f->exact));
    query_add(&q, orders[w->order]);
    query_add1(&q, " limit ?", I64(w->take < 0 ? INT64_MAX : w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_row(rows, !w->without_body, a, ARENA_ADD(a, &list));
    ret->items = list.items;
    ret->n = list.n;
    return r;
}

int document_list(struct db_tx *tx, const struct document_query *w, struct arena *a,
                  struct document_page *ret, struct error *e)
{
    CLEANUP(folded_done) struct folded f = {NULL, NULL, NULL, NULL};
    CLEANUP(query_done) struct query count = QUERY_INIT;
    struct document_page page = {NULL, 0, 0};

    if (w->n_ids > IDS_MAX) return fail_at(e, "ids", "%zu ids, %d are allowed", w->n_ids, IDS_MAX);
    folded_make(&f, w);
    if (w->take != 0 && read_page(tx, w, &f, a, &page, e) < 0) return -1;
    page.total = (int64_t)page.n;
    if (w->skip > 0 || (w->take >= 0 && page.total == w->take)) {
        query_add(&count, "select count(*)");
        add_conditions(&count, w, &f);
        if (query_i64(tx, &count, &page.total, e) < 0) return -1;
    }
    *ret = page;
    return 0;
}

/* A frozen document (its id has -s- in it) stands in no list, and neither does it here. */
static const char SQL_SEARCH[] =
    "select " KEYS " from document d where d.space_id = $1 and d.name_fold like $2 escape '!' and "
    "d.id not like '%-s-%' order by d.name_fold, d.number, d.id limit 100";

int document_search(struct db_tx *tx, const char *space_id, const char *part, struct arena *a,
                    struct document **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(freep) char *like = query_like(part);
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct document) list = {0};
    int r;

    if (db_query(tx, SQL_SEARCH, ARGS(TEXT(space_id), TEXT(like)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_row(rows, false, a, ARENA_ADD(a, &list));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int document_count_by(struct db_tx *tx, const struct document_query *w, const char *const *members,
                      size_t n, struct arena *a, struct document_count **ret, size_t *ret_n,
                      struct error *e)
{
    static const char *const columns[] = {"r0.to_id", ", r1.to_id", ", r2.to_id", ", r3.to_id"},
                             *const joins[] = {
                                 "",
                                 " join reference r1 on r1.from_id = r0.from_id and r1.member = ?",
                                 " join reference r2 on r2.from_id = r0.from_id and r2.member = ?",
                                 " join reference r3 on r3.from_id = r0.from_id and r3.member = ?"};
    CLEANUP(folded_done) struct folded f = {NULL, NULL, NULL, NULL};
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct document_count) list = {0};
    int r;

    ASSERT(n >= 1 && n <= ARRAY_LEN(columns));
    folded_make(&f, w);
    query_add(&q, "select count(*), ");
    for (size_t i = 0; i < n; i++) query_add(&q, columns[i]);
    query_add(&q, " from reference r0");
    for (size_t i = 1; i < n; i++) query_add1(&q, joins[i], TEXT(members[i]));
    query_add1(&q, " where r0.member = ? and r0.from_id in (select d.id", TEXT(members[0]));
    add_conditions(&q, w, &f);
    query_add(&q, ") group by ");
    for (size_t i = 0; i < n; i++) query_add(&q, columns[i]);
    query_add(&q, " order by ");
    for (size_t i = 0; i < n; i++) {
        query_add(&q, columns[i]);
        query_add(&q, " {{C}}");
    }
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        struct document_count *one = ARENA_ADD(a, &list);
        *one = (struct document_count){.n = db_i64(rows, 0)};
        for (size_t i = 0; i < n; i++) one->values[i] = arena_strdup(a, db_text(rows, (int)i + 1));
    }
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

/* ---- slugs, uses ---- */

static int slug_taken(struct db_tx *tx, const char *kind, const char *space_id,
                      const char *owner_id, const char *slug, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    int64_t n;

    query_add(&q, "select count(*)");
    add_place(&q, kind, space_id, owner_id);
    query_add1(&q, " and d.slug = ?", TEXT(slug));
    return query_i64(tx, &q, &n, e) < 0 ? -1 : n > 0;
}

int document_free_slug(struct db_tx *tx, const char *kind, const char *space_id,
                       const char *owner_id, const char *name, struct arena *a, const char **ret,
                       struct error *e)
{
    CLEANUP(freep) char *plain = str_slug(name);
    const char *slug = arena_strdup(a, plain);
    int taken;

    for (int n = 1; (taken = slug_taken(tx, kind, space_id, owner_id, slug, e)) > 0; n++)
        slug = arena_fmt(a, "%s-%d", plain, n);
    if (taken < 0) return -1;
    *ret = slug;
    return 0;
}

int document_used_by(struct db_tx *tx, const char *id, bool restricting, struct arena *a,
                     struct document_use **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct document_use) list = {0};
    int r;

    if (db_query(tx, SQL_USED_BY, ARGS(TEXT(id), I64(restricting)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) = (struct document_use){.id = arena_strdup(a, db_text(rows, 0)),
                                                     .kind = arena_strdup(a, db_text(rows, 1)),
                                                     .name = arena_strdup(a, db_text(rows, 2)),
                                                     .member = arena_strdup(a, db_text(rows, 3)),
                                                     .owner_id = arena_strdup(a, db_text(rows, 4)),
                                                     .restricts = db_i64(rows, 5) != 0};
    *ret = list.items;
    *ret_n = list.n;
    return r;
}
