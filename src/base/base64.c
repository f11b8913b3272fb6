/* base64.c - see base64.h. */
#include "base/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, const void *data, size_t n)
{
    const unsigned char *p = data;

    for (; n >= 3; p += 3, n -= 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        buf_add(out,
                (char[]){letters[v >> 18], letters[v >> 12 & 63], letters[v >> 6 & 63],
                         letters[v & 63]},
                4);
    }
    if (n == 1) {
        buf_add(out, (char[]){letters[p[0] >> 2], letters[(p[0] & 3) << 4], '=', '='}, 4);
    } else if (n == 2) {
        uint32_t v = (uint32_t)p[0] << 8 | p[1];
        buf_add(out, (char[]){letters[v >> 10], letters[v >> 4 & 63], letters[(v & 15) << 2], '='},
                4);
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

bool base64_decode(struct buf *out, const char *s, size_t n)
{
    size_t start = out->n, count = 0, pads = 0;
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
        int bits = c == '=' ? 0 : value_of(c);
        if (bits < 0 || (pads && c != '=')) goto bad;
        pads += c == '=';
        v = v << 6 | (uint32_t)bits;
        if (++count % 4) continue;
        if (pads > 2) goto bad;
        buf_add(out, (char[]){(char)(v >> 16), (char)(v >> 8), (char)v}, 3 - pads);
        v = 0;
    }
    if (count % 4 == 0) return true;
bad:
    out->n = start;
    if (out->p) out->p[start] = '\0';
    return false;
}

void hex_encode(struct buf *out, const void *data, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = data;

    for (size_t i = 0; i < n; i++) buf_add(out, (char[]){hex[p[i] >> 4], hex[p[i] & 15]}, 2);
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct buf *out, const char *s, size_t n)
{
    if (n % 2) return false;
    for (size_t i = 0; i < n; i++)
        if (hex_of(s[i]) < 0) return false;
    for (size_t i = 0; i < n; i += 2) buf_addc(out, (char)(hex_of(s[i]) << 4 | hex_of(s[i + 1])));
    return true;
}
