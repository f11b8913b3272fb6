/* task.c - see task.h.
 *
 * Queue: task_tag has one row per tag that waits or runs; `head_rank` repeats the smallest rank
 * that waits there. A claim takes the smallest head among free tags by one index, so its cost does
 * not grow with the queue. Every change locks the tag's row first, then the task's, so that two
 * nodes never deadlock. */
#include "store/task.h"

#include <stdio.h>
#include <string.h>

#include "db/query.h"

enum { IDS_MAX = 5000 };
#define COLUMNS                                                                                    \
    "id, rank, space_id, kind, description, state, tag, node_id, epoch, cancel_by, queued_at, "    \
    "started_at, completed_at, updated_at, error, has_warnings, cleanup, journal_seq, log_lines, " \
    "log_bytes, project_id, environment_id, runbook_id, subject_id, arguments, held, due_at, "     \
    "expires_at, interruptions"

bool task_state_ended(const char *state)
{
    return strcmp(state, "Queued") != 0 && strcmp(state, "Executing") != 0 &&
           strcmp(state, "Cancelling") != 0;
}

const char *task_state_named(const char *name)
{
    static const char *const states[] = {"Queued",   "Executing", "Cancelling", "Success",
                                         "Canceled", "Failed",    "TimedOut"};

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_same(states[i], name)) return states[i];
    return NULL;
}

static void read_row(struct db_rows *r, struct arena *a, struct task *t)
{
    t->id = arena_strdup(a, db_text(r, 0));
    t->rank = db_i64(r, 1);
    t->space_id = arena_strdup(a, db_text(r, 2));
    t->kind = arena_strdup(a, db_text(r, 3));
    t->description = arena_strdup(a, db_text(r, 4));
    t->state = arena_strdup(a, db_text(r, 5));
    t->tag = arena_strdup(a, db_text(r, 6));
    t->node_id = arena_strdup(a, db_text(r, 7));
    t->epoch = db_i64(r, 8);
    t->cancel_by = arena_strdup(a, db_text(r, 9));
    t->queued_at = db_i64(r, 10);
    t->started_at = db_i64(r, 11);
    t->completed_at = db_i64(r, 12);
    t->updated_at = db_i64(r, 13);
    t->error = arena_strdup(a, db_text(r, 14));
    t->has_warnings = db_i64(r, 15) != 0;
    t->cleanup = db_i64(r, 16) != 0;
    t->journal_seq = db_i64(r, 17);
    t->log_lines = db_i64(r, 18);
    t->log_bytes = db_i64(r, 19);
    t->project_id = arena_strdup(a, db_text(r, 20));
    t->environment_id = arena_strdup(a, db_text(r, 21));
    t->runbook_id = arena_strdup(a, db_text(r, 22));
    t->subject_id = arena_strdup(a, db_text(r, 23));
    t->arguments = arena_strdup(a, db_text(r, 24));
    t->held = db_i64(r, 25) != 0;
    t->due_at = db_i64(r, 26);
    t->expires_at = db_i64(r, 27);
    t->interruptions = arena_strdup(a, db_text(r, 28));
}

/* Reads one row of ${rows}, which it frees: 1 and *${ret}, or 0. */
static int take_one(struct db_rows *rows_in, struct arena *a, struct task *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    int r = db_next(rows, e);

    if (r > 0) read_row(rows, a, ret);
    return r;
}

