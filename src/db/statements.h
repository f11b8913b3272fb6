/* statements.h - the prepared statements of one connection, found by their text; for src/db only.
 *
 * An engine embeds `struct statement` first in its own struct. A statement that is busy (its rows
 * are being read) is neither found nor evicted. One thread at a time. */
#ifndef DB_STATEMENTS_H
#define DB_STATEMENTS_H
#include <stdbool.h>

#include "base/lang.h"

struct statement {
    char *sql; /* as the caller wrote it; owned */
    uint64_t hash;
    uint64_t used_at;
    bool busy;
    bool kept; /* is in the table */
    struct statement *next;
};
struct statements {
    struct statement *buckets[64];
    size_t n, max;
    uint64_t tick;
};

/** Hash of a text and a salt (the engine's own distinction: types of values). */
uint64_t statement_hash(const char *sql, uint64_t salt);
/** The idle statement of that text, or NULL. ${hash} must be equal too. */
struct statement *statements_find(struct statements *s, const char *sql, uint64_t hash);
/** Removes and returns the idle one that was unused longest when the table is full; NULL when there
 * is room. */
struct statement *statements_evict(struct statements *s);
/** Keeps ${st}; false when the table is full (then the engine frees it after use). */
bool statements_keep(struct statements *s, struct statement *st);
/** Removes and returns any; NULL when empty. */
struct statement *statements_take(struct statements *s);
#endif
