/* multipart.h - takes the one file out of a multipart/form-data body, piece by piece. Pure text
 * work, holds at most one part's header. One thread at a time.
 *
 * A part with a file name is the file, whatever its field is called; a second one is an error,
 * other parts are skipped. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H
#include <stdbool.h>

#include "base/error.h"

struct multipart_ops {
    /** The file begins; ${filename} is UTF-8 as the client sent it, never "". */
    int (*begin)(void *ctx, const char *filename, struct error *e);
    /** Some bytes of it. */
    int (*data)(void *ctx, const void *p, size_t n, struct error *e);
};
struct multipart;
/** Does header Content-Type (NULL = none) say multipart/form-data? */
bool multipart_is(const char *content_type);
/** ERR_INVALID: no boundary, or one that cannot be. ${ops} must outlive it. */
int multipart_new(const char *content_type, const struct multipart_ops *ops, void *ctx,
                  struct multipart **ret, struct error *e) MUST_USE;
/** The next bytes. -1: what an op returned, or ERR_INVALID; nothing may be fed after that. */
int multipart_feed(struct multipart *m, const char *p, size_t n, struct error *e) MUST_USE;
/** All has been fed. ERR_INVALID: the body is cut off, or there was no file. */
int multipart_end(const struct multipart *m, struct error *e) MUST_USE;
void multipart_free(struct multipart *m); /* NULL is fine */
#endif
