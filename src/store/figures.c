/* figures.c - see figures.h. */
#include "store/figures.h"

/* The numbers are those of enum figures_reason. */
static const char SQL_WAITING[] =
    "select case when t.held = 1 then 0 when t.due_at > {{NOW_MS}} then 1 when g.running_task is "
    "null and g.head_rank = t.rank then 3 else 2 end, count(*), {{NOW_MS}} - min(t.queued_at) from "
    "task t left join task_tag g on g.tag = t.tag where t.state = 'Queued' group by 1";
static const char SQL_NODES[] =
    "select name, lease_until - {{NOW_MS}}, max_tasks, case when id = $1 then 1 else 0 end, "
    "is_draining from node order by name, id limit 100";
static const char SQL_WORKERS[] = "select count(*) from document where kind = 'Workers'";
static const char SQL_KEYS[] =
    "select count(*), coalesce(min(expires_at) - {{NOW_MS}}, 0) from api_key where expires_at > "
    "{{NOW_MS}}";

static int read_waiting(struct db_tx *tx, struct figures *f, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (db_query(tx, SQL_WAITING, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        int64_t reason = db_i64(rows, 0);
        ASSERT(reason >= 0 && reason < WAIT_REASONS);
        f->waiting[reason].tasks = db_i64(rows, 1);
        f->waiting[reason].oldest_ms = db_i64(rows, 2);
    }
    return r;
}

static int read_nodes(struct db_tx *tx, const char *self, struct arena *a, struct figures *f,
                      struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct figures_node) list = {0};
    int r;

    if (db_query(tx, SQL_NODES, ARGS(TEXT(self)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) = (struct figures_node){.name = arena_strdup(a, db_text(rows, 0)),
                                                     .lease_ms = db_i64(rows, 1),
                                                     .cap = db_i64(rows, 2),
                                                     .is_self = db_i64(rows, 3) != 0,
                                                     .is_draining = db_i64(rows, 4) != 0};
    f->nodes = list.items;
    f->n_nodes = list.n;
    return r;
}

static int read_counts(struct db_tx *tx, struct figures *f, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *workers = NULL, *keys = NULL;

    if (db_query(tx, SQL_WORKERS, NO_ARGS, &workers, e) < 0 || db_next(workers, e) < 0) return -1;
    f->workers = db_i64(workers, 0);
    if (db_query(tx, SQL_KEYS, NO_ARGS, &keys, e) < 0 || db_next(keys, e) < 0) return -1;
    f->keys = db_i64(keys, 0);
    f->next_expiry_ms = db_i64(keys, 1);
    return 0;
}

int figures_read(struct db_tx *tx, const char *node_id, struct arena *a, struct figures *ret,
                 struct error *e)
{
    *ret = (struct figures){0};
    if (read_waiting(tx, ret, e) < 0 || read_nodes(tx, node_id, a, ret, e) < 0) return -1;
    return read_counts(tx, ret, e);
}