static int take_all(struct db_rows *rows_in, struct arena *a, struct task **ret, size_t *ret_n,
                    struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    ARENA_LIST(struct task) list = {0};
    int r;

    while ((r = db_next(rows, e)) > 0) {
        read_row(rows, a, ARENA_ADD(a, &list));
    }
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

#define IS_STOPPED "exists (select 1 from space_stop where space_id = $3)"
static const char SQL_INSERT[] =
    "insert into task (id, rank, space_id, kind, description, state, tag, queued_at, updated_at, "
    "project_id, "
    "environment_id, runbook_id, subject_id, arguments, held, due_at, expires_at) "
    "values ($1, $2, $3, $4, $5, 'Queued', $6, $7, $7, $8, $9, $10, $11, $12, "
    "case when " IS_STOPPED " then 1 else 0 end, $13, $14)";
static const char SQL_TAG_WAIT[] =
    "insert into task_tag (tag, head_rank, waiting, system) "
    "values ($1, case when $4 > 0 or " IS_STOPPED " then null else cast($2 as bigint) end, 1, $5) "
    "on conflict (tag) do update set head_rank = case when excluded.head_rank is null or "
    "task_tag.head_rank < excluded.head_rank then task_tag.head_rank else excluded.head_rank end, "
    "waiting = task_tag.waiting + 1";

int task_enqueue(struct db_tx *tx, const struct task *t, struct error *e)
{
    if (db_exec(tx, SQL_TAG_WAIT,
                ARGS(TEXT(t->tag), I64(t->rank), TEXT(t->space_id), I64(t->due_at), I64(t->system)),
                e) < 0)
        return -1;
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(t->id), I64(t->rank), TEXT(t->space_id), TEXT(t->kind),
                        TEXT(t->description), TEXT(t->tag), I64(t->queued_at), TEXT(t->project_id),
                        TEXT(t->environment_id), TEXT(t->runbook_id), TEXT(t->subject_id),
                        TEXT(t->arguments), I64(t->due_at), I64(t->expires_at)),
                   e);
}

static const char SQL_TAG_CLAIM[] =
    "update task_tag set running_task = 'claimed' where tag = "
    "(select tag from task_tag where system = $1 and running_task is "
    "null and head_rank is not null order by head_rank limit 1) and "
    "running_task is null returning tag, head_rank";
static const char SQL_TASK_CLAIM[] = "update task set state = 'Executing', node_id = $2, epoch = "
                                     "epoch + 1, started_at = $3, updated_at = $3 "
                                     "where rank = $1 and state = 'Queued' returning " COLUMNS;
static const char SQL_TAG_CLAIMED[] =
    "update task_tag set running_task = $2, waiting = waiting - 1, "
    "head_rank = (select min(rank) from task where tag = $1 and state = 'Queued' and held = 0 and "
    "due_at = 0) where tag = $1";

static const char SQL_TAG_READY[] =
    "select 1 from task_tag where system = $1 and running_task is null and head_rank is not null "
    "limit 1";

static int is_any_ready(struct db_tx *tx, bool system, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_TAG_READY, ARGS(I64(system)), &rows, e) < 0) return -1;
    return db_next(rows, e);
}

/* 1 with tag and rank, 0 when there was none, or another node took it between the search and the
 * change. */
static int try_tag(struct db_tx *tx, bool system, struct arena *a, const char **ret_tag,
                   int64_t *ret_rank, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_TAG_CLAIM, ARGS(I64(system)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r <= 0) return r;
    *ret_tag = arena_strdup(a, db_text(rows, 0));
    *ret_rank = db_i64(rows, 1);
    return 1;
}

/* Takes the free tag whose head waits longest: 1 with tag and rank, 0 when none is ready. */
static int claim_tag(struct db_tx *tx, bool system, struct arena *a, const char **ret_tag,
                     int64_t *ret_rank, struct error *e)
{
    int r, ready;

    while ((r = try_tag(tx, system, a, ret_tag, ret_rank, e)) == 0)
        if ((ready = is_any_ready(tx, system, e)) <= 0) return ready;
    return r;
}

static const char SQL_TOO_LATE[] =
    "update task set state = 'TimedOut', started_at = 0, completed_at = $2, error = $3 where id = "
    "$1";
static const char SQL_TAG_FREE[] = "update task_tag set running_task = null where tag = (select "
                                   "tag from task where id = $1) and running_task = $1";
static const char SQL_TAG_DROP[] = "delete from task_tag where tag = (select tag from task where "
                                   "id = $1) and running_task is null and waiting = 0";

static int free_tag(struct db_tx *tx, const char *task_id, struct error *e)
{
    if (db_exec(tx, SQL_TAG_FREE, ARGS(TEXT(task_id)), e) < 0) return -1;
    return db_exec(tx, SQL_TAG_DROP, ARGS(TEXT(task_id)), e) < 0 ? -1 : 0;
}

