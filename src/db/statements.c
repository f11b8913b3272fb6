/* statements.c - see statements.h. A fixed table of chains; eviction looks at all, which is rare
 * and short. */
#include "db/statements.h"

#include <string.h>

uint64_t statement_hash(const char *sql, uint64_t salt)
{
    uint64_t h = 14695981039346656037u ^ salt;

    for (; *sql; sql++) h = (h ^ (unsigned char)*sql) * 1099511628211u;
    return h;
}

static struct statement **bucket_of(struct statements *s, uint64_t hash)
{
    return &s->buckets[hash % ARRAY_LEN(s->buckets)];
}

struct statement *statements_find(struct statements *s, const char *sql, uint64_t hash)
{
    for (struct statement *st = *bucket_of(s, hash); st; st = st->next) {
        if (st->hash != hash || st->busy || strcmp(st->sql, sql) != 0) continue;
        st->used_at = ++s->tick;
        return st;
    }
    return NULL;
}

static void unlink_it(struct statements *s, struct statement *st)
{
    struct statement **at = bucket_of(s, st->hash);

    while (*at != st) at = &(*at)->next;
    *at = st->next;
    st->kept = false;
    s->n--;
}

struct statement *statements_evict(struct statements *s)
{
    struct statement *oldest = NULL;

    if (s->n < s->max) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(s->buckets); i++)
        for (struct statement *st = s->buckets[i]; st; st = st->next)
            if (!st->busy && (oldest == NULL || st->used_at < oldest->used_at)) oldest = st;
    if (oldest) unlink_it(s, oldest);
    return oldest;
}

bool statements_keep(struct statements *s, struct statement *st)
{
    struct statement **bucket = bucket_of(s, st->hash);

    if (s->n >= s->max) return false;
    st->used_at = ++s->tick;
    st->next = *bucket;
    *bucket = st;
    st->kept = true;
    s->n++;
    return true;
}

struct statement *statements_take(struct statements *s)
{
    for (size_t i = 0; i < ARRAY_LEN(s->buckets); i++) {
        struct statement *st = s->buckets[i];
        if (st == NULL) continue;
        unlink_it(s, st);
        return st;
    }
    return NULL;
}
