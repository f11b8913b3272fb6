/* sqlite.c - what only SQLite promises: one process, commits for groups, and what happens when the
 * disk says no.
 *
 * The disk is played by a file system layer of SQLite put between it and the real one: it can
 * refuse to write or to sync, as a full or broken disk would. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "tests/lib/database.h"

/* ---- the disk ---- */

static struct {
    atomic_bool full, broken; /* what the disk does to files of the database now */
    atomic_int syncs;
    atomic_int *arrived; /* a sleep lasts until so many (`wanted`) have; NULL = no time at all */
    int wanted;
    atomic_llong slept_us; /* what was asked for */
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    /* The real layer has a table of methods per kind of file, all with the same write and sync. */
    const sqlite3_io_methods *tables[8];
    sqlite3_io_methods ours[8];
} disk;

static int disk_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    return atomic_load(&disk.full) ? SQLITE_FULL : disk.tables[0]->xWrite(f, data, n, at);
}

static int disk_sync(sqlite3_file *f, int flags)
{
    atomic_fetch_add(&disk.syncs, 1);
    return atomic_load(&disk.broken) ? SQLITE_IOERR_FSYNC : disk.tables[0]->xSync(f, flags);
}

static int disk_sleep(sqlite3_vfs *vfs, int us)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    atomic_fetch_add(&disk.slept_us, us);
    if (disk.arrived == NULL) return us;
    while (atomic_load(disk.arrived) < disk.wanted) nanosleep(&pause, NULL);
    for (int i = 0; i < 50; i++) nanosleep(&pause, NULL); /* from "arrived" into the queue */
    disk.arrived = NULL;
    return us;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int rc = disk.real->xOpen(disk.real, name, f, flags, ret_flags);
    size_t i = 0;

    if (rc != SQLITE_OK || f->pMethods == NULL) return rc;
    pthread_mutex_lock(&lock);
    while (disk.tables[i] && disk.tables[i] != f->pMethods) i++;
    if (disk.tables[i] == NULL) {
        disk.tables[i] = f->pMethods;
        disk.ours[i] = *f->pMethods;
        disk.ours[i].xWrite = disk_write;
        disk.ours[i].xSync = disk_sync;
    }
    pthread_mutex_unlock(&lock);
    f->pMethods = &disk.ours[i];
    return rc;
}

static void use_disk(void)
{
    EXPECT(sqlite3_initialize() == SQLITE_OK);
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "test-disk";
    disk.vfs.xOpen = disk_open;
    disk.vfs.xSleep = disk_sleep;
    EXPECT(sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK);
}

static struct db *open_on_disk(void)
{
    use_disk();
    return test_database("sqlite", true);
}

/* ---- functions ---- */

static int put(struct db_tx *tx, void *ctx, struct error *e)
{
    return db_exec(tx, "insert into setting (name, value) values ($1, 'x')", ARGS(TEXT(ctx)), e);
}

static int put_and_fail(struct db_tx *tx, void *ctx, struct error *e)
{
    if (put(tx, ctx, e) < 0) return -1;
    return fail(e, ERR_DENIED, "no");
}

static int put_much(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(freep) char *big = xcalloc(1, MiB + 1);

    memset(big, 'x', MiB);
    for (int i = 0; i < 8; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s %d", (const char *)ctx, i);
        if (db_exec(tx, "insert into setting (name, value) values ($1, $2)",
                    ARGS(TEXT(name), TEXT(big)), e) < 0)
            return -1;
    }
    return 0;
}

static int64_t settings(struct db *db) { return test_number(db, "select count(*) from setting"); }

/* ---- groups ---- */

/* A first function holds the writer until all others wait, so that they are one group for certain.
 */
struct group {
    struct db *db;
    pthread_barrier_t started;
    atomic_int arrived;
    int wanted;
};
struct member {
    struct group *g;
    db_fn *fn;
    const char *name;
    int result;
    struct error err;
    pthread_t thread;
};

static void *run_member(void *ctx)
{
    struct member *m = ctx;

    atomic_fetch_add(&m->g->arrived, 1);
    m->result = db_write(m->g->db, m->fn, (void *)m->name, &m->err);
    return NULL;
}

