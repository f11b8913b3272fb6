/* event_query.c - reading the audit. See event.h.
 *
 * The audit grows for ever, so no question may cost a look at all of it where an index has the
 * answer: one category, user or kind goes by its index, what an event is about by event_related,
 * a time by the numbers, which are made of it; anything else reads from the newest on until the
 * page is full. Where a narrower index is to be taken, the space is compared as an expression,
 * which none has. Counting stops at EVENT_COUNT_MAX. */
#include <string.h>

#include "db/query.h"
#include "store/event.h"

#define COLUMNS                                                                                \
    "number, space_id, category, user_id, username, occurred_at, message, details, identity, " \
    "user_agent, ip_address, is_service, agent, subject_id, document_type, name_at, name_length"
#define PER_MS 4096             /* numbers, see event.c */
#define CLOCK_SLACK_MS 86400000 /* a clock that was set back: numbers run ahead of it */

static const char SQL_RELATED[] =
    "select related_id from event_related where number = $1 order by related_id";

static void add_list(struct query *q, const char *column, struct event_texts t)
{
    if (t.items == NULL) return;
    query_add(q, " and ");
    query_add_in(q, column, t.items, t.n);
}

/* One value goes by the index of the column, several are a mere filter. */
static void add_indexed(struct query *q, const char *one, const char *several, struct event_texts t)
{
    if (t.items == NULL) return;
    if (t.n == 1) query_add1(q, one, TEXT(t.items[0]));
    else query_add_in(q, several, t.items, t.n);
}

static bool is_narrow(const struct event_query *w)
{
    return w->numbers || w->n_related || w->groups.items || w->categories.n == 1 ||
           w->users.n == 1 || w->types.n == 1;
}

static void add_spaces(struct query *q, const struct event_query *w)
{
    bool narrow = is_narrow(w);

    if (w->spaces.items && w->spaces.n == 1 && !narrow)
        query_add1(q, " and space_id = ?", TEXT(w->spaces.items[0]));
    else add_list(q, "space_id || '' in", w->spaces);
    if (w->without_system) query_add(q, " and space_id <> ''");
}

static void add_numbers(struct query *q, const struct event_query *w)
{
    if (w->numbers == NULL) return;
    query_add(q, " and number in (null");
    for (size_t i = 0; i < w->n_numbers; i++) query_add1(q, ", ?", I64(w->numbers[i]));
    query_add(q, ")");
}

static void add_times(struct query *q, const struct event_query *w)
{
    if (w->from_ms) {
        query_add1(q, " and number >= ?", I64(w->from_ms * PER_MS));
        query_add1(q, " and occurred_at >= ?", I64(w->from_ms));
    }
    if (w->to_ms) {
        query_add1(q, " and number < ?", I64((w->to_ms + CLOCK_SLACK_MS) * PER_MS));
        query_add1(q, " and occurred_at <= ?", I64(w->to_ms));
    }
    if (w->from_number) query_add1(q, " and number >= ?", I64(w->from_number));
    if (w->to_number) query_add1(q, " and number <= ?", I64(w->to_number));
}

static void add_related(struct query *q, const struct event_query *w)
{
    for (size_t i = 0; i < w->n_related; i++) {
        query_add_in(q, " and number in (select number from event_related where related_id in",
                     w->related[i].items, w->related[i].n);
        query_add(q, ")");
    }
    if (w->groups.items == NULL) return;
    query_add_in(q, " and number in (select number from event_related where related_id in",
                 w->groups.items, w->groups.n);
    query_add_in(q,
                 " or related_id in (select from_id from reference where member = 'ProjectGroupId' "
                 "and to_id in",
                 w->groups.items, w->groups.n);
    query_add(q, "))");
}

