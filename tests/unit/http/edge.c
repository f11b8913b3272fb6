/* edge.c - what the edge makes of its settings, and how many connections an address may have. */
#include "http/edge.h"

#include <arpa/inet.h>

#include "http/exchange.h"
#include "tests/lib/tap.h"

static void edge_freep(struct http_edge **x) { http_edge_free(*x); }

static struct http_edge *made(const struct http_edge_options *o)
{
    struct http_edge *x = NULL;
    struct error err = {0};

    EXPECT_OK(http_edge_new(o, &x, &err));
    return x;
}

static bool admits(const struct http_edge *edge, struct open_sockets *open, const char *peer)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, peer, &v4.sin_addr) == 1)
        return edge_admits(edge, open, (struct sockaddr *)&v4);
    EXPECT(inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1);
    return edge_admits(edge, open, (struct sockaddr *)&v6);
}

static void connect_from(struct open_sockets *open, struct open_socket *s, const char *peer)
{
    EXPECT(address_parse(str_of(peer), &s->address));
    sockets_add(open, -1, s);
}

TEST(an_address_may_have_so_many_connections_and_one_more_when_one_has_ended)
{
    struct http_edge_options o = {.connections_per_address = 2, .trusted_proxies = "10.0.0.0/8"};
    CLEANUP(edge_freep) struct http_edge *edge = made(&o);
    struct open_socket sockets[5] = {0};
    struct open_sockets open = {0};

    sockets_init(&open);
    EXPECT(admits(edge, &open, "203.0.113.9"));
    connect_from(&open, &sockets[0], "203.0.113.9");
    connect_from(&open, &sockets[1], "203.0.113.10");
    EXPECT(admits(edge, &open, "203.0.113.9"));
    connect_from(&open, &sockets[2], "203.0.113.9");
    EXPECT(!admits(edge, &open, "203.0.113.9"));
    EXPECT(admits(edge, &open, "203.0.113.10"));
    sockets_remove(&open, &sockets[0]);
    EXPECT(admits(edge, &open, "203.0.113.9"));
    connect_from(&open, &sockets[3], "2001:db8::1");
    connect_from(&open, &sockets[4], "2001:db8::2");
    EXPECT(!admits(edge, &open, "2001:db8::3")); /* 64 bits are one client */
    EXPECT(admits(edge, &open, "2001:db8:0:1::3"));
    sockets_done(&open);
}

TEST(proxies_and_the_machine_itself_may_have_any_number_of_connections)
{
    struct http_edge_options o = {.connections_per_address = 1, .trusted_proxies = "10.0.0.0/8"};
    CLEANUP(edge_freep) struct http_edge *edge = made(&o);
    struct open_socket sockets[2] = {0};
    struct open_sockets open = {0};

    sockets_init(&open);
    connect_from(&open, &sockets[0], "10.1.2.3");
    connect_from(&open, &sockets[1], "127.0.0.1");
    EXPECT(admits(edge, &open, "10.1.2.3"));
    EXPECT(admits(edge, &open, "127.0.0.1"));
    EXPECT(admits(NULL, &open, "203.0.113.9"));
    sockets_done(&open);
}

TEST(an_origin_that_is_none_is_refused_with_its_text)
{
    static const char *const rows[] = {"example.org", "ftp://example.org", "https://",
                                       "https://a.example/path", "null"};
    struct http_edge *x = NULL;
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_edge_options o = {.cors_origins = rows[i]};
        EXPECT_FAILS(http_edge_new(&o, &x, &err), ERR_INVALID);
        EXPECT(strstr(err.text, rows[i]) != NULL);
    }
    struct http_edge_options o = {.cors_origins = "https://a.example:8443, http://b.example, *"};
    x = made(&o);
    http_edge_free(x);
}
