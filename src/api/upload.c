/* upload.c - see upload.h. The body goes through the form's parser, if it is a form, into the
 * blob's file; its first error stays, and the rest of the body is dropped. */
#include "api/upload.h"

#include <stdlib.h>

#include "engine/blob.h"
#include "http/multipart.h"

struct sink {
    struct blob_file file;
    struct multipart *form; /* NULL: the body is the file */
    upload_check *check;
    char *filename;
    struct error error; /* kind ERR_NONE: none */
};

static int on_file(void *ctx, const char *filename, struct error *e)
{
    struct sink *s = ctx;

    s->filename = xstrdup(filename);
    return s->check(filename, e);
}

static int on_data(void *ctx, const void *p, size_t n, struct error *e)
{
    return blob_add(&((struct sink *)ctx)->file, p, n, e);
}

static const struct multipart_ops form_ops = {on_file, on_data};

static int on_body(void *ctx, const void *data, size_t n)
{
    struct sink *s = ctx;

    int rc = s->form ? multipart_feed(s->form, data, n, &s->error) : on_data(s, data, n, &s->error);
    if (rc < 0) blob_done(&s->file); /* a full disk has its room back at once */
    return rc;
}

static void on_close(void *ctx)
{
    struct sink *s = ctx;

    blob_done(&s->file);
    multipart_free(s->form);
    free(s->filename);
    free(s);
}

static const struct http_sink body_sink = {on_body, on_close};

int upload_take(struct call *c, upload_check *check, struct error *e)
{
    struct sink *s = xcalloc(1, sizeof(*s));

    s->check = check;
    s->file.fd = -1;
    if ((check && multipart_new(http_request_header(c->req, "Content-Type"), &form_ops, s, &s->form,
                                e) < 0) ||
        blob_begin(&s->file, call_app(c)->blobs, e) < 0) {
        on_close(s);
        return -1;
    }
    http_take_body(c->req, &body_sink, s);
    return 0;
}

int upload_finish(struct call *c, struct upload *ret, struct error *e)
{
    struct sink *s = c->req->taken;
    char hash[DIGEST_HEX_SIZE];

    if (s->error.kind != ERR_NONE) {
        *e = s->error;
        return -1;
    }
    if (s->form && multipart_end(s->form, e) < 0) return -1;
    ret->size = s->file.size;
    if (blob_finish(&s->file, hash, e) < 0) return -1;
    ret->content = arena_strdup(c->arena, hash);
    ret->filename = arena_strdup(c->arena, s->filename);
    return 0;
}
