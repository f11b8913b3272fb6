/* node.c - see node.h. */
#include "store/node.h"

#define COLUMNS \
    "id, name, incarnation, boot_id, jobs_path, max_tasks, is_draining, last_seen, lease_until"

static const char SQL_REGISTER[] =
    "insert into node (id, name, incarnation, boot_id, jobs_path, max_tasks, last_seen, "
    "lease_until) "
    "values ($1, $2, $3, $4, $5, $6, {{NOW_MS}}, {{NOW_MS}} + $7) on conflict (id) do update set "
    "name = excluded.name, incarnation = excluded.incarnation, boot_id = excluded.boot_id, "
    "jobs_path = excluded.jobs_path, max_tasks = case when node.is_cap_set = 1 then node.max_tasks "
    "else excluded.max_tasks end, last_seen = "
    "excluded.last_seen, "
    "lease_until = excluded.lease_until";
static const char SQL_RENEW[] =
    "update node set last_seen = {{NOW_MS}}, lease_until = {{NOW_MS}} + $3 "
    "where id = $1 and incarnation = $2";
static const char SQL_EXPIRED[] =
    "select " COLUMNS " from node where id <> $1 and lease_until + $2 < {{NOW_MS}} and exists "
    "(select 1 from task where node_id = node.id and (state in ('Executing', 'Cancelling') or "
    "cleanup = 1))";
static const char SQL_ALIVE[] =
    "select " COLUMNS " from node where lease_until > {{NOW_MS}} order by name, id";
static const char SQL_LIST[] = "select " COLUMNS " from node order by name, id";
static const char SQL_GET[] = "select " COLUMNS " from node where id = $1";

int node_register(struct db_tx *tx, const struct node *n, int64_t lease_ms, struct error *e)
{
    return db_exec(tx, SQL_REGISTER,
                   ARGS(TEXT(n->id), TEXT(n->name), TEXT(n->incarnation), TEXT(n->boot_id),
                        TEXT(n->jobs_path), I64(n->max_tasks), I64(lease_ms)),
                   e) < 0
               ? -1
               : 0;
}

int node_renew(struct db_tx *tx, const char *id, const char *incarnation, int64_t lease_ms,
               struct error *e)
{
    int n = db_exec(tx, SQL_RENEW, ARGS(TEXT(id), TEXT(incarnation), I64(lease_ms)), e);

    if (n == 0) return fail(e, ERR_FENCED, "another server runs as node %s now", id);
    return n < 0 ? -1 : 0;
}

static const char SQL_CONFIGURE[] =
    "update node set is_cap_set = case when max_tasks = $2 then is_cap_set else 1 end, max_tasks = "
    "$2, is_draining = $3 where id = $1";
static const char SQL_REMOVE[] =
    "delete from node where id = $1 and lease_until < {{NOW_MS}} and not exists (select 1 from "
    "task where node_id = node.id and (state in ('Executing', 'Cancelling') or cleanup = 1))";

int node_configure(struct db_tx *tx, const char *id, int64_t max_tasks, bool is_draining,
                   struct error *e)
{
    return db_exec(tx, SQL_CONFIGURE, ARGS(TEXT(id), I64(max_tasks), I64(is_draining)), e) < 0 ? -1
                                                                                               : 0;
}

int node_remove(struct db_tx *tx, const char *id, struct error *e)
{
    return db_exec(tx, SQL_REMOVE, ARGS(TEXT(id)), e);
}

static void read_row(struct db_rows *r, struct arena *a, struct node *n)
{
    *n = (struct node){.id = arena_strdup(a, db_text(r, 0)),
                       .name = arena_strdup(a, db_text(r, 1)),
                       .incarnation = arena_strdup(a, db_text(r, 2)),
                       .boot_id = arena_strdup(a, db_text(r, 3)),
                       .jobs_path = arena_strdup(a, db_text(r, 4)),
                       .max_tasks = db_i64(r, 5),
                       .is_draining = db_i64(r, 6) != 0,
                       .last_seen = db_i64(r, 7),
                       .lease_until = db_i64(r, 8)};
}

static int take_all(struct db_rows *rows_in, struct arena *a, struct node **ret, size_t *ret_n,
                    struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    ARENA_LIST(struct node) list = {0};
    int r;

    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int node_expired(struct db_tx *tx, const char *self, int64_t margin_ms, struct arena *a,
                 struct node **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_EXPIRED, ARGS(TEXT(self), I64(margin_ms)), &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int node_alive(struct db_tx *tx, struct arena *a, struct node **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_ALIVE, NO_ARGS, &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int node_list(struct db_tx *tx, struct arena *a, struct node **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_LIST, NO_ARGS, &rows, e) < 0) return -1;
    return take_all(rows, a, ret, ret_n, e);
}

int node_get(struct db_tx *tx, const char *id, struct arena *a, struct node *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_GET, ARGS(TEXT(id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    if (r > 0) read_row(rows, a, ret);
    return r < 0 ? -1 : 0;
}
