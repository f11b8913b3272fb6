/* body.h - a request body that is taken piece by piece while it arrives, for what is too large to
 * be held in memory.
 *
 * Which requests may have one, http_options.body_limit says. Their handler is called twice: when
 * the head is there (req->head_only), to answer without the body or to take it; and when the whole
 * body has gone to the sink, to give the answer. In between, pieces of about half a MiB go to the
 * sink on a worker while the connection waits, so that neither memory nor a poller is held by a
 * slow disk. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H
#include "http/request.h"

struct http_sink {
    /** Takes the next ${n} bytes; on a worker, one call at a time, may block. -1: no more is
     * wanted; the rest is read and dropped, and the handler gives its answer all the same. */
    int (*write)(void *ctx, const void *data, size_t n);
    /** Called exactly once, when nothing else is called any more: the answer has left, or the
     * connection broke before. Any thread. */
    void (*close)(void *ctx);
};

/** In a handler whose ${req}->head_only is set: the body goes to ${sink}, which lives as long as
 * the server; ${ctx} becomes ${req}->taken. At most once. */
void http_take_body(struct http_request *req, const struct http_sink *sink, void *ctx);
#endif
