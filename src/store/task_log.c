/* task_log.c - see task_log.h. */
#include "store/task_log.h"

#include <string.h>

static const char SQL_APPEND[] =
    "insert into log_chunk (task_id, first_line, lines, node, invocation, part, bytes, data) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char SQL_READ_META[] =
    "select first_line, lines, node, invocation, part, bytes from log_chunk "
    "where task_id = $1 and first_line + lines > $2 + 1 order by first_line limit $3";
static const char SQL_READ_DATA[] =
    "select first_line, lines, node, invocation, part, bytes, data from log_chunk "
    "where task_id = $1 and first_line >= coalesce((select max(first_line) from log_chunk where "
    "task_id = $1 and "
    "first_line <= $2 + 1), 0) order by first_line limit $3";
static const char SQL_CHUNK[] = "select data from log_chunk where task_id = $1 and first_line = $2";

int task_log_append(struct db_tx *tx, const char *task_id, const struct log_row *row,
                    struct error *e)
{
    return db_exec(tx, SQL_APPEND,
                   ARGS(TEXT(task_id), I64(row->first_line), I64(row->lines), TEXT(row->node),
                        TEXT(row->invocation), I64(row->part), I64(row->bytes),
                        BLOB(row->data.p, row->data.n)),
                   e) < 0
               ? -1
               : 0;
}

static void read_row(struct db_rows *rows, bool with_data, struct arena *a, struct log_row *ret)
{
    *ret = (struct log_row){.first_line = db_i64(rows, 0),
                            .lines = db_i64(rows, 1),
                            .node = arena_strdup(a, db_text(rows, 2)),
                            .invocation = arena_strdup(a, db_text(rows, 3)),
                            .part = db_i64(rows, 4),
                            .bytes = db_i64(rows, 5)};
    if (!with_data) return;
    struct str data = db_blob(rows, 6);
    ret->data = (struct str){arena_strndup(a, data.p, data.n), data.n};
}

int task_log_read(struct db_tx *tx, const char *task_id, int64_t after_line, int64_t take,
                  bool with_data, struct arena *a, struct log_row **ret, size_t *ret_n,
                  struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct log_row) list = {0};
    int r;

    if (db_query(tx, with_data ? SQL_READ_DATA : SQL_READ_META,
                 ARGS(TEXT(task_id), I64(after_line), I64(take)), &rows, e) < 0)
        return -1;
    while ((r = db_next(rows, e)) > 0) {
        struct log_row row;
        read_row(rows, with_data, a, &row);
        if (row.first_line + row.lines > after_line + 1) *ARENA_ADD(a, &list) = row;
    }
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int task_log_chunk(struct db_tx *tx, const char *task_id, int64_t first_line, struct arena *a,
                   struct str *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_CHUNK, ARGS(TEXT(task_id), I64(first_line)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0)
        return fail(e, ERR_NOT_FOUND, "log of %s has no chunk at line %lld", task_id,
                    (long long)first_line);
    if (r < 0) return -1;
    struct str data = db_blob(rows, 0);
    *ret = (struct str){arena_strndup(a, data.p, data.n), data.n};
    return 0;
}

static const char SQL_CURSOR_PUT[] =
    "insert into log_cursor (task_id, invocation, next_fragment, part, sealed_state, percent, "
    "message) values ($1, $2, $3, $4, $5, $6, $7) "
    "on conflict (task_id, invocation) do update set next_fragment = excluded.next_fragment, part "
    "= excluded.part, "
    "sealed_state = excluded.sealed_state, percent = excluded.percent, message = excluded.message";
static const char SQL_CURSOR_GET[] =
    "select invocation, next_fragment, part, sealed_state, "
    "percent, message from log_cursor where task_id = $1 and invocation = $2";
static const char SQL_MASK_ADD[] =
    "insert into log_mask (task_id, invocation, part, sealed) values ($1, $2, $3, $4)";
static const char SQL_MASK_LIST[] = "select invocation, part, sealed from log_mask where task_id = "
                                    "$1 order by invocation, part";
