/* interruption.c - see interruption.h. */
#include "store/interruption.h"

#include "db/query.h"
#include "store/counter.h"

#define COLUMNS                                                                                   \
    "id, number, space_id, task_id, correlation_id, kind, title, form, teams, user_id, answers, " \
    "is_pending, created_at"

static const char SQL_INSERT[] =
    "insert into interruption (id, number, space_id, task_id, correlation_id, kind, title, form, "
    "teams, is_pending, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)";
static const char SQL_GET[] = "select " COLUMNS " from interruption where id = $1";
static const char SQL_TAKE[] =
    "update interruption set user_id = $2 where id = $1 and is_pending = 1";
static const char SQL_SUBMIT[] = "update interruption set is_pending = 0, answers = $3 where id = "
                                 "$1 and is_pending = 1 and user_id = $2";
static const char SQL_KINDS[] = "select distinct kind from interruption where task_id = $1 and "
                                "is_pending = 1 order by kind";
static const char SQL_NOTE[] = "update task set interruptions = $2 where id = $1";

static void read_row(struct db_rows *r, struct arena *a, struct interruption *x)
{
    *x = (struct interruption){.id = arena_strdup(a, db_text(r, 0)),
                               .number = db_i64(r, 1),
                               .space_id = arena_strdup(a, db_text(r, 2)),
                               .task_id = arena_strdup(a, db_text(r, 3)),
                               .correlation_id = arena_strdup(a, db_text(r, 4)),
                               .kind = arena_strdup(a, db_text(r, 5)),
                               .title = arena_strdup(a, db_text(r, 6)),
                               .form = arena_strdup(a, db_text(r, 7)),
                               .teams = arena_strdup(a, db_text(r, 8)),
                               .user_id = arena_strdup(a, db_text(r, 9)),
                               .answers = arena_strdup(a, db_text(r, 10)),
                               .is_pending = db_i64(r, 11) != 0,
                               .created_at = db_i64(r, 12)};
}

/* The task's row says what is pending. */
static int note_pending(struct db_tx *tx, const char *task_id, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(buf_done) struct buf kinds = BUF_INIT(4 * KiB);
    int r;

    if (db_query(tx, SQL_KINDS, ARGS(TEXT(task_id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        buf_addf(&kinds, "%s%s", kinds.n ? "," : "", db_text(rows, 0));
    if (r < 0) return -1;
    return db_exec(tx, SQL_NOTE, ARGS(TEXT(task_id), TEXT(buf_str(&kinds))), e) < 0 ? -1 : 0;
}

int interruption_add(struct db_tx *tx, struct interruption *x, struct arena *a, struct error *e)
{
    if (counter_next(tx, "Interruptions", &x->number, e) < 0) return -1;
    x->id = arena_fmt(a, "Interruptions-%lld", (long long)x->number);
    x->is_pending = true;
    if (db_exec(tx, SQL_INSERT,
                ARGS(TEXT(x->id), I64(x->number), TEXT(x->space_id), TEXT(x->task_id),
                     TEXT(x->correlation_id), TEXT(x->kind), TEXT(x->title), TEXT(x->form),
                     TEXT(x->teams), I64(x->created_at)),
                e) < 0)
        return -1;
    return note_pending(tx, x->task_id, e);
}

int interruption_get(struct db_tx *tx, const char *id, struct arena *a, struct interruption *ret,
                     struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    if (r > 0) read_row(rows, a, ret);
    return r < 0 ? -1 : 0;
}

int interruption_take(struct db_tx *tx, const char *id, const char *user_id, struct error *e)
{
    int n = db_exec(tx, SQL_TAKE, ARGS(TEXT(id), TEXT(user_id)), e);

    if (n == 0) return fail(e, ERR_CONFLICT, "%s has been answered already", id);
    return n < 0 ? -1 : 0;
}

int interruption_submit(struct db_tx *tx, const char *id, const char *user_id, const char *answers,
                        struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct interruption x;

    int n = db_exec(tx, SQL_SUBMIT, ARGS(TEXT(id), TEXT(user_id), TEXT(answers)), e);
    if (n < 0 || interruption_get(tx, id, &a, &x, e) < 0) return -1;
    if (n > 0) return note_pending(tx, x.task_id, e);
    if (!x.is_pending) return fail(e, ERR_CONFLICT, "%s has been answered already", id);
    return fail(e, ERR_CONFLICT, "%s can be answered by who has taken responsibility for it: %s",
                id, x.user_id ? x.user_id : "nobody has yet");
}

static void add_conditions(struct query *q, const struct interruption_query *w)
{
    query_add(q, " from interruption where 1 = 1");
    if (w->space_id) query_add1(q, " and space_id = ?", TEXT(w->space_id));
    if (w->ids) query_add_in(q, " and id in", w->ids, w->n_ids);
    if (w->pending_only) query_add(q, " and is_pending = 1");
    if (w->visible.items) {
        query_add(q, " and task_id in (select id from task where 1 = 1");
        visible_add_tasks(q, &w->visible);
        query_add(q, ")");
    }
    if (w->regarding == NULL) return;
    query_add1(q, " and task_id in (select cast(? as text)", TEXT(w->regarding));
    query_add1(q, " union select id from task where subject_id = ?)", TEXT(w->regarding));
}

static int read_page(struct db_tx *tx, const struct interruption_query *w, struct arena *a,
                     struct interruption **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct interruption) list = {0};
    int r;

    query_add(&q, "select " COLUMNS);
    add_conditions(&q, w);
    query_add1(&q, " order by number desc limit ?", I64(w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int interruption_list(struct db_tx *tx, const struct interruption_query *w, struct arena *a,
                      struct interruption **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;

    query_add(&count, "select count(*)");
    add_conditions(&count, w);
    if (query_i64(tx, &count, ret_total, e) < 0) return -1;
    return read_page(tx, w, a, ret, ret_n, e);
}
