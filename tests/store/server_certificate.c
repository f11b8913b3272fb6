/* server_certificate.c - the contract of store/server_certificate.h on both engines. */
#include "store/server_certificate.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/migrations.h"
#include "tests/lib/database.h"

#define HOUR (3600 * 1000)
static const struct document_change operator= {
    .user_id = "users-system", .username = "system", .now_ms = 1700000000000};

static struct server_certificate named(const char *thumbprint)
{
    return (struct server_certificate){
        .thumbprint = thumbprint, .certificate = "pem", .sealed_key = "v1:x", .created_at = 5};
}

struct seen {
    char text[256]; /* "B*, A": current ones with a star */
};
static int list_tx(struct db_tx *tx, void *ctx, struct error *ep)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct server_certificate *list;
    struct seen *s = ctx;
    struct error err = {0};
    struct buf out = BUF_INIT(200);
    size_t n;

    EXPECT_OK(server_certificate_list(tx, &a, &list, &n, &err));
    for (size_t i = 0; i < n; i++) {
        buf_addf(&out, "%s%s%s", i ? ", " : "", list[i].thumbprint, list[i].is_current ? "*" : "");
        EXPECT(list[i].is_current == (list[i].accepted_until == 0));
    }
    memcpy(s->text, buf_str(&out), out.n + 1);
    buf_done(&out);
    return 0;
}

static const char *seen(struct db *db)
{
    static struct seen s;
    struct error err = {0};

    EXPECT_OK(db_read(db, list_tx, &s, &err));
    return s.text;
}

struct change {
    struct server_certificate c;
    int64_t ms;
};
static int first_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    return server_certificate_first(tx, &x->c, e);
}
static int replace_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    return server_certificate_replace(tx, &x->c, x->ms, &operator, e);
}
static int end_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    return server_certificate_end(tx, x->c.thumbprint, x->ms, &operator, e);
}

STORE_TEST(there_is_one_current_certificate_and_the_first_one_stays)
{
    struct change a = {named("A"), 0}, b = {named("B"), 0};
    struct error err = {0};

    EXPECT_STR(seen(db), "");
    EXPECT_INT(db_write(db, first_tx, &a, &err), 1);
    EXPECT_INT(db_write(db, first_tx, &b, &err), 0);
    EXPECT_STR(seen(db), "A*");
    EXPECT_FAILS(db_write(db, replace_tx, &a, &err), ERR_INVALID);
    EXPECT_INT(db_write(db, replace_tx, &b, &err), 1);
    EXPECT_STR(seen(db), "B*");
    EXPECT_INT(test_number(db, "select count(*) from server_certificate"), 1);
    EXPECT_INT(test_number(db, "select count(*) from event where username = 'system' and message = "
                               "'Server certificate is B now, in place of A'"),
               1);
}

STORE_TEST(a_certificate_may_be_imported_before_there_is_any)
{
    struct change a = {named("A"), HOUR};
    struct error err = {0};

    EXPECT_INT(db_write(db, replace_tx, &a, &err), 0);
    EXPECT_STR(seen(db), "A*");
}

STORE_TEST(a_former_certificate_counts_until_its_time_and_may_come_back)
{
    struct change a = {named("A"), HOUR}, b = {named("B"), HOUR}, c = {named("C"), 2 * HOUR};
    struct error err = {0};

    EXPECT_OK(db_write(db, first_tx, &a, &err));
    EXPECT_OK(db_write(db, replace_tx, &b, &err));
    EXPECT_STR(seen(db), "B*, A");
    EXPECT_OK(db_write(db, replace_tx, &c, &err));
    EXPECT_STR(seen(db), "C*, B, A");
    EXPECT_OK(db_write(db, replace_tx, &a, &err));
    EXPECT_STR(seen(db), "A*, B, C");
    test_sql(db, "update server_certificate set accepted_until = 1 where thumbprint = 'B'");
    EXPECT_STR(seen(db), "A*, C");
    EXPECT_OK(db_write(db, replace_tx, &c, &err));
    EXPECT_INT(test_number(db, "select count(*) from server_certificate"), 2); /* B's key is gone */
}

STORE_TEST(a_former_certificate_is_ended_early_the_current_one_never)
{
    struct change a = {named("A"), HOUR}, b = {named("B"), HOUR}, gone = {named("Z"), 0};
    struct error err = {0};

    EXPECT_OK(db_write(db, first_tx, &a, &err));
    EXPECT_OK(db_write(db, replace_tx, &b, &err));
    EXPECT_FAILS(db_write(db, end_tx, &b, &err), ERR_INVALID);
    EXPECT_FAILS(db_write(db, end_tx, &gone, &err), ERR_NOT_FOUND);
    a.ms = clock_now(&system_clock) + HOUR;
    EXPECT_OK(db_write(db, end_tx, &a, &err));
    EXPECT_STR(seen(db), "B*, A");
    a.ms = 1;
    EXPECT_OK(db_write(db, end_tx, &a, &err));
    EXPECT_STR(seen(db), "B*");
    EXPECT_INT(test_number(db, "select count(*) from server_certificate"), 1);
}

/* In a process of its own: writes B beside the one that holds the database, which has A. */
static void write_beside(const char *url)
{
    struct db_options o = {.url = url, .beside = true};
    struct change b = {named("B"), HOUR};
    struct db *db = NULL;
    struct error err = {0};

    EXPECT_OK(db_open(&o, &db, &err));
    EXPECT(db_is_beside(db));
    EXPECT_STR(seen(db), "A*");
    EXPECT_OK(db_write(db, replace_tx, &b, &err));
    db_close(db);
}

TEST(a_process_beside_the_one_that_holds_the_database_may_write_to_it)
{
    CLEANUP(freep) char *url = xstrdup(test_database_url("sqlite"));
    struct db *db = test_open(url);
    struct change a = {named("A"), HOUR};
    struct error err = {0};
    int status;

    EXPECT_OK(store_migrate(db, &err));
    EXPECT(!db_is_beside(db));
    EXPECT_OK(db_write(db, first_tx, &a, &err));
    pid_t pid = fork();
    if (pid == 0) {
        write_beside(url);
        _exit(0);
    }
    EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_STR(seen(db), "B*, A");
    EXPECT_OK(db_write(db, replace_tx, &a, &err)); /* and the holder goes on writing */
    db_close(db);
    db = test_open(url);
    EXPECT_STR(seen(db), "A*, B");
    db_close(db);
}
