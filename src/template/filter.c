/* filter.c - see filter.h.
 *
 * One function per filter and one table of names. A filter returns false when it is not applicable
 * (wrong number of options, an option it does not know): the caller then writes the token back. Not
 * here yet, and therefore written back: regular expressions (Match, Replace), dates and numbers
 * (NowDate, AddHours, AddDays, Format), UriPart, MarkdownToHtml, hashes. */
#include "template/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "base/utf8.h"

#define RESULT_MAX (256 * MiB)

struct call {
    const char *name;
    const char *input; /* NULL only for filters that allow it */
    const char *const *options;
    size_t n;
    struct error *e;
    bool failed; /* e is filled */
};
typedef bool filter_fn(struct call *c, struct buf *out);

/* ---- letters ---- */

static uint32_t rune_lower(uint32_t c)
{
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
    if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 32;
    if (c >= 0x410 && c <= 0x42F) return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    return c;
}

static uint32_t rune_upper(uint32_t c)
{
    if (c >= 'a' && c <= 'z') return c - 32;
    if (c >= 0xE0 && c <= 0xFE && c != 0xF7) return c - 32;
    if (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) return c - 32;
    if (c >= 0x430 && c <= 0x44F) return c - 32;
    if (c >= 0x450 && c <= 0x45F) return c - 80;
    return c;
}

static bool map_runes(struct call *c, struct buf *out, uint32_t (*map)(uint32_t))
{
    struct str in = str_of(c->input);
    uint32_t rune;

    if (c->n) return false;
    while (utf8_next(&in, &rune)) utf8_put(out, map(rune));
    return true;
}

static bool to_lower(struct call *c, struct buf *out) { return map_runes(c, out, rune_lower); }
static bool to_upper(struct call *c, struct buf *out) { return map_runes(c, out, rune_upper); }

/* ---- base64 ---- */

/* The one option: utf8 (or none) or unicode. */
static bool encoding_of(const struct call *c, bool *ret_unicode)
{
    *ret_unicode = c->n && str_same(c->options[0], "unicode");
    return c->n == 0 || (c->n == 1 && (*ret_unicode || str_same(c->options[0], "utf8") ||
                                       str_same(c->options[0], "utf-8")));
}

static void put_unit(struct buf *out, uint32_t unit)
{
    buf_addc(out, (char)unit);
    buf_addc(out, (char)(unit >> 8));
}

static bool to_base64(struct call *c, struct buf *out)
{
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BUF_UNBOUNDED);
    struct str in = str_of(c->input);
    uint32_t rune;
    bool unicode;

    if (!encoding_of(c, &unicode)) return false;
    while (unicode && utf8_next(&in, &rune)) {
        if (rune < 0x10000) {
            put_unit(&bytes, rune);
        } else {
            put_unit(&bytes, 0xD800 + ((rune - 0x10000) >> 10));
            put_unit(&bytes, 0xDC00 + ((rune - 0x10000) & 0x3FF));
        }
    }
    if (!unicode) buf_adds(&bytes, c->input);
    base64_encode(out, buf_str(&bytes), bytes.n);
    return true;
}

static void put_utf16(struct buf *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t rune = p[i] | (uint32_t)p[i + 1] << 8;
        if (rune >= 0xD800 && rune < 0xDC00 && i + 3 < n) {
            uint32_t low = p[i + 2] | (uint32_t)p[i + 3] << 8;
            if (low >= 0xDC00 && low < 0xE000) {
                rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        utf8_put(out, rune == 0 || (rune >= 0xD800 && rune < 0xE000) ? 0xFFFD : rune);
    }
}

static bool from_base64(struct call *c, struct buf *out)
{
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BUF_UNBOUNDED);
    bool unicode;

    if (!encoding_of(c, &unicode)) return false;
    if (!base64_decode(&bytes, c->input, strlen(c->input))) {
        fail(c->e, ERR_INVALID, "FromBase64: the input is not base64");
        c->failed = true;
        return false;
    }
    if (unicode) put_utf16(out, (const unsigned char *)buf_str(&bytes), bytes.n);
    else utf8_repair(out, (struct str){buf_str(&bytes), bytes.n});
    return true;
}

/* ---- escapes ---- */

static bool escape_markup(struct call *c, struct buf *out, bool slash)
{
    if (c->n) return false;
    for (const char *s = c->input; *s; s++) {
        if (*s == '&') buf_adds(out, "&amp;");
        else if (*s == '<') buf_adds(out, "&lt;");
        else if (*s == '>') buf_adds(out, "&gt;");
        else if (*s == '"') buf_adds(out, "&quot;");
        else if (*s == '\'') buf_adds(out, "&apos;");
        else if (*s == '/' && slash) buf_adds(out, "&#x2F;");
        else buf_addc(out, *s);
    }
    return true;
}

static bool html_escape(struct call *c, struct buf *out) { return escape_markup(c, out, true); }
static bool xml_escape(struct call *c, struct buf *out) { return escape_markup(c, out, false); }

