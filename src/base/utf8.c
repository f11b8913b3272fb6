/* utf8.c - see utf8.h; the well-formed byte sequences are those of table 3-7 of the Unicode
 * standard. */
#include "base/utf8.h"

/* Length of the well-formed sequence at ${p}, 0 when it is ill-formed. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    unsigned char low = 0x80, high = 0xBF;
    size_t len;

    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) len = 2;
    else if (c >= 0xE0 && c <= 0xEF) len = 3;
    else if (c >= 0xF0 && c <= 0xF4) len = 4;
    else return 0;
    if (c == 0xE0) low = 0xA0;
    if (c == 0xED) high = 0x9F;
    if (c == 0xF0) low = 0x90;
    if (c == 0xF4) high = 0x8F;
    if (n < len || p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return len;
}

bool utf8_check(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t i = 0; i < s.n;) {
        if (p[i] >= 0x01 && p[i] < 0x80) {
            i++;
            continue;
        }
        size_t len = p[i] ? sequence(p + i, s.n - i) : 0;
        if (len == 0) return false;
        i += len;
    }
    return true;
}

bool utf8_next(struct str *s, uint32_t *ret_rune)
{
    static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *p = (const unsigned char *)s->p;

    if (s->n == 0) return false;
    size_t len = sequence(p, s->n);
    uint32_t rune = len ? p[0] & mask[len] : 0xFFFD;
    for (size_t i = 1; i < len; i++) rune = rune << 6 | (p[i] & 0x3F);
    s->p += len ? len : 1;
    s->n -= len ? len : 1;
    *ret_rune = rune;
    return true;
}

size_t utf8_length(const char *s)
{
    struct str rest = str_of(s);
    uint32_t rune;
    size_t n = 0;

    while (utf8_next(&rest, &rune)) n++;
    return n;
}

void utf8_put(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(out, (char)c);
    } else if (c < 0x800) {
        buf_add(out, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 63))}, 2);
    } else if (c < 0x10000) {
        buf_add(
            out,
            (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))},
            3);
    } else {
        buf_add(out,
                (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                         (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))},
                4);
    }
}

void utf8_repair(struct buf *out, struct str s)
{
    uint32_t c;

    if (utf8_check(s)) {
        buf_add(out, s.p, s.n);
        return;
    }
    while (utf8_next(&s, &c)) utf8_put(out, c ? c : 0xFFFD);
}
