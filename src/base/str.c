/* str.c - see str.h. Folding covers the simple one-to-one cases of Latin-1, Latin Extended-A, Greek
 * and Cyrillic. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"

bool str_eq(struct str a, const char *b)
{
    return a.n == strlen(b) && (a.n == 0 || memcmp(a.p, b, a.n) == 0);
}

bool str_same(const char *a, const char *b) { return strcasecmp(a, b) == 0; }

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), k = strlen(suffix);

    return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool str_blank(const char *s)
{
    if (s == NULL) return true;
    while (space(*s)) s++;
    return *s == '\0';
}

struct str str_trim(struct str s)
{
    while (s.n && space(s.p[0])) s.p++, s.n--;
    while (s.n && space(s.p[s.n - 1])) s.n--;
    return s;
}

bool str_cut(struct str *rest, char sep, struct str *ret_part)
{
    if (rest->n == 0) return false;
    const char *at = memchr(rest->p, sep, rest->n);
    size_t n = at ? (size_t)(at - rest->p) : rest->n;
    size_t used = at ? n + 1 : n;

    *ret_part = (struct str){rest->p, n};
    rest->p += used;
    rest->n -= used;
    return true;
}

bool str_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
    char *end = NULL;

    if (s == NULL || !(isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1]))))
        return false;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno || *end || v < min || v > max) return false;
    *ret = v;
    return true;
}

bool str_flag(const char *s, bool otherwise)
{
    if (s == NULL) return otherwise;
    struct str t = str_trim(str_of(s));
    if (t.n == 4 && strncasecmp(t.p, "true", 4) == 0) return true;
    if (t.n == 5 && strncasecmp(t.p, "false", 5) == 0) return false;
    return otherwise;
}

static uint32_t fold_rune(uint32_t c)
{
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
    if (c >= 0x100 && c <= 0x17F && c != 0x130 && c != 0x131) {
        bool odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
        if (c == 0x178) return 0xFF;
        if (c == 0x138 || c == 0x149 || c == 0x17F) return c;
        return odd_upper ? (c & 1 ? c + 1 : c) : (c | 1);
    }
    if (c >= 0x391 && c <= 0x3A9) return c + 32;
    if (c >= 0x410 && c <= 0x42F) return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    return c;
}

char *str_fold(const char *s)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);
    struct str in = str_trim(str_of(s));
    uint32_t c;

    while (utf8_next(&in, &c)) utf8_put(&out, fold_rune(c));
    return buf_take(&out);
}

char *str_slug(const char *s)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (isalnum(c)) buf_addc(&out, (char)tolower(c));
        else if (out.n && out.p[out.n - 1] != '-') buf_addc(&out, '-');
    }
    while (out.n && out.p[out.n - 1] == '-') out.p[--out.n] = '\0';
    if (out.n == 0) buf_adds(&out, "item");
    return buf_take(&out);
}
