/* service_message.c - see service_message.h.
 *
 * The inside of a message is read as an XML element without content would be: <name a='..'
 * b=".."/>. That fixes the details: quotes of either kind, white space around '=', white space
 * wanted between attributes, the five named and the numeric entities, no '<' in a value, no
 * attribute twice. Line ends inside are dropped. A ']' can never occur inside, since all values are
 * base64. The foreign size is bounded by the caller (SERVICE_MESSAGE_MAX). */
#include "engine/service_message.h"

#include "base/base64.h"
#include "base/utf8.h"

static bool white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static bool name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool name_part(char c)
{
    return name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void skip_white(struct str *s)
{
    while (s->n && white(s->p[0])) s->p++, s->n--;
}

/* Takes a name off ${s}; empty when there is none. */
static struct str take_name(struct str *s)
{
    struct str name = {s->p, 0};

    if (s->n == 0 || !name_start(s->p[0])) return name;
    while (name.n < s->n && name_part(s->p[name.n])) name.n++;
    s->p += name.n;
    s->n -= name.n;
    return name;
}

/* Number of a character reference's digits, 0 when it names no character of XML. */
static uint32_t reference(struct str digits)
{
    uint32_t base = 10, v = 0;

    if (digits.n && digits.p[0] == 'x') {
        base = 16;
        digits.p++;
        digits.n--;
    }
    if (digits.n == 0) return 0;
    for (size_t i = 0; i < digits.n; i++) {
        char c = digits.p[i];
        uint32_t d = 99;
        if (c >= '0' && c <= '9') d = (uint32_t)(c - '0');
        if (c >= 'a' && c <= 'f') d = (uint32_t)(c - 'a') + 10;
        if (c >= 'A' && c <= 'F') d = (uint32_t)(c - 'A') + 10;
        if (d >= base) return 0;
        v = v * base + d;
        if (v > 0x10FFFF) return 0;
    }
    return v >= 0xD800 && v <= 0xDFFF ? 0 : v;
}

/* Resolves the entity between '&' and ';'. */
static bool put_entity(struct buf *out, struct str entity)
{
    static const struct {
        const char *name;
        char c;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (!str_eq(entity, named[i].name)) continue;
        buf_addc(out, named[i].c);
        return true;
    }
    if (entity.n < 2 || entity.p[0] != '#') return false;
    uint32_t rune = reference((struct str){entity.p + 1, entity.n - 1});
    if (rune == 0) return false;
    utf8_put(out, rune);
    return true;
}

/* Text of an attribute value with its entities resolved. */
static bool resolve(struct buf *out, struct str s)
{
    while (s.n) {
        const char *amp = memchr(s.p, '&', s.n);
        size_t plain = amp ? (size_t)(amp - s.p) : s.n;
        buf_add(out, s.p, plain);
        s.p += plain;
        s.n -= plain;
        if (s.n == 0) break;
        const char *end = memchr(s.p, ';', s.n);
        if (end == NULL || !put_entity(out, (struct str){s.p + 1, (size_t)(end - s.p) - 1}))
            return false;
        s.n -= (size_t)(end - s.p) + 1;
        s.p = end + 1;
    }
    return true;
}

/* Decodes ${raw} (between its quotes) into ${ret}. */
static int take_value(struct str raw, struct arena *a, struct service_attribute *ret,
                      struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf repaired = BUF_INIT(BUF_UNBOUNDED);
    bool entities = raw.n && memchr(raw.p, '&', raw.n);

    if (raw.n && memchr(raw.p, '<', raw.n))
        return fail_at(e, ret->name, "value of '%s' holds a '<'", ret->name);
    if (entities && !resolve(&text, raw))
        return fail_at(e, ret->name, "value of '%s' holds a bad entity", ret->name);
    struct str s = entities ? (struct str){buf_str(&text), text.n} : raw;
    if (!base64_decode(&bytes, s.p, s.n))
        return fail_at(e, ret->name, "value of '%s' is not base64", ret->name);
    utf8_repair(&repaired, (struct str){buf_str(&bytes), bytes.n});
    ret->value = arena_strndup(a, buf_str(&repaired), repaired.n);
    ret->n = repaired.n;
    return 0;
}

/* Takes one attribute off ${s}, which starts with its name. */
static int take_attribute(struct str *s, struct arena *a, struct service_message *m,
                          struct error *e)
{
    struct service_attribute at = {0};
    struct str name = take_name(s);

    if (name.n == 0) return fail(e, ERR_INVALID, "attribute %zu has no name", m->count + 1);
    if (m->count == SERVICE_MESSAGE_ATTRIBUTES)
        return fail(e, ERR_INVALID, "more than %d attributes", SERVICE_MESSAGE_ATTRIBUTES);
    at.name = arena_strndup(a, name.p, name.n);
    if (service_message_get(m, at.name))
        return fail_at(e, at.name, "attribute '%s' is given twice", at.name);
    skip_white(s);
    if (s->n == 0 || s->p[0] != '=')
        return fail_at(e, at.name, "attribute '%s' has no value", at.name);
    s->p++;
    s->n--;
    skip_white(s);
    if (s->n == 0 || (s->p[0] != '\'' && s->p[0] != '"'))
        return fail_at(e, at.name, "value of '%s' has no quotes", at.name);
    const char *end = memchr(s->p + 1, s->p[0], s->n - 1);
    if (end == NULL) return fail_at(e, at.name, "value of '%s' does not end", at.name);
    struct str raw = {s->p + 1, (size_t)(end - s->p) - 1};
    s->n -= raw.n + 2;
    s->p = end + 1;
    if (take_value(raw, a, &at, e) < 0) return -1;
    m->attributes[m->count++] = at;
    return 0;
}

static enum service_kind kind_of(const char *name)
{
    static const struct {
        const char *name;
        enum service_kind kind;
    } rows[] = {
        {"setVariable", SERVICE_SET_VARIABLE},
        {"createArtifact", SERVICE_CREATE_ARTIFACT},
        {"progress", SERVICE_PROGRESS},
        {"resultMessage", SERVICE_RESULT_MESSAGE},
        {"mask", SERVICE_MASK},
        {"stdout-default", SERVICE_STREAM_MODE},
        {"stdout-verbose", SERVICE_STREAM_MODE},
        {"stdout-warning", SERVICE_STREAM_MODE},
        {"stdout-error", SERVICE_STREAM_MODE},
        {"stdout-highlight", SERVICE_STREAM_MODE},
        {"stdout-wait", SERVICE_STREAM_MODE},
        {"stdout-ignore", SERVICE_STREAM_MODE},
        {"stderr-default", SERVICE_STREAM_MODE},
        {"stderr-error", SERVICE_STREAM_MODE},
        {"stderr-progress", SERVICE_STREAM_MODE},
        {"stderr-ignore", SERVICE_STREAM_MODE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return rows[i].kind;
    return SERVICE_OTHER;
}

/* ${s} without its line ends, in ${a} when there are any. */
static struct str joined(struct str s, struct arena *a)
{
    if (s.n == 0 || (!memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n))) return s;
    char *p = arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\r' && s.p[i] != '\n') p[n++] = s.p[i];
    return (struct str){p, n};
}

int service_message_parse(struct str inside, struct arena *a, struct service_message *ret,
                          struct error *e)
{
    struct service_message m = {.count = 0};
    struct str s = str_trim(joined(inside, a));
    struct str name = take_name(&s);

    if (name.n == 0) return fail(e, ERR_INVALID, "message has no name");
    m.name = arena_strndup(a, name.p, name.n);
    m.kind = kind_of(m.name);
    while (s.n) {
        if (!white(s.p[0]))
            return fail(e, ERR_INVALID, "no white space before attribute %zu", m.count + 1);
        skip_white(&s);
        if (take_attribute(&s, a, &m, e) < 0) return -1;
    }
    *ret = m;
    return 0;
}

const char *service_message_get(const struct service_message *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (str_same(m->attributes[i].name, name)) return m->attributes[i].value;
    return NULL;
}

bool service_message_flag(const struct service_message *m, const char *name)
{
    return str_flag(service_message_get(m, name), false);
}
