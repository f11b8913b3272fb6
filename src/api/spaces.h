/* spaces.h - the space that is meant when none is named. */
#ifndef API_SPACES_H
#define API_SPACES_H
#include "store/document.h"

/** The id of the default space, in the arena. ERR_NOT_FOUND before there is one. */
int space_default(struct db_tx *tx, struct arena *a, const char **ret, struct error *e) MUST_USE;
#endif
