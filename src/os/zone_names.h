/* zone_names.h - the names of the machine's time zones. Any thread. */
#ifndef OS_ZONE_NAMES_H
#define OS_ZONE_NAMES_H
#include "base/arena.h"

/** All names, sorted, in the arena: those of the zone database, always with "UTC"; without a
 * database that one alone. */
const char *const *zone_names(struct arena *a, size_t *ret_n);
/** The name of the machine's own zone; "UTC" when it does not say. In the arena. */
const char *zone_local(struct arena *a);
#endif
