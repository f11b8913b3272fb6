/* response.h - the one answer to a request: bytes, a file, or a stream that is pulled.
 *
 * The last http_reply* before the handler returns is the answer. HEAD is answered without body by
 * the server. Handler thread only, except http_stream_wake and http_stream_unref (any thread). */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H
#include <stdbool.h>

#include "base/buf.h"

struct http_response;
struct http_stream;

#define HTTP_JSON "application/json; charset=utf-8"
#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_EVENTS "text/event-stream; charset=utf-8"

/** Answers with ${n} bytes, copied. */
void http_reply(struct http_response *res, int status, const char *content_type, const void *bytes,
                size_t n);
/** The same without a copy: ${bytes} is freed with free() when sent. */
void http_reply_take(struct http_response *res, int status, const char *content_type, char *bytes,
                     size_t n);
/** Answers with ${n} bytes of the open file ${fd} from ${offset} on, by sendfile; ${fd} is closed
 * when sent. */
void http_reply_file(struct http_response *res, int status, const char *content_type, int fd,
                     uint64_t offset, uint64_t n);
/** Answers {"ErrorMessage": ${message}, "Errors": []}. */
void http_reply_message(struct http_response *res, int status, const char *message);
/** Adds a header to the answer; name and value are copied, control characters in the value become
 * spaces. Not for Content-Length and Content-Type. */
void http_header(struct http_response *res, const char *name, const char *value);
/** True once there is an answer. */
bool http_replied(const struct http_response *res);
/** The status of the answer; 0 = there is none yet. */
int http_status(const struct http_response *res);

/** What pull returns. */
enum { HTTP_STREAM_MORE = 0, HTTP_STREAM_END = -1, HTTP_STREAM_BROKEN = -2 };
struct http_stream_ops {
    /** Appends what there is to send now to the empty ${out}, about 64 KiB at a time
     * (back-pressure: it is called again when that has gone to the client). Nothing appended =
     * nothing now: called again after a wake. HTTP_STREAM_END: what was appended is the last;
     * HTTP_STREAM_BROKEN: the client sees a cut connection. Runs on a worker, may block; never two
     * at once for one stream. Event streams append whole events. */
    int (*pull)(void *ctx, struct buf *out);
    /** Called exactly once, after the last pull: stream ended, client gone, or server stopping. Any
     * thread. */
    void (*close)(void *ctx);
};
/** Answers 200 with a stream; ${ctx} is the stream's until ${ops}->close. A content type of
 * text/event-stream gets comment lines in silence, so that dead clients fall out. ${ret} (may be
 * NULL): a handle for waking it, which the caller gives back with http_stream_unref; it may outlive
 * the stream and the server. */
void http_reply_stream(struct http_response *res, const char *content_type,
                       const struct http_stream_ops *ops, void *ctx, struct http_stream **ret);
/** There may be news: pull is called soon. Cheap, never blocks on I/O; nothing happens on a closed
 * stream. */
void http_stream_wake(struct http_stream *s);
struct http_stream *http_stream_ref(struct http_stream *s);
void http_stream_unref(struct http_stream *s); /* NULL is fine */
#endif
