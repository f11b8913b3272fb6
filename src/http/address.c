/* address.c - see address.h. */
#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const unsigned char V4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct address *a) { return memcmp(a->bytes, V4, sizeof(V4)) == 0; }

static struct address from_v4(const void *bytes)
{
    struct address a;

    memcpy(a.bytes, V4, sizeof(V4));
    memcpy(a.bytes + sizeof(V4), bytes, 4);
    return a;
}

/* The address alone, no port and no brackets. */
static bool parse_bare(struct str s, struct address *ret)
{
    char text[ADDRESS_TEXT_SIZE];
    struct in_addr v4;

    if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n)) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (inet_pton(AF_INET, text, &v4) != 1) return inet_pton(AF_INET6, text, ret->bytes) == 1;
    *ret = from_v4(&v4);
    return true;
}

static bool is_port(struct str s)
{
    if (s.n == 0 || s.n > 5) return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return true;
}

/* What stands behind the address: nothing, or ":port". */
static bool is_rest(const char *p, const char *end)
{
    return p == end || (*p == ':' && is_port((struct str){p + 1, (size_t)(end - p) - 1}));
}

bool address_parse(struct str text, struct address *ret)
{
    struct str s = str_trim(text);
    const char *end = s.p + s.n, *at;
    struct address found;
    bool ok;

    if (s.n && s.p[0] == '[') {
        at = memchr(s.p, ']', s.n);
        ok = at && parse_bare((struct str){s.p + 1, (size_t)(at - s.p) - 1}, &found) &&
             is_rest(at + 1, end);
    } else if ((at = s.n ? memchr(s.p, ':', s.n) : NULL) != NULL &&
               memchr(s.p, '.', (size_t)(at - s.p))) {
        ok = parse_bare((struct str){s.p, (size_t)(at - s.p)}, &found) && is_rest(at, end);
    } else {
        ok = parse_bare(s, &found);
    }
    if (ok) *ret = found;
    return ok;
}

struct address address_of(const struct sockaddr *sa)
{
    struct address a = {{0}};

    if (sa && sa->sa_family == AF_INET) return from_v4(&((const struct sockaddr_in *)sa)->sin_addr);
    if (sa && sa->sa_family == AF_INET6)
        memcpy(a.bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, sizeof(a.bytes));
    return a;
}

const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    if (is_v4(a)) inet_ntop(AF_INET, a->bytes + sizeof(V4), out, ADDRESS_TEXT_SIZE);
    else inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_SIZE);
    return out;
}

bool address_same(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool address_is_loopback(const struct address *a)
{
    static const unsigned char v6[16] = {[15] = 1};

    return memcmp(a->bytes, v6, sizeof(v6)) == 0 || (is_v4(a) && a->bytes[12] == 127);
}

struct address address_client(const struct address *a)
{
    struct address client = *a;

    if (!is_v4(a)) memset(client.bytes + 8, 0, 8);
    return client;
}

/* ---- networks ---- */

/* Do the first ${bits} of both agree? */
static bool shares(const struct address *a, const struct address *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (memcmp(a->bytes, b->bytes, (size_t)whole) != 0) return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

static bool zero_behind(const struct address *a, int bits)
{
    struct address cut = *a;

    for (int i = bits; i < 128; i++) cut.bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
    return address_same(&cut, a);
}

static int parse_network(struct str part, struct network *ret, struct error *e)
{
    const char *slash = memchr(part.p, '/', part.n);
    struct str host = {part.p, slash ? (size_t)(slash - part.p) : part.n};
    char bits[8] = "";
    int64_t n = 128;

    if (!parse_bare(host, &ret->at))
        return fail(e, ERR_INVALID,
                    "\"%.*s\" is no network, want an address like 192.0.2.7 or a network like "
                    "10.0.0.0/8",
                    (int)part.n, part.p);
    int max = is_v4(&ret->at) ? 32 : 128;
    if (slash) {
        size_t length = part.n - host.n - 1;
        if (length < sizeof(bits)) memcpy(bits, slash + 1, length);
        if (!str_i64(bits, 0, max, &n))
            return fail(e, ERR_INVALID, "\"%.*s\": the prefix is not a number from 0 to %d",
                        (int)part.n, part.p, max);
        n += 128 - max;
    }
    ret->bits = (int)n;
    if (zero_behind(&ret->at, ret->bits)) return 0;
    return fail(e, ERR_INVALID, "\"%.*s\": the address has bits set behind its prefix", (int)part.n,
                part.p);
}

int networks_parse(const char *text, struct arena *a, struct networks *ret, struct error *e)
{
    ARENA_LIST(struct network) list = {0};

    for (const char *p = text; *(p += strspn(p, ", \t"));) {
        struct str part = {p, strcspn(p, ", \t")};
        if (parse_network(part, ARENA_ADD(a, &list), e) < 0) return -1;
        p += part.n;
    }
    ret->items = list.items;
    ret->n = list.n;
    return 0;
}

bool networks_have(const struct networks *list, const struct address *a)
{
    for (size_t i = 0; i < list->n; i++)
        if (shares(&list->items[i].at, a, list->items[i].bits)) return true;
    return false;
}
