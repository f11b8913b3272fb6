/* sign_in_gate.c - who may try a password now. */
#include "api/sign_in_gate.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static int64_t mono;
static int64_t mono_of(const struct clock *c) { return mono; }
static const struct clock still = {mono_of, mono_of};

static void try_wrongly(struct sign_in_gate *g, const char *name, const char *remote)
{
    EXPECT_INT(sign_in_gate_enter(g, name, remote), 0);
    sign_in_gate_leave(g, name, remote, false);
}

TEST(a_name_that_failed_ten_times_waits_from_wherever_it_is_tried)
{
    struct sign_in_gate *g = sign_in_gate_new(&still);

    for (int i = 0; i < SIGN_IN_NAME_BURST; i++)
        try_wrongly(g, i % 2 ? "Ada" : " aDA", "10.0.0.1:1");
    EXPECT_INT(sign_in_gate_enter(g, "ada", "10.0.0.2:1"), 6);
    try_wrongly(g, "bob", "10.0.0.1:1");
    mono += SIGN_IN_NAME_MS;
    try_wrongly(g, "ada", "10.0.0.2:1");
    EXPECT(sign_in_gate_enter(g, "ada", "10.0.0.2:1") > 0);
    sign_in_gate_free(g);
}

static void fill(struct sign_in_gate *g, const char *remote)
{
    char name[16];

    for (int i = 0; i < SIGN_IN_ADDRESS_BURST; i++) {
        snprintf(name, sizeof(name), "name%d", i);
        try_wrongly(g, name, remote);
    }
}

TEST(an_address_that_failed_fifty_times_waits_whatever_its_port_and_the_name)
{
    struct sign_in_gate *g = sign_in_gate_new(&still);

    fill(g, "10.0.0.1:1");
    EXPECT_INT(sign_in_gate_enter(g, "ada", "10.0.0.1:2"), 1);
    try_wrongly(g, "ada", "10.0.0.2:1");
    sign_in_gate_free(g);
}

TEST(addresses_of_one_ipv6_network_count_together_and_mapped_ipv4_ones_do_not)
{
    struct sign_in_gate *g = sign_in_gate_new(&still);

    fill(g, "[2001:db8::1]:1");
    EXPECT(sign_in_gate_enter(g, "ada", "[2001:db8::ffff:2]:1") > 0);
    EXPECT(sign_in_gate_enter(g, "ada", "2001:db8::3:4") > 0); /* as a proxy says it */
    try_wrongly(g, "ada", "[2001:db8:0:1::1]:1");
    fill(g, "[::ffff:10.0.0.1]:1");
    try_wrongly(g, "bob", "[::ffff:10.0.0.2]:1");
    sign_in_gate_free(g);
}

TEST(a_success_does_not_count)
{
    struct sign_in_gate *g = sign_in_gate_new(&still);

    for (int i = 0; i < 500; i++) {
        EXPECT_INT(sign_in_gate_enter(g, "ada", "10.0.0.1:1"), 0);
        sign_in_gate_leave(g, "ada", "10.0.0.1:1", true);
    }
    sign_in_gate_free(g);
}

TEST(only_some_check_a_password_at_once_and_who_is_sent_away_has_lost_no_try)
{
    struct sign_in_gate *g = sign_in_gate_new(&still);

    for (int i = 0; i < SIGN_IN_AT_ONCE; i++)
        EXPECT_INT(sign_in_gate_enter(g, "ada", "10.0.0.1:1"), 0);
    for (int i = 0; i < 500; i++) EXPECT_INT(sign_in_gate_enter(g, "bob", "10.0.0.2:1"), 1);
    sign_in_gate_leave(g, "ada", "10.0.0.1:1", true);
    try_wrongly(g, "bob", "10.0.0.2:1");
    sign_in_gate_free(g);
}
