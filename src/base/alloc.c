/* alloc.c - see alloc.h. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_abort(void *p, size_t n)
{
    if (p != NULL || n == 0) return p;
    fprintf(stderr, "<2>out of memory (%zu bytes wanted)\n", n);
    abort();
}

void *xmalloc(size_t n) { return or_abort(malloc(n), n); }
void *xcalloc(size_t count, size_t size) { return or_abort(calloc(count, size), size); }
void *xrealloc(void *p, size_t n) { return or_abort(realloc(p, n), n); }
char *xstrdup(const char *s) { return or_abort(strdup(s), 1); }

char *xstrndup(const char *s, size_t n)
{
    size_t used = strnlen(s, n); /* the bytes need not end with NUL */
    char *copy = xmalloc(used + 1);

    memcpy(copy, s, used);
    copy[used] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;

    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0) s = NULL;
    va_end(ap);
    return or_abort(s, 1);
}

size_t size_mul(size_t a, size_t b)
{
    size_t r;

    ASSERT(!__builtin_mul_overflow(a, b, &r));
    return r;
}

size_t size_add(size_t a, size_t b)
{
    size_t r;

    ASSERT(!__builtin_add_overflow(a, b, &r));
    return r;
}

void freep(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;

    free(*p);
    *p = NULL;
}

void closep(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}
