/* space.c - stopped queues and deleted spaces, on both engines. */
#include "store/space.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "store/counter.h"
#include "store/task.h"
#include "tests/lib/database.h"

struct work {
    const char *space, *tag;
    int64_t rank;
    bool stop, force;
    int r;
    int64_t kept;
    char id[40];
};

static int enqueue_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct work *w = ctx;
    struct task t = {.id = w->id,
                     .rank = w->rank,
                     .space_id = w->space,
                     .kind = "Deploy",
                     .description = "A deployment",
                     .tag = w->tag,
                     .arguments = "{}",
                     .queued_at = 1};

    if (counter_lock(tx, "ServerTasks", e) < 0) return -1;
    return task_enqueue(tx, &t, e);
}

static void enqueue(struct db *db, const char *space, const char *tag, int64_t rank)
{
    struct work w = {.space = space, .tag = tag, .rank = rank};
    struct error err = {0};

    snprintf(w.id, sizeof(w.id), "T-%lld", (long long)rank);
    EXPECT_OK(db_write_hot(db, enqueue_tx, &w, &err));
}

static int stop_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct work *w = ctx;

    return space_queue_stop(tx, w->space, w->stop, e);
}

static void stop(struct db *db, const char *space, bool stopped)
{
    struct work w = {.space = space, .stop = stopped};
    struct error err = {0};

    EXPECT_OK(db_write_hot(db, stop_tx, &w, &err));
}

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct work *w = ctx;
    struct task t;

    w->r = task_claim(tx, "Nodes-1", 2, &a, &t, e);
    if (w->r > 0) snprintf(w->id, sizeof(w->id), "%s", t.id);
    return w->r < 0 ? -1 : 0;
}

/* The id of the task that is claimed next; "" when there is none. */
static const char *claim(struct db *db)
{
    static struct work w;
    struct error err = {0};

    w.id[0] = '\0';
    EXPECT_OK(db_write_hot(db, claim_tx, &w, &err));
    return w.id;
}

STORE_TEST(a_stopped_space_holds_its_tasks_and_no_others_also_behind_a_shared_tag)
{
    enqueue(db, "Spaces-1", "one", 1);
    enqueue(db, "Spaces-1", "shared", 2);
    enqueue(db, "Spaces-2", "shared", 3);
    stop(db, "Spaces-1", true);
    enqueue(db, "Spaces-1", "late", 4);
    enqueue(db, "Spaces-1", "shared", 5);
    enqueue(db, "Spaces-2", "two", 6);
    EXPECT_STR(claim(db), "T-3");
    EXPECT_STR(claim(db), "T-6");
    EXPECT_STR(claim(db), "");
    stop(db, "Spaces-1", true); /* again is fine */
    EXPECT_STR(claim(db), "");
    stop(db, "Spaces-1", false);
    EXPECT_STR(claim(db), "T-1");
    EXPECT_STR(claim(db), "T-4"); /* T-3 holds the tag of 2 and 5 */
    EXPECT_STR(claim(db), "");
}

static int cancel_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const char *state;

    return task_cancel(tx, ctx, "somebody", 3, &state, e);
}

STORE_TEST(a_held_task_can_be_canceled_and_leaves_its_tag_to_the_next)
{
    struct error err = {0};

    stop(db, "Spaces-1", true);
    enqueue(db, "Spaces-1", "shared", 1);
    enqueue(db, "Spaces-1", "shared", 2);
    EXPECT_OK(db_write_hot(db, cancel_tx, "T-1", &err));
    EXPECT_STR(claim(db), "");
    stop(db, "Spaces-1", false);
    EXPECT_STR(claim(db), "T-2");
    EXPECT(test_number(db, "select waiting from task_tag") == 0);
}

/* ---- races ---- */

struct racer {
    struct db *db;
    int64_t from;
};

static void *enqueue_many(void *ctx)
{
    struct racer *r = ctx;
    char tag[32];

    for (int64_t i = r->from; i < r->from + 40; i++) {
        snprintf(tag, sizeof(tag), "tag-%lld", (long long)i);
        enqueue(r->db, "Spaces-1", tag, i);
    }
    return NULL;
}

STORE_TEST(no_task_that_is_queued_while_the_queue_is_stopped_slips_in)
{
    struct racer racers[2] = {{db, 100}, {db, 200}};
    pthread_t threads[2];

    for (size_t i = 0; i < 2; i++) pthread_create(&threads[i], NULL, enqueue_many, &racers[i]);
    for (int i = 0; i < 20; i++) stop(db, "Spaces-1", i % 2 == 1);
    for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    EXPECT(test_number(db, "select count(*) from task where held = 0") == 0);
    EXPECT_STR(claim(db), "");
    stop(db, "Spaces-1", false);
    for (int i = 0; i < 80; i++) EXPECT(claim(db)[0]);
}

/* ---- deleting ---- */

static int purge_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct work *w = ctx;

    return space_purge(tx, w->space, 3, w->force, &w->kept, e);
}

static int purge(struct db *db, struct work *w)
{
    struct error err = {0};
    int times = 0, r;

    while ((r = db_write_hot(db, purge_tx, w, &err)) > 0) times++;
    EXPECT(r == 0);
    return times;
}

