/* version.c - see version.h.
 *
 * The key: each number as a letter for its count of digits and the digits; then '~' for a version
 * without a tag, or '-' and for each part of the tag '0' and such a number, or '1' and its text in
 * lower case, each with '!' behind it; then ' ' and the metadata. '!' is lower than all that may
 * stand in a tag, and ' ' is lower still: a shorter tag comes first. */
#include "packages/version.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/str.h"

#define NUMBER_MAX 18 /* digits: dates with seconds and more */

static bool is_tag_char(char c) { return isalnum((unsigned char)c) || c == '-' || c == '.'; }

/* Takes digits off ${s}; false when there are none or too many. */
static bool take_number(struct arena *a, const char **s, const char **ret)
{
    size_t n = strspn(*s, "0123456789"), zeros = strspn(*s, "0");

    if (n == 0) return false;
    if (zeros == n) zeros = n - 1;
    if (n - zeros > NUMBER_MAX) return false;
    *ret = arena_strndup(a, *s + zeros, n - zeros);
    *s += n;
    return true;
}

/* Takes ${lead} and what follows of a tag or of metadata off ${s}: parts with dots between. False
 * when a part is empty. */
static bool take_words(struct arena *a, const char **s, char lead, const char **ret)
{
    const char *p = *s;

    *ret = "";
    if (*p != lead) return true;
    for (p++; is_tag_char(*p); p++)
        if (*p == '.' && (p[-1] == '.' || p[-1] == lead || !is_tag_char(p[1]))) return false;
    if (p == *s + 1) return false;
    *ret = arena_strndup(a, *s + 1, (size_t)(p - *s - 1));
    *s = p;
    return true;
}

static bool take_numbers(struct arena *a, const char **s, struct version *v)
{
    for (size_t i = 0; i < VERSION_NUMBERS; i++) v->numbers[i] = "0";
    for (size_t i = 0; i < VERSION_NUMBERS; i++) {
        if (!take_number(a, s, &v->numbers[i])) return false;
        if ((*s)[0] != '.' || !isdigit((unsigned char)(*s)[1])) return true;
        if (i + 1 < VERSION_NUMBERS) (*s)++;
    }
    return true;
}

static void add_number(struct buf *key, const char *digits)
{
    bool zero = strcmp(digits, "0") == 0;

    buf_addc(key, (char)('a' + (zero ? 0 : strlen(digits))));
    if (!zero) buf_adds(key, digits);
}

static void add_lower(struct buf *key, struct str text)
{
    for (size_t i = 0; i < text.n; i++) buf_addc(key, (char)tolower((unsigned char)text.p[i]));
}

/* A part of digits only is a number, unless it is too long for one. */
static void add_part(struct arena *a, struct buf *key, struct str part)
{
    const char *p = arena_strndup(a, part.p, part.n), *number;

    if (take_number(a, &p, &number) && *p == '\0') {
        buf_addc(key, '0');
        add_number(key, number);
    } else {
        buf_addc(key, '1');
        add_lower(key, part);
    }
    buf_addc(key, '!');
}

static const char *numbers_key(struct arena *a, const struct version *v)
{
    CLEANUP(buf_done) struct buf key = BUF_INIT(BUF_UNBOUNDED);

    for (size_t i = 0; i < VERSION_NUMBERS; i++) add_number(&key, v->numbers[i]);
    return arena_strndup(a, key.p, key.n);
}

static const char *key_of(struct arena *a, const struct version *v)
{
    CLEANUP(buf_done) struct buf key = BUF_INIT(BUF_UNBOUNDED);
    struct str rest = str_of(v->tag), part;

    buf_adds(&key, numbers_key(a, v));
    buf_addc(&key, v->tag[0] ? '-' : '~');
    while (str_cut(&rest, '.', &part)) add_part(a, &key, part);
    if (v->metadata[0]) buf_addc(&key, ' ');
    add_lower(&key, str_of(v->metadata));
    return arena_strndup(a, key.p, key.n);
}

int version_parse(struct arena *a, const char *text, struct version *ret, struct error *e)
{
    const char *s = text;
    struct version v = {.text = text};

    if (strlen(text) > VERSION_MAX)
        return fail(e, ERR_INVALID, "the version \"%.40s...\" has more than %d characters", text,
                    VERSION_MAX);
    if (!take_numbers(a, &s, &v) || !take_words(a, &s, '-', &v.tag) ||
        !take_words(a, &s, '+', &v.metadata) || *s)
        return fail(e, ERR_INVALID,
                    "\"%s\" is no version: want one to four numbers with dots between, then "
                    "perhaps -tag and +metadata, like 1.2.3-beta.1",
                    text);
    v.text = arena_strdup(a, text);
    v.key = key_of(a, &v);
    *ret = v;
    return 0;
}

/* ---- ranges ---- */

static const char *with(struct arena *a, const char *key, const char *end)
{
    return arena_fmt(a, "%s%s", key, end);
}

