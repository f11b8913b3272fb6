/* filter.h - what `| Name option ...` does to a text (private to src/template). Any thread. */
#ifndef TEMPLATE_FILTER_H
#define TEMPLATE_FILTER_H
#include "base/arena.h"
#include "base/error.h"

/** Applies the filter ${name} (any case) to ${input} (NULL: there is none) with ${n} evaluated
 * options. *${ret} is the text in ${a}, or NULL when the filter is unknown or not applicable: the
 * token is then written back as it is. ERR_INVALID when the input cannot be read (FromBase64). */
int filter_apply(const char *name, const char *input, const char *const *options, size_t n,
                 struct arena *a, const char **ret, struct error *e) MUST_USE;
#endif
