/* build_information.h - inside api/: how a version of a package was built, as an answer. */
#ifndef API_BUILD_INFORMATION_H
#define API_BUILD_INFORMATION_H
#include "api/resource.h"

/** 1 and *${ret} (a new reference): what is known of ${version} of ${package_id} in the call's
 * space; 0: nothing is, or the text is no version. */
int build_information_of(struct db_tx *tx, struct call *c, const char *package_id,
                         const char *version, json_t **ret, struct error *e) MUST_USE;
#endif
