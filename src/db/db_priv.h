/* db_priv.h - what the engines of db.h share; for src/db only. */
#ifndef DB_DB_PRIV_H
#define DB_DB_PRIV_H
#include <stdatomic.h>

#include "db/db.h"

#define DB_MAGIC 0x6462a11eu

/** One engine. exec, query and script get texts whose tokens are still in them; db.c has checked
 * the values. */
struct engine {
    const char *name;
    const char *now_ms, *blob, *bytewise; /* what {{NOW_MS}}, {{BLOB}} and {{C}} become */
    void (*close)(struct db *db);
    int (*write)(struct db *db, db_fn *fn, void *ctx, bool hot, struct error *e);
    int (*read)(struct db *db, db_fn *fn, void *ctx, struct error *e);
    int (*exec)(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                struct error *e);
    int (*query)(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                 struct db_rows **ret, struct error *e);
    int (*script)(struct db_tx *tx, const char *sql, struct error *e);
    int (*next)(struct db_rows *rows, struct error *e);
    const char *(*text)(struct db_rows *rows, int column);
    int64_t (*i64)(struct db_rows *rows, int column);
    bool (*is_null)(struct db_rows *rows, int column);
    struct str (*blob_of)(struct db_rows *rows, int column);
    void (*rows_free)(struct db_rows *rows);
};

/* The engines put these first into their own structs. */
struct db {
    unsigned magic;
    const struct engine *engine;
    const struct clock *clock;
    void (*told)(void *ctx, const char *why);
    void *told_ctx;
    atomic_bool dead; /* durability is lost: no more writes */
    bool beside;      /* see db_is_beside */
};
struct db_tx {
    struct db *db;
    int open_rows;
    bool failed;        /* a statement failed: the transaction is lost */
    struct error first; /* why, when failed */
};
struct db_rows {
    struct db_tx *tx;
};

int sqlite_open(const struct db_options *o, const char *path, struct db **ret, struct error *e);
int postgres_open(const struct db_options *o, struct db **ret, struct error *e);

/** Runs ${fn} in an open transaction and says whether to commit: >= 0, or -1 with ${e} filled. */
int tx_run(struct db_tx *tx, db_fn *fn, void *ctx, struct error *e) MUST_USE;
/** ${sql} with its tokens replaced; caller frees. */
char *sql_expand(const struct engine *engine, const char *sql);
/** Tells the owner that durability is lost; returns -1 with ${e} filled. */
int db_fatal(struct db *db, const char *why, struct error *e);
#endif
