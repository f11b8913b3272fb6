/* dashboard.c - which deployments stand where, and that looking it up does not read them all. */
#include "store/dashboard.h"

#include <stdio.h>

#include "store/task.h"
#include "tests/lib/database.h"

#define MANY 300

/* A deployment ${n} of one project into one of three environments, as rows. */
static int deploy(struct db_tx *tx, int n, struct error *e)
{
    char id[32], subject[32], environment[32], release[32];

    snprintf(id, sizeof(id), "ServerTasks-%d", n);
    snprintf(subject, sizeof(subject), "Deployments-%d", n);
    snprintf(environment, sizeof(environment), "Environments-%d", n % 3);
    snprintf(release, sizeof(release), "Releases-%d", n % 10);
    struct task t = {.id = id,
                     .rank = n,
                     .space_id = "Spaces-1",
                     .kind = "Deploy",
                     .description = "A deployment",
                     .tag = id,
                     .project_id = "Projects-1",
                     .environment_id = environment,
                     .subject_id = subject,
                     .arguments = "{}",
                     .queued_at = n};
    static const char row[] =
        "insert into document (id, number, kind, space_id, owner_id, name, name_fold, slug, scope, "
        "sort, row_version, created_at, updated_at, doc) values ($1, $3, 'Deployments', "
        "'Spaces-1', "
        "'', '', '', '', '', 0, 1, 5, 5, $2)";
    static const char points[] = "insert into reference (from_id, member, to_id, restricts) values "
                                 "($1, 'ReleaseId', $2, 0)";
    if (db_exec(tx, row, ARGS(TEXT(subject), TEXT("{}"), I64(n)), e) < 0 ||
        db_exec(tx, points, ARGS(TEXT(subject), TEXT(release)), e) < 0)
        return -1;
    return task_enqueue(tx, &t, e);
}

static int put(struct db_tx *tx, const char *kind, int n, struct error *e)
{
    static const char row[] =
        "insert into document (id, number, kind, space_id, owner_id, name, name_fold, slug, scope, "
        "sort, row_version, created_at, updated_at, doc) values ($1, $3, $2, 'Spaces-1', '', $1, "
        "$1, '', '', 0, 1, 5, 5, '{}')";
    char id[32];

    snprintf(id, sizeof(id), "%s-%d", kind, n);
    return db_exec(tx, row, ARGS(TEXT(id), TEXT(kind), I64(n)), e);
}

static int fill(struct db_tx *tx, void *ctx, struct error *e)
{
    (void)ctx;
    if (put(tx, "Projects", 1, e) < 0) return -1;
    for (int i = 0; i < 3; i++)
        if (put(tx, "Environments", i, e) < 0) return -1;
    for (int i = 0; i < 10; i++)
        if (put(tx, "Releases", i, e) < 0) return -1;
    for (int i = 1; i <= MANY; i++)
        if (deploy(tx, i, e) < 0) return -1;
    return db_exec(tx, "update task set state = 'Success' where rank <= 290", NO_ARGS, e);
}

static int look(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct dashboard_query q = {.space_id = "Spaces-1"};
    struct dashboard_rows rows;

    (void)ctx;
    EXPECT(dashboard_newest(tx, &q, &a, &rows, e) == 0);
    EXPECT_INT(rows.n, 3);
    EXPECT_STR(rows.items[0].task_id, "ServerTasks-300");
    EXPECT_STR(rows.items[0].environment_id, "Environments-0");
    EXPECT_STR(rows.items[0].release_id, "Releases-0");
    EXPECT_STR(rows.items[2].task_id, "ServerTasks-298");
    EXPECT(dashboard_previous(tx, &q, &a, &rows, e) == 0);
    EXPECT_INT(rows.n, 3);
    EXPECT_STR(rows.items[0].task_id, "ServerTasks-290");
    EXPECT(dashboard_of_release(tx, "Releases-5", &a, &rows, e) == 0);
    EXPECT_INT(rows.n, 3);
    EXPECT_STR(rows.items[0].task_id, "ServerTasks-295");
    return 0;
}

STORE_TEST(the_newest_of_each_project_and_environment_is_found_and_the_last_success_before_it)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, fill, NULL, &err));
    EXPECT_OK(db_read(db, look, NULL, &err));
}

/* What SQLite means to do, or 0 on PostgreSQL. */
static int plan(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int *uses = ctx, r;
    static const char sql[] =
        "explain query plan select max(rank) from task where project_id = 'Projects-1' and "
        "environment_id = 'Environments-1' and kind = 'Deploy'";

    if (db_query(tx, sql, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) *uses += strstr(db_text(rows, 3), "task_latest") != NULL;
    return r;
}

STORE_TEST(the_newest_one_is_one_look_into_an_index)
{
    struct error err = {0};
    int uses = 0;

    if (strcmp(db_engine(db), "sqlite") != 0) return;
    EXPECT_OK(db_read(db, plan, &uses, &err));
    EXPECT_INT(uses, 1);
}
