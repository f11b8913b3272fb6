/* log_chunk.c - see log_chunk.h.
 *
 * A blob is a head of fixed size, little-endian, and one zstd frame with content checksum:
 *
 *     0 "BTL1"   4 u32 lines   8 u32 bytes of text   12 u32 bytes of index   16 u32 categories
 *     20 i64 first number   28 i64 first time   36 i64 last time   44 u32 FNV-1a of bytes 0..43 48
 * zstd frame
 *
 * The frame holds the texts of all lines one after the other, then the index: per line one byte
 * category, the time as zigzag varint difference to the line before (the first to "first time"),
 * the length as varint. Texts stand together because that compresses faster and better than texts
 * with numbers between them.
 *
 * Blobs come from the database and may be damaged: every size is bounded before it is used, and
 * opening walks the whole index once, so that stepping cannot fail. */
#include "store/log_chunk.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/alloc.h"

#define HEAD_SIZE 48
#define HEAD_SUM 44        /* where the head's checksum stands */
#define INDEX_ENTRY_MAX 14 /* category 1, time difference 10, length 3 */
#define INDEX_MAX (LOG_CHUNK_LINES_MAX * (size_t)INDEX_ENTRY_MAX)
/* The fastest level that still finds the repetitions of log text; level 1 takes twice the time for
 * 10 % less. */
#define LEVEL 1

static const char *const category_names[LOG_CAT_COUNT] = {
    [LOG_CAT_TRACE] = "Trace",       [LOG_CAT_VERBOSE] = "Verbose",
    [LOG_CAT_INFO] = "Info",         [LOG_CAT_HIGHLIGHT] = "Highlight",
    [LOG_CAT_WAIT] = "Wait",         [LOG_CAT_GAP] = "Gap",
    [LOG_CAT_ALERT] = "Alert",       [LOG_CAT_WARNING] = "Warning",
    [LOG_CAT_ERROR] = "Error",       [LOG_CAT_FATAL] = "Fatal",
    [LOG_CAT_PLANNED] = "Planned",   [LOG_CAT_UPDATED] = "Updated",
    [LOG_CAT_FINISHED] = "Finished", [LOG_CAT_ABANDONED] = "Abandoned",
};

const char *log_category_name(enum log_category category)
{
    ASSERT((unsigned)category < LOG_CAT_COUNT);
    return category_names[category];
}

/* ---- building ---- */

struct log_chunk_builder {
    ZSTD_CCtx *zstd;
    char *text;           /* texts; the index is moved behind them at the end */
    unsigned char *index; /* INDEX_MAX bytes; only pages in use take memory */
    size_t text_n, index_n;
    uint32_t count, categories;
    int64_t first_at, last_at;
};

struct log_chunk_builder *log_chunk_builder_new(void)
{
    struct log_chunk_builder *b = xcalloc(1, sizeof(*b));

    b->zstd = ZSTD_createCCtx();
    ASSERT(b->zstd != NULL);
    ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_compressionLevel, LEVEL)));
    ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_checksumFlag, 1)));
    b->text = xmalloc(LOG_CHUNK_TEXT_MAX + INDEX_MAX);
    b->index = xmalloc(INDEX_MAX);
    return b;
}

void log_chunk_builder_free(struct log_chunk_builder *b)
{
    if (b == NULL) return;
    ZSTD_freeCCtx(b->zstd);
    free(b->text);
    free(b->index);
    free(b);
}

void log_chunk_builder_freep(struct log_chunk_builder **b) { log_chunk_builder_free(*b); }
uint32_t log_chunk_builder_count(const struct log_chunk_builder *b) { return b->count; }
size_t log_chunk_builder_bytes(const struct log_chunk_builder *b) { return b->text_n; }

void log_chunk_builder_clear(struct log_chunk_builder *b)
{
    b->text_n = b->index_n = 0;
    b->count = b->categories = 0;
}

static size_t put_varint(unsigned char *p, uint64_t v)
{
    size_t n = 0;

    for (; v >= 0x80; v >>= 7) p[n++] = (unsigned char)(v | 0x80);
    p[n++] = (unsigned char)v;
    return n;
}

/* Difference of two times, small for both signs; any two times work (arithmetic modulo 2^64). */
static uint64_t zigzag(int64_t from, int64_t to)
{
    uint64_t d = (uint64_t)to - (uint64_t)from;

    return (d << 1) ^ (d >> 63 ? UINT64_MAX : 0);
}

static int64_t unzigzag(int64_t from, uint64_t z)
{
    return (int64_t)((uint64_t)from + ((z >> 1) ^ (z & 1 ? UINT64_MAX : 0)));
}

