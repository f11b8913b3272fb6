/* output.c - see output.h.
 *
 * A line travels on one of two ways. The fast one looks at a window of whole lines in the fragment:
 * when it is well-formed and holds no secret, its lines are passed on where they lie, without a
 * copy. Everything else - a line that began in an earlier fragment, holds a secret, a bad byte or a
 * service message, or is very long - goes through its stream's `held`, repaired on the way in and
 * masked on the way out.
 *
 * What comes out depends on the bytes alone, never on how they were cut into fragments: each
 * decision on a held line (a message is complete, a piece of a long line is cut off) is made by its
 * content and when the byte that decides it arrives; the fast way is taken only where the slow one
 * gives the same.
 *
 * A line longer than LOG_LINE_MAX is passed on in pieces. A piece is cut off when so much of the
 * line is there that each secret that begins in it has also ended. When a secret lies across the
 * cut, its mask is printed with the first piece, and `covered` says how many bytes at the start of
 * the rest it covers.
 *
 * A service message begins at the start of a line (after some blanks) or behind another one. What
 * follows the last one on its line is ordinary text. Modes are never stacked: execution rules as in
 * Octopus Deploy's script output. */
#include "engine/output_priv.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define WINDOW (16 * KiB) /* bytes looked at in advance on the fast way */
#define SLICE (16 * KiB)  /* bytes added to a held line at once */
#define BLANKS_MAX 1024   /* in front of a message */
#define EXCERPT_MAX 1000  /* bytes shown of a malformed message */
#define HELD_KEEP MiB     /* memory kept for the next line */
#define OPENING (sizeof(SERVICE_MESSAGE_OPENING) - 1)

/* One call of feed or finish: where lines go. */
struct pass {
    struct output *o;
    enum output_source source;
    struct stream *st;
    int64_t at_ms;
    const struct output_sink *sink;
};

struct output *output_new(struct masker *m)
{
    struct output *o = xcalloc(1, sizeof(*o));

    o->masker = m;
    o->announced = map_new(false);
    o->masked.max = o->raw.max = BUF_UNBOUNDED;
    for (int i = 0; i < OUTPUT_SOURCES; i++) {
        o->streams[i].held.max = BUF_UNBOUNDED;
        o->streams[i].mode = i == OUTPUT_STDERR ? LOG_CAT_ERROR : LOG_CAT_INFO;
    }
    return o;
}

void output_free(struct output *o)
{
    if (o == NULL) return;
    for (int i = 0; i < OUTPUT_SOURCES; i++) buf_wipe(&o->streams[i].held);
    buf_wipe(&o->masked);
    buf_wipe(&o->raw);
    map_free(o->announced, NULL);
    free(o);
}

void output_freep(struct output **o) { output_free(*o); }
bool output_stderr_seen(const struct output *o) { return o->stderr_seen; }
size_t output_masks(const struct output *o) { return map_count(o->announced); }
bool output_masks_lost(const struct output *o) { return o->masks_lost; }

/* ---- passing on ---- */

static size_t character_start(const char *p, size_t at)
{
    while (at > 0 && (p[at] & 0xC0) == 0x80) at--;
    return at;
}

/* Passes a masked text on, in several lines when masks made it too long. */
static void pass_on(struct pass *x, enum log_category category, struct str text)
{
    while (text.n > LOG_LINE_MAX) {
        size_t n = character_start(text.p, LOG_LINE_MAX);
        x->sink->line(x->sink->ctx, category, x->at_ms, (struct str){text.p, n});
        text.p += n;
        text.n -= n;
    }
    x->sink->line(x->sink->ctx, category, x->at_ms, text);
}

/* Puts the first ${end} bytes of the held line, masked, into the scratch buffer and returns them;
 * ${ret_covered}: how far behind ${end} the last mask reaches. */
