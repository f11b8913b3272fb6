/* arena.h - memory for one unit of work (a request, a task event), freed at once at its end.
 *
 * Nothing is freed piecemeal. With -DARENA_MALLOC each allocation is a malloc of its own, so that
 * sanitizers see overruns. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include "base/lang.h"

struct arena {
    struct arena_block *blocks; /* newest first */
    char *at, *end;
};
#define ARENA_INIT       \
    {                    \
        NULL, NULL, NULL \
    }

/** Zeroed memory, aligned for every type, valid until arena_done. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s); /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_done(struct arena *a);
/** arena_done for what has held secrets: overwrites the memory before it is freed. */
void arena_wipe(struct arena *a);
#define ARENA_NEW(a, type, count) ((type *)arena_alloc((a), size_mul(sizeof(type), (count))))

/** A growing list inside an arena: `ARENA_LIST(struct row) rows = {0}; *ARENA_ADD(a, &rows) =
 * (struct row){...};` */
#define ARENA_LIST(type) \
    struct {             \
        type *items;     \
        size_t n, cap;   \
    }
/** The next slot of ${list}, zeroed. */
#define ARENA_ADD(a, list)                                                                \
    ((list)->items =                                                                      \
         arena_grow((a), (list)->items, (list)->n, &(list)->cap, sizeof(*(list)->items)), \
     &(list)->items[(list)->n++])
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size);
#include "base/alloc.h"
#endif
