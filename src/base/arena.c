/* arena.c - see arena.h. Blocks grow from 4 KiB; a large object gets a block of its own. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size; /* of the bytes */
    _Alignas(16) char bytes[];
};

static char *add_block(struct arena *a, size_t n)
{
    struct arena_block *b = xmalloc(size_add(sizeof(*b), n));

    b->next = a->blocks;
    b->size = n;
    a->blocks = b;
    return b->bytes;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t want = size_add(n, 15) & ~(size_t)15;

#ifdef ARENA_MALLOC
    return memset(add_block(a, n ? n : 1), 0, n);
#endif
    if (want > 1024) return memset(add_block(a, want), 0, want);
    if ((size_t)(a->end - a->at) < want) {
        a->at = add_block(a, 4096);
        a->end = a->at + 4096;
    }
    char *p = a->at;
    a->at += want;
    return memset(p, 0, want);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, size_add(n, 1));

    if (n) memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_fmt(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    ASSERT(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return p;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return items;
    size_t more = *cap ? *cap * 2 : 8;
    void *grown = arena_alloc(a, size_mul(more, size));
    if (n) memcpy(grown, items, n * size);
    *cap = more;
    return grown;
}

void arena_done(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *b = a->blocks;
        a->blocks = b->next;
        free(b);
    }
    a->at = a->end = NULL;
}

void arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->blocks; b; b = b->next) explicit_bzero(b->bytes, b->size);
    arena_done(a);
}