static struct str mask_held(struct output *o, const struct stream *st, size_t end,
                            size_t *ret_covered)
{
    struct str all = {buf_str(&st->held), st->held.n};
    struct mask_range r;
    size_t done = st->covered, search = 0; /* text up to `done` is dealt with */
    bool found = masker_find(o->masker, all, search, &r);

    *ret_covered = 0;
    if (!found && st->covered == 0) return (struct str){all.p, end};
    buf_clear(&o->masked);
    for (; found && r.from < end; found = masker_find(o->masker, all, search, &r)) {
        if (r.from >= done) {
            buf_add(&o->masked, all.p + done, r.from - done);
            buf_adds(&o->masked, MASKER_TEXT);
        }
        if (r.to > done) done = r.to;
        search = r.to;
    }
    if (done < end) buf_add(&o->masked, all.p + done, end - done);
    else *ret_covered = done - end;
    return (struct str){buf_str(&o->masked), o->masked.n};
}

static bool blank(struct str s) { return str_trim(s).n == 0; }

/* Passes the first ${end} bytes of the held line on and drops them. An empty text is a line only
 * when ${empty_too}. */
static void pass_held(struct pass *x, size_t end, bool empty_too)
{
    struct stream *st = x->st;
    size_t covered;
    struct str text = mask_held(x->o, st, end, &covered);

    if (x->source == OUTPUT_STDERR && !st->octopus && !blank(text)) x->o->stderr_seen = true;
    if (st->mode != OUTPUT_IGNORE && (text.n || empty_too))
        pass_on(x, (enum log_category)st->mode, text);
    buf_drop(&st->held, end);
    st->covered = covered;
    st->no_end_in = 0;
}

static void warn(struct pass *x, struct str inside, const char *after)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED), masked = BUF_INIT(BUF_UNBOUNDED);

    masker_apply(x->o->masker, inside, &masked);
    size_t n = masked.n;
    if (n > EXCERPT_MAX) n = character_start(masked.p, EXCERPT_MAX);
    buf_adds(&text, "Could not parse '" SERVICE_MESSAGE_OPENING);
    buf_add(&text, buf_str(&masked), n);
    buf_adds(&text, n < masked.n ? "..." : "");
    buf_adds(&text, after);
    pass_on(x, LOG_CAT_WARNING, (struct str){buf_str(&text), text.n});
}

/* ---- messages ---- */

static void set_mode(struct output *o, const char *name)
{
    static const struct {
        const char *name;
        enum output_source source;
        int mode;
    } rows[] = {
        {"stdout-default", OUTPUT_STDOUT, LOG_CAT_INFO},
        {"stdout-verbose", OUTPUT_STDOUT, LOG_CAT_VERBOSE},
        {"stdout-warning", OUTPUT_STDOUT, LOG_CAT_WARNING},
        {"stdout-error", OUTPUT_STDOUT, LOG_CAT_ERROR},
        {"stdout-highlight", OUTPUT_STDOUT, LOG_CAT_HIGHLIGHT},
        {"stdout-wait", OUTPUT_STDOUT, LOG_CAT_WAIT},
        {"stdout-ignore", OUTPUT_STDOUT, OUTPUT_IGNORE},
        {"stderr-default", OUTPUT_STDERR, LOG_CAT_ERROR},
        {"stderr-error", OUTPUT_STDERR, LOG_CAT_ERROR},
        {"stderr-progress", OUTPUT_STDERR, LOG_CAT_VERBOSE},
        {"stderr-ignore", OUTPUT_STDERR, OUTPUT_IGNORE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0) o->streams[rows[i].source].mode = rows[i].mode;
}

void output_announce(struct output *o, const char *value)
{
    size_t n = strlen(value);

    if (n == 0) return;
    if (!masker_add(o->masker, (struct str){value, n})) o->masks_lost = true;
    if (map_get(o->announced, value)) return;
    if (n > MASKER_BYTES_MAX - o->announced_bytes ||
        map_count(o->announced) == MASKER_SECRETS_MAX) {
        o->masks_lost = true;
        return;
    }
    map_put(o->announced, value, o);
    o->announced_bytes += n;
}

static void take_message(struct pass *x, struct str inside)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct service_message m;
    const char *value;

    if (service_message_parse(inside, &a, &m, NULL) < 0) {
        warn(x, inside, "]'");
        return;
    }
    value = service_message_get(&m, "value");
    bool secret = m.kind == SERVICE_MASK ||
                  (m.kind == SERVICE_SET_VARIABLE && service_message_flag(&m, "sensitive"));
    if (secret && value) output_announce(x->o, value);
    if (m.kind == SERVICE_STREAM_MODE) set_mode(x->o, m.name);
    else if (m.kind != SERVICE_MASK) x->sink->message(x->sink->ctx, &m, x->at_ms);
}