/* The key without metadata: all with other metadata are from here on and below `${key}!`. */
static int bound(struct arena *a, struct str text, const char **ret, struct error *e)
{
    struct version v;

    text = str_trim(text);
    *ret = NULL;
    if (text.n == 0) return 0;
    if (version_parse(a, arena_strndup(a, text.p, text.n), &v, e) < 0) return -1;
    v.metadata = "";
    *ret = key_of(a, &v);
    return 0;
}

static int bad(const char *text, const char *why, struct error *e)
{
    return fail(e, ERR_INVALID,
                "\"%s\" is no version range: %s; want 1.0, [1.0], [1.0,2.0), (,2.0] or 1.2.*", text,
                why);
}

/* What stands between two brackets. */
static int interval(struct arena *a, const char *text, struct str in, char open, char close,
                    struct version_interval *ret, struct error *e)
{
    const char *comma = memchr(in.p, ',', in.n), *low, *high;
    struct str left = in, right = {"", 0};

    if (comma) {
        left.n = (size_t)(comma - in.p);
        right = (struct str){comma + 1, in.n - left.n - 1};
    } else if (open != '[' || close != ']' || str_trim(in).n == 0) {
        return bad(text, "a single version stands in [ and ]", e);
    }
    if (bound(a, left, &low, e) < 0 || bound(a, right, &high, e) < 0)
        return fail_wrap(e, "version range \"%s\"", text);
    if (comma == NULL) high = low;
    ret->from = low ? with(a, low, open == '[' ? "" : "!") : NULL;
    ret->to = high ? with(a, high, close == ']' ? "!" : "") : NULL;
    return 0;
}

static int intervals(struct arena *a, const char *text, struct version_range *ret, struct error *e)
{
    ARENA_LIST(struct version_interval) list = {0};
    const char *s = text;

    for (;;) {
        s += strspn(s, " ");
        size_t n = strcspn(s + 1, "[]()");
        char close = s[n + 1];
        if ((*s != '[' && *s != '(') || (close != ']' && close != ')'))
            return bad(text, "brackets do not fit", e);
        if (interval(a, text, (struct str){s + 1, n}, *s, close, ARENA_ADD(a, &list), e) < 0)
            return -1;
        s += n + 2;
        s += strspn(s, " ");
        if (*s == '\0') break;
        if (*s++ != ',') return bad(text, "a comma stands between two ranges", e);
    }
    *ret = (struct version_range){list.items, list.n};
    return 0;
}

/* Adds 1 to a text of digits. */
static const char *next_number(struct arena *a, const char *digits)
{
    char *next = arena_fmt(a, "0%s", digits), *p = next + strlen(next) - 1;

    for (; *p == '9'; p--) *p = '0';
    (*p)++;
    return *next == '0' ? next + 1 : next;
}

/* "1.2.*": from 1.2.0 on, and before all of 1.3. */
static int floating(struct arena *a, const char *text, struct version_range *ret, struct error *e)
{
    size_t n = strlen(text), dots = 0;
    struct version_interval *one = ARENA_NEW(a, struct version_interval, 1);
    struct version v;

    if (n < 3 || text[n - 2] != '.') return bad(text, "the * stands behind a dot", e);
    if (version_parse(a, arena_strndup(a, text, n - 2), &v, e) < 0 || v.tag[0] || v.metadata[0])
        return bad(text, "numbers stand before the *", e);
    one->from = v.key;
    for (size_t i = 0; i < n - 2; i++) dots += text[i] == '.';
    v.numbers[dots] = next_number(a, v.numbers[dots]);
    if (strlen(v.numbers[dots]) > NUMBER_MAX) return bad(text, "a number is too large", e);
    one->to = numbers_key(a, &v);
    *ret = (struct version_range){one, 1};
    return 0;
}

int version_range_parse(struct arena *a, const char *text, struct version_range *ret,
                        struct error *e)
{
    struct str trimmed = str_trim(str_of(text));
    struct version_interval *one;

    if (trimmed.n > 5 * VERSION_MAX)
        return fail(e, ERR_INVALID, "the version range has more than %d characters",
                    5 * VERSION_MAX);
    text = arena_strndup(a, trimmed.p, trimmed.n);
    *ret = (struct version_range){NULL, 0};
    if (*text == '\0' || strcmp(text, "*") == 0) return 0;
    if (*text == '[' || *text == '(') return intervals(a, text, ret, e);
    if (str_ends(text, "*")) return floating(a, text, ret, e);
    one = ARENA_NEW(a, struct version_interval, 1);
    if (bound(a, trimmed, &one->from, e) < 0) return bad(text, "it is no version either", e);
    *ret = (struct version_range){one, 1};
    return 0;
}

bool version_range_has(const struct version_range *r, const struct version *v)
{
    for (size_t i = 0; i < r->n; i++)
        if ((r->items[i].from == NULL || strcmp(v->key, r->items[i].from) >= 0) &&
            (r->items[i].to == NULL || strcmp(v->key, r->items[i].to) < 0))
            return true;
    return r->n == 0;
}
