/* output_speed.c - how fast script output becomes task log chunks on one core: fragments of 64 KiB
 * with lines of 68 bytes (newline included) are split, searched for 5 secrets, collected and
 * compressed. Prints one line per case: name, MB/s of script output, million lines/s, compressed
 * size in percent. Run by output_speed.sh. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/output.h"
#include "stopwatch.h"

#define TOTAL (256 * MiB)
#define FRAGMENT (64 * KiB)
#define SAMPLE (16 * MiB) /* of different text; repeated up to TOTAL */

struct counts {
    struct log_chunk_builder *builder; /* NULL: lines are only counted */
    struct buf blob;
    size_t lines, compressed;
};

static void finish(struct counts *c)
{
    log_chunk_builder_finish(c->builder, 1, &c->blob);
    c->compressed += c->blob.n;
    buf_clear(&c->blob);
}

static void take_line(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    struct counts *c = ctx;

    c->lines++;
    if (c->builder == NULL || log_chunk_builder_add(c->builder, category, at_ms, text)) return;
    finish(c);
    ASSERT(log_chunk_builder_add(c->builder, category, at_ms, text));
}

static void take_message(void *ctx, const struct service_message *msg, int64_t at_ms) {}

static void add_secrets(struct masker *m, int count, bool short_too)
{
    char text[64];

    if (count && short_too) ASSERT(masker_add(m, STR("pqz")));
    for (int i = short_too; i < count; i++) {
        int n = snprintf(text, sizeof(text), "Secret%c%dValue-%d", 'a' + i % 26, i * 7919, i);
        ASSERT(masker_add(m, (struct str){text, (size_t)n}));
    }
}

enum content { EVEN, VARIED, WITH_SECRETS };

/* One line of 68 bytes with its newline. */
static void put_line(struct buf *b, enum content content, unsigned i, unsigned *seed)
{
    char line[128];
    unsigned r = *seed = *seed * 1103515245u + 12345u;

    if (content == EVEN)
        snprintf(line, sizeof(line), "line %07u of a script that prints very much text to its log",
                 i);
    if (content == VARIED)
        snprintf(line, sizeof(line),
                 "2026-03-%02u %02u:%02u:%02u INFO [w%u] request %08x took %u ms", i % 28 + 1,
                 i / 3600 % 24, i / 60 % 60, i % 60, r >> 16 & 7, r ^ i, r >> 20);
    if (content == WITH_SECRETS)
        snprintf(line, sizeof(line), "line %07u logs in with Secretb7919Value-1 each time", i);
    buf_addf(b, "%-67.67s\n", line);
}

static void run(const char *name, enum content content, int secrets, bool short_too, bool chunks)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(masker_freep) struct masker *m = masker_new();
    CLEANUP(output_freep) struct output *o = output_new(m);
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    struct counts c = {.builder = chunks ? b : NULL, .blob = BUF_INIT(BUF_UNBOUNDED)};
    struct output_sink sink = {take_line, take_message, &c};
    unsigned seed = 1;

    add_secrets(m, secrets, short_too);
    for (unsigned i = 0; text.n < SAMPLE; i++) put_line(&text, content, i, &seed);
    double start = now_s();
    size_t fed = 0;
    for (; fed < TOTAL; fed += FRAGMENT)
        output_feed(o, OUTPUT_STDOUT, (struct str){text.p + fed % SAMPLE, FRAGMENT}, true,
                    (int64_t)(fed / MiB), &sink);
    output_finish(o, (int64_t)(fed / MiB), &sink);
    if (chunks && log_chunk_builder_count(b)) finish(&c);
    double took = now_s() - start;
    printf("%-52s %6.0f MB/s %6.2f M lines/s", name, (double)fed / took / 1e6,
           (double)c.lines / took / 1e6);
    if (chunks) printf(" %6.1f %%", 100.0 * (double)c.compressed / (double)fed);
    putchar('\n');
    buf_done(&c.blob);
}

int main(void)
{
    run("whole path, even text, 5 secrets (G8)", EVEN, 5, false, true);
    run("whole path, varied text, 5 secrets", VARIED, 5, false, true);
    run("whole path, even text, no secrets", EVEN, 0, false, true);
    run("whole path, even text, 1000 secrets", EVEN, 1000, false, true);
    run("whole path, a secret in each line", WITH_SECRETS, 5, false, true);
    run("lines and masks only, no secrets", EVEN, 0, false, false);
    run("lines and masks only, 5 secrets", EVEN, 5, false, false);
    run("lines and masks only, 5 secrets, one of 3 letters", EVEN, 5, true, false);
    run("lines and masks only, 1000 secrets", EVEN, 1000, false, false);
    return 0;
}
