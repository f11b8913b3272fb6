/* map.h - strings to pointers, in insertion order; keys are copied. One thread at a time. */
#ifndef BASE_MAP_H
#define BASE_MAP_H
#include <stdbool.h>

#include "base/lang.h"

struct map;
/** ${fold}: keys differ only by ASCII case are the same key. */
struct map *map_new(bool fold);
/** Frees the map; ${free_value} (may be NULL) is called for each value. */
void map_free(struct map *m, void (*free_value)(void *));
/** Stores ${value}; returns the value that was there before, or NULL. */
void *map_put(struct map *m, const char *key, void *value);
void *map_get(const struct map *m, const char *key); /* NULL when absent */
/** Removes the key; returns its value, or NULL. */
void *map_take(struct map *m, const char *key);
size_t map_count(const struct map *m);
/** Steps through the entries in insertion order: start with *${at} = 0; false at the end. Removing
 * while stepping is allowed, adding is not. */
bool map_each(const struct map *m, size_t *at, const char **ret_key, void **ret_value);
#endif
