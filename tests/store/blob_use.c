/* blob_use.c - which blobs rows name. */
#include "store/blob_use.h"

#include <string.h>

#include "base/buf.h"

#include "tests/lib/database.h"

static struct error err;

struct listing {
    struct arena arena;
    const char **hashes;
    size_t n;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listing *l = ctx;

    return blob_use_list(tx, &l->arena, &l->hashes, &l->n, e);
}

#define ARTIFACT(id, number, content)                                                         \
    "insert into artifact (id, number, space_id, task_id, invocation, node, path, filename, " \
    "source, created_at, content) values ('" id "', " number                                  \
    ", '', '', '', '', '', '', '', 0, " content ")"

STORE_TEST(each_blob_is_named_once_in_order)
{
    struct listing l = {.arena = ARENA_INIT};

    test_sql(db, ARTIFACT("a-1", "1", "'bb'"));
    test_sql(db, ARTIFACT("a-2", "2", "'aa'"));
    test_sql(db, ARTIFACT("a-3", "3", "'bb'"));
    test_sql(db, ARTIFACT("a-4", "4", "null"));
    EXPECT_OK(db_read(db, list_tx, &l, &err));
    EXPECT_INT(l.n, 2);
    EXPECT_STR(l.hashes[0], "aa");
    EXPECT_STR(l.hashes[1], "bb");
    arena_done(&l.arena);
}

static bool is_known(const char *table)
{
    for (const struct blob_column *c = blob_columns; c->table; c++)
        if (strcmp(c->table, table) == 0) return strcmp(c->column, "content") == 0;
    return false;
}

static int columns_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (db_query(tx,
                 "select m.name from sqlite_master m join pragma_table_info(m.name) c where m.type "
                 "= 'table' and c.name = 'content' order by 1",
                 NO_ARGS, &rows, e) < 0)
        return -1;
    while ((r = db_next(rows, e)) > 0)
        if (!is_known(db_text(rows, 0))) buf_addf(ctx, "%s\n", db_text(rows, 0));
    return r;
}

/* By convention a column that names a blob is called content. */
TEST(every_column_of_blobs_is_known_on_sqlite)
{
    struct db *db = test_database("sqlite", true);
    struct buf unknown = BUF_INIT(BUF_UNBOUNDED);

    EXPECT_OK(db_read(db, columns_tx, &unknown, &err));
    EXPECT_STR(buf_str(&unknown), "");
    buf_done(&unknown);
    db_close(db);
}
