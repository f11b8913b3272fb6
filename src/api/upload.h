/* upload.h - a request body that becomes a blob while it arrives (http/body.h, engine/blob.h).
 *
 *     {"PUT", "/api/{space}/artifacts/{id}/content", put_content, "ArtifactEdit",
 *      .take_body = take_content, .flags = ROUTE_RAW_BODY, ...}
 *     take_content:  return upload_take(c, NULL, e);
 *     put_content:   if (upload_finish(c, &u, e) < 0) return -1;
 *
 * What goes wrong on the way is said by upload_finish; whatever happens, no rest of the file stays.
 * One thread at a time: a worker of http/. */
#ifndef API_UPLOAD_H
#define API_UPLOAD_H
#include "api/app.h"

/** Judges a file's name as soon as it is known; ERR_INVALID ends the upload. */
typedef int upload_check(const char *filename, struct error *e);

/** In a route's take_body. ${check} NULL: the body itself is the file, and has no name; otherwise
 * it is a form with one file. */
int upload_take(struct call *c, upload_check *check, struct error *e) MUST_USE;

struct upload {
    const char *filename; /* NULL: it has none */
    const char *content;  /* SHA-256 of the blob, which is durable now */
    int64_t size;
};
/** In the handler of such a route. Texts live in the call's arena. */
int upload_finish(struct call *c, struct upload *ret, struct error *e) MUST_USE;
#endif
