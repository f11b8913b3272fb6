/* throttle.c - how often something may be tried. */
#include "crypt/throttle.h"

#include "tests/lib/tap.h"

TEST(a_burst_passes_and_then_one_per_interval)
{
    struct throttle *t = throttle_new(1000, 3);

    for (int i = 0; i < 3; i++) EXPECT_INT(throttle_take(t, "ada", 50), 0);
    EXPECT_INT(throttle_take(t, "ada", 50), 1000);
    EXPECT_INT(throttle_take(t, "ada", 450), 600);
    EXPECT_INT(throttle_take(t, "ada", 1050), 0);
    EXPECT_INT(throttle_take(t, "ada", 1050), 1000);
    throttle_free(t);
}

TEST(keys_do_not_disturb_each_other)
{
    struct throttle *t = throttle_new(1000, 1);

    EXPECT_INT(throttle_take(t, "ada", 0), 0);
    EXPECT_INT(throttle_take(t, "bob", 0), 0);
    EXPECT_INT(throttle_take(t, "ada", 0), 1000);
    throttle_free(t);
}

TEST(what_is_given_back_was_never_taken)
{
    struct throttle *t = throttle_new(1000, 2);

    for (int i = 0; i < 100; i++) {
        EXPECT_INT(throttle_take(t, "ada", 0), 0);
        throttle_give(t, "ada");
    }
    EXPECT_INT(throttle_take(t, "ada", 0), 0);
    EXPECT_INT(throttle_take(t, "ada", 0), 0);
    EXPECT(throttle_take(t, "ada", 0) > 0);
    throttle_free(t);
}

TEST(a_long_silence_earns_no_more_than_a_burst)
{
    struct throttle *t = throttle_new(10, 2);

    EXPECT_INT(throttle_take(t, "ada", 0), 0);
    EXPECT_INT(throttle_take(t, "ada", 1000000), 0);
    EXPECT_INT(throttle_take(t, "ada", 1000000), 0);
    EXPECT_INT(throttle_take(t, "ada", 1000000), 10);
    throttle_free(t);
}
