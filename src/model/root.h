/* root.h - the links of the root documents: where clients find everything (rest.md 1.6). Any
 * thread. */
#ifndef MODEL_ROOT_H
#define MODEL_ROOT_H
#include "base/json.h"

/** Links of GET /api; those of space resources are bound to ${space_id}, the default space,
 * and left out when that is NULL. New reference. */
json_t *root_links(const char *space_id);
/** Links of GET /api/${space_id}. New reference. */
json_t *space_links(const char *space_id);
#endif
