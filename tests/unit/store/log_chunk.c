/* The rules of log chunks: what goes in comes out, readers find their way, damage is noticed. */
#include "store/log_chunk.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tests/lib/tap.h"

static void add(struct log_chunk_builder *b, enum log_category category, int64_t at_ms,
                const char *text)
{
    EXPECT(log_chunk_builder_add(b, category, at_ms, str_of(text)));
}

static bool next_is(struct log_chunk *c, int64_t number, enum log_category category, int64_t at_ms,
                    const char *text)
{
    struct log_line line;

    return log_chunk_next(c, &line) && line.number == number && line.category == category &&
           line.at_ms == at_ms && str_eq(line.text, text);
}

TEST(lines_come_back_with_number_category_time_and_text)
{
    struct error err = {0};
    struct log_line line;
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);

    for (int round = 0; round < 3; round++) { /* builder and reader are used again */
        buf_clear(&blob);
        add(b, LOG_CAT_INFO, 1000, "first");
        add(b, LOG_CAT_ERROR, 900, "");
        add(b, LOG_CAT_ABANDONED, INT64_MAX, "zażółć 🐙");
        add(b, LOG_CAT_TRACE, INT64_MIN, "last");
        EXPECT_INT(log_chunk_builder_count(b), 4);
        log_chunk_builder_finish(b, 77, &blob);
        EXPECT_INT(log_chunk_builder_count(b), 0);
        EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
        EXPECT(next_is(c, 77, LOG_CAT_INFO, 1000, "first"));
        EXPECT(next_is(c, 78, LOG_CAT_ERROR, 900, ""));
        EXPECT(next_is(c, 79, LOG_CAT_ABANDONED, INT64_MAX, "zażółć 🐙"));
        EXPECT(next_is(c, 80, LOG_CAT_TRACE, INT64_MIN, "last"));
        EXPECT(!log_chunk_next(c, &line) && !log_chunk_next(c, &line));
    }
}

TEST(a_reader_skips_forwards_and_backwards)
{
    struct error err = {0};
    struct log_line line;
    char text[32];
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);

    EXPECT(!log_chunk_next(c, &line)); /* nothing opened yet */
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        add(b, LOG_CAT_INFO, 1000 + i, text);
    }
    log_chunk_builder_finish(b, 5000, &blob);
    EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
    log_chunk_skip_to(c, 5999);
    EXPECT(next_is(c, 5999, LOG_CAT_INFO, 1999, "line 999"));
    log_chunk_skip_to(c, 5500);
    EXPECT(next_is(c, 5500, LOG_CAT_INFO, 1500, "line 500"));
    log_chunk_skip_to(c, 5501);
    EXPECT(next_is(c, 5501, LOG_CAT_INFO, 1501, "line 501"));
    log_chunk_skip_to(c, 3);
    EXPECT(next_is(c, 5000, LOG_CAT_INFO, 1000, "line 0"));
    log_chunk_skip_to(c, 6000);
    EXPECT(!log_chunk_next(c, &line));
}

TEST(a_full_builder_refuses_the_line_that_does_not_fit)
{
    struct error err = {0};
    struct log_line line;
    static char text[LOG_LINE_MAX];
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);

    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 4; i++)
        EXPECT(log_chunk_builder_add(b, LOG_CAT_INFO, i, (struct str){text, sizeof(text)}));
    EXPECT(!log_chunk_builder_add(b, LOG_CAT_INFO, 9, STR("y")));
    add(b, LOG_CAT_INFO, 10, ""); /* needs no room */
    EXPECT_INT(log_chunk_builder_bytes(b), LOG_CHUNK_TEXT_MAX);
    log_chunk_builder_finish(b, 0, &blob);
    EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
    for (int i = 0; i < 4; i++) EXPECT(log_chunk_next(c, &line) && line.text.n == sizeof(text));
    EXPECT(next_is(c, 4, LOG_CAT_INFO, 10, ""));
}

