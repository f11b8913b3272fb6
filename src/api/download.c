/* download.c - see download.h. A Range that is not understood is ignored, as the standard wants it;
 * one that lies behind the end is answered with 416. */
#include "api/download.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/blob.h"

#define BYTES "application/octet-stream"

static bool is_plain(char ch) { return ch >= 0x20 && ch < 0x7F && ch != '"' && ch != '\\'; }

/* The name as a quoted header text: what could end the quotes or the line becomes '_', and the true
 * name stands behind it when that was needed for text beyond ASCII. */
static const char *disposition(struct call *c, const char *filename)
{
    CLEANUP(buf_done) struct buf encoded = BUF_INIT(BUF_UNBOUNDED);
    char *name = arena_strdup(c->arena, filename);
    bool ascii = true;

    for (char *p = name; *p; p++) {
        ascii = ascii && (unsigned char)*p < 0x80;
        if (!is_plain(*p)) *p = '_';
    }
    if (ascii) return arena_fmt(c->arena, "attachment; filename=\"%s\"", name);
    buf_add_encoded(&encoded, filename);
    return arena_fmt(c->arena, "attachment; filename=\"%s\"; filename*=UTF-8''%s", name,
                     buf_str(&encoded));
}

struct part {
    int64_t from, n;
};

/* The part that "bytes=..." asks of ${size} bytes: 1 = it, 0 = all, -1 = none is there. */
static int asked_part(const struct call *c, int64_t size, struct part *ret)
{
    const char *text = http_request_header(c->req, "Range"), *dash;
    int64_t from = 0, to = size - 1;

    if (text == NULL || strncasecmp(text, "bytes=", 6) != 0) return 0;
    text += 6;
    dash = strchr(text, '-');
    if (dash == NULL || strchr(text, ',')) return 0;
    const char *first = arena_strndup(c->arena, text, (size_t)(dash - text));
    if (dash[1] && !str_i64(dash + 1, 0, INT64_MAX, &to)) return 0;
    if (*first == '\0') { /* the last so many */
        if (dash[1] == '\0') return 0;
        from = to < size ? size - to : 0;
        to = to ? size - 1 : -1;
    } else if (!str_i64(first, 0, INT64_MAX, &from) || (dash[1] && to < from)) {
        return 0;
    }
    if (to >= size) to = size - 1;
    if (from > to) return -1;
    *ret = (struct part){from, to - from + 1};
    return 1;
}

static bool is_known(const struct call *c, const char *etag)
{
    const char *text = http_request_header(c->req, "If-None-Match");

    return text && (strcmp(text, "*") == 0 || strstr(text, etag));
}

/* Gives ${fd} to the answer. */
static void reply(struct call *c, int fd, int64_t size)
{
    struct part part = {0, size};
    int rc = asked_part(c, size, &part);

    if (rc < 0) {
        close(fd);
        http_header(c->res, "Content-Range", arena_fmt(c->arena, "bytes */%lld", (long long)size));
        http_reply_message(c->res, 416, "The part that is asked for lies behind the file's end.");
        return;
    }
    if (rc)
        http_header(c->res, "Content-Range",
                    arena_fmt(c->arena, "bytes %lld-%lld/%lld", (long long)part.from,
                              (long long)(part.from + part.n - 1), (long long)size));
    http_reply_file(c->res, rc ? 206 : 200, BYTES, fd, (uint64_t)part.from, (uint64_t)part.n);
}

int download_reply(struct call *c, const char *content, const char *filename, struct error *e)
{
    const char *etag = arena_fmt(c->arena, "\"%s\"", content);
    struct stat st;

    int fd = blob_open(call_app(c)->blobs, content, e);
    if (fd < 0) return fail_wrap(e, "content of %s", filename);
    if (fstat(fd, &st) < 0) {
        close(fd);
        return fail(e, ERR_INTERNAL, "the content of %s cannot be read", filename);
    }
    http_header(c->res, "ETag", etag);
    http_header(c->res, "Accept-Ranges", "bytes");
    http_header(c->res, "Content-Disposition", disposition(c, filename));
    if (is_known(c, etag)) {
        close(fd);
        http_reply(c->res, 304, NULL, "", 0);
    } else {
        reply(c, fd, (int64_t)st.st_size);
    }
    return 0;
}
