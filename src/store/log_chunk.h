/* log_chunk.h - a run of task log lines as one compressed blob, and back.
 *
 * A blob describes itself: number of its first line, count, times and the categories that occur
 * stand uncompressed in front, so that readers can skip it unread. Its layout is described in
 * log_chunk.c. No I/O, no clock. */
#ifndef STORE_LOG_CHUNK_H
#define STORE_LOG_CHUNK_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

/** Category of a log line, as clients know it. The numbers are stored: never change one, only
 * append. */
enum log_category {
    LOG_CAT_TRACE,
    LOG_CAT_VERBOSE,
    LOG_CAT_INFO,
    LOG_CAT_HIGHLIGHT,
    LOG_CAT_WAIT,
    LOG_CAT_GAP,
    LOG_CAT_ALERT,
    LOG_CAT_WARNING,
    LOG_CAT_ERROR,
    LOG_CAT_FATAL,
    LOG_CAT_PLANNED,
    LOG_CAT_UPDATED,
    LOG_CAT_FINISHED,
    LOG_CAT_ABANDONED,
    LOG_CAT_COUNT, /* how many there are; not a category */
};
/** "Trace", "Verbose", ...; ${category} < LOG_CAT_COUNT. Any thread. */
const char *log_category_name(enum log_category category);

#define LOG_LINE_MAX (64 * KiB)        /* bytes of text in one line */
#define LOG_CHUNK_TEXT_MAX (256 * KiB) /* bytes of text in one chunk */
#define LOG_CHUNK_LINES_MAX 65536      /* lines in one chunk */

struct log_line {
    int64_t number; /* position in its log */
    int64_t at_ms;
    enum log_category category;
    struct str text; /* UTF-8 without line end */
};

/** What a chunk says about itself. */
struct log_chunk_info {
    int64_t first_number;
    int64_t first_at_ms, last_at_ms; /* of its first and its last line */
    uint32_t count;                  /* lines, 1..LOG_CHUNK_LINES_MAX */
    uint32_t text_bytes;             /* 0..LOG_CHUNK_TEXT_MAX */
    uint32_t categories;             /* bit (1 << category) is set when it occurs */
};

struct log_chunk_builder;
/** Makes an empty builder; it is used for any number of chunks, one after the other. One thread at
 * a time. */
struct log_chunk_builder *log_chunk_builder_new(void);
void log_chunk_builder_free(struct log_chunk_builder *b);
void log_chunk_builder_freep(struct log_chunk_builder **b);
/** Adds a line; ${text} (at most LOG_LINE_MAX bytes) is copied. False, and nothing is added, when
 * it has no room any more: finish the chunk then and add the line again. */
bool log_chunk_builder_add(struct log_chunk_builder *b, enum log_category category, int64_t at_ms,
                           struct str text) MUST_USE;
/** Lines and bytes of text collected so far. */
uint32_t log_chunk_builder_count(const struct log_chunk_builder *b);
size_t log_chunk_builder_bytes(const struct log_chunk_builder *b);
/** Appends the chunk to ${out}, its first line being number ${first_number}; the builder is empty
 * then. There must be at least one line. */
void log_chunk_builder_finish(struct log_chunk_builder *b, int64_t first_number, struct buf *out);
/** Drops the lines collected so far. */
void log_chunk_builder_clear(struct log_chunk_builder *b);

struct log_chunk;
/** Makes a reader; it opens any number of chunks, one after the other. One thread at a time. */
struct log_chunk *log_chunk_new(void);
void log_chunk_free(struct log_chunk *c);
void log_chunk_freep(struct log_chunk **c);
/** Decompresses ${blob} (not needed afterwards) and checks all of it: later calls cannot fail.
 * ERR_CORRUPT, and the reader is empty then. */
int log_chunk_open(struct log_chunk *c, struct str blob, struct error *e) MUST_USE;
const struct log_chunk_info *log_chunk_info(const struct log_chunk *c);
/** Steps to the next line; false after the last one. The text is valid until the next open. */
bool log_chunk_next(struct log_chunk *c, struct log_line *ret);
/** Makes the line ${number} the next one, or the first behind it when it lies before the chunk;
 * also backwards. */
void log_chunk_skip_to(struct log_chunk *c, int64_t number);
#endif
