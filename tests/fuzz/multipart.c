/* multipart.c (fuzz) - the first line is a Content-Type, the rest a body: the same file comes out,
 * or the same refusal, whether the body is fed whole, byte by byte or in odd pieces. */
#include "http/multipart.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct got {
    struct buf name, data;
    int files;
};

static int begin(void *ctx, const char *filename, struct error *e)
{
    struct got *g = ctx;

    ASSERT(filename[0] && utf8_check(str_of(filename)));
    buf_adds(&g->name, filename);
    g->files++;
    return 0;
}

static int more(void *ctx, const void *p, size_t n, struct error *e)
{
    struct got *g = ctx;

    ASSERT(n > 0 && g->files == 1);
    buf_add(&g->data, p, n);
    return 0;
}

static const struct multipart_ops ops = {begin, more};

/* Feeds pieces of ${step} bytes; 0 or -1 with ${e}. */
static int feed(const char *type, struct str body, size_t step, struct got *g, struct error *e)
{
    struct multipart *m;
    int rc = 0;

    *g = (struct got){BUF_INIT(BUF_UNBOUNDED), BUF_INIT(BUF_UNBOUNDED), 0};
    if (multipart_new(type, &ops, g, &m, e) < 0) return -1;
    for (size_t at = 0; at < body.n && rc == 0; at += step)
        rc = multipart_feed(m, body.p + at, body.n - at < step ? body.n - at : step, e);
    if (rc == 0) rc = multipart_end(m, e);
    multipart_free(m);
    ASSERT(rc < 0 || g->files == 1);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const size_t steps[] = {1, 7, 64};
    struct str body = {(const char *)data, n}, line = {"", 0};
    struct got whole, cut;
    struct error e = {0};

    str_cut(&body, '\n', &line);
    if (memchr(line.p, '\0', line.n)) return 0;
    CLEANUP(freep) char *type = xstrndup(line.p, line.n);
    int rc = feed(type, body, n + 1, &whole, &e);
    if (rc < 0) ASSERT(e.kind == ERR_INVALID && e.text[0]);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct error other = {0};
        ASSERT(feed(type, body, steps[i], &cut, &other) == rc && strcmp(e.text, other.text) == 0);
        ASSERT(strcmp(buf_str(&whole.name), buf_str(&cut.name)) == 0);
        ASSERT(rc < 0 || (whole.data.n == cut.data.n &&
                          memcmp(buf_str(&whole.data), buf_str(&cut.data), cut.data.n) == 0));
        buf_done(&cut.name);
        buf_done(&cut.data);
    }
    buf_done(&whole.name);
    buf_done(&whole.data);
    return 0;
}
