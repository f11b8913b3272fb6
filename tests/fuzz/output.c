/* output.c (fuzz) - a script's output in any bytes and any cuts. The input is a row of fragments: a
 * byte (bits 0-1 the source, bit 2 a restart from the cursor afterwards), a byte with the length,
 * the bytes. It is fed as it is, and again with neighbours of one source joined and without
 * restarts: lines and messages must be the same, well-formed, bounded and without the secrets. What
 * is left of the input behind a 0xFF byte is loaded as a cursor. */
#include "engine/output.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const secrets[] = {"s3cr3t", "s3cr3t-more", "aaa"};

struct script {
    struct masker *masker;
    struct output *output;
    struct buf got;
};

static void note_line(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    ASSERT(text.n <= LOG_LINE_MAX && utf8_check(text));
    for (size_t i = 0; i < ARRAY_LEN(secrets) && text.n; i++)
        ASSERT(memmem(text.p, text.n, secrets[i], strlen(secrets[i])) == NULL);
    buf_addf(ctx, "%d|", (int)category);
    buf_add(ctx, text.p, text.n);
    buf_addc(ctx, '\n');
}

static void note_message(void *ctx, const struct service_message *m, int64_t at_ms)
{
    buf_addf(ctx, "!%s %zu\n", m->name, m->count);
}

static void start(struct script *s)
{
    s->masker = masker_new();
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        ASSERT(masker_add(s->masker, str_of(secrets[i])));
    s->output = output_new(s->masker);
}

static void stop(struct script *s)
{
    output_free(s->output);
    masker_free(s->masker);
}

/* Loads what output_save has written. */
static int load(struct output *o, struct str saved, struct error *e)
{
    json_auto_t *v = NULL;

    if (jv_parse(saved.p, saved.n, &v, NULL) < 0) return fail(e, ERR_CORRUPT, "no JSON");
    return output_load(o, v, e);
}

static void restart(struct script *s)
{
    CLEANUP(buf_done) struct buf saved = BUF_INIT(BUF_UNBOUNDED), masks = BUF_INIT(BUF_UNBOUNDED);
    struct error e = {0};
    size_t at = 0;

    output_save(s->output, &saved);
    bool any = output_save_masks(s->output, &at, &masks);
    stop(s);
    start(s);
    ASSERT(load(s->output, (struct str){saved.p, saved.n}, &e) == 0);
    if (any) ASSERT(output_load_masks(s->output, (struct str){masks.p, masks.n}, &e) == 0);
}

/* Takes a fragment off the input. */
static bool take(const uint8_t **p, const uint8_t *end, unsigned *ret_head, struct str *ret)
{
    if (end - *p < 2 || **p == 0xFF) return false;
    *ret_head = (*p)[0];
    size_t n = (*p)[1];
    *p += 2;
    if (n > (size_t)(end - *p)) n = (size_t)(end - *p);
    *ret = (struct str){(const char *)*p, n};
    *p += n;
    return true;
}

static enum output_source source_of(unsigned head) { return (enum output_source)((head & 3) % 3); }

static const uint8_t *feed_cut(struct script *s, const uint8_t *p, const uint8_t *end)
{
    struct output_sink sink = {note_line, note_message, &s->got};
    struct str text;
    unsigned head;

    while (take(&p, end, &head, &text)) {
        output_feed(s->output, source_of(head), text, true, 1, &sink);
        if (head & 4) restart(s);
    }
    output_finish(s->output, 1, &sink);
    return p;
}

static void feed_joined(struct script *s, const uint8_t *p, const uint8_t *end)
{
    CLEANUP(buf_done) struct buf run = BUF_INIT(BUF_UNBOUNDED);
    struct output_sink sink = {note_line, note_message, &s->got};
    enum output_source source = OUTPUT_STDOUT;
    struct str text;
    unsigned head;

    while (take(&p, end, &head, &text)) {
        if (source_of(head) != source) {
            output_feed(s->output, source, (struct str){buf_str(&run), run.n}, true, 1, &sink);
            buf_clear(&run);
            source = source_of(head);
        }
        buf_add(&run, text.p, text.n);
    }
    output_feed(s->output, source, (struct str){buf_str(&run), run.n}, true, 1, &sink);
    output_finish(s->output, 1, &sink);
}

static void load_cursor(struct str text)
{
    struct script s = {.got = BUF_INIT(BUF_UNBOUNDED)};
    struct output_sink sink = {note_line, note_message, &s.got};
    struct error e = {0};

    start(&s);
    if (load(s.output, text, &e) < 0) ASSERT(e.kind == ERR_CORRUPT);
    else output_finish(s.output, 1, &sink);
    stop(&s);
    buf_done(&s.got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct script cut = {.got = BUF_INIT(BUF_UNBOUNDED)}, joined = {.got = BUF_INIT(BUF_UNBOUNDED)};

    start(&cut);
    start(&joined);
    const uint8_t *rest = feed_cut(&cut, data, data + n);
    feed_joined(&joined, data, data + n);
    ASSERT(cut.got.n == joined.got.n && strcmp(buf_str(&cut.got), buf_str(&joined.got)) == 0);
    ASSERT(output_stderr_seen(cut.output) == output_stderr_seen(joined.output));
    if (rest < data + n && *rest == 0xFF)
        load_cursor((struct str){(const char *)rest + 1, (size_t)(data + n - rest) - 1});
    stop(&cut);
    stop(&joined);
    buf_done(&cut.got);
    buf_done(&joined.got);
    return 0;
}
