/* sealed.c - every sealed text of a database under one master key, and under the next one. */
#include "store/sealed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "store/setting.h"
#include "tests/lib/database.h"

static const struct secret_key old_key = {{1}}, new_key = {{2}};
static struct error err;

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return sealed_claim_key(tx, ctx, e);
}

static int check_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return sealed_check_key(tx, ctx, e);
}

STORE_TEST(a_database_keeps_to_the_first_key_it_was_given)
{
    EXPECT_OK(db_read(db, check_tx, (void *)&new_key, &err));
    EXPECT_OK(db_write(db, claim_tx, (void *)&old_key, &err));
    EXPECT_OK(db_write(db, claim_tx, (void *)&old_key, &err));
    EXPECT_OK(db_read(db, check_tx, (void *)&old_key, &err));
    EXPECT_FAILS(db_read(db, check_tx, (void *)&new_key, &err), ERR_DENIED);
    EXPECT_FAILS(db_write(db, claim_tx, (void *)&new_key, &err), ERR_DENIED);
}

/* A sealed text in every column that may hold one, within other text. */
static void plant(struct db *db)
{
    static const char *const rows[] = {
        "insert into document (id, number, kind, space_id, owner_id, name, name_fold, slug, scope, "
        "sort, row_version, created_at, updated_at, doc) values ('d-1', 1, 'd', '', '', '', '', "
        "'', '', 0, 1, 0, 0, '{\"A\":\"?\",\"B\":\"?\"}')",
        "insert into task (id, rank, space_id, kind, description, state, tag, queued_at, "
        "updated_at, arguments) values ('t-1', 1, '', '', '', 'Success', '', 0, 0, '? ?')",
        "insert into server_certificate (thumbprint, certificate, sealed_key, is_current, "
        "accepted_until, created_at) values ('c-1', '', '? ?', 1, 0, 0)",
        "insert into event (number, space_id, category, user_id, username, occurred_at, message, "
        "details) values (1, '', '', '', '', 0, '', '? ?')",
        "insert into journal (task_id, seq, kind, version, at_ms, body) values ('t-1', 1, '', 1, "
        "0, '? ?')",
        "insert into log_cursor (task_id, invocation, next_fragment, part, sealed_state, percent, "
        "message) values ('t-1', 'i', 0, 0, '? ?', 0, '')",
        "insert into log_mask (task_id, invocation, part, sealed) values ('t-1', 'i', 7, '? ?')",
        "insert into output_variable (task_id, action, name_fold, name, value, is_sensitive) "
        "values ('t-1', 'a', 'n', 'N', '? ?', 1)",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(buf_done) struct buf sql = BUF_INIT(BUF_UNBOUNDED);
        for (const char *at = rows[i]; *at; at++) {
            CLEANUP(freep) char *sealed = *at == '?' ? seal_text(&old_key, "secret", 6) : NULL;
            if (sealed) buf_adds(&sql, sealed);
            else buf_addc(&sql, *at);
        }
        test_sql(db, buf_str(&sql));
    }
}

struct rotation {
    const struct secret_key *from, *to;
    struct sealed_count count;
};

static int rotate_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct rotation *x = ctx;

    return sealed_rotate(tx, x->from, x->to, &x->count, e);
}

static void note(void *ctx, const char *row, const char *why)
{
    (void)why;
    buf_addf(ctx, "%s\n", row);
}

struct verification {
    const struct secret_key *key;
    struct buf rows;
    struct sealed_count count;
};

static int verify_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct verification *x = ctx;

    return sealed_verify(tx, x->key, note, &x->rows, &x->count, e);
}

STORE_TEST(every_sealed_text_opens_with_the_new_key_after_a_rotation)
{
    struct rotation x = {.from = &old_key, .to = &new_key};
    struct verification v = {.key = &new_key, .rows = BUF_INIT(BUF_UNBOUNDED)};

    EXPECT_OK(db_write(db, claim_tx, (void *)&old_key, &err));
    plant(db);
    EXPECT_OK(db_write_hot(db, rotate_tx, &x, &err));
    EXPECT_INT(x.count.opened, 17); /* two of eight columns, and the canary */
    EXPECT_INT(x.count.closed, 0);
    EXPECT_OK(db_read(db, check_tx, (void *)&new_key, &err));
    EXPECT_OK(db_read(db, verify_tx, &v, &err));
    EXPECT_INT(v.count.opened, 17);
    EXPECT_STR(buf_str(&v.rows), "");
    buf_done(&v.rows);
}

STORE_TEST(what_does_not_open_is_left_as_it_is_and_named)
{
    struct rotation x = {.from = &old_key, .to = &new_key};
    struct verification v = {.key = &new_key, .rows = BUF_INIT(BUF_UNBOUNDED)};
    CLEANUP(freep) char *foreign = seal_text(&(struct secret_key){{3}}, "x", 1);
    char sql[500];

    plant(db);
    snprintf(sql, sizeof(sql), "update log_mask set sealed = '%s'", foreign);
    test_sql(db, sql);
    EXPECT_OK(db_write_hot(db, rotate_tx, &x, &err));
    EXPECT_INT(x.count.closed, 1);
    EXPECT_OK(db_read(db, verify_tx, &v, &err));
    EXPECT_INT(v.count.closed, 1);
    EXPECT_STR(buf_str(&v.rows), "log_mask t-1 i 7\n");
    buf_done(&v.rows);
}

static int tables_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (db_query(tx, "select name from sqlite_master where type = 'table' order by name", NO_ARGS,
                 &rows, e) < 0)
        return -1;
    while ((r = db_next(rows, e)) > 0)
        if (!sealed_covers(db_text(rows, 0))) buf_addf(ctx, "%s\n", db_text(rows, 0));
    return r;
}

/* A table that gets secrets belongs to the columns of store/sealed.c; another one to this list. */
static const char without_secrets[] = "api_key\n"
                                      "app_user\n"
                                      "artifact\n"
                                      "automatic_deployment\n"
                                      "build_information\n"
                                      "counter\n"
                                      "event_related\n"
                                      "interruption\n"
                                      "invitation\n"
                                      "log_chunk\n"
                                      "node\n"
                                      "package\n"
                                      "promotion_due\n"
                                      "reference\n"
                                      "schema_migration\n"
                                      "session\n"
                                      "space_stop\n"
                                      "task_tag\n"
                                      "trigger_due\n";

TEST(every_table_is_known_to_hold_secrets_or_not_on_sqlite)
{
    struct db *db = test_database("sqlite", true);
    struct buf others = BUF_INIT(BUF_UNBOUNDED);

    EXPECT_OK(db_read(db, tables_tx, &others, &err));
    EXPECT_STR(buf_str(&others), without_secrets);
    buf_done(&others);
    db_close(db);
}
