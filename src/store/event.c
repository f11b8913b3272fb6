/* event.c - see event.h.
 *
 * A number is the time in ms times 4096, raised by one while this process makes several in one ms.
 * Two nodes can meet on a number: the insert then does nothing and the next number is tried.
 * Numbers stay below 2^53 until the year 2039, as JSON readers want it, and below 2^63 for ever. */
#include "store/event.h"

#include <stdatomic.h>

#include "base/rand.h"
#include "db/query.h"

static const char SQL_ADD[] =
    "insert into event (number, space_id, category, user_id, username, occurred_at, message, "
    "details) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (number) do nothing";
static const char SQL_RELATE[] = "insert into event_related (related_id, number) values ($1, $2) "
                                 "on conflict (related_id, number) do nothing";
static const char SQL_RELATED[] =
    "select related_id from event_related where number = $1 order by related_id";

static int64_t next_number(int64_t now_ms)
{
    static _Atomic int64_t last;
    int64_t before = atomic_load(&last), next;

    do {
        int64_t clock = now_ms * 4096 + rand_below(64); /* nodes start apart */
        next = clock > before ? clock : before + 1;
    } while (!atomic_compare_exchange_weak(&last, &before, next));
    return next;
}

static int add_row(struct db_tx *tx, const struct event *ev, int64_t *ret_number, struct error *e)
{
    for (;;) {
        int64_t number = next_number(ev->occurred_at);
        int n = db_exec(tx, SQL_ADD,
                        ARGS(I64(number), TEXT(ev->space_id), TEXT(ev->category), TEXT(ev->user_id),
                             TEXT(ev->username), I64(ev->occurred_at), TEXT(ev->message),
                             TEXT(ev->details)),
                        e);
        if (n < 0) return -1;
        *ret_number = number;
        if (n == 1) return 0;
    }
}

int event_add(struct db_tx *tx, const struct event *ev, int64_t *ret_number, struct error *e)
{
    int64_t number;

    if (add_row(tx, ev, &number, e) < 0) return -1;
    for (size_t i = 0; i < ev->n_related; i++)
        if (db_exec(tx, SQL_RELATE, ARGS(TEXT(ev->related[i]), I64(number)), e) < 0) return -1;
    if (ret_number) *ret_number = number;
    return 0;
}

static void add_filters(struct query *q, const struct event_query *w)
{
    query_add(q, " from event where 1 = 1");
    if (w->space_id) query_add1(q, " and space_id = ?", TEXT(w->space_id));
    if (w->number) query_add1(q, " and number = ?", I64(w->number));
    if (w->from_ms) query_add1(q, " and occurred_at >= ?", I64(w->from_ms));
    if (w->to_ms) query_add1(q, " and occurred_at <= ?", I64(w->to_ms));
    if (w->categories) query_add_in(q, " and category in", w->categories, w->n_categories);
    if (w->users) query_add_in(q, " and user_id in", w->users, w->n_users);
    if (w->related == NULL) return;
    query_add_in(q, " and number in (select number from event_related where related_id in",
                 w->related, w->n_related);
    query_add(q, ")");
}

static int read_related(struct db_tx *tx, struct arena *a, struct event *ev, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(const char *) ids = {0};
    int r;

    if (db_query(tx, SQL_RELATED, ARGS(I64(ev->number)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &ids) = arena_strdup(a, db_text(rows, 0));
    ev->related = ids.items;
    ev->n_related = ids.n;
    return r;
}

static int read_page(struct db_tx *tx, const struct event_query *w, struct arena *a,
                     struct event **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct event) list = {0};
    int r;

    query_add(
        &q, "select number, space_id, category, user_id, username, occurred_at, message, details");
    add_filters(&q, w);
    query_add1(&q, " order by number desc limit ?", I64(w->take < 0 ? INT64_MAX : w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) = (struct event){.number = db_i64(rows, 0),
                                              .id = arena_fmt(a, "Events-%s", db_text(rows, 0)),
                                              .space_id = arena_strdup(a, db_text(rows, 1)),
                                              .category = arena_strdup(a, db_text(rows, 2)),
                                              .user_id = arena_strdup(a, db_text(rows, 3)),
                                              .username = arena_strdup(a, db_text(rows, 4)),
                                              .occurred_at = db_i64(rows, 5),
                                              .message = arena_strdup(a, db_text(rows, 6)),
                                              .details = arena_strdup(a, db_text(rows, 7))};
    if (r < 0) return -1;
    for (size_t i = 0; i < list.n; i++)
        if (read_related(tx, a, &list.items[i], e) < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int event_list(struct db_tx *tx, const struct event_query *w, struct arena *a, struct event **ret,
               size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;

    query_add(&count, "select count(*)");
    add_filters(&count, w);
    if (query_i64(tx, &count, ret_total, e) < 0) return -1;
    return read_page(tx, w, a, ret, ret_n, e);
}
