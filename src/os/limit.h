/* limit.h - how many files the process may have open. A server raises it for itself; what it starts
 * for others gets what it was given, since programs that close or scan all descriptors, or use
 * select(), suffer from a high one. */
#ifndef OS_LIMIT_H
#define OS_LIMIT_H
#include <stdint.h>

#include "base/error.h"

/** Raises the limit to the highest allowed. Before other threads start. */
int limit_raise_files(struct error *e) MUST_USE;
/** What the process was given: the limit before it was raised. Any thread. */
int64_t limit_given_files(void);
/** Sets the limit to ${n}, or to the highest allowed below it. */
void limit_set_files(int64_t n);
#endif
