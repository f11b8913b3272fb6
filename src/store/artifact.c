/* artifact.c - see artifact.h. */
#include "store/artifact.h"

#include <string.h>

#include "db/query.h"

#define COLUMNS                                                                                   \
    "id, number, space_id, task_id, invocation, node, path, filename, source, created_at, size, " \
    "content, failure"

static const char SQL_INSERT[] = "insert into artifact (id, number, space_id, task_id, invocation, "
                                 "node, path, filename, source, created_at) "
                                 "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char SQL_COLLECTED[] =
    "update artifact set content = $2, size = $3, failure = $4 where id = $1";
static const char SQL_GET[] = "select " COLUMNS " from artifact where id = $1";
static const char SQL_UNFETCHED[] =
    "select " COLUMNS
    " from artifact where task_id = $1 and invocation = $2 and content is null and failure is null "
    "order by number limit $3";
static const char SQL_DELETE[] = "delete from artifact where id = $1";

int artifact_insert(struct db_tx *tx, const struct artifact *x, struct error *e)
{
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(x->id), I64(x->number), TEXT(x->space_id), TEXT(x->task_id),
                        TEXT(x->invocation), TEXT(x->node), TEXT(x->path), TEXT(x->filename),
                        TEXT(x->source), I64(x->created_at)),
                   e) < 0
               ? -1
               : 0;
}

int artifact_collected(struct db_tx *tx, const char *id, const char *content, int64_t size,
                       const char *failure, struct error *e)
{
    return db_exec(tx, SQL_COLLECTED, ARGS(TEXT(id), TEXT(content), I64(size), TEXT(failure)), e) <
                   0
               ? -1
               : 0;
}

int artifact_rename(struct db_tx *tx, const char *id, const char *filename, struct error *e)
{
    return db_exec(tx, "update artifact set filename = $2 where id = $1",
                   ARGS(TEXT(id), TEXT(filename)), e) < 0
               ? -1
               : 0;
}

static void read_row(struct db_rows *r, struct arena *a, struct artifact *x)
{
    *x = (struct artifact){.id = arena_strdup(a, db_text(r, 0)),
                           .number = db_i64(r, 1),
                           .space_id = arena_strdup(a, db_text(r, 2)),
                           .task_id = arena_strdup(a, db_text(r, 3)),
                           .invocation = arena_strdup(a, db_text(r, 4)),
                           .node = arena_strdup(a, db_text(r, 5)),
                           .path = arena_strdup(a, db_text(r, 6)),
                           .filename = arena_strdup(a, db_text(r, 7)),
                           .source = arena_strdup(a, db_text(r, 8)),
                           .created_at = db_i64(r, 9),
                           .size = db_i64(r, 10),
                           .content = arena_strdup(a, db_text(r, 11)),
                           .failure = arena_strdup(a, db_text(r, 12))};
}

int artifact_get(struct db_tx *tx, const char *id, struct arena *a, struct artifact *ret,
                 struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    if (r > 0) read_row(rows, a, ret);
    return r < 0 ? -1 : 0;
}

static int take_all(struct db_rows *rows_in, struct arena *a, struct artifact **ret, size_t *ret_n,
                    struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    ARENA_LIST(struct artifact) list = {0};
    int r;

    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static void add_conditions(struct query *q, const struct artifact_query *w, const char *part)
{
    query_add(q, " from artifact where 1 = 1");
    if (w->space_id) query_add1(q, " and space_id = ?", TEXT(w->space_id));
    if (w->ids) query_add_in(q, " and id in", w->ids, w->n_ids);
    if (part) query_add1(q, " and lower(filename) like ? escape '!'", TEXT(part));
    if (w->visible.items) {
        query_add(q, " and task_id in (select id from task where 1 = 1");
        visible_add_tasks(q, &w->visible);
        query_add(q, ")");
    }
    if (w->regarding == NULL) return;
    query_add1(q, " and task_id in (select cast(? as text)", TEXT(w->regarding));
    query_add1(q, " union select id from task where subject_id = ?", TEXT(w->regarding));
    query_add1(q,
               " union select t.id from reference r join task t on t.subject_id = r.from_id where "
               "r.to_id = ?)",
               TEXT(w->regarding));
}

static int read_page(struct db_tx *tx, const struct artifact_query *w, const char *part,
                     struct arena *a, struct artifact **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    struct db_rows *rows = NULL;

    query_add(&q, "select " COLUMNS);
    add_conditions(&q, w, part);
    query_add1(&q, " order by number desc limit ?", I64(w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int artifact_list(struct db_tx *tx, const struct artifact_query *w, struct arena *a,
                  struct artifact **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;
    CLEANUP(freep) char *part = str_blank(w->partial_name) ? NULL : query_like(w->partial_name);

    query_add(&count, "select count(*)");
    add_conditions(&count, w, part);
    if (query_i64(tx, &count, ret_total, e) < 0) return -1;
    return read_page(tx, w, part, a, ret, ret_n, e);
}

int artifact_unfetched(struct db_tx *tx, const char *task_id, const char *invocation, int64_t take,
                       struct arena *a, struct artifact **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_UNFETCHED, ARGS(TEXT(task_id), TEXT(invocation), I64(take)), &rows, e) < 0)
        return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int artifact_delete(struct db_tx *tx, const char *id, struct error *e)
{
    int n = db_exec(tx, SQL_DELETE, ARGS(TEXT(id)), e);

    if (n == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    return n < 0 ? -1 : 0;
}
