/* sealed.c - see sealed.h. */
#include "store/sealed.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/setting.h"

#define CANARY "master-key"
#define CANARY_TEXT "bobtail"
#define VALUE_MAX (64 * MiB)
#define KEYS_MAX 3

static const char SQL_LOCK_SHARED[] = "set local statement_timeout = 0;"
                                      "select pg_advisory_xact_lock_shared(7233181506251022)";
static const char SQL_LOCK_ALONE[] = "set local statement_timeout = 0;"
                                     "select pg_advisory_xact_lock(7233181506251022)";

/* A column that may hold sealed texts, and the key of its table: t = text, n = number. */
static const struct sealed_column {
    const char *table, *key_types, *keys, *get, *put;
} columns[] = {
#define KEYS(table, keys, column) \
    "select " keys " from " table " where " column " like '%" SEAL_FORM "%' order by " keys
#define COLUMN_1(table, types, a, column)                                                          \
    {                                                                                              \
        table, types, KEYS(table, a, column), "select " column " from " table " where " a " = $1", \
            "update " table " set " column " = $2 where " a " = $1"                                \
    }
#define COLUMN_2(table, types, a, b, column)                                       \
    {                                                                              \
        table, types, KEYS(table, a ", " b, column),                               \
            "select " column " from " table " where " a " = $1 and " b " = $2",    \
            "update " table " set " column " = $3 where " a " = $1 and " b " = $2" \
    }
#define COLUMN_3(table, types, a, b, c, column)                                                   \
    {                                                                                             \
        table, types, KEYS(table, a ", " b ", " c, column),                                       \
            "select " column " from " table " where " a " = $1 and " b " = $2 and " c " = $3",    \
            "update " table " set " column " = $4 where " a " = $1 and " b " = $2 and " c " = $3" \
    }
    COLUMN_1("setting", "t", "name", "value"),
    COLUMN_1("document", "t", "id", "doc"),
    COLUMN_1("task", "t", "id", "arguments"),
    COLUMN_1("server_certificate", "t", "thumbprint", "sealed_key"),
    COLUMN_1("event", "n", "number", "details"),
    COLUMN_2("journal", "tn", "task_id", "seq", "body"),
    COLUMN_2("log_cursor", "tt", "task_id", "invocation", "sealed_state"),
    COLUMN_3("log_mask", "ttn", "task_id", "invocation", "part", "sealed"),
    COLUMN_3("output_variable", "ttt", "task_id", "action", "name_fold", "value"),
};

bool sealed_covers(const char *table)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (strcmp(columns[i].table, table) == 0) return true;
    return false;
}

int sealed_lock(struct db_tx *tx, bool shared, struct error *e)
{
    if (strcmp(db_tx_engine(tx), "postgres") != 0) return 0; /* one process has the file */
    return db_script(tx, shared ? SQL_LOCK_SHARED : SQL_LOCK_ALONE, e);
}

/* ---- rows ---- */

struct row_key {
    struct db_value values[KEYS_MAX + 1]; /* one more for the value that is put */
    const char *name;                     /* "journal ServerTasks-7 3" */
};

static void read_key(const struct sealed_column *c, struct db_rows *rows, struct arena *a,
                     struct row_key *ret)
{
    const char *name = c->table;

    for (int i = 0; c->key_types[i]; i++) {
        if (c->key_types[i] == 'n') {
            ret->values[i] = I64(db_i64(rows, i));
            name = arena_fmt(a, "%s %lld", name, (long long)db_i64(rows, i));
        } else {
            ret->values[i] = TEXT(arena_strdup(a, db_text(rows, i)));
            name = arena_fmt(a, "%s %s", name, ret->values[i].p);
        }
    }
    ret->name = name;
}

struct key_list {
    struct row_key *items;
    size_t n, cap;
};

