/* space_content.h - what every new space comes with: a project group, a lifecycle, the built-in
 * feed, the default worker pool and the default machine policy. */
#ifndef API_SPACE_CONTENT_H
#define API_SPACE_CONTENT_H
#include "model/resource.h"
#include "store/document.h"

/** Makes all of it in the space, in the transaction that makes the space itself. */
int space_content(struct db_tx *tx, const char *space_id, const struct document_change *by,
                  struct error *e) MUST_USE;
/** Stores one document of ${members}, which it takes over, as nobody but the server may make it:
 * read-only members too. *${ret_id} in ${a}. */
int space_content_add(struct db_tx *tx, const struct resource *r, json_t *members,
                      const struct document_change *by, struct arena *a, const char **ret_id,
                      struct error *e) MUST_USE;
#endif