/* \\ \r \n \t; false for every other character */
static bool put_backslashed(struct buf *out, uint32_t rune)
{
    switch (rune) {
    case '\\': buf_adds(out, "\\\\"); return true;
    case '\r': buf_adds(out, "\\r"); return true;
    case '\n': buf_adds(out, "\\n"); return true;
    case '\t': buf_adds(out, "\\t"); return true;
    default: return false;
    }
}

static void put_escaped_unit(struct buf *out, uint32_t rune)
{
    if (rune < 0x10000) {
        buf_addf(out, "\\u%04x", rune);
        return;
    }
    buf_addf(out, "\\u%04x\\u%04x", 0xD800 + ((rune - 0x10000) >> 10),
             0xDC00 + ((rune - 0x10000) & 0x3FF));
}

static bool json_escape(struct call *c, struct buf *out)
{
    struct str in = str_of(c->input);
    uint32_t rune;

    if (c->n) return false;
    while (utf8_next(&in, &rune)) {
        if (rune == '"') buf_adds(out, "\\\"");
        else if (!put_backslashed(out, rune)) utf8_put(out, rune);
    }
    return true;
}

static bool yaml_double_escape(struct call *c, struct buf *out)
{
    struct str in = str_of(c->input);
    uint32_t rune;

    if (c->n) return false;
    while (utf8_next(&in, &rune)) {
        if (rune == '"') buf_adds(out, "\\\"");
        else if (put_backslashed(out, rune)) continue;
        else if (rune < 0x20 || rune > 0x7E) put_escaped_unit(out, rune);
        else utf8_put(out, rune);
    }
    return true;
}

/* Each run of line ends gets one more in front, of the kind that the run starts with. */
static bool yaml_single_escape(struct call *c, struct buf *out)
{
    bool in_run = false;

    if (c->n) return false;
    for (const char *s = c->input; *s; s++) {
        bool line_end = *s == '\n' || *s == '\r';
        if (line_end && !in_run) buf_adds(out, *s == '\r' ? "\r\n" : "\n");
        in_run = line_end;
        if (*s == '\'') buf_addc(out, '\'');
        buf_addc(out, *s);
    }
    return true;
}

static bool properties_escape(struct call *c, struct buf *out, bool key)
{
    struct str in = str_of(c->input);
    uint32_t rune;

    if (c->n) return false;
    for (bool first = true; utf8_next(&in, &rune); first = false) {
        if (put_backslashed(out, rune)) continue;
        if ((rune == ' ' && (key || first)) || (key && (rune == ':' || rune == '=')))
            buf_addc(out, '\\');
        if (rune >= 0xFF) put_escaped_unit(out, rune);
        else utf8_put(out, rune);
    }
    return true;
}

static bool properties_key(struct call *c, struct buf *out)
{
    return properties_escape(c, out, true);
}
static bool properties_value(struct call *c, struct buf *out)
{
    return properties_escape(c, out, false);
}

static bool uri_escape_keeping(struct call *c, struct buf *out, const char *kept)
{
    if (c->n) return false;
    for (const unsigned char *s = (const unsigned char *)c->input; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr(kept, *s);
        if (plain) buf_addc(out, (char)*s);
        else buf_addf(out, "%%%02X", *s);
    }
    return true;
}

static bool uri_escape(struct call *c, struct buf *out)
{
    return uri_escape_keeping(c, out, "-_.~;/?:@&=+$,#[]!'()*");
}
static bool uri_data_escape(struct call *c, struct buf *out)
{
    return uri_escape_keeping(c, out, "-_.~");
}

/* ---- parts of texts ---- */

static bool answer(struct buf *out, bool yes)
{
    buf_adds(out, yes ? "true" : "false");
    return true;
}

static bool starts_with(struct call *c, struct buf *out)
{
    return c->n == 1 && answer(out, str_starts(c->input, c->options[0]));
}
static bool ends_with(struct call *c, struct buf *out)
{
    return c->n == 1 && answer(out, str_ends(c->input, c->options[0]));
}
static bool contains(struct call *c, struct buf *out)
{
    return c->n == 1 && answer(out, strstr(c->input, c->options[0]) != NULL);
}

/* UTF-8 bytes of the first ${count} UTF-16 units, which is how the original counts. */
static size_t bytes_of_units(const char *text, int64_t count)
{
    struct str in = str_of(text);
    size_t total = in.n;
    uint32_t rune;

    for (; count > 0 && utf8_next(&in, &rune); count--)
        if (rune >= 0x10000) count--;
    return total - in.n;
}

static int64_t units_of(const char *text)
{
    struct str in = str_of(text);
    uint32_t rune;
    int64_t n = 0;

    while (utf8_next(&in, &rune)) n += rune >= 0x10000 ? 2 : 1;
    return n;
}

static bool substring(struct call *c, struct buf *out)
{
    int64_t start = 0, length;

    if (c->n < 1 || c->n > 2 || !str_i64(c->options[c->n - 1], 0, INT32_MAX, &length)) return false;
    if (c->n == 2 && !str_i64(c->options[0], 0, INT32_MAX, &start)) return false;
    if (start > units_of(c->input)) return false;
    const char *from = c->input + bytes_of_units(c->input, start);
    buf_add(out, from, bytes_of_units(from, length));
    return true;
}