static int read_keys(struct db_tx *tx, const struct sealed_column *c, struct arena *a,
                     struct key_list *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (db_query(tx, c->keys, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_key(c, rows, a, ARENA_ADD(a, ret));
    return r;
}

static int get_value(struct db_tx *tx, const struct sealed_column *c, const struct row_key *k,
                     struct buf *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, c->get, k->values, strlen(c->key_types), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r > 0) buf_adds(ret, db_text(rows, 0));
    if (ret->overflow)
        return fail(e, ERR_TOO_LARGE, "%s has more than %zu bytes", k->name, VALUE_MAX);
    return r < 0 ? -1 : 0;
}

/* Calls ${fn} with every row that holds something like a sealed text, and that text. */
typedef int row_fn(struct db_tx *tx, const struct sealed_column *c, struct row_key *k,
                   const char *text, void *ctx, struct error *e);

static int each_row(struct db_tx *tx, const struct sealed_column *c, row_fn *fn, void *ctx,
                    struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct key_list keys = {0};
    int r = read_keys(tx, c, &a, &keys, e);

    for (size_t i = 0; i < keys.n && r >= 0; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(VALUE_MAX);
        r = get_value(tx, c, &keys.items[i], &text, e);
        if (r >= 0) r = fn(tx, c, &keys.items[i], buf_str(&text), ctx, e);
    }
    return r < 0 ? -1 : 0;
}

static int every_row(struct db_tx *tx, row_fn *fn, void *ctx, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (each_row(tx, &columns[i], fn, ctx, e) < 0) return -1;
    return 0;
}

/* ---- the key of a database ---- */

int sealed_canary(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    return setting_get(tx, CANARY, a, ret, e);
}

static int opens(const struct secret_key *key, const char *sealed, struct error *e)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(VALUE_MAX);

    return seal_open(key, sealed, &plain, e);
}

int sealed_check_key(struct db_tx *tx, const struct secret_key *key, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *canary;

    if (sealed_canary(tx, &a, &canary, e) < 0) return -1;
    return canary ? opens(key, canary, e) : 0;
}

int sealed_claim_key(struct db_tx *tx, const struct secret_key *key, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(freep) char *canary = seal_text(key, CANARY_TEXT, strlen(CANARY_TEXT));
    const char *stands;

    if (setting_once(tx, CANARY, canary, &a, &stands, e) < 0) return -1;
    return opens(key, stands, e);
}

/* ---- sealing anew ---- */

struct rotation {
    const struct secret_key *from, *to;
    struct sealed_count count;
};

/* ${text} with each sealed text in it sealed anew; one that does not open stays as it is. */
static void rewrite(struct rotation *x, const char *text, struct buf *out)
{
    size_t at = 0, done = 0, n;

    while ((n = seal_find(text, &at)) > 0) {
        CLEANUP(buf_wipe) struct buf plain = BUF_INIT(VALUE_MAX);
        CLEANUP(freep) char *one = xstrndup(text + at, n);
        bool opened = seal_open(x->from, one, &plain, NULL) == 0;
        CLEANUP(freep) char *sealed = opened ? seal_text(x->to, buf_str(&plain), plain.n) : NULL;
        buf_add(out, text + done, at - done);
        buf_adds(out, sealed ? sealed : one);
        at = done = at + n;
        *(sealed ? &x->count.opened : &x->count.closed) += 1;
    }
    buf_adds(out, text + done);
}

static int rotate_row(struct db_tx *tx, const struct sealed_column *c, struct row_key *k,
                      const char *text, void *ctx, struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    size_t keys = strlen(c->key_types);

    rewrite(ctx, text, &out);
    k->values[keys] = TEXTN(buf_str(&out), out.n);
    return db_exec(tx, c->put, k->values, keys + 1, e);
}

int sealed_rotate(struct db_tx *tx, const struct secret_key *from, const struct secret_key *to,
                  struct sealed_count *ret, struct error *e)
{
    struct rotation x = {.from = from, .to = to};

    if (every_row(tx, rotate_row, &x, e) < 0) return -1;
    *ret = x.count;
    return 0;
}

/* ---- opening all ---- */

struct verification {
    const struct secret_key *key;
    void (*told)(void *ctx, const char *row, const char *why);
    void *ctx;
    struct sealed_count count;
};

static int verify_row(struct db_tx *tx, const struct sealed_column *c, struct row_key *k,
                      const char *text, void *ctx, struct error *e)
{
    struct verification *x = ctx;
    size_t at = 0, n;

    (void)tx, (void)c, (void)e;
    for (; (n = seal_find(text, &at)) > 0; at += n) {
        CLEANUP(freep) char *one = xstrndup(text + at, n);
        struct error why = {0};
        bool opened = opens(x->key, one, &why) == 0;
        *(opened ? &x->count.opened : &x->count.closed) += 1;
        if (!opened) x->told(x->ctx, k->name, why.text);
    }
    return 0;
}

int sealed_verify(struct db_tx *tx, const struct secret_key *key,
                  void (*told)(void *ctx, const char *row, const char *why), void *ctx,
                  struct sealed_count *ret, struct error *e)
{
    struct verification x = {.key = key, .told = told, .ctx = ctx};

    if (every_row(tx, verify_row, &x, e) < 0) return -1;
    *ret = x.count;
    return 0;
}