enum opening { NOT_A_MESSAGE, PERHAPS, A_MESSAGE };

/* Whether a message begins at the start of ${s}; ${ret_inside}: where its inside begins. */
static enum opening opening_of(struct str s, size_t *ret_inside)
{
    size_t at = 0;

    while (at < s.n && at <= BLANKS_MAX && (s.p[at] == ' ' || s.p[at] == '\t')) at++;
    if (at > BLANKS_MAX) return NOT_A_MESSAGE;
    size_t n = s.n - at < OPENING ? s.n - at : OPENING;
    if (memcmp(s.p + at, SERVICE_MESSAGE_OPENING, n) != 0) return NOT_A_MESSAGE;
    *ret_inside = at + OPENING;
    return n == OPENING ? A_MESSAGE : PERHAPS;
}

/* Drops the first ${n} bytes of the held line, which were (part of) a message. */
static void drop_message(struct stream *st, size_t n)
{
    buf_drop(&st->held, n);
    st->no_end_in = 0;
    st->begun = true;
}

/* Goes on skipping a message that is too long; true when its end is passed. */
static bool skip_message(struct stream *st)
{
    const char *end = st->held.n ? memchr(st->held.p, ']', st->held.n) : NULL;

    drop_message(st, end ? (size_t)(end - st->held.p) + 1 : st->held.n);
    st->skipping = end == NULL;
    return !st->skipping;
}

/* Deals with the message whose inside begins at ${inside}; true when its end is there and what
 * follows can be looked at. */
static bool advance_message(struct pass *x, size_t inside)
{
    struct stream *st = x->st;
    size_t from = st->no_end_in > inside ? st->no_end_in : inside;
    size_t limit = inside + SERVICE_MESSAGE_MAX + 1; /* the end must come before */
    size_t n = st->held.n < limit ? st->held.n : limit;
    const char *end = n > from ? memchr(st->held.p + from, ']', n - from) : NULL;

    st->octopus = true;
    if (end) {
        take_message(x, (struct str){st->held.p + inside, (size_t)(end - st->held.p) - inside});
        drop_message(st, (size_t)(end - st->held.p) + 1);
        return true;
    }
    st->no_end_in = n;
    if (n < limit) return false;
    warn(x, (struct str){st->held.p + inside, n - inside}, "', it is longer than 8 MiB");
    drop_message(st, n);
    st->skipping = true;
    return true;
}

/* ---- held lines ---- */

/* Whether the held line may still turn out to be a message, or something of it has to be dealt
 * with. Messages that are complete are taken. True when what is held is text. */
static bool advance_messages(struct pass *x)
{
    struct stream *st = x->st;
    size_t inside;

    while (!st->cut && x->source != OUTPUT_SYSTEM) {
        if (st->skipping) {
            if (!skip_message(st)) return false;
            continue;
        }
        switch (opening_of((struct str){buf_str(&st->held), st->held.n}, &inside)) {
        case NOT_A_MESSAGE: return true;
        case PERHAPS: return false;
        case A_MESSAGE:
            if (!advance_message(x, inside)) return false;
        }
    }
    return true;
}

/* Deals with as much of the held line as its content decides. */
static void advance(struct pass *x)
{
    struct stream *st = x->st;
    size_t longest = masker_longest(x->o->masker);

    if (!advance_messages(x)) return;
    while (st->held.n >= LOG_LINE_MAX + (longest ? longest : 1)) {
        if (!st->begun) st->octopus = st->held.n >= 9 && memcmp(st->held.p, "##octopus", 9) == 0;
        st->begun = st->cut = true;
        pass_held(x, character_start(st->held.p, LOG_LINE_MAX), false);
    }
}

