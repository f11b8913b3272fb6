/* address.h - addresses of clients, and lists of networks. IPv4 is kept as IPv6 (::ffff:a.b.c.d),
 * so that both families compare alike. Any thread. */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H
#include <stdbool.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define ADDRESS_TEXT_SIZE 46
struct address {
    unsigned char bytes[16];
};
/** Reads "192.0.2.7", "2001:db8::7", "[2001:db8::7]", each with or without ":port"; anything else
 * is false. Foreign bytes welcome. */
bool address_parse(struct str text, struct address *ret);
/** Of a socket; all zero when it is of another family. */
struct address address_of(const struct sockaddr *sa);
/** "192.0.2.7" or "2001:db8::7"; returns ${out}. */
const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
bool address_same(const struct address *a, const struct address *b);
bool address_is_loopback(const struct address *a);
/** What one client may have many of counts as one: the first 64 bits of an IPv6 address. */
struct address address_client(const struct address *a);

struct networks {
    struct network {
        struct address at;
        int bits; /* of at that count, 0..128 */
    } * items;
    size_t n;
};
/** Reads "10.0.0.0/8, 2001:db8::/32 192.0.2.7" into ${a}; "" is none. ERR_INVALID names the part
 * that is no network, or has bits set behind its prefix. */
int networks_parse(const char *text, struct arena *a, struct networks *ret,
                   struct error *e) MUST_USE;
bool networks_have(const struct networks *list, const struct address *a);
#endif
