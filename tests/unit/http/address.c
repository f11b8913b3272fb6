/* address.c - addresses and networks as operators and proxies write them. */
#include "http/address.h"

#include "tests/lib/tap.h"

static const char *read_as(const char *text)
{
    static char out[ADDRESS_TEXT_SIZE];
    struct address a;

    return address_parse(str_of(text), &a) ? address_text(&a, out) : "none";
}

TEST(an_address_is_read_with_and_without_port_and_brackets)
{
    static const char *const rows[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {" 192.0.2.7:8080 ", "192.0.2.7"},
        {"2001:DB8::7", "2001:db8::7"},
        {"[2001:db8::7]", "2001:db8::7"},
        {"[2001:db8::7]:443", "2001:db8::7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"", "none"},
        {"unknown", "none"},
        {"192.0.2", "none"},
        {"192.0.2.256", "none"},
        {"192.0.2.7:", "none"},
        {"192.0.2.7:80x", "none"},
        {"192.0.2.7:123456", "none"},
        {"[2001:db8::7", "none"},
        {"[2001:db8::7]x", "none"},
        {"[]", "none"},
        {"2001:db8::7::", "none"},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", "none"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) EXPECT_STR(read_as(rows[i][0]), rows[i][1]);
}

static bool within(const char *networks, const char *text)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct networks list;
    struct address who;
    struct error err = {0};

    EXPECT_OK(networks_parse(networks, &a, &list, &err));
    EXPECT(address_parse(str_of(text), &who));
    return networks_have(&list, &who);
}

TEST(a_network_has_the_addresses_of_its_prefix_and_no_others)
{
    EXPECT(within("10.0.0.0/8", "10.255.0.1"));
    EXPECT(!within("10.0.0.0/8", "11.0.0.1"));
    EXPECT(within("192.0.2.128/25", "192.0.2.200"));
    EXPECT(!within("192.0.2.128/25", "192.0.2.127"));
    EXPECT(within("192.0.2.7", "192.0.2.7"));
    EXPECT(!within("192.0.2.7", "192.0.2.8"));
    EXPECT(within("0.0.0.0/0", "203.0.113.9"));
    EXPECT(!within("0.0.0.0/0", "2001:db8::1"));
    EXPECT(within("::/0", "203.0.113.9"));
    EXPECT(within("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT(!within("2001:db8::/33", "2001:db8:8000::1"));
    EXPECT(within("::1, 10.0.0.0/8 , 172.16.0.0/12", "172.31.255.255"));
    EXPECT(within("10.0.0.0/8", "::ffff:10.1.2.3"));
    EXPECT(!within("", "10.0.0.1"));
}

TEST(what_is_no_network_is_refused_with_its_text)
{
    static const char *const rows[] = {
        "ten", "10.0.0.0/33",  "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.1/8",    "::/129",
        "/8",  "10.0.0.0/8/8", "10.0.0.0:80", "[::1]",       "2001:db8::1/32"};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct networks list;
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        EXPECT_FAILS(networks_parse(rows[i], &a, &list, &err), ERR_INVALID);
        EXPECT(strstr(err.text, rows[i]) != NULL);
    }
}

TEST(loopback_is_known_in_both_families_and_clients_of_ipv6_are_networks_of_64_bits)
{
    struct address a, b;

    EXPECT(address_parse(STR("127.8.8.8"), &a) && address_is_loopback(&a));
    EXPECT(address_parse(STR("::1"), &a) && address_is_loopback(&a));
    EXPECT(address_parse(STR("128.0.0.1"), &a) && !address_is_loopback(&a));
    EXPECT(address_parse(STR("2001:db8:0:1:a::1"), &a));
    EXPECT(address_parse(STR("2001:db8:0:1:b::2"), &b));
    a = address_client(&a);
    b = address_client(&b);
    EXPECT(address_same(&a, &b));
    EXPECT(address_parse(STR("192.0.2.1"), &a) && address_parse(STR("192.0.2.2"), &b));
    a = address_client(&a);
    b = address_client(&b);
    EXPECT(!address_same(&a, &b));
}