/* Bytes at the end of ${s} that may be the start of a UTF-8 sequence. */
static size_t unfinished(struct str s)
{
    for (size_t back = 1; back <= 3 && back <= s.n; back++) {
        unsigned char c = (unsigned char)s.p[s.n - back];
        if (c < 0x80) return 0;
        if (c < 0xC0) continue;
        size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        return len > back ? back : 0;
    }
    return 0;
}

/* Adds bytes without newline to the held line. */
static void hold(struct pass *x, struct str s)
{
    struct stream *st = x->st;

    while (s.n) {
        struct str slice = {s.p, s.n < SLICE ? s.n : SLICE};
        s.p += slice.n;
        s.n -= slice.n;
        if (st->tail_n) {
            buf_clear(&x->o->raw);
            buf_add(&x->o->raw, st->tail, st->tail_n);
            buf_add(&x->o->raw, slice.p, slice.n);
            slice = (struct str){x->o->raw.p, x->o->raw.n};
        }
        size_t keep = unfinished(slice);
        st->tail_n = (unsigned)keep;
        memcpy(st->tail, slice.p + slice.n - keep, keep);
        utf8_repair(&st->held, (struct str){slice.p, slice.n - keep});
        advance(x);
    }
}

/* Makes the stream ready for the next line. */
static void reset_line(struct stream *st)
{
    st->begun = st->cut = st->skipping = st->octopus = false;
    st->covered = st->no_end_in = 0;
    if (st->held.cap > HELD_KEEP) buf_wipe(&st->held);
    buf_clear(&st->held);
}

/* Passes on what is left of a line at its end. */
static void pass_rest(struct pass *x)
{
    struct stream *st = x->st;

    if (st->held.n && st->held.p[st->held.n - 1] == '\r') st->held.p[--st->held.n] = '\0';
    if (st->covered > st->held.n) st->covered = st->held.n;
    struct str rest = {buf_str(&st->held), st->held.n};
    if (st->begun && !st->cut && blank(rest)) return;
    if (!st->begun) st->octopus = rest.n >= 9 && memcmp(rest.p, "##octopus", 9) == 0;
    while (st->held.n > LOG_LINE_MAX) {
        st->cut = true;
        pass_held(x, character_start(st->held.p, LOG_LINE_MAX), false);
    }
    pass_held(x, st->held.n, !st->cut);
}

/* The line has ended. */
static void end_line(struct pass *x)
{
    struct stream *st = x->st;
    size_t inside;

    if (st->tail_n) {
        utf8_repair(&st->held, (struct str){st->tail, st->tail_n});
        st->tail_n = 0;
        advance(x);
    }
    struct str rest = {buf_str(&st->held), st->held.n};
    bool perhaps = !st->cut && !st->skipping && x->source != OUTPUT_SYSTEM;
    if (perhaps && opening_of(rest, &inside) == A_MESSAGE) {
        while (rest.n && rest.p[rest.n - 1] == '\r') rest.n--;
        warn(x, (struct str){rest.p + inside, rest.n - inside}, "'");
    } else if (!st->skipping) {
        pass_rest(x);
    }
    reset_line(st);
}

/* ---- the fast way ---- */

/* Well-formed UTF-8 without NUL; quick about ASCII. */
static bool clean(struct str s)
{
    const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
    uint64_t bad = 0, v;
    size_t i = 0;

    for (; i + 8 <= s.n; i += 8) {
        memcpy(&v, s.p + i, 8);
        bad |= (v | (v - ones)) & highs; /* a byte of 0x80 or more, or 0 */
    }
    for (; i < s.n; i++) bad |= (signed char)s.p[i] <= 0;
    return bad == 0 || utf8_check(s);
}

static void see_stderr(struct output *o, struct str text)
{
    if (o->stderr_seen) return;
    bool octopus = text.n >= 9 && memcmp(text.p, "##octopus", 9) == 0;
    o->stderr_seen = !octopus && !blank(text);
}

