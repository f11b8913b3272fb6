/* version.h - versions of packages: SemVer 1 and 2, NuGet's with one to four numbers, and what
 * Maven calls 1.0-SNAPSHOT. Pure, any thread; texts live in the arena given.
 *
 * A version is numbers, an optional pre-release tag behind '-', optional metadata behind '+':
 * 1.2.3.4-beta.1+build.7. Missing numbers are 0: 1.0 is 1.0.0. Letters compare without case; a
 * version with a tag comes before the one without; metadata does not count in comparisons, but
 * versions that differ in it only are different ones. */
#ifndef PACKAGES_VERSION_H
#define PACKAGES_VERSION_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define VERSION_NUMBERS 4
#define VERSION_MAX 200 /* characters of a version */

struct version {
    const char *text;                     /* as it was written */
    const char *numbers[VERSION_NUMBERS]; /* digits without leading zeros, "0" when missing */
    const char *tag, *metadata;           /* without '-' and '+', "" = none */
    const char *key;                      /* by bytes these are ordered as versions are */
};
/** ERR_INVALID names the text and what is wanted. */
int version_parse(struct arena *a, const char *text, struct version *ret, struct error *e) MUST_USE;

/** Versions whose key is in [from, to); NULL is open. */
struct version_interval {
    const char *from, *to;
};
/** The union of all; none at all: every version. */
struct version_range {
    const struct version_interval *items;
    size_t n;
};
/** Reads a range: "1.0" (that or a higher one), "[1.0]", "[1.0,2.0)", "(,2.0]", "1.2.*", "*", "",
 * and several with brackets side by side. ERR_INVALID names the text. */
int version_range_parse(struct arena *a, const char *text, struct version_range *ret,
                        struct error *e) MUST_USE;
bool version_range_has(const struct version_range *r, const struct version *v);
#endif