static int hold(struct db_tx *tx, void *ctx, struct error *e)
{
    struct group *g = ctx;
    const struct timespec pause = {.tv_nsec = 1000000};

    if (g->wanted > 0) { /* not when it runs again */
        pthread_barrier_wait(&g->started);
        while (atomic_load(&g->arrived) < g->wanted) nanosleep(&pause, NULL);
        for (int i = 0; i < 50; i++) nanosleep(&pause, NULL); /* from "arrived" into the queue */
        g->wanted = 0;
    }
    return db_exec(tx, "insert into setting (name, value) values ('first', 'x')", NO_ARGS, e);
}

static void *run_hold(void *ctx)
{
    struct group *g = ctx;
    struct error err = {0};

    EXPECT_OK(db_write(g->db, hold, g, &err));
    return NULL;
}

static void run_group(struct db *db, struct member *members, int n)
{
    struct group g = {.db = db, .wanted = n};
    pthread_t first;

    pthread_barrier_init(&g.started, NULL, 2);
    EXPECT(pthread_create(&first, NULL, run_hold, &g) == 0);
    pthread_barrier_wait(&g.started);
    for (int i = 0; i < n; i++) {
        members[i].g = &g;
        EXPECT(pthread_create(&members[i].thread, NULL, run_member, &members[i]) == 0);
    }
    for (int i = 0; i < n; i++) pthread_join(members[i].thread, NULL);
    pthread_join(first, NULL);
}

TEST(a_group_shares_commits_and_a_failure_in_it_touches_only_itself)
{
    struct db *db = open_on_disk();
    struct member m[] = {{.fn = put, .name = "a"},          {.fn = put_and_fail, .name = "b"},
                         {.fn = put, .name = "c"},          {.fn = put, .name = "first"},
                         {.fn = put_and_fail, .name = "d"}, {.fn = put, .name = "e"}};
    int before = atomic_load(&disk.syncs);

    run_group(db, m, (int)ARRAY_LEN(m));
    EXPECT(m[0].result == 1 && m[2].result == 1 && m[5].result == 1);
    EXPECT_INT(m[1].err.kind, ERR_DENIED);
    EXPECT_INT(m[4].err.kind, ERR_DENIED);
    EXPECT_INT(m[3].err.kind, ERR_CONFLICT); /* taken by the first function of the group */
    EXPECT_INT(settings(db), 4);
    EXPECT(atomic_load(&disk.syncs) - before < 4); /* four were stored */
    db_close(db);
}

/* ---- the disk says no ---- */

TEST(a_full_disk_fails_the_write_and_the_database_recovers)
{
    struct db *db = open_on_disk();
    struct error err = {0};

    EXPECT_OK(db_write(db, put, "a", &err));
    atomic_store(&disk.full, true);
    EXPECT_FAILS(db_write(db, put, "b", &err), ERR_NO_SPACE);
    EXPECT(strstr(err.text, "no space"));
    EXPECT_FAILS(db_write(db, put_much, "much", &err), ERR_NO_SPACE);
    EXPECT_INT(settings(db), 1);
    atomic_store(&disk.full, false);
    EXPECT_OK(db_write(db, put, "b", &err));
    EXPECT_OK(db_write(db, put_much, "much", &err));
    EXPECT_INT(settings(db), 10);
    db_close(db);
}

TEST(a_function_that_fills_the_file_does_not_take_its_group_along)
{
    struct db *db = open_on_disk();
    struct member m[] = {
        {.fn = put, .name = "a"}, {.fn = put_much, .name = "b"}, {.fn = put, .name = "c"}};
    struct error err = {0};

    test_sql(db, "pragma max_page_count = 400");
    run_group(db, m, (int)ARRAY_LEN(m));
    EXPECT(m[0].result == 1 && m[2].result == 1);
    EXPECT_INT(m[1].err.kind, ERR_NO_SPACE);
    EXPECT_INT(settings(db), 3);
    test_sql(db, "pragma max_page_count = 1000000");
    EXPECT_OK(db_write(db, put_much, "b", &err));
    db_close(db);
}

static void note_fatal(void *ctx, const char *why)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
    EXPECT(strstr(why, "fsync"));
}