/* It was claimed too late to start. */
static int end_claimed(struct db_tx *tx, struct task *t, int64_t now_ms, struct arena *a,
                       struct error *e)
{
    t->state = "TimedOut";
    t->error = task_expired_why(t, a);
    if (db_exec(tx, SQL_TOO_LATE, ARGS(TEXT(t->id), I64(now_ms), TEXT(t->error)), e) < 0) return -1;
    return free_tag(tx, t->id, e) < 0 ? -1 : 1;
}

static int claim(struct db_tx *tx, bool system, const char *node_id, int64_t now_ms,
                 struct arena *a, struct task *ret, struct error *e)
{
    struct db_rows *rows = NULL;
    const char *tag;
    int64_t rank;

    int r = claim_tag(tx, system, a, &tag, &rank, e);
    if (r <= 0) return r;
    if (db_query(tx, SQL_TASK_CLAIM, ARGS(I64(rank), TEXT(node_id), I64(now_ms)), &rows, e) < 0)
        return -1;
    r = take_one(rows, a, ret, e);
    if (r < 0) return -1;
    if (r == 0) return fail(e, ERR_CORRUPT, "queue of tag %s names a task that does not wait", tag);
    if (db_exec(tx, SQL_TAG_CLAIMED, ARGS(TEXT(tag), TEXT(ret->id)), e) < 0) return -1;
    return ret->expires_at && ret->expires_at <= now_ms ? end_claimed(tx, ret, now_ms, a, e) : 1;
}

int task_claim(struct db_tx *tx, const char *node_id, int64_t now_ms, struct arena *a,
               struct task *ret, struct error *e)
{
    return claim(tx, false, node_id, now_ms, a, ret, e);
}

int task_claim_system(struct db_tx *tx, const char *node_id, int64_t now_ms, struct arena *a,
                      struct task *ret, struct error *e)
{
    return claim(tx, true, node_id, now_ms, a, ret, e);
}

static const char SQL_ADOPT[] =
    "update task set node_id = $3, epoch = epoch + 1 where id = $1 and node_id = $2 and "
    "(state in ('Executing', 'Cancelling') or cleanup = 1) returning " COLUMNS;

int task_adopt(struct db_tx *tx, const char *id, const char *from_node, const char *node_id,
               struct arena *a, struct task *ret, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_ADOPT, ARGS(TEXT(id), TEXT(from_node), TEXT(node_id)), &rows, e) < 0)
        return -1;
    return take_one(rows, a, ret, e);
}

static const char SQL_OF_NODE[] =
    "select id, rank from task where node_id = $1 and state in ('Executing', 'Cancelling') "
    "union select id, rank from task where node_id = $1 and cleanup = 1 order by 2";

