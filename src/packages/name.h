/* name.h - the id and the version of a package, as its file is called: Acme.Web.1.2.3-beta.zip is
 * version 1.2.3-beta of Acme.Web. Pure, any thread. */
#ifndef PACKAGES_NAME_H
#define PACKAGES_NAME_H
#include "packages/version.h"

#define PACKAGE_ID_MAX 200 /* characters */

struct package_name {
    const char *id;
    struct version version;
    const char *extension; /* ".zip", ".tar.gz" as written */
};
/** ERR_INVALID names the file and what is wanted: a folder in the name, a kind of file that is no
 * package, no version. The version begins as early as it can: Acme.2.1.0.0 is 2.1.0.0 of Acme. */
int package_name_parse(struct arena *a, const char *file, struct package_name *ret,
                       struct error *e) MUST_USE;
/** "Acme.Web.1.2.3-beta" without an extension. */
int package_identity_parse(struct arena *a, const char *text, struct package_name *ret,
                           struct error *e) MUST_USE;
/** Letters and digits, with '.', '_' and '-' between; one letter at least. ERR_INVALID. */
int package_id_check(const char *id, struct error *e) MUST_USE;
#endif
