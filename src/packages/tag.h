/* tag.h - the expression that a version's pre-release tag must match, as rules of channels and
 * clients write it. Pure; a compiled one may be used by any thread.
 *
 * It is matched anywhere, without case, against the tag, with "+metadata" behind it where there is
 * some: "^$" means no tag, "^beta" those that begin so, "^[^\+]" any tag. Extended regular
 * expressions with \d, \w, \s, (?:...) and a leading "^(?!...)"; other look-arounds and
 * back-references are refused. "*" alone is every version. */
#ifndef PACKAGES_TAG_H
#define PACKAGES_TAG_H
#include "packages/version.h"

struct version_tag;
/** NULL or blank text: *${ret} is NULL, which every version matches. ERR_INVALID names the text. */
int version_tag_parse(const char *text, struct version_tag **ret, struct error *e) MUST_USE;
bool version_tag_matches(const struct version_tag *t, const struct version *v);
void version_tag_free(struct version_tag *t);
void version_tag_freep(struct version_tag **t); /* for CLEANUP */
#endif