static const char SQL_MASK_CLEAR[] = "delete from log_mask where task_id = $1";
static const char SQL_CURSOR_CLEAR[] = "delete from log_cursor where task_id = $1";

int log_cursor_put(struct db_tx *tx, const char *task_id, const struct log_cursor *c,
                   struct error *e)
{
    return db_exec(tx, SQL_CURSOR_PUT,
                   ARGS(TEXT(task_id), TEXT(c->invocation), I64(c->next_fragment), I64(c->part),
                        TEXT(c->sealed_state), I64(c->percent), TEXT(c->message)),
                   e) < 0
               ? -1
               : 0;
}

int log_cursor_get(struct db_tx *tx, const char *task_id, const char *invocation, struct arena *a,
                   struct log_cursor *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_CURSOR_GET, ARGS(TEXT(task_id), TEXT(invocation)), &rows, e) < 0)
        return -1;
    int r = db_next(rows, e);
    if (r <= 0) return r;
    *ret = (struct log_cursor){.invocation = arena_strdup(a, db_text(rows, 0)),
                               .next_fragment = db_i64(rows, 1),
                               .part = db_i64(rows, 2),
                               .sealed_state = arena_strdup(a, db_text(rows, 3)),
                               .percent = db_i64(rows, 4),
                               .message = arena_strdup(a, db_text(rows, 5))};
    return 1;
}

int log_cursor_clear(struct db_tx *tx, const char *task_id, struct error *e)
{
    if (db_exec(tx, SQL_CURSOR_CLEAR, ARGS(TEXT(task_id)), e) < 0) return -1;
    return db_exec(tx, SQL_MASK_CLEAR, ARGS(TEXT(task_id)), e) < 0 ? -1 : 0;
}

int log_mask_add(struct db_tx *tx, const char *task_id, const struct log_mask *m, struct error *e)
{
    return db_exec(tx, SQL_MASK_ADD,
                   ARGS(TEXT(task_id), TEXT(m->invocation), I64(m->part), TEXT(m->sealed)), e) < 0
               ? -1
               : 0;
}

int log_mask_list(struct db_tx *tx, const char *task_id, struct arena *a, struct log_mask **ret,
                  size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct log_mask) list = {0};
    int r;

    if (db_query(tx, SQL_MASK_LIST, ARGS(TEXT(task_id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) = (struct log_mask){.invocation = arena_strdup(a, db_text(rows, 0)),
                                                 .part = db_i64(rows, 1),
                                                 .sealed = arena_strdup(a, db_text(rows, 2))};
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

static const char SQL_VARIABLE_PUT[] =
    "insert into output_variable (task_id, action, name_fold, name, value, is_sensitive) "
    "values ($1, $2, $3, $4, $5, $6) on conflict (task_id, action, name_fold) do update set "
    "name = excluded.name, value = excluded.value, is_sensitive = excluded.is_sensitive";
static const char SQL_VARIABLE_LIST[] =
    "select action, name, value, is_sensitive from output_variable where task_id = $1 order by "
    "action, name_fold";

int output_variable_put(struct db_tx *tx, const char *task_id, const struct output_variable *v,
                        struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(v->name);

    return db_exec(tx, SQL_VARIABLE_PUT,
                   ARGS(TEXT(task_id), TEXT(v->action), TEXT(fold), TEXT(v->name), TEXT(v->value),
                        I64(v->is_sensitive)),
                   e) < 0
               ? -1
               : 0;
}

int output_variable_list(struct db_tx *tx, const char *task_id, struct arena *a,
                         struct output_variable **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct output_variable) list = {0};
    int r;

    if (db_query(tx, SQL_VARIABLE_LIST, ARGS(TEXT(task_id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        *ARENA_ADD(a, &list) = (struct output_variable){.action = arena_strdup(a, db_text(rows, 0)),
                                                        .name = arena_strdup(a, db_text(rows, 1)),
                                                        .value = arena_strdup(a, db_text(rows, 2)),
                                                        .is_sensitive = db_i64(rows, 3) != 0};
    }
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
