/* multipart.c - see multipart.h.
 *
 * A part ends at the delimiter, "\r\n--" and the boundary. Since '\r' stands nowhere else in it, a
 * mismatch never hides the start of another one: what had matched is data, and the search goes on
 * with the byte that did not match. What matched at the end of a piece is held back as a count. */
#include "http/multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

#define BOUNDARY_MAX 200      /* the standard says 70 */
#define HEADER_MAX (16 * KiB) /* of one part */
#define PADDING_MAX 100       /* blanks behind a boundary */

enum state { STATE_DATA, STATE_DELIMITED, STATE_HEADER, STATE_END };
struct multipart {
    const struct multipart_ops *ops;
    void *ctx;
    enum state state;
    char *delimiter;
    size_t delimiter_n, matched; /* bytes of it that the last piece ended in */
    bool in_file, had_file;
    struct buf tail;   /* behind a delimiter, until it is known to be one */
    struct buf header; /* of a part, with "\r\n" in front */
};

bool multipart_is(const char *content_type)
{
    return content_type && strncasecmp(content_type, "multipart/form-data", 19) == 0 &&
           strchr("; \t", content_type[19]) != NULL;
}

/* ---- parameters: ; name=token; name="quoted \" text" ---- */

/* Takes a token or a quoted text off ${s}. */
static void take_value(const char **s, struct buf *out)
{
    const char *p = *s;

    if (*p != '"') {
        size_t n = strcspn(p, "; \t\r\n");
        buf_add(out, p, n);
        *s = p + n;
        return;
    }
    for (p++; *p && *p != '"'; p++) {
        /* only these two: some clients send a whole path with plain backslashes */
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) p++;
        buf_addc(out, *p);
    }
    *s = *p ? p + 1 : p;
}

