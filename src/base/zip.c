/* zip.c - see zip.h. All files are of 1 January 1980: an archive of the same texts is the same. */
#include "base/zip.h"

#include <string.h>

static uint32_t crc32_of(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put(struct buf *b, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) buf_addc(b, (char)(value >> (8 * i)));
}

/* What the header of a file and its entry in the directory have in common. */
static void put_facts(struct buf *b, const char *name, uint32_t crc, size_t n)
{
    put(b, 20, 2);     /* version 2.0 */
    put(b, 0x0800, 2); /* the name is UTF-8 */
    put(b, 0, 2);      /* stored */
    put(b, 0, 2);
    put(b, 0x0021, 2);
    put(b, crc, 4);
    put(b, (uint32_t)n, 4);
    put(b, (uint32_t)n, 4);
    put(b, (uint32_t)strlen(name), 2);
    put(b, 0, 2);
}

void zip_add(struct zip *z, const char *name, const void *data, size_t n)
{
    uint32_t crc = crc32_of(data, n), offset = (uint32_t)z->out.n;

    put(&z->out, 0x04034b50, 4);
    put_facts(&z->out, name, crc, n);
    buf_adds(&z->out, name);
    buf_add(&z->out, data, n);
    put(&z->directory, 0x02014b50, 4);
    put(&z->directory, 20, 2);
    put_facts(&z->directory, name, crc, n);
    put(&z->directory, 0, 2); /* comment */
    put(&z->directory, 0, 2); /* disk */
    put(&z->directory, 0, 2);
    put(&z->directory, 0, 4);
    put(&z->directory, offset, 4);
    buf_adds(&z->directory, name);
    z->n++;
}

void zip_end(struct zip *z)
{
    uint32_t offset = (uint32_t)z->out.n;

    buf_add(&z->out, buf_str(&z->directory), z->directory.n);
    put(&z->out, 0x06054b50, 4);
    put(&z->out, 0, 4);
    put(&z->out, (uint32_t)z->n, 2);
    put(&z->out, (uint32_t)z->n, 2);
    put(&z->out, (uint32_t)z->directory.n, 4);
    put(&z->out, offset, 4);
    put(&z->out, 0, 2);
}

void zip_done(struct zip *z)
{
    buf_done(&z->out);
    buf_done(&z->directory);
}
