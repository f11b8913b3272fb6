/* difference.h - what a change has changed in a document, for the audit. Pure; any thread. */
#ifndef MODEL_DIFFERENCE_H
#define MODEL_DIFFERENCE_H
#include "model/resource.h"

/** {"DocumentContext": the document before, "Differences": [{"op", "path", "value"}, ...]}, as
 * clients see documents: no secret stands in it. A secret that was changed is one difference
 * without its value. ${before} or ${after} may be NULL: created, deleted. What would take more than
 * 64 KiB is left out: DocumentContext first, then each long value. New reference. */
json_t *difference_of(const struct resource *r, const json_t *before, const json_t *after);
#endif