/* The value of parameter ${name} behind the first ';' of ${s}; false when it is not there. */
static bool parameter(const char *s, const char *name, struct buf *out)
{
    size_t n = strlen(name);

    while ((s = strchr(s, ';')) != NULL) {
        s += 1 + strspn(s + 1, " \t");
        bool found = strncasecmp(s, name, n) == 0 && s[n] == '=';
        s += strcspn(s, "=;");
        if (*s != '=') continue;
        s++;
        buf_clear(out);
        take_value(&s, out);
        if (found) return true;
    }
    buf_clear(out);
    return false;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "UTF-8''na%20me" of a filename* parameter. */
static int decode_extended(const char *text, struct buf *out, struct error *e)
{
    const char *quote = strchr(text, '\''), *p = quote ? strchr(quote + 1, '\'') : NULL;

    if (p == NULL || strncasecmp(text, "utf-8'", 6) != 0)
        return fail(e, ERR_INVALID, "filename* is \"%.100s\", want UTF-8''and the encoded name",
                    text);
    for (p++; *p; p++) {
        if (*p != '%') {
            buf_addc(out, *p);
            continue;
        }
        if (hex(p[1]) < 0 || hex(p[2]) < 0)
            return fail(e, ERR_INVALID, "filename* has a malformed escape at \"%.3s\"", p);
        buf_addc(out, (char)(hex(p[1]) << 4 | hex(p[2])));
        p += 2;
    }
    return 0;
}

/* ---- headers of a part ---- */

/* The value of header ${name}, up to its line's end, into ${out}; false when it is not there. */
static bool header(const struct multipart *m, const char *name, struct buf *out)
{
    size_t n = strlen(name);

    for (const char *s = buf_str(&m->header); (s = strstr(s, "\r\n")) != NULL;) {
        s += 2;
        if (strncasecmp(s, name, n) != 0 || s[n] != ':') continue;
        const char *end = strstr(s, "\r\n");
        buf_add(out, s + n + 1, end ? (size_t)(end - s) - n - 1 : strlen(s + n + 1));
        return true;
    }
    return false;
}

/* The file name of the part, "" when it is none. */
static int filename_of(const struct multipart *m, struct buf *ret, struct error *e)
{
    CLEANUP(buf_done) struct buf line = BUF_INIT(HEADER_MAX);
    CLEANUP(buf_done) struct buf value = BUF_INIT(HEADER_MAX);

    if (!header(m, "Content-Disposition", &line)) return 0;
    if (parameter(buf_str(&line), "filename*", &value)) {
        if (decode_extended(buf_str(&value), ret, e) < 0) return -1;
    } else {
        parameter(buf_str(&line), "filename", ret);
    }
    if (utf8_check((struct str){buf_str(ret), ret->n})) return 0;
    return fail(e, ERR_INVALID, "the file name is not UTF-8, or has a NUL in it");
}

static int check_coding(const struct multipart *m, struct error *e)
{
    CLEANUP(buf_done) struct buf line = BUF_INIT(HEADER_MAX);
    static const char *const plain[] = {"binary", "8bit", "7bit"};

    if (!header(m, "Content-Transfer-Encoding", &line)) return 0;
    struct str value = str_trim((struct str){buf_str(&line), line.n});
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (value.n == strlen(plain[i]) && strncasecmp(value.p, plain[i], value.n) == 0) return 0;
    return fail(e, ERR_INVALID, "Content-Transfer-Encoding of the file is \"%.*s\", want binary",
                (int)(value.n < 50 ? value.n : 50), value.p);
}

static int begin_part(struct multipart *m, struct error *e)
{
    CLEANUP(buf_done) struct buf name = BUF_INIT(HEADER_MAX);

    m->state = STATE_DATA;
    if (memchr(m->header.p, '\0', m->header.n))
        return fail(e, ERR_INVALID, "a header of the form has a NUL in it");
    if (filename_of(m, &name, e) < 0) return -1;
    if (name.n == 0) return 0;
    if (m->had_file) return fail(e, ERR_INVALID, "the form has more than one file; want one");
    if (check_coding(m, e) < 0) return -1;
    m->in_file = m->had_file = true;
    return m->ops->begin(m->ctx, buf_str(&name), e);
}

/* ---- the body ---- */

static int give(struct multipart *m, const char *p, size_t n, struct error *e)
{
    return m->in_file && n ? m->ops->data(m->ctx, p, n, e) : 0;
}

/* Takes data off the piece up to the next delimiter or its end. */
static int feed_data(struct multipart *m, const char **piece, size_t *left, struct error *e)
{
    const char *from = *piece, *at = from, *end = from + *left;
    size_t carried = m->matched;

    while (at < end && m->matched < m->delimiter_n) {
        if (*at == m->delimiter[m->matched]) {
            m->matched++;
            at++;
        } else if (m->matched) {
            if (give(m, m->delimiter, carried, e) < 0) return -1;
            m->matched = carried = 0;
        } else {
            at = memchr(at, '\r', (size_t)(end - at));
            if (at == NULL) at = end;
        }
    }
    *piece = at;
    *left = (size_t)(end - at);
    if (give(m, from, (size_t)(at - from) - (m->matched - carried), e) < 0) return -1;
    if (m->matched < m->delimiter_n) return 0;
    m->matched = 0;
    buf_clear(&m->tail);
    m->state = STATE_DELIMITED;
    return 0;
}

/* One byte behind a delimiter: "--", or blanks and the line's end; otherwise it was none. */
static int feed_delimited(struct multipart *m, char c, bool *ret_taken, struct error *e)
{
    const char *tail = buf_str(&m->tail);
    char last = m->tail.n ? tail[m->tail.n - 1] : '\0';
    bool blank = c == ' ' || c == '\t', dash = tail[0] == '-';

    *ret_taken = true;
    if (dash ? c == '-' : c == '\n' && last == '\r') {
        m->in_file = false;
        m->state = dash ? STATE_END : STATE_HEADER;
        buf_clear(&m->header);
        buf_adds(&m->header, "\r\n");
        return 0;
    }
    if (!dash && last != '\r' && m->tail.n < PADDING_MAX &&
        (blank || c == '\r' || (c == '-' && m->tail.n == 0))) {
        buf_addc(&m->tail, c);
        return 0;
    }
    *ret_taken = false;
    m->state = STATE_DATA;
    if (give(m, m->delimiter, m->delimiter_n, e) < 0) return -1;
    return give(m, tail, m->tail.n, e);
}

static int feed_header(struct multipart *m, char c, struct error *e)
{
    buf_addc(&m->header, c);
    if (m->header.overflow)
        return fail(e, ERR_INVALID, "a header of the form is larger than %zu bytes", HEADER_MAX);
    if (c != '\n' || m->header.n < 4 || memcmp(m->header.p + m->header.n - 4, "\r\n\r\n", 4) != 0)
        return 0;
    return begin_part(m, e);
}

int multipart_feed(struct multipart *m, const char *p, size_t n, struct error *e)
{
    bool taken = true;

    while (n && m->state != STATE_END) {
        if (m->state == STATE_DATA) {
            if (feed_data(m, &p, &n, e) < 0) return -1;
            continue;
        }
        int rc =
            m->state == STATE_HEADER ? feed_header(m, *p, e) : feed_delimited(m, *p, &taken, e);
        if (rc < 0) return -1;
        p += taken;
        n -= taken;
        taken = true;
    }
    return 0;
}

int multipart_end(const struct multipart *m, struct error *e)
{
    if (m->state != STATE_END)
        return fail(e, ERR_INVALID, "the form is cut off: its closing boundary is missing");
    if (!m->had_file)
        return fail(e, ERR_INVALID, "the form has no file: want a part with a file name");
    return 0;
}

int multipart_new(const char *content_type, const struct multipart_ops *ops, void *ctx,
                  struct multipart **ret, struct error *e)
{
    CLEANUP(buf_done) struct buf boundary = BUF_INIT(HEADER_MAX);

    if (!multipart_is(content_type) || !parameter(content_type, "boundary", &boundary) ||
        boundary.n == 0 || boundary.n > BOUNDARY_MAX || strpbrk(buf_str(&boundary), "\r\n"))
        return fail(e, ERR_INVALID,
                    "Content-Type is \"%.100s\", want multipart/form-data with a "
                    "boundary",
                    content_type ? content_type : "");
    struct multipart *m = xcalloc(1, sizeof(*m));
    m->ops = ops;
    m->ctx = ctx;
    m->delimiter = xasprintf("\r\n--%s", buf_str(&boundary));
    m->delimiter_n = strlen(m->delimiter);
    m->matched = 2; /* the first one stands at the start */
    m->tail = (struct buf)BUF_INIT(PADDING_MAX + 1);
    m->header = (struct buf)BUF_INIT(HEADER_MAX);
    *ret = m;
    return 0;
}

void multipart_free(struct multipart *m)
{
    if (m == NULL) return;
    buf_done(&m->tail);
    buf_done(&m->header);
    free(m->delimiter);
    free(m);
}