static bool truncate_text(struct call *c, struct buf *out)
{
    int64_t length;

    if (c->n < 1 || c->n > 2 || !str_i64(c->options[0], 0, INT32_MAX, &length)) return false;
    size_t bytes = bytes_of_units(c->input, length);
    buf_add(out, c->input, bytes);
    if (c->input[bytes]) buf_adds(out, c->n == 2 ? c->options[1] : "...");
    return true;
}

static bool trim(struct call *c, struct buf *out)
{
    bool start = c->n == 0 || str_same(c->options[0], "start");
    bool end = c->n == 0 || str_same(c->options[0], "end");
    struct str both = str_trim(str_of(c->input));

    if (c->n > 1 || (!start && !end)) return false;
    const char *from = start ? both.p : c->input;
    const char *to = end ? both.p + both.n : c->input + strlen(c->input);
    if (to > from) buf_add(out, from, (size_t)(to - from));
    return true;
}

static bool spaces_of(const char *digits, size_t n, struct buf *ret)
{
    char number[4] = "";
    int64_t count;

    if (n < 1 || n > 3) return false;
    memcpy(number, digits, n);
    if (!str_i64(number, 0, 255, &count)) return false;
    for (; count > 0; count--) buf_addc(ret, ' ');
    return true;
}

/* "n", "/n", "a/b", or text: what comes before the first and before each other line. */
static void indents_of(const char *option, struct buf *first, struct buf *rest)
{
    const char *slash = strchr(option, '/');
    size_t n = slash ? (size_t)(slash - option) : strlen(option);

    if (!slash && spaces_of(option, n, first)) {
        buf_adds(rest, buf_str(first));
        return;
    }
    if (slash && (n == 0 || spaces_of(option, n, first)) &&
        spaces_of(slash + 1, strlen(slash + 1), rest))
        return;
    buf_clear(first);
    buf_clear(rest);
    buf_adds(first, option);
    buf_adds(rest, option);
}

static bool indent(struct call *c, struct buf *out)
{
    CLEANUP(buf_done) struct buf first = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf rest = BUF_INIT(BUF_UNBOUNDED);

    if (c->n > 2) return false;
    if (c->n == 2) {
        buf_adds(&first, c->options[0]);
        buf_adds(&rest, c->options[1]);
    } else {
        indents_of(c->n ? c->options[0] : "4", &first, &rest);
    }
    if (c->input[0]) buf_adds(out, buf_str(&first));
    for (const char *s = c->input; *s; s++) {
        buf_addc(out, *s);
        if (*s == '\n') buf_adds(out, buf_str(&rest));
    }
    return true;
}

static bool join(struct call *c, struct buf *out, bool input_first)
{
    if (c->n == 0) return false;
    if (input_first && c->input) buf_adds(out, c->input);
    for (size_t i = 0; i < c->n; i++) buf_adds(out, c->options[i]);
    if (!input_first && c->input) buf_adds(out, c->input);
    return true;
}

static bool append(struct call *c, struct buf *out) { return join(c, out, true); }
static bool prepend(struct call *c, struct buf *out) { return join(c, out, false); }

/* ---- the table ---- */

static const struct {
    const char *name;
    filter_fn *run;
    bool without_input;
} filters[] = {
    {"ToLower", to_lower, false},
    {"ToUpper", to_upper, false},
    {"ToBase64", to_base64, false},
    {"FromBase64", from_base64, false},
    {"HtmlEscape", html_escape, false},
    {"XmlEscape", xml_escape, false},
    {"JsonEscape", json_escape, false},
    {"YamlSingleQuoteEscape", yaml_single_escape, false},
    {"YamlDoubleQuoteEscape", yaml_double_escape, false},
    {"PropertiesKeyEscape", properties_key, false},
    {"PropertiesValueEscape", properties_value, false},
    {"UriEscape", uri_escape, false},
    {"UriDataEscape", uri_data_escape, false},
    {"StartsWith", starts_with, false},
    {"EndsWith", ends_with, false},
    {"Contains", contains, false},
    {"Substring", substring, false},
    {"Truncate", truncate_text, false},
    {"Trim", trim, false},
    {"Indent", indent, false},
    {"Append", append, true},
    {"Prepend", prepend, true},
};

int filter_apply(const char *name, const char *input, const char *const *options, size_t n,
                 struct arena *a, const char **ret, struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(RESULT_MAX);
    struct call c = {.name = name, .input = input, .options = options, .n = n, .e = e};

    *ret = NULL;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (!str_same(filters[i].name, name)) continue;
        if (input == NULL && !filters[i].without_input) return 0;
        if (filters[i].run(&c, &out)) *ret = arena_strndup(a, buf_str(&out), out.n);
        if (out.overflow)
            return fail(e, ERR_TOO_LARGE, "filter %s: the result is larger than %zu MiB", name,
                        RESULT_MAX / MiB);
        return c.failed ? -1 : 0;
    }
    return 0;
}