TEST(a_chunk_of_empty_lines_is_bounded_too)
{
    struct error err = {0};
    struct log_line line;
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);

    for (int i = 0; i < LOG_CHUNK_LINES_MAX;
         i++) /* times as far apart as can be: the largest index */
        EXPECT(log_chunk_builder_add(b, LOG_CAT_WAIT, i % 2 ? INT64_MIN : INT64_MAX, STR("")));
    EXPECT(!log_chunk_builder_add(b, LOG_CAT_WAIT, 0, STR("")));
    log_chunk_builder_finish(b, 1, &blob);
    EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
    log_chunk_skip_to(c, LOG_CHUNK_LINES_MAX);
    EXPECT(log_chunk_next(c, &line) && line.at_ms == INT64_MIN && !log_chunk_next(c, &line));
}

TEST(dropped_lines_leave_no_trace)
{
    struct error err = {0};
    struct log_line line;
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);

    add(b, LOG_CAT_ERROR, 1, "dropped");
    log_chunk_builder_clear(b);
    add(b, LOG_CAT_INFO, 2, "kept");
    log_chunk_builder_finish(b, 1, &blob);
    EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
    EXPECT_INT(log_chunk_info(c)->categories, 1 << LOG_CAT_INFO);
    EXPECT(next_is(c, 1, LOG_CAT_INFO, 2, "kept") && !log_chunk_next(c, &line));
}

/* A chunk of some lines whose text does not compress away. */
static void sample(struct buf *blob)
{
    CLEANUP(log_chunk_builder_freep) struct log_chunk_builder *b = log_chunk_builder_new();
    char text[100];

    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "%08x line %u %08x", i * 2654435761u, i, i * 40503u);
        add(b, (enum log_category)(i % LOG_CAT_COUNT), 1700000000000 + i * i, text);
    }
    log_chunk_builder_finish(b, 123456, blob);
}

/* Reads all lines of a chunk into one text. */
static void dump(struct log_chunk *c, struct buf *out)
{
    struct log_line line;

    while (log_chunk_next(c, &line))
        buf_addf(out, "%lld %lld %s %.*s\n", (long long)line.number, (long long)line.at_ms,
                 log_category_name(line.category), (int)line.text.n, line.text.p);
}

TEST(damage_is_noticed_or_harmless)
{
    struct error err = {0};
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED), good = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    int noticed = 0;

    sample(&blob);
    EXPECT_OK(log_chunk_open(c, (struct str){blob.p, blob.n}, &err));
    dump(c, &good);
    for (size_t i = 0; i < blob.n * 8; i++) {
        CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
        CLEANUP(freep) char *copy = xmalloc(blob.n);
        memcpy(copy, blob.p, blob.n);
        copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
        if (log_chunk_open(c, (struct str){copy, blob.n}, &err) < 0) {
            EXPECT_INT(err.kind, ERR_CORRUPT);
            dump(c, &got);
            EXPECT_STR(buf_str(&got), ""); /* nothing of the chunk before either */
            noticed++;
        } else {
            dump(c, &got);
            EXPECT_STR(buf_str(&got), buf_str(&good));
        }
    }
    EXPECT(noticed > (int)blob.n * 8 * 95 / 100); /* some bits of a zstd frame mean nothing */
}

TEST(a_truncated_chunk_is_corrupt)
{
    struct error err = {0};
    CLEANUP(buf_done) struct buf blob = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();

    sample(&blob);
    for (size_t n = 0; n < blob.n; n++) {
        CLEANUP(freep) char *copy = xmalloc(n + 1);
        memcpy(copy, blob.p, n);
        EXPECT_FAILS(log_chunk_open(c, (struct str){copy, n}, &err), ERR_CORRUPT);
    }
}

TEST(category_names_are_those_of_the_api)
{
    EXPECT_STR(log_category_name(LOG_CAT_TRACE), "Trace");
    EXPECT_STR(log_category_name(LOG_CAT_ABANDONED), "Abandoned");
}
