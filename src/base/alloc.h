/* alloc.h - memory that does not run out: every allocation succeeds or the program aborts with a
 * message.
 *
 * Foreign sizes are therefore bounded before they arrive here. Any thread. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H
#include "base/lang.h"

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/** printf into fresh memory; the caller frees. */
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
/** a * b, aborting on overflow. */
size_t size_mul(size_t a, size_t b);
size_t size_add(size_t a, size_t b);

/** For CLEANUP(freep): frees what the pointer variable holds. */
void freep(void *pointer_to_pointer);
/** For CLEANUP(closep) on an `int fd` initialised to -1. */
void closep(int *fd);
#endif