/* $1: number of the task and the document, $2: the space */
static const char *const SQL_ROWS[] = {
    "insert into document (id, number, kind, space_id, owner_id, name, name_fold, slug, scope, "
    "sort, row_version, created_at, updated_at, doc) values ('P-' || cast($1 as text), 1, "
    "'Projects', $2, '', 'p', 'p', 'p', '', 0, 1, 1, 1, '{}')",
    "insert into reference (from_id, member, to_id, restricts) values ('P-' || cast($1 as text), "
    "'M', $2, 0)",
    "insert into journal (task_id, seq, kind, version, at_ms, body) values ('T-' || cast($1 as "
    "text), 1, 'k', 1, 1, '{}')",
    "insert into log_chunk (task_id, first_line, lines, node, invocation, part, bytes, data) "
    "values ('T-' || cast($1 as text), 1, 1, 'n', 'i', 1, 1, '')",
    "insert into log_cursor (task_id, invocation, next_fragment, part, sealed_state, percent, "
    "message) values ('T-' || cast($1 as text), 'i', 1, 1, '', 1, '')",
    "insert into log_mask (task_id, invocation, part, sealed) values ('T-' || cast($1 as text), "
    "'i', 1, '')",
    "insert into output_variable (task_id, action, name_fold, name, value, is_sensitive) values "
    "('T-' || cast($1 as text), 'a', 'n', 'n', '1', 0)",
    "insert into artifact (id, number, space_id, task_id, invocation, node, path, filename, "
    "source, created_at) values ('A-' || cast($1 as text), cast(cast($1 as text) as bigint), $2, "
    "'T', 'i', 'n', 'p', 'f', 's', 1)",
    "insert into event (number, space_id, category, user_id, username, occurred_at, message) "
    "values (cast(cast($1 as text) as bigint), $2, 'Created', 'u', 'u', 1, 'm')",
};

static int rows_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct work *w = ctx;

    for (size_t k = 0; k < sizeof(SQL_ROWS) / sizeof(*SQL_ROWS); k++)
        if (db_exec(tx, SQL_ROWS[k], ARGS(TEXT(w->id), TEXT(w->space)), e) < 0) return -1;
    return 0;
}

/* Five rows of each kind for tasks and documents ${from}..${from}+4 of the space. */
static void fill(struct db *db, const char *space, int from)
{
    struct error err = {0};
    char tag[32];

    for (int i = from; i < from + 5; i++) {
        struct work w = {.space = space};
        snprintf(tag, sizeof(tag), "tag-%d", i % 2 ? 1 : i);
        enqueue(db, space, tag, i);
        snprintf(w.id, sizeof(w.id), "%d", i);
        EXPECT_OK(db_write(db, rows_tx, &w, &err));
    }
}

static const char *const COUNTS[] = {
    "select count(*) from document",  "select count(*) from reference",
    "select count(*) from task",      "select count(*) from journal",
    "select count(*) from log_chunk", "select count(*) from log_cursor",
    "select count(*) from log_mask",  "select count(*) from output_variable",
    "select count(*) from artifact",
};

STORE_TEST(a_deleted_space_is_emptied_piece_by_piece_and_nothing_else_is_touched)
{
    struct work w = {.space = "Spaces-1"};

    fill(db, "Spaces-1", 1);
    fill(db, "Spaces-2", 11);
    stop(db, "Spaces-1", true);
    EXPECT(purge(db, &w) > 10); /* three rows at a time */
    EXPECT(w.kept == 0);
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(*COUNTS); i++)
        EXPECT(test_number(db, COUNTS[i]) == 5);
    EXPECT(test_number(db, "select count(*) from event") == 10);
    /* 11, 13 and 15 share a tag with three tasks that are gone */
    EXPECT(test_number(db, "select count(*) from task_tag") == 3);
    EXPECT(test_number(db, "select waiting from task_tag where tag = 'tag-1'") == 3);
    EXPECT_STR(claim(db), "T-11");
}

STORE_TEST(a_task_whose_folders_are_not_cleaned_up_yet_is_kept_until_they_are)
{
    struct work w = {.space = "Spaces-1"};

    fill(db, "Spaces-1", 1);
    test_sql(db, "update task set cleanup = 1, state = 'Success' where id = 'T-3'");
    purge(db, &w);
    EXPECT(w.kept == 1);
    EXPECT(test_number(db, "select count(*) from journal where task_id = 'T-3'") == 1);
    w.force = true;
    purge(db, &w);
    EXPECT(w.kept == 0);
    EXPECT(test_number(db, "select count(*) from journal") == 0);
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return space_delete(tx, ctx, 7, e);
}

STORE_TEST(a_deleted_space_stays_stopped_until_it_is_forgotten)
{
    struct error err = {0};

    stop(db, "Spaces-1", true);
    EXPECT_OK(db_write_hot(db, delete_tx, "Spaces-1", &err));
    stop(db, "Spaces-1", false);
    enqueue(db, "Spaces-1", "late", 1);
    EXPECT_STR(claim(db), "");
}

static const char *const SQL_SPACE_COLUMNS[] = {
    "select m.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' "
    "and c.name = 'space_id'",
    "select table_name::text from information_schema.columns where table_schema = 'public' and "
    "column_name = 'space_id'",
};

static int tables_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    bool pg = strcmp(db_tx_engine(tx), "postgres") == 0;
    int r;

    if (db_query(tx, SQL_SPACE_COLUMNS[pg], NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        bool known = false;
        for (size_t i = 0; space_tables[i]; i++)
            known = known || strcmp(space_tables[i], db_text(rows, 0)) == 0;
        if (!known) return fail(e, ERR_INTERNAL, "%s is in no list of space.c", db_text(rows, 0));
        ++*(int *)ctx;
    }
    return r;
}

STORE_TEST(every_table_with_a_space_is_known_to_what_empties_spaces)
{
    struct error err = {0};
    int n = 0;

    EXPECT_OK(db_read(db, tables_tx, &n, &err));
    EXPECT(n >= 5);
}