bool log_chunk_builder_add(struct log_chunk_builder *b, enum log_category category, int64_t at_ms,
                           struct str text)
{
    ASSERT((unsigned)category < LOG_CAT_COUNT && text.n <= LOG_LINE_MAX);
    if (text.n > LOG_CHUNK_TEXT_MAX - b->text_n || b->count == LOG_CHUNK_LINES_MAX) return false;
    if (b->count == 0) b->first_at = b->last_at = at_ms;
    unsigned char *p = b->index + b->index_n;
    *p++ = (unsigned char)category;
    p += put_varint(p, zigzag(b->last_at, at_ms));
    p += put_varint(p, text.n);
    b->index_n = (size_t)(p - b->index);
    if (text.n) memcpy(b->text + b->text_n, text.p, text.n);
    b->text_n += text.n;
    b->last_at = at_ms;
    b->categories |= 1u << category;
    b->count++;
    return true;
}

static void put_u32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> 8 * i);
}

static void put_i64(unsigned char *p, int64_t v)
{
    for (int i = 0; i < 8; i++) p[i] = (unsigned char)((uint64_t)v >> 8 * i);
}

/* FNV-1a of the head; what lies behind it has zstd's checksum. */
static uint32_t head_sum(const unsigned char *p)
{
    uint32_t h = 2166136261u;

    for (int i = 0; i < HEAD_SUM; i++) h = (h ^ p[i]) * 16777619u;
    return h;
}

void log_chunk_builder_finish(struct log_chunk_builder *b, int64_t first_number, struct buf *out)
{
    ASSERT(b->count > 0);
    size_t raw = b->text_n + b->index_n, bound = HEAD_SIZE + ZSTD_compressBound(raw);
    ASSERT(bound <= out->max - out->n);
    memcpy(b->text + b->text_n, b->index, b->index_n);
    unsigned char *p = (unsigned char *)buf_reserve(out, bound);
    memcpy(p, "BTL1", 4);
    put_u32(p + 4, b->count);
    put_u32(p + 8, (uint32_t)b->text_n);
    put_u32(p + 12, (uint32_t)b->index_n);
    put_u32(p + 16, b->categories);
    put_i64(p + 20, first_number);
    put_i64(p + 28, b->first_at);
    put_i64(p + 36, b->last_at);
    put_u32(p + HEAD_SUM, head_sum(p));
    size_t n = ZSTD_compress2(b->zstd, p + HEAD_SIZE, bound - HEAD_SIZE, b->text, raw);
    ASSERT(!ZSTD_isError(n));
    out->n += HEAD_SIZE + n;
    out->p[out->n] = '\0';
    log_chunk_builder_clear(b);
}

/* ---- reading ---- */

struct log_chunk {
    ZSTD_DCtx *zstd;
    struct buf raw; /* texts and index, decompressed */
    struct log_chunk_info info;
    size_t text_at, index_at; /* of the next line, in raw */
    uint32_t at;              /* position of the next line in the chunk */
    int64_t at_ms;            /* time of the line before */
};

struct log_chunk *log_chunk_new(void)
{
    struct log_chunk *c = xcalloc(1, sizeof(*c));

    c->zstd = ZSTD_createDCtx();
    ASSERT(c->zstd != NULL);
    c->raw.max = BUF_UNBOUNDED;
    return c;
}

void log_chunk_free(struct log_chunk *c)
{
    if (c == NULL) return;
    ZSTD_freeDCtx(c->zstd);
    buf_done(&c->raw);
    free(c);
}

void log_chunk_freep(struct log_chunk **c) { log_chunk_free(*c); }
const struct log_chunk_info *log_chunk_info(const struct log_chunk *c) { return &c->info; }

