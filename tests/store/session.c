/* session.c - the contracts of store/session.h on both engines. */
#include "store/session.h"

#include "crypt/token.h"
#include "tests/lib/database.h"

#define DAY ((int64_t)24 * 3600 * 1000)

static struct session of(const char *hash, const char *user, int64_t expires_at)
{
    return (struct session){.hash = hash,
                            .user_id = user,
                            .idle_ms = SESSION_IDLE_MS,
                            .created_at = 1000,
                            .expires_at = expires_at,
                            .keys_until = 7};
}

static int steps_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct error err = {0};
    struct session s = of("one", "Users-1", 5000), got;

    EXPECT_OK(session_insert(tx, &s, &err));
    EXPECT_OK(session_get(tx, "one", 4999, &a, &got, &err));
    EXPECT_STR(got.user_id, "Users-1");
    EXPECT(got.idle_ms == SESSION_IDLE_MS && got.created_at == 1000 && got.keys_until == 7);
    EXPECT_FAILS(session_get(tx, "one", 5000, &a, &got, &err), ERR_UNAUTHENTICATED);
    EXPECT_FAILS(session_get(tx, "two", 1, &a, &got, &err), ERR_UNAUTHENTICATED);
    EXPECT_OK(session_renew(tx, "one", 9000, &err));
    EXPECT_OK(session_renew(tx, "one", 6000, &err));
    EXPECT_OK(session_get(tx, "one", 8999, &a, &got, &err));
    EXPECT_INT(got.expires_at, 9000);
    EXPECT_OK(session_remove(tx, "one", &err));
    EXPECT_OK(session_remove(tx, "one", &err));
    EXPECT_FAILS(session_get(tx, "one", 1, &a, &got, &err), ERR_UNAUTHENTICATED);
    return 0;
}

STORE_TEST(a_session_lives_until_it_ends_and_is_only_ever_prolonged)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, steps_tx, NULL, &err));
}

static int others_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct error err = {0};
    struct session mine = of("mine", "Users-1", 100), other = of("other", "Users-1", 100),
                   his = of("his", "Users-2", 100), got;

    EXPECT_OK(session_insert(tx, &mine, &err));
    EXPECT_OK(session_insert(tx, &other, &err));
    EXPECT_OK(session_insert(tx, &his, &err));
    EXPECT_OK(session_remove_of(tx, "Users-1", "mine", &err));
    EXPECT_OK(session_get(tx, "mine", 1, &a, &got, &err));
    EXPECT_FAILS(session_get(tx, "other", 1, &a, &got, &err), ERR_UNAUTHENTICATED);
    EXPECT_OK(session_remove_of(tx, "Users-1", NULL, &err));
    EXPECT_FAILS(session_get(tx, "mine", 1, &a, &got, &err), ERR_UNAUTHENTICATED);
    EXPECT_OK(session_get(tx, "his", 1, &a, &got, &err));
    return 0;
}

STORE_TEST(all_sessions_of_a_user_end_but_for_the_one_that_is_named)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, others_tx, NULL, &err));
}

static int sweep_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct error err = {0};
    struct session old = of("old", "Users-1", 100), young = of("young", "Users-1", 101);

    EXPECT_OK(session_insert(tx, &old, &err));
    EXPECT_OK(session_insert(tx, &young, &err));
    EXPECT_OK(session_sweep(tx, 100, &err));
    return 0;
}

STORE_TEST(only_expired_sessions_are_swept)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, sweep_tx, NULL, &err));
    EXPECT_INT(test_number(db, "select count(*) from session"), 1);
    EXPECT_INT(test_number(db, "select count(*) from session where hash = 'young'"), 1);
}

TEST(a_session_slides_while_it_is_used_but_not_for_ever)
{
    struct session s = {.idle_ms = SESSION_REMEMBERED_MS, .expires_at = SESSION_REMEMBERED_MS};

    EXPECT_INT(session_renewal(&s, DAY - 1), 0);
    EXPECT_INT(session_renewal(&s, DAY), SESSION_REMEMBERED_MS + DAY);
    s.expires_at = SESSION_MAX_MS - DAY;
    EXPECT_INT(session_renewal(&s, SESSION_MAX_MS - 2 * DAY), SESSION_MAX_MS);
    s.expires_at = SESSION_MAX_MS;
    EXPECT_INT(session_renewal(&s, SESSION_MAX_MS - 1), 0);
}

TEST(an_access_token_does_not_slide)
{
    struct session s = {.expires_at = ACCESS_TOKEN_MS};

    EXPECT_INT(session_renewal(&s, ACCESS_TOKEN_MS - 1), 0);
}