/* Passes on the lines of ${s}, which is well-formed, ends with a newline and holds no secret, up to
 * the first one that may be a message. Returns the bytes dealt with. */
static size_t pass_window(struct pass *x, struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    int mode = x->st->mode;
    size_t inside;

    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)(nl - p);
        if (x->source != OUTPUT_SYSTEM && (*p == '#' || *p == ' ' || *p == '\t') &&
            opening_of((struct str){p, n}, &inside) == A_MESSAGE)
            break;
        if (n && p[n - 1] == '\r') n--;
        struct str text = {p, n};
        if (x->source == OUTPUT_STDERR) see_stderr(x->o, text);
        if (mode != OUTPUT_IGNORE) {
            x->sink->line(x->sink->ctx, (enum log_category)mode, x->at_ms, text);
        }
        p = nl + 1;
    }
    return (size_t)(p - s.p);
}

static bool fresh(const struct stream *st)
{
    return st->held.n == 0 && st->tail_n == 0 && !st->begun && !st->skipping;
}

/* What is known about the bytes in front, so that none is looked at twice: up to where they are
 * whole, well-formed lines; up to where they hold no secret, as of a generation of the masker; up
 * to where they must go the slow way. */
struct view {
    const char *clean_end, *quiet_end, *slow_end;
    unsigned generation;
};

/* Finds whole lines in front of ${s} that are well-formed and without secrets; returns their bytes.
 */
static size_t look(const struct pass *x, struct str s, struct view *v)
{
    struct mask_range r;

    if (s.p >= v->clean_end) {
        const char *nl = memrchr(s.p, '\n', s.n < WINDOW ? s.n : WINDOW);
        if (nl == NULL) return 0;
        if (!clean((struct str){s.p, (size_t)(nl - s.p)})) {
            v->slow_end = nl + 1;
            return 0;
        }
        v->clean_end = nl + 1;
    }
    unsigned generation = masker_generation(x->o->masker);
    if (s.p < v->quiet_end && generation == v->generation) return (size_t)(v->quiet_end - s.p);
    v->generation = generation;
    v->quiet_end = v->clean_end;
    if (masker_find(x->o->masker, (struct str){s.p, (size_t)(v->clean_end - s.p)}, 0, &r)) {
        const char *nl = memrchr(s.p, '\n', r.from);
        v->quiet_end = nl ? nl + 1 : s.p;
    }
    return (size_t)(v->quiet_end - s.p);
}

/* Deals with the lines in front of ${s}, at least one line or what is there of it; returns the
 * bytes. */
static size_t feed_some(struct pass *x, struct str s, struct view *v)
{
    if (fresh(x->st) && s.p >= v->slow_end) {
        size_t n = look(x, s, v);
        if (n) n = pass_window(x, (struct str){s.p, n});
        if (n) return n;
    }
    const char *nl = memchr(s.p, '\n', s.n);
    hold(x, (struct str){s.p, nl ? (size_t)(nl - s.p) : s.n});
    if (nl == NULL) return s.n;
    end_line(x);
    return (size_t)(nl - s.p) + 1;
}

void output_feed(struct output *o, enum output_source source, struct str data, bool continues,
                 int64_t at_ms, const struct output_sink *sink)
{
    ASSERT((unsigned)source < OUTPUT_SOURCES);
    struct pass x = {o, source, &o->streams[source], at_ms, sink};
    struct view v = {data.p, data.p, data.p, 0};
    bool ends = !continues && (data.n == 0 || data.p[data.n - 1] != '\n');

    while (data.n) {
        size_t n = feed_some(&x, data, &v);
        data.p += n;
        data.n -= n;
    }
    if (ends) end_line(&x);
}

void output_finish(struct output *o, int64_t at_ms, const struct output_sink *sink)
{
    for (int i = 0; i < OUTPUT_SOURCES; i++) {
        struct pass x = {o, (enum output_source)i, &o->streams[i], at_ms, sink};
        if (!fresh(x.st)) end_line(&x);
    }
}
