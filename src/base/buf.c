/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

char *buf_reserve(struct buf *b, size_t n)
{
    size_t want = size_add(size_add(b->n, n), 1);

    if (want > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        if (cap < want) cap = want;
        b->p = xrealloc(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (n > b->max - b->n) {
        b->overflow = true;
        return;
    }
    char *at = buf_reserve(b, n);
    if (n) memcpy(at, data, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_adds(struct buf *b, const char *s) { buf_add(b, s, strlen(s)); }
void buf_addc(struct buf *b, char c) { buf_add(b, &c, 1); }

void buf_wipe(struct buf *b)
{
    if (b->p) explicit_bzero(b->p, b->cap);
    buf_done(b);
}

void buf_add_lines(struct buf *b, const char *s)
{
    for (const char *end; (end = strstr(s, "\r\n")) != NULL; s = end + 1)
        buf_add(b, s, (size_t)(end - s)); /* the LF begins the next part */
    buf_adds(b, s);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    char small[512];
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    ASSERT(n >= 0);
    if ((size_t)n < sizeof(small)) {
        buf_add(b, small, (size_t)n);
    } else {
        char *big = xmalloc((size_t)n + 1);
        vsnprintf(big, (size_t)n + 1, fmt, again);
        buf_add(b, big, (size_t)n);
        free(big);
    }
    va_end(again);
}

void buf_add_encoded(struct buf *b, const char *s)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool plain =
            (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr("-._~", c);
        if (plain) {
            buf_addc(b, (char)c);
        } else {
            buf_addc(b, '%');
            buf_addc(b, digits[c >> 4]);
            buf_addc(b, digits[c & 15]);
        }
    }
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

const char *buf_str(const struct buf *b) { return b->p ? b->p : ""; }

char *buf_take(struct buf *b)
{
    char *p = b->p ? b->p : xstrdup("");

    b->p = NULL;
    b->n = b->cap = 0;
    return p;
}

void buf_drop(struct buf *b, size_t n)
{
    ASSERT(n <= b->n);
    if (n == 0) return;
    memmove(b->p, b->p + n, b->n - n + 1);
    b->n -= n;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p) b->p[0] = '\0';
}

void buf_done(struct buf *b)
{
    free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}
