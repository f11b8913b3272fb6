/* buf.h - a growable byte buffer with a limit; always NUL-terminated behind its length. One thread
 * at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include <stdarg.h>
#include <stdbool.h>

#include "base/lang.h"

struct buf {
    char *p;    /* NULL while empty */
    size_t n;   /* bytes used, without the NUL */
    size_t cap; /* bytes allocated */
    size_t max; /* adding past this sets `overflow` and is dropped */
    bool overflow;
};

/** For what is bounded elsewhere already. */
#define BUF_UNBOUNDED ((size_t)1 << 62)
#define BUF_INIT(limit)           \
    {                             \
        .p = NULL, .max = (limit) \
    }

void buf_add(struct buf *b, const void *data, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
/** Adds ${s} with each CRLF as LF. */
void buf_add_lines(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);
/** Appends ${s} as a path segment or query value: all but the unreserved characters of RFC 3986
 * become percent escapes. */
void buf_add_encoded(struct buf *b, const char *s);
/** Room for ${n} more bytes at the returned place; commit them with `b->n += used` and buf_end. */
char *buf_reserve(struct buf *b, size_t n);
/** The text, never NULL; valid until the next change. */
const char *buf_str(const struct buf *b);
/** Hands the memory to the caller, who frees it; the buffer is empty then. Never NULL. */
char *buf_take(struct buf *b);
/** Removes the first ${n} bytes. */
void buf_drop(struct buf *b, size_t n);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_done(struct buf *b);
/** buf_done for what has held secrets: overwrites the memory before it is freed. */
void buf_wipe(struct buf *b);
#endif
