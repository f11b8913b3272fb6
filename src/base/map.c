/* map.c - open addressing over an insertion-ordered entry array; removed entries leave holes until
 * the next growth. */
#include "base/map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

struct entry {
    char *key; /* NULL = removed */
    void *value;
    uint32_t hash;
};

struct map {
    struct entry *entries;
    size_t used, cap, live; /* entries written (with holes), room, without holes */
    uint32_t *slots;        /* index + 1 into entries; 0 = free */
    size_t slot_mask;
    bool fold;
};

static uint32_t hash_of(const struct map *m, const char *key)
{
    uint32_t h = 2166136261u;

    for (; *key; key++) {
        unsigned char c = (unsigned char)*key;
        h = (h ^ (uint32_t)(m->fold ? tolower(c) : c)) * 16777619u;
    }
    return h;
}

static bool same(const struct map *m, const char *a, const char *b)
{
    return m->fold ? str_same(a, b) : strcmp(a, b) == 0;
}

struct map *map_new(bool fold)
{
    struct map *m = xcalloc(1, sizeof(*m));

    m->fold = fold;
    return m;
}

void map_free(struct map *m, void (*free_value)(void *))
{
    if (m == NULL) return;
    for (size_t i = 0; i < m->used; i++) {
        if (m->entries[i].key == NULL) continue;
        free(m->entries[i].key);
        if (free_value) free_value(m->entries[i].value);
    }
    free(m->entries);
    free(m->slots);
    free(m);
}

/* The slot that holds ${key}, or the free one where it belongs. */
static size_t slot_of(const struct map *m, const char *key, uint32_t hash)
{
    size_t s = hash & m->slot_mask;

    for (; m->slots[s]; s = (s + 1) & m->slot_mask) {
        const struct entry *e = &m->entries[m->slots[s] - 1];
        if (e->key && e->hash == hash && same(m, e->key, key)) break;
    }
    return s;
}

static void rebuild(struct map *m)
{
    size_t cap = 16, kept = 0;

    while (cap < m->live * 2 + 2) cap *= 2;
    struct entry *entries = xcalloc(cap, sizeof(*entries));
    free(m->slots);
    m->slots = xcalloc(cap * 2, sizeof(*m->slots));
    m->slot_mask = cap * 2 - 1;
    for (size_t i = 0; i < m->used; i++) {
        if (m->entries[i].key == NULL) continue;
        entries[kept++] = m->entries[i];
        size_t s = m->entries[i].hash & m->slot_mask;
        while (m->slots[s]) s = (s + 1) & m->slot_mask;
        m->slots[s] = (uint32_t)kept;
    }
    free(m->entries);
    m->entries = entries;
    m->used = kept;
    m->cap = cap;
}

void *map_put(struct map *m, const char *key, void *value)
{
    if (m->used == m->cap) rebuild(m);
    uint32_t hash = hash_of(m, key);
    size_t s = slot_of(m, key, hash);
    if (m->slots[s]) {
        struct entry *e = &m->entries[m->slots[s] - 1];
        void *before = e->value;
        e->value = value;
        return before;
    }
    m->entries[m->used] = (struct entry){xstrdup(key), value, hash};
    m->slots[s] = (uint32_t)++m->used;
    m->live++;
    return NULL;
}

static struct entry *find(const struct map *m, const char *key)
{
    if (m->live == 0) return NULL;
    size_t s = slot_of(m, key, hash_of(m, key));
    return m->slots[s] ? &m->entries[m->slots[s] - 1] : NULL;
}

void *map_get(const struct map *m, const char *key)
{
    struct entry *e = find(m, key);

    return e ? e->value : NULL;
}

void *map_take(struct map *m, const char *key)
{
    struct entry *e = find(m, key);

    if (e == NULL) return NULL;
    void *value = e->value;
    free(e->key);
    *e = (struct entry){0};
    m->live--;
    return value;
}

size_t map_count(const struct map *m) { return m->live; }

bool map_each(const struct map *m, size_t *at, const char **ret_key, void **ret_value)
{
    for (; *at < m->used; ++*at) {
        const struct entry *e = &m->entries[*at];
        if (e->key == NULL) continue;
        if (ret_key) *ret_key = e->key;
        if (ret_value) *ret_value = e->value;
        ++*at;
        return true;
    }
    return false;
}