static uint32_t get_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int64_t get_i64(const unsigned char *p)
{
    return (int64_t)((uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32);
}

static int read_head(struct str blob, struct log_chunk_info *ret, uint32_t *ret_index,
                     struct error *e)
{
    const unsigned char *p = (const unsigned char *)blob.p;

    if (blob.n < HEAD_SIZE || memcmp(p, "BTL1", 4) != 0 || get_u32(p + HEAD_SUM) != head_sum(p))
        return fail(e, ERR_CORRUPT, "log chunk of %zu bytes has no whole head", blob.n);
    struct log_chunk_info info = {.count = get_u32(p + 4),
                                  .text_bytes = get_u32(p + 8),
                                  .categories = get_u32(p + 16),
                                  .first_number = get_i64(p + 20),
                                  .first_at_ms = get_i64(p + 28),
                                  .last_at_ms = get_i64(p + 36)};
    uint32_t index = get_u32(p + 12);
    if (info.count == 0 || info.count > LOG_CHUNK_LINES_MAX ||
        info.text_bytes > LOG_CHUNK_TEXT_MAX || index < info.count * 3 ||
        index > info.count * (size_t)INDEX_ENTRY_MAX || info.categories == 0 ||
        info.categories >> LOG_CAT_COUNT || info.first_number < 0 ||
        info.first_number > INT64_MAX - LOG_CHUNK_LINES_MAX)
        return fail(e, ERR_CORRUPT,
                    "log chunk's head is damaged: %u lines, %u bytes of text, %u of index",
                    info.count, info.text_bytes, index);
    *ret = info;
    *ret_index = index;
    return 0;
}

static bool get_varint(const struct buf *raw, size_t *at, uint64_t *ret)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && *at < raw->n; shift += 7) {
        unsigned char c = (unsigned char)raw->p[(*at)++];
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c & 0x80) continue;
        *ret = v;
        return true;
    }
    return false;
}

static void rewind_lines(struct log_chunk *c)
{
    c->text_at = 0;
    c->index_at = c->info.text_bytes;
    c->at = 0;
    c->at_ms = c->info.first_at_ms;
}

/* Steps over one entry of the index; false when it does not fit the chunk. */
static bool step(struct log_chunk *c, struct log_line *ret)
{
    uint64_t difference, n;

    if (c->index_at >= c->raw.n) return false;
    unsigned category = (unsigned char)c->raw.p[c->index_at++];
    if (category >= LOG_CAT_COUNT || !get_varint(&c->raw, &c->index_at, &difference) ||
        !get_varint(&c->raw, &c->index_at, &n) || n > LOG_LINE_MAX ||
        n > c->info.text_bytes - c->text_at)
        return false;
    c->at_ms = unzigzag(c->at_ms, difference);
    *ret = (struct log_line){.number = c->info.first_number + c->at,
                             .at_ms = c->at_ms,
                             .category = (enum log_category)category,
                             .text = {c->raw.p + c->text_at, (size_t)n}};
    c->text_at += (size_t)n;
    c->at++;
    return true;
}

/* Walks the whole index: it must describe exactly the texts, and agree with the head. */
static bool whole(struct log_chunk *c)
{
    struct log_line line;
    uint32_t categories = 0;

    rewind_lines(c);
    for (uint32_t i = 0; i < c->info.count; i++) {
        if (!step(c, &line)) return false;
        categories |= 1u << line.category;
        if (i == 0 && line.at_ms != c->info.first_at_ms) return false;
    }
    bool fits = c->index_at == c->raw.n && c->text_at == c->info.text_bytes &&
                categories == c->info.categories && c->at_ms == c->info.last_at_ms;
    rewind_lines(c);
    return fits;
}

int log_chunk_open(struct log_chunk *c, struct str blob, struct error *e)
{
    struct log_chunk_info info;
    uint32_t index = 0;

    c->info = (struct log_chunk_info){0};
    c->at = 0;
    if (read_head(blob, &info, &index, e) < 0) return -1;
    size_t raw = (size_t)info.text_bytes + index;
    if (ZSTD_getFrameContentSize(blob.p + HEAD_SIZE, blob.n - HEAD_SIZE) != raw)
        return fail(e, ERR_CORRUPT, "log chunk's frame does not hold %zu bytes", raw);
    buf_clear(&c->raw);
    char *p = buf_reserve(&c->raw, raw);
    size_t n = ZSTD_decompressDCtx(c->zstd, p, raw, blob.p + HEAD_SIZE, blob.n - HEAD_SIZE);
    if (ZSTD_isError(n) || n != raw)
        return fail(e, ERR_CORRUPT, "log chunk's frame is damaged: %s",
                    ZSTD_isError(n) ? ZSTD_getErrorName(n) : "too short");
    c->raw.n = raw;
    c->raw.p[raw] = '\0';
    c->info = info;
    if (whole(c)) return 0;
    c->info = (struct log_chunk_info){0};
    return fail(e, ERR_CORRUPT, "log chunk's index does not fit its %u lines", info.count);
}

bool log_chunk_next(struct log_chunk *c, struct log_line *ret)
{
    return c->at < c->info.count && step(c, ret);
}

void log_chunk_skip_to(struct log_chunk *c, int64_t number)
{
    struct log_line line;

    if (number < c->info.first_number + c->at) rewind_lines(c);
    while (c->at < c->info.count && c->info.first_number + c->at < number && step(c, &line))
        continue;
}
