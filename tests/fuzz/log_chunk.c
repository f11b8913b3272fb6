/* log_chunk.c (fuzz) - a chunk as it comes from the database. The bytes are opened as they are;
 * then they are taken as a head (without magic and checksum) and the content of its frame, so that
 * damage behind the checksums is met too. */
#include "store/log_chunk.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/alloc.h"

#define HEAD_SIZE 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_all(struct str blob)
{
    CLEANUP(log_chunk_freep) struct log_chunk *c = log_chunk_new();
    struct error e = {0};
    struct log_line line;
    uint32_t lines = 0;
    size_t text = 0;

    if (log_chunk_open(c, blob, &e) < 0) {
        ASSERT(e.kind == ERR_CORRUPT && !log_chunk_next(c, &line));
        return;
    }
    const struct log_chunk_info *info = log_chunk_info(c);
    for (; log_chunk_next(c, &line); lines++) {
        ASSERT(line.number == info->first_number + lines);
        for (size_t i = 0; i < line.text.n; i++)
            text += line.text.p[i] != 0 ? 1 : 1; /* touches all */
    }
    ASSERT(lines == info->count && text == info->text_bytes);
    log_chunk_skip_to(c, info->first_number + info->count / 2);
    ASSERT(log_chunk_next(c, &line) && line.number == info->first_number + info->count / 2);
}

static void wrap_and_read(const uint8_t *data, size_t n)
{
    size_t head = HEAD_SIZE - 8, room = HEAD_SIZE + ZSTD_compressBound(n);
    uint32_t sum = 2166136261u;

    if (n < head) return;
    CLEANUP(freep) unsigned char *blob = xmalloc(room);
    memcpy(blob, "BTL1", 4);
    memcpy(blob + 4, data, head);
    for (size_t i = 0; i < HEAD_SIZE - 4; i++) sum = (sum ^ blob[i]) * 16777619u;
    for (int i = 0; i < 4; i++) blob[HEAD_SIZE - 4 + i] = (unsigned char)(sum >> 8 * i);
    size_t frame = ZSTD_compress(blob + HEAD_SIZE, room - HEAD_SIZE, data + head, n - head, 1);
    ASSERT(!ZSTD_isError(frame));
    read_all((struct str){(const char *)blob, HEAD_SIZE + frame});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    read_all((struct str){(const char *)data, n});
    wrap_and_read(data, n);
    return 0;
}
