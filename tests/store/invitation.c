/* invitation.c - the contracts of store/invitation.h on both engines. */
#include "store/invitation.h"

#include "tests/lib/database.h"

static int steps_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct error err = {0};
    struct invitation v = {.hash = "one",
                           .team_ids = "[\"Teams-1\"]",
                           .created_by = "Users-1",
                           .created_at = 5,
                           .expires_at = 100},
                      got;
    const char *id;

    EXPECT_OK(invitation_insert(tx, &v, &a, &id, &err));
    EXPECT_STR(id, "Invitations-1");
    EXPECT_OK(invitation_get(tx, "one", 99, &a, &got, &err));
    EXPECT_STR(got.team_ids, "[\"Teams-1\"]");
    EXPECT_STR(got.created_by, "Users-1");
    EXPECT(got.created_at == 5 && got.expires_at == 100);
    EXPECT_FAILS(invitation_get(tx, "one", 100, &a, &got, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(invitation_take(tx, "one", 100, &a, &got, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(invitation_take(tx, "two", 1, &a, &got, &err), ERR_NOT_FOUND);
    EXPECT_OK(invitation_take(tx, "one", 99, &a, &got, &err));
    EXPECT_STR(got.id, "Invitations-1");
    EXPECT_FAILS(invitation_take(tx, "one", 1, &a, &got, &err), ERR_NOT_FOUND);
    return 0;
}

STORE_TEST(an_invitation_is_good_for_one_use_before_its_end)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, steps_tx, NULL, &err));
}

static int sweep_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct error err = {0};
    struct invitation v = {.hash = "old", .team_ids = "[]", .created_by = "", .expires_at = 10};
    const char *id;

    EXPECT_OK(invitation_insert(tx, &v, &a, &id, &err));
    v.hash = "young";
    v.expires_at = 11;
    EXPECT_OK(invitation_insert(tx, &v, &a, &id, &err));
    EXPECT_OK(invitation_sweep(tx, 10, &err));
    return 0;
}

STORE_TEST(only_expired_invitations_are_swept)
{
    struct error err = {0};

    EXPECT_OK(db_write(db, sweep_tx, NULL, &err));
    EXPECT_INT(test_number(db, "select count(*) from invitation"), 1);
}
