/* release_version.h - versions of releases: which texts are one, and the next of a project. */
#ifndef API_RELEASE_VERSION_H
#define API_RELEASE_VERSION_H
#include "api/app.h"

/** Letters, digits and . - + _ with a digit among them, at most 200. ERR_INVALID at ${member} names
 * the text. */
int release_version_check(const char *version, const char *member, struct error *e) MUST_USE;
/** The next version of ${project}: its versioning template with the versions of its latest release,
 * and of the latest in the channel. *${ret} in the call's arena. */
int release_version_next(struct db_tx *tx, struct call *c, const json_t *project,
                         const json_t *channel, const char **ret, struct error *e) MUST_USE;
#endif