/* What is restricted to projects or environments sees events about one of them. */
static void add_part(struct query *q, const struct visible *v)
{
    query_add(q, "(1 = 1");
    if (v->space_id) query_add1(q, " and space_id || '' = ?", TEXT(v->space_id));
    if (v->n_projects || v->n_groups) {
        query_add_in(q, " and number in (select number from event_related where related_id in",
                     v->projects, v->n_projects);
        query_add_in(q,
                     " or related_id in (select from_id from reference where member = "
                     "'ProjectGroupId' and to_id in",
                     v->groups, v->n_groups);
        query_add(q, "))");
    }
    if (v->n_environments) {
        query_add_in(q, " and number in (select number from event_related where related_id in",
                     v->environments, v->n_environments);
        query_add(q, ")");
    }
    query_add(q, ")");
}

static void add_visible(struct query *q, const struct visible_parts *v)
{
    if (v->items == NULL) return;
    query_add(q, v->n ? " and (" : " and (1 = 0");
    for (size_t i = 0; i < v->n; i++) {
        if (i) query_add(q, " or ");
        add_part(q, &v->items[i]);
    }
    query_add(q, ")");
}

static void add_filters(struct query *q, const struct event_query *w)
{
    query_add(q, " from event where 1 = 1");
    add_spaces(q, w);
    add_numbers(q, w);
    add_indexed(q, " and category = ?", " and category || '' in", w->categories);
    add_indexed(q, " and user_id = ?", " and user_id || '' in", w->users);
    add_indexed(q, " and document_type = ?", " and document_type || '' in", w->types);
    add_list(q, "agent in", w->agents);
    add_times(q, w);
    add_related(q, w);
    add_visible(q, &w->visible);
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

static struct event row_of(struct db_rows *rows, struct arena *a)
{
    return (struct event){.number = db_i64(rows, 0),
                          .id = arena_fmt(a, "Events-%lld", (long long)db_i64(rows, 0)),
                          .space_id = arena_strdup(a, db_text(rows, 1)),
                          .category = arena_strdup(a, db_text(rows, 2)),
                          .user_id = arena_strdup(a, db_text(rows, 3)),
                          .username = arena_strdup(a, db_text(rows, 4)),
                          .occurred_at = db_i64(rows, 5),
                          .message = arena_strdup(a, db_text(rows, 6)),
                          .details = arena_strdup(a, db_text(rows, 7)),
                          .author = {.identity = arena_strdup(a, db_text(rows, 8)),
                                     .user_agent = arena_strdup(a, db_text(rows, 9)),
                                     .ip_address = arena_strdup(a, db_text(rows, 10)),
                                     .is_service = db_i64(rows, 11) != 0},
                          .agent = arena_strdup(a, db_text(rows, 12)),
                          .subject_id = arena_strdup(a, db_text(rows, 13)),
                          .document_type = arena_strdup(a, db_text(rows, 14)),
                          .name_at = db_i64(rows, 15),
                          .name_length = db_i64(rows, 16)};
}

static int read_page(struct db_tx *tx, const struct event_query *w, struct arena *a,
                     struct event **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct event) list = {0};
    int r;

    query_add(&q, "select " COLUMNS);
    add_filters(&q, w);
    query_add1(&q, " order by number desc limit ?", I64(w->take < 0 ? INT64_MAX : w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &list) = row_of(rows, a);
    if (r < 0) return -1;
    for (size_t i = 0; i < list.n; i++)
        if (read_related(tx, a, &list.items[i], e) < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

/* The count is left out when the page shows it. */
int event_list(struct db_tx *tx, const struct event_query *w, struct arena *a, struct event **ret,
               size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;

    if (read_page(tx, w, a, ret, ret_n, e) < 0) return -1;
    *ret_total = w->skip + (int64_t)*ret_n;
    if (*ret_n && (w->take < 0 || (int64_t)*ret_n < w->take)) return 0;
    query_add(&count, "select count(*) from (select 1");
    add_filters(&count, w);
    query_add1(&count, " limit ?) counted", I64(w->skip + EVENT_COUNT_MAX));
    return query_i64(tx, &count, ret_total, e);
}