TEST(a_failed_fsync_is_told_once_and_stops_all_writing)
{
    struct db *db = open_on_disk();
    struct error err = {0};
    atomic_int told = 0;

    db_on_fatal(db, note_fatal, &told);
    EXPECT_OK(db_write(db, put, "a", &err));
    atomic_store(&disk.broken, true);
    EXPECT_FAILS(db_write(db, put, "b", &err), ERR_INTERNAL);
    EXPECT_INT(told, 1);
    atomic_store(&disk.broken, false);
    EXPECT_FAILS(db_write(db, put, "c", &err), ERR_INTERNAL);
    EXPECT_INT(told, 1);
    EXPECT_INT(settings(db), 1);
    db_close(db);
}

TEST(without_anybody_to_tell_the_process_ends_with_status_70)
{
    struct db *db = open_on_disk();
    struct error err = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        atomic_store(&disk.broken, true);
        (void)!db_write(db, put, "a", &err);
        _exit(0);
    }
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 70);
    db_close(db);
}

TEST(every_write_is_synced_before_it_returns)
{
    struct db *db = open_on_disk();
    struct error err = {0};

    EXPECT_OK(db_write(db, put, "warm", &err));
    for (int i = 0; i < 5; i++) {
        char name[16];
        int before = atomic_load(&disk.syncs);
        snprintf(name, sizeof(name), "n%d", i);
        EXPECT_OK(db_write(db, put, name, &err));
        EXPECT(atomic_load(&disk.syncs) > before);
    }
    db_close(db);
}

/* ---- the log ---- */

static int rewrite(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(freep) char *big = xcalloc(1, 256 * KiB + 1);

    memset(big, 'a' + *(int *)ctx % 26, 256 * KiB);
    return db_exec(
        tx,
        "insert into setting (name, value) values ('big', $1) on conflict (name) do update "
        "set value = excluded.value",
        ARGS(TEXT(big)), e);
}

TEST_LIMIT(the_log_does_not_grow_for_ever_under_writers_that_never_pause, 120)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct db *db = test_open(url);
    CLEANUP(freep) char *wal = xasprintf("%s-wal", url + strlen("sqlite:"));
    struct error err = {0};
    struct stat st;

    test_sql(db, "create table setting (name text primary key, value text not null)");
    for (int i = 0; i < 600; i++) EXPECT_OK(db_write(db, rewrite, &i, &err)); /* 150 MiB of log */
    EXPECT(stat(wal, &st) == 0);
    EXPECT(st.st_size < (off_t)(32 * MiB));
    db_close(db);
}

/* ---- one process ---- */

TEST(a_second_open_names_the_process_that_has_the_database)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    CLEANUP(freep) char *link_path = xasprintf("%s/link.db", tap_folder());
    CLEANUP(freep) char *link_url = xasprintf("sqlite:%s", link_path);
    struct db *db = test_open(url), *other;
    struct error err = {0};
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "process %d", (int)getpid());
    EXPECT_FAILS(db_open(&(struct db_options){.url = url}, &other, &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, wanted));
    EXPECT(symlink(url + strlen("sqlite:"), link_path) == 0);
    EXPECT_FAILS(db_open(&(struct db_options){.url = link_url}, &other, &err), ERR_CONFLICT);
    db_close(db);
    EXPECT_OK(db_open(&(struct db_options){.url = link_url}, &other, &err));
    db_close(other);
}

TEST(a_killed_process_leaves_no_lock_and_no_acknowledged_write_is_lost)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct error err = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct db *mine = test_open(url);
        test_sql(mine, "create table setting (name text primary key, value text not null)");
        if (db_write(mine, put, "a", &err) < 0) _exit(1);
        raise(SIGKILL);
    }
    EXPECT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    struct db *db = test_open(url);
    EXPECT_INT(settings(db), 1);
    db_close(db);
}

TEST(the_files_are_for_their_owner_only)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    const char *ends[] = {"", "-wal", "-shm", ".lock"};
    struct db *db = test_open(url);
    struct stat st;

    test_sql(db, "create table a (b bigint)");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CLEANUP(freep) char *path = xasprintf("%s%s", url + strlen("sqlite:"), ends[i]);
        EXPECT(stat(path, &st) == 0);
        EXPECT_INT(st.st_mode & 0777, 0600);
    }
    db_close(db);
}

