/* number.h - numbers in templates, as .NET reads and writes them in the invariant culture (private
 * to src/template). */
#ifndef TEMPLATE_NUMBER_H
#define TEMPLATE_NUMBER_H
#include <stdbool.h>

#include "base/buf.h"

/** Reads a whole text as a number: white space around it and thousands separators are allowed. */
bool number_parse(const char *text, double *ret);
/** Appends the shortest digits that read back as the same number. */
void number_print(struct buf *out, double x);
#endif
