/* packages.h - inside api/: packages as answers. */
#ifndef API_PACKAGES_H
#define API_PACKAGES_H
#include "api/resource.h"
#include "store/package.h"

enum overwrite { FAIL_IF_EXISTS, OVERWRITE_EXISTING, IGNORE_IF_EXISTS };
/** What the query says of a push of what is there: overwriteMode, or replace of old clients. */
int overwrite_mode(const struct call *c, enum overwrite *ret, struct error *e) MUST_USE;

/** The answer for a package. New reference. */
json_t *package_answer(const struct call *c, const struct package *p);
/** Answers with the page that ${q} finds; ${item_type} and ${item} say how its items look. */
int package_page(struct call *c, struct package_query *q, const char *item_type,
                 json_t *(*item)(const struct call *c, const struct package *p),
                 struct error *e) MUST_USE;
#endif
