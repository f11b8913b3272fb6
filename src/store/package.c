/* package.c - see package.h. */
#include "store/package.h"

#include <string.h>
#include <strings.h>

#include "db/query.h"
#include "store/counter.h"
#include "store/package_query.h"

#define TABLE "package"
#define KIND "Packages"
#define PREFIX "packages-"
#define COLUMNS                                                                             \
    "id, number, space_id, package_id, version, version_key, prerelease, extension, size, " \
    "content, title, summary, description, notes, published_at"

static const char SQL_INSERT[] =
    "insert into package (id, number, space_id, package_id, package_fold, version, version_key, "
    "prerelease, extension, size, content, title, summary, description, notes, published_at) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
    "on conflict do nothing";
static const char SQL_REPLACE[] =
    "update package set package_id = $2, version = $3, extension = $4, size = $5, content = $6, "
    "title = $7, summary = $8, description = $9, notes = $10, published_at = $11 where id = $1";
static const char SQL_GET[] = "select " COLUMNS " from package where id = $1 and space_id = $2";
static const char SQL_FIND[] = "select " COLUMNS " from package where space_id = $1 and "
                               "package_fold = $2 and version_key = $3";

int package_insert(struct db_tx *tx, struct package *p, struct arena *a, struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(p->package_id);

    if (counter_next(tx, KIND, &p->number, e) < 0) return -1;
    p->id = arena_fmt(a, KIND "-%lld", (long long)p->number);
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(p->id), I64(p->number), TEXT(p->space_id), TEXT(p->package_id),
                        TEXT(fold), TEXT(p->version), TEXT(p->version_key), I64(p->prerelease),
                        TEXT(p->extension), I64(p->size), TEXT(p->content), TEXT(p->title),
                        TEXT(p->summary), TEXT(p->description), TEXT(p->notes),
                        I64(p->published_at)),
                   e);
}

int package_replace(struct db_tx *tx, const struct package *p, struct error *e)
{
    return db_exec(tx, SQL_REPLACE,
                   ARGS(TEXT(p->id), TEXT(p->package_id), TEXT(p->version), TEXT(p->extension),
                        I64(p->size), TEXT(p->content), TEXT(p->title), TEXT(p->summary),
                        TEXT(p->description), TEXT(p->notes), I64(p->published_at)),
                   e) < 0
               ? -1
               : 0;
}

static void read_row(struct db_rows *r, struct arena *a, struct package *p)
{
    *p = (struct package){.id = arena_strdup(a, db_text(r, 0)),
                          .number = db_i64(r, 1),
                          .space_id = arena_strdup(a, db_text(r, 2)),
                          .package_id = arena_strdup(a, db_text(r, 3)),
                          .version = arena_strdup(a, db_text(r, 4)),
                          .version_key = arena_strdup(a, db_text(r, 5)),
                          .prerelease = db_i64(r, 6),
                          .extension = arena_strdup(a, db_text(r, 7)),
                          .size = db_i64(r, 8),
                          .content = arena_strdup(a, db_text(r, 9)),
                          .title = arena_strdup(a, db_text(r, 10)),
                          .summary = arena_strdup(a, db_text(r, 11)),
                          .description = arena_strdup(a, db_text(r, 12)),
                          .notes = arena_strdup(a, db_text(r, 13)),
                          .published_at = db_i64(r, 14)};
}

/* 1 = there is a row, 0 = there is none. */
static int read_one(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                    struct arena *a, struct package *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, args, n, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r > 0) read_row(rows, a, ret);
    return r;
}

int package_find(struct db_tx *tx, const char *space_id, const char *package_id,
                 const char *version_key, struct arena *a, struct package *ret, struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(package_id);

    return read_one(tx, SQL_FIND, ARGS(TEXT(space_id), TEXT(fold), TEXT(version_key)), a, ret, e);
}

int package_get(struct db_tx *tx, const char *space_id, const char *id, struct arena *a,
                struct package *ret, struct error *e)
{
    struct package_name name;
    int r = read_one(tx, SQL_GET, ARGS(TEXT(id), TEXT(space_id)), a, ret, e);

    if (r == 0 && strncasecmp(id, PREFIX, strlen(PREFIX)) == 0 &&
        package_identity_parse(a, id + strlen(PREFIX), &name, NULL) == 0)
        r = package_find(tx, space_id, name.id, name.version.key, a, ret, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    return r < 0 ? -1 : 0;
}

int package_delete(struct db_tx *tx, const char *id, struct error *e)
{
    return db_exec(tx, "delete from package where id = $1", ARGS(TEXT(id)), e) < 0 ? -1 : 0;
}

/* ---- lists ---- */

static int matches(const struct package *p, const struct package_query *w, struct arena *a)
{
    struct version v;

    return w->tag == NULL ||
           (version_parse(a, p->version, &v, NULL) == 0 && version_tag_matches(w->tag, &v));
}

/* The rows of the page. With a tag the database does not know which match: *${ret_total} counts
 * them. */
static int read_page(struct db_tx *tx, const struct package_query *w, struct arena *a,
                     struct package **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(package_patterns_done) struct package_patterns p = {0};
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct package) list = {0};
    struct package one;
    int64_t n = 0;
    int r;

    query_add(&q, "select " COLUMNS);
    package_conditions(&q, TABLE, w, &p);
    package_order(&q);
    if (w->tag == NULL) query_add1(&q, " limit ?", I64(w->take));
    if (w->tag == NULL) query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        read_row(rows, a, &one);
        if (!matches(&one, w, a)) continue;
        if (w->tag == NULL || (n >= w->skip && n - w->skip < w->take)) *ARENA_ADD(a, &list) = one;
        n++;
    }
    *ret = list.items;
    *ret_n = list.n;
    if (w->tag) *ret_total = n;
    return r;
}

int package_list(struct db_tx *tx, const struct package_query *w, struct arena *a,
                 struct package **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    if (w->tag == NULL && package_count(tx, TABLE, w, ret_total, e) < 0) return -1;
    return read_page(tx, w, a, ret, ret_n, ret_total, e);
}

int package_latest(struct db_tx *tx, const char *space_id, const char *package_id,
                   const char *range, const char *tag, struct arena *a, struct package *ret,
                   struct error *e)
{
    CLEANUP(version_tag_freep) struct version_tag *t = NULL;
    struct version_range r;
    struct package *list;
    int64_t total;
    size_t n;

    if (version_range_parse(a, range ? range : "", &r, e) < 0) return -1;
    if (version_tag_parse(tag, &t, e) < 0) return -1;
    struct package_query w = {
        .space_id = space_id, .package_id = package_id, .range = &r, .tag = t, .take = 1};
    if (read_page(tx, &w, a, &list, &n, &total, e) < 0) return -1;
    if (n) *ret = list[0];
    return n > 0;
}