TEST(a_lock_of_another_process_is_busy)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct db_options o = {.url = url, .busy_ms = 50};
    struct error err = {0};
    struct db *db;
    sqlite3 *other;

    EXPECT_OK(db_open(&o, &db, &err));
    test_sql(db, "create table setting (name text primary key, value text not null)");
    EXPECT(sqlite3_open(url + strlen("sqlite:"), &other) == SQLITE_OK);
    EXPECT(sqlite3_exec(other, "begin immediate", NULL, NULL, NULL) == SQLITE_OK);
    EXPECT_FAILS(db_write(db, put, "a", &err), ERR_BUSY);
    EXPECT(strstr(err.text, "locked"));
    EXPECT(sqlite3_exec(other, "rollback", NULL, NULL, NULL) == SQLITE_OK);
    EXPECT_OK(db_write(db, put, "a", &err));
    sqlite3_close(other);
    db_close(db);
}

TEST(all_who_wait_for_the_lock_of_another_process_wait_together)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct member m[6] = {0};
    sqlite3 *other;

    use_disk();
    struct group g = {.db = test_open(url)};
    test_sql(g.db, "create table setting (name text primary key, value text not null)");
    EXPECT(sqlite3_open_v2(url + strlen("sqlite:"), &other, SQLITE_OPEN_READWRITE,
                           disk.real->zName) == SQLITE_OK);
    EXPECT(sqlite3_exec(other, "begin immediate", NULL, NULL, NULL) == SQLITE_OK);
    disk.wanted = (int)ARRAY_LEN(m);
    disk.arrived = &g.arrived; /* the first to wait holds until the others wait for it */
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        m[i] = (struct member){.g = &g, .fn = put, .name = "a"};
        EXPECT(pthread_create(&m[i].thread, NULL, run_member, &m[i]) == 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        pthread_join(m[i].thread, NULL);
        EXPECT_INT(m[i].err.kind, ERR_BUSY);
    }
    EXPECT(atomic_load(&disk.slept_us) <= 2 * 5000000LL); /* its wait, and one for all others */
    EXPECT(sqlite3_exec(other, "rollback", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    db_close(g.db);
}

static void expect_away(struct db *db, const char *why)
{
    struct error err = {0};

    EXPECT_FAILS(db_write(db, put, "lost", &err), ERR_UNREACHABLE);
    EXPECT(strstr(err.text, why));
    EXPECT_FAILS(db_read(db, put, "lost", &err), ERR_UNREACHABLE);
}

TEST(nothing_is_written_into_a_file_that_was_taken_away)
{
    static const char *const ends[] = {"", "-wal"};
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct db *db = test_open(url);
    struct error err = {0};

    test_sql(db, "create table setting (name text primary key, value text not null)");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CLEANUP(freep) char *path = xasprintf("%s%s", url + strlen("sqlite:"), ends[i]);
        CLEANUP(freep) char *aside = xasprintf("%s.aside", path);
        EXPECT(rename(path, aside) == 0);
        expect_away(db, "is gone");
        EXPECT(access(path, F_OK) < 0); /* and none is made in its place */
        FILE *other = fopen(path, "w");
        EXPECT(other != NULL && fclose(other) == 0);
        expect_away(db, "replaced");
        EXPECT(rename(aside, path) == 0);
        EXPECT_OK(db_write(db, put, (void *)ends[i], &err));
    }
    EXPECT_INT(settings(db), 2);
    db_close(db);
}

TEST(what_is_no_database_is_refused)
{
    CLEANUP(freep) char *path = xasprintf("%s/notes.txt", tap_folder());
    CLEANUP(freep) char *url = xasprintf("sqlite:%s", path);
    struct error err = {0};
    struct db *db;
    FILE *f = fopen(path, "w");

    EXPECT(f != NULL);
    for (int i = 0; i < 500; i++) fputs("these are my notes\n", f);
    fclose(f);
    EXPECT_FAILS(db_open(&(struct db_options){.url = url}, &db, &err), ERR_CORRUPT);
    EXPECT(strstr(err.text, "notes.txt"));
    EXPECT_FAILS(db_open(&(struct db_options){.url = "sqlite:/no/such/folder/x.db"}, &db, &err),
                 ERR_NOT_FOUND);
    EXPECT_FAILS(db_open(&(struct db_options){.url = "mysql://x"}, &db, &err), ERR_INVALID);
    EXPECT_FAILS(db_open(&(struct db_options){.url = "sqlite:"}, &db, &err), ERR_INVALID);
}