/* ${node_id}: $1, or NULL where there is none. */
static int list_ids(struct db_tx *tx, const char *sql, const char *node_id, struct arena *a,
                    const char ***ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(const char *) list = {0};
    int r;

    const struct db_value node = TEXT(node_id);
    if (db_query(tx, sql, &node, node_id ? 1 : 0, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &list) = arena_strdup(a, db_text(rows, 0));
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int task_of_node(struct db_tx *tx, const char *node_id, struct arena *a, const char ***ret,
                 size_t *ret_n, struct error *e)
{
    return list_ids(tx, SQL_OF_NODE, node_id, a, ret, ret_n, e);
}

static const char SQL_OPEN[] =
    "select id, rank from task where state in ('Executing', 'Cancelling') "
    "union select id, rank from task where cleanup = 1 order by 2";

int task_open_ids(struct db_tx *tx, struct arena *a, const char ***ret, size_t *ret_n,
                  struct error *e)
{
    return list_ids(tx, SQL_OPEN, NULL, a, ret, ret_n, e);
}

/* The first term is that of the index task_active. */
static const char SQL_CANCELLING[] = "select id, rank from task where node_id = $1 and state in "
                                     "('Executing', 'Cancelling') and state = 'Cancelling' "
                                     "order by 2";

int task_cancelling(struct db_tx *tx, const char *node_id, struct arena *a, const char ***ret,
                    size_t *ret_n, struct error *e)
{
    return list_ids(tx, SQL_CANCELLING, node_id, a, ret, ret_n, e);
}

static const char SQL_MARK_LOST[] =
    "update task set error = $2 where node_id = $1 and state in ('Executing', 'Cancelling')";

int task_mark_lost(struct db_tx *tx, const char *node_id, const char *why, struct error *e)
{
    return db_exec(tx, SQL_MARK_LOST, ARGS(TEXT(node_id), TEXT(why)), e) < 0 ? -1 : 0;
}

static const char SQL_ADVANCE[] =
    "update task set journal_seq = $4, log_lines = $5, log_bytes = $6, updated_at = $7, "
    "has_warnings = $8, cleanup = $9 where id = $1 and epoch = $2 and (cancel_by is null or $3 = "
    "1)";
static const char SQL_END[] =
    "update task set state = $3, error = $4, completed_at = $5 where id = $1 and epoch = $2";
static const char SQL_STATE[] = "select epoch, tag from task where id = $1";

/* Why did the guarded update change nothing? */
static int refuse_turn(struct db_tx *tx, const struct task_turn *turn, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_STATE, ARGS(TEXT(turn->task_id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    if (r == 0 || db_i64(rows, 0) != turn->epoch)
        return fail(e, ERR_FENCED, "task %s is run by another node now", turn->task_id);
    return fail(e, ERR_CONFLICT, "task %s was asked to stop", turn->task_id);
}

static int end_task(struct db_tx *tx, const struct task_turn *turn, struct error *e)
{
    if (db_exec(tx, SQL_END,
                ARGS(TEXT(turn->task_id), I64(turn->epoch), TEXT(turn->state), TEXT(turn->error),
                     I64(turn->now_ms)),
                e) < 0)
        return -1;
    return free_tag(tx, turn->task_id, e);
}

int task_advance(struct db_tx *tx, const struct task_turn *turn, struct error *e)
{
    int changed = db_exec(tx, SQL_ADVANCE,
                          ARGS(TEXT(turn->task_id), I64(turn->epoch), I64(turn->cancel_seen),
                               I64(turn->journal_seq), I64(turn->log_lines), I64(turn->log_bytes),
                               I64(turn->now_ms), I64(turn->has_warnings), I64(turn->cleanup)),
                          e);
    if (changed < 0) return -1;
    if (changed == 0) return refuse_turn(tx, turn, e);
    return turn->state && task_state_ended(turn->state) ? end_task(tx, turn, e) : 0;
}

static const char SQL_LEAVE[] =
    "update task set state = $2, cancel_by = $3, completed_at = $4, updated_at = $4, error = $5, "
    "due_at = 0 where id = $1 and state = 'Queued'";
static const char SQL_TAG_UNWAIT[] =
    "update task_tag set waiting = waiting - 1, head_rank = "
    "(select min(rank) from task where tag = "
    "(select tag from task where id = $1) and state = 'Queued' "
    "and held = 0 and due_at = 0) where tag = (select tag from task where id = $1)";
static const char SQL_CANCEL_RUNNING[] = "update task set state = 'Cancelling', cancel_by = $2, "
                                         "updated_at = $3 where id = $1 and state = 'Executing'";
static const char SQL_TAG_LOCK[] =
    "update task_tag set waiting = waiting where tag = (select tag from task where id = $1)";

int task_leave_queue(struct db_tx *tx, const char *id, const struct task_leave *x, struct error *e)
{
    if (db_exec(tx, SQL_TAG_LOCK, ARGS(TEXT(id)), e) < 0) return -1;
    int n = db_exec(tx, SQL_LEAVE,
                    ARGS(TEXT(id), TEXT(x->state), TEXT(x->by), I64(x->now_ms), TEXT(x->error)), e);
    if (n <= 0) return n;
    if (db_exec(tx, SQL_TAG_UNWAIT, ARGS(TEXT(id)), e) < 0) return -1;
    return db_exec(tx, SQL_TAG_DROP, ARGS(TEXT(id)), e) < 0 ? -1 : 1;
}

static int cancel_running(struct db_tx *tx, const char *id, const char *by, int64_t now_ms,
                          struct error *e)
{
    return db_exec(tx, SQL_CANCEL_RUNNING, ARGS(TEXT(id), TEXT(by), I64(now_ms)), e);
}

int task_cancel(struct db_tx *tx, const char *id, const char *by, int64_t now_ms,
                const char **ret_state, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct task t;

    if (task_get(tx, id, &a, &t, e) < 0) return -1;
    int n = cancel_running(tx, id, by, now_ms, e);
    const struct task_leave canceled = {
        "Canceled", by, arena_fmt(&a, "canceled by %s before it started", by), now_ms};
    if (n == 0 && (n = task_leave_queue(tx, id, &canceled, e)) > 0) {
        *ret_state = "Canceled";
        return 0;
    }
    /* it may have been claimed between the two looks */
    if (n == 0) n = cancel_running(tx, id, by, now_ms, e);
    if (n < 0 || task_get(tx, id, &a, &t, e) < 0) return -1;
    if (task_state_ended(t.state))
        return fail(e, ERR_CONFLICT, "%s ended as %s before it could be canceled", id, t.state);
    *ret_state = "Cancelling";
    return 0;
}

static const char SQL_GET[] = "select " COLUMNS " from task where id = $1";

int task_get(struct db_tx *tx, const char *id, struct arena *a, struct task *ret, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    int r = take_one(rows, a, ret, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    return r < 0 ? -1 : 0;
}

static void add_conditions(struct query *q, const struct task_query *w, const char *part)
{
    query_add(q, " from task where 1 = 1");
    if (w->space_id) query_add1(q, " and space_id = ?", TEXT(w->space_id));
    if (w->spaces) query_add_in(q, " and space_id in", w->spaces, w->n_spaces);
    if (w->ids) query_add_in(q, " and id in", w->ids, w->n_ids);
    if (w->states) query_add_in(q, " and state in", w->states, w->n_states);
    if (w->kind) query_add1(q, " and kind = ?", TEXT(w->kind));
    if (w->project_id) query_add1(q, " and project_id = ?", TEXT(w->project_id));
    if (w->environment_id) query_add1(q, " and environment_id = ?", TEXT(w->environment_id));
    if (w->runbook_id) query_add1(q, " and runbook_id = ?", TEXT(w->runbook_id));
    if (w->node_id) query_add1(q, " and node_id = ?", TEXT(w->node_id));
    if (w->about)
        query_add1(q, " and subject_id in (select from_id from reference where to_id = ?)",
                   TEXT(w->about));
    if (w->has_warnings) query_add1(q, " and has_warnings = ?", I64(*w->has_warnings));
    if (w->is_interrupted)
        query_add(q, *w->is_interrupted ? " and interruptions <> ''" : " and interruptions = ''");
    if (w->without_system) query_add(q, " and space_id <> ''");
    visible_add_tasks(q, &w->visible);
    if (part) query_add1(q, " and lower(description) like ? escape '!'", TEXT(part));
}

static int read_page(struct db_tx *tx, const struct task_query *w, const char *part,
                     struct arena *a, struct task **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    struct db_rows *rows = NULL;

    query_add(&q, "select " COLUMNS);
    add_conditions(&q, w, part);
    query_add1(&q, " order by queued_at desc, rank desc limit ?", I64(w->take));
    query_add1(&q, " offset ?", I64(w->skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

/* The count is left out when the page shows it. */
int task_list(struct db_tx *tx, const struct task_query *w, struct arena *a, struct task **ret,
              size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;
    CLEANUP(freep) char *part = str_blank(w->partial_name) ? NULL : query_like(w->partial_name);

    if (w->n_ids > IDS_MAX) return fail_at(e, "ids", "%zu ids, %d are allowed", w->n_ids, IDS_MAX);
    if (read_page(tx, w, part, a, ret, ret_n, e) < 0) return -1;
    *ret_total = (int64_t)*ret_n;
    if (w->skip == 0 && *ret_total < w->take) return 0;
    query_add(&count, "select count(*)");
    add_conditions(&count, w, part);
    return query_i64(tx, &count, ret_total, e);
}

static void add_ahead(struct query *q, const struct task *t, const struct visible_parts *visible)
{
    query_add1(q, " from task where tag = ?", TEXT(t->tag));
    query_add1(q, " and id <> ?", TEXT(t->id));
    query_add1(q,
               " and (state in ('Executing', 'Cancelling') or (state = 'Queued' and due_at = 0 and "
               "rank < ?))",
               I64(t->rank));
    visible_add_tasks(q, visible);
}

int task_queued_behind(struct db_tx *tx, const struct task *t, const struct visible_parts *visible,
                       int64_t skip, int64_t take, struct arena *a, struct task **ret,
                       size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(query_done) struct query count = QUERY_INIT;
    CLEANUP(query_done) struct query page = QUERY_INIT;
    struct db_rows *rows = NULL;

    query_add(&count, "select count(*)");
    add_ahead(&count, t, visible);
    query_add(&page, "select " COLUMNS);
    add_ahead(&page, t, visible);
    query_add(&page, " order by case state when 'Queued' then 1 else 0 end, rank");
    query_add1(&page, " limit ?", I64(take));
    query_add1(&page, " offset ?", I64(skip));
    if (query_i64(tx, &count, ret_total, e) < 0 || query_rows(tx, &page, &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

static const char SQL_HOLDER[] = "select running_task from task_tag where tag = $1";

int task_tag_holder(struct db_tx *tx, const char *tag, struct arena *a, const char **ret,
                    struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_HOLDER, ARGS(TEXT(tag)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    *ret = r ? arena_strdup(a, db_text(rows, 0)) : NULL;
    return 0;
}

int task_count(struct db_tx *tx, const char *space_id, const struct visible_parts *visible,
               struct task_counts *ret, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    struct task_counts c = {0};
    const struct {
        const char *state;
        int64_t *count;
    } places[] = {{"Queued", &c.queued},         {"Executing", &c.executing},
                  {"Cancelling", &c.cancelling}, {"Success", &c.success},
                  {"Failed", &c.failed},         {"Canceled", &c.canceled},
                  {"TimedOut", &c.timed_out}};
    int r;

    query_add(&q, "select state, count(*) from task where 1 = 1");
    if (space_id) query_add1(&q, " and space_id = ?", TEXT(space_id));
    visible_add_tasks(&q, visible);
    query_add(&q, " group by state");
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        for (size_t i = 0; i < ARRAY_LEN(places); i++)
            if (strcmp(db_text(rows, 0), places[i].state) == 0) *places[i].count = db_i64(rows, 1);
    if (r < 0) return -1;
    *ret = c;
    return 0;
}

static const char SQL_WAITING[] = "select cast(coalesce(sum(waiting), 0) as bigint) from task_tag";

int task_count_waiting(struct db_tx *tx, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_WAITING, NO_ARGS, &rows, e) < 0 || db_next(rows, e) < 0) return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

static const char SQL_PLACE[] =
    "select count(*) from task where state = 'Queued' and due_at = 0 and rank < $1";

int task_place(struct db_tx *tx, const struct task *t, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_PLACE, ARGS(I64(t->rank)), &rows, e) < 0 || db_next(rows, e) < 0)
        return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

static const char SQL_REACHED[] =
    "select distinct t.environment_id from reference r join task t on t.subject_id = r.from_id "
    "where r.to_id = $1 and t.state = 'Success' and t.environment_id is not null";

int task_environments_reached(struct db_tx *tx, const char *id, struct arena *a, const char ***ret,
                              size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(const char *) list = {0};
    int r;

    if (db_query(tx, SQL_REACHED, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *ARENA_ADD(a, &list) = arena_strdup(a, db_text(rows, 0));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}
