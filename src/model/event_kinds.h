/* event_kinds.h - what kinds of events there are, and the groups that people choose them by.
 * Constants: any thread. */
#ifndef MODEL_EVENT_KINDS_H
#define MODEL_EVENT_KINDS_H
#include "schema/field.h"

struct event_category {
    const char *id, *name;
};
extern const struct event_category event_categories[]; /* ends with {NULL, NULL} */

#define EVENT_GROUP_MAX 16
struct event_group {
    const char *id, *name;
    const char *categories[EVENT_GROUP_MAX]; /* NULL at the end */
};
extern const struct event_group event_groups[]; /* ends with {NULL, NULL} */
/** The group of that id in any case; NULL. */
const struct event_group *event_group_named(const char *id);

/** Answers of events/categories, events/documenttypes, events/agents; of events/groups. */
extern const struct field event_kind_fields[], event_group_fields[];
#endif
