/* response.c - see response.h. An answer is made at once as the library's object; it is queued when
 * the handler has returned, by the connection's own poller (exchange.c). Headers wait in the arena
 * until then, so that their order with http_reply* does not matter. */
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "http/exchange.h"

void http_response_set(struct http_response *res, int status, const char *content_type,
                       struct MHD_Response *answer, size_t n)
{
    ASSERT(answer != NULL && status >= 200 && status < 600);
    if (res->answer) MHD_destroy_response(res->answer);
    res->answer = answer;
    res->status = status;
    res->endless = false;
    res->bytes = (int64_t)n;
    if (content_type)
        ASSERT(MHD_add_response_header(answer, "Content-Type", content_type) == MHD_YES);
}

void http_reply(struct http_response *res, int status, const char *content_type, const void *bytes,
                size_t n)
{
    struct MHD_Response *answer = MHD_create_response_from_buffer(
        n, n ? (void *)(uintptr_t)bytes : (void *)"", MHD_RESPMEM_MUST_COPY);

    http_response_set(res, status, content_type, answer, n);
}

void http_reply_take(struct http_response *res, int status, const char *content_type, char *bytes,
                     size_t n)
{
    http_response_set(res, status, content_type,
                      MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE), n);
}

void http_reply_file(struct http_response *res, int status, const char *content_type, int fd,
                     uint64_t offset, uint64_t n)
{
    if (n == 0) { /* the library reads no empty files */
        close(fd);
        http_reply(res, status, content_type, "", 0);
        return;
    }
    http_response_set(res, status, content_type,
                      MHD_create_response_from_fd_at_offset64(n, fd, offset), n);
}

void http_reply_message(struct http_response *res, int status, const char *message)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_adds(&out, "{\"ErrorMessage\":");
    jv_quote(&out, message, strlen(message));
    buf_adds(&out, ",\"Errors\":[]}");
    size_t n = out.n;
    http_reply_take(res, status, HTTP_JSON, buf_take(&out), n);
}

void http_header(struct http_response *res, const char *name, const char *value)
{
    struct answer_header *h = ARENA_NEW(res->arena, struct answer_header, 1);
    char *text = arena_strdup(res->arena, value);

    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127) *p = ' ';
    *h = (struct answer_header){res->headers, arena_strdup(res->arena, name), text};
    res->headers = h;
}

int http_status(const struct http_response *res) { return res->status; }

bool http_replied(const struct http_response *res) { return res->answer != NULL; }
