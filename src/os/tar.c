/* tar.c - see tar.h. Numbers are octal text; a size of 8 GiB and more is a big-endian number with
 * the highest bit set, as GNU tar writes it. */
#include "os/tar.h"

#include <errno.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"

#define BLOCK 512
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
    char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static unsigned checksum(const struct header *h)
{
    const unsigned char *p = (const unsigned char *)h;
    size_t at = offsetof(struct header, sum);
    unsigned sum = 8 * ' ';

    for (size_t i = 0; i < BLOCK; i++)
        if (i < at || i >= at + sizeof(h->sum)) sum += p[i];
    return sum;
}

static void put_size(struct header *h, int64_t size)
{
    if (size < (int64_t)1 << 33) {
        snprintf(h->size, sizeof(h->size), "%011llo", (unsigned long long)size);
        return;
    }
    for (int i = 0; i < 8; i++) h->size[11 - i] = (char)(size >> (8 * i));
    h->size[0] = (char)0x80;
}

int tar_begin(int fd, const char *name, int64_t size, int64_t mtime_s, struct error *e)
{
    struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    size_t n = strlen(name);

    ASSERT(n > 0 && n <= sizeof(h.name) && size >= 0);
    memcpy(h.name, name, n);
    snprintf(h.mode, sizeof(h.mode), "%07o", 0600U);
    snprintf(h.uid, sizeof(h.uid), "%07o", 0U);
    snprintf(h.gid, sizeof(h.gid), "%07o", 0U);
    put_size(&h, size);
    snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)mtime_s & 077777777777ULL);
    snprintf(h.sum, sizeof(h.sum), "%06o", checksum(&h));
    h.sum[7] = ' ';
    return file_write_all(fd, &h, sizeof(h), e);
}

static size_t padding(int64_t size) { return (size_t)((BLOCK - size % BLOCK) % BLOCK); }

int tar_pad(int fd, int64_t size, struct error *e)
{
    static const char zeros[BLOCK];

    return file_write_all(fd, zeros, padding(size), e);
}

int tar_end(int fd, struct error *e)
{
    static const char zeros[2 * BLOCK];

    return file_write_all(fd, zeros, sizeof(zeros), e);
}

int tar_read(int fd, void *data, size_t n, struct error *e)
{
    char *p = data;

    while (n) {
        ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read the archive");
        if (got == 0) return fail(e, ERR_CORRUPT, "the archive ends too early");
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

int tar_skip_pad(int fd, int64_t size, struct error *e)
{
    char block[BLOCK];

    return tar_read(fd, block, padding(size), e);
}

static bool octal(const char *s, size_t n, int64_t *ret)
{
    size_t i = 0;

    for (*ret = 0; i < n && s[i] >= '0' && s[i] <= '7'; i++) *ret = *ret * 8 + (s[i] - '0');
    return i > 0 && (i == n || s[i] == '\0' || s[i] == ' ');
}

static bool read_size(const struct header *h, int64_t *ret)
{
    if (((unsigned char)h->size[0] & 0x80) == 0) return octal(h->size, sizeof(h->size), ret);
    *ret = 0;
    for (size_t i = 4; i < sizeof(h->size); i++)
        *ret = (int64_t)((uint64_t)*ret << 8 | (unsigned char)h->size[i]);
    return h->size[0] == (char)0x80 && h->size[1] == 0 && h->size[2] == 0 && h->size[3] == 0 &&
           *ret >= 0;
}

/* Relative, without empty, "." and ".." parts. */
static bool is_inside(const char *name)
{
    for (const char *at = name;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += n;
        if (*at == '\0') return true;
    }
}

int tar_next(int fd, struct tar_member *ret, struct error *e)
{
    static const struct header empty;
    struct header h;
    int64_t sum;

    if (tar_read(fd, &h, sizeof(h), e) < 0) return -1;
    if (memcmp(&h, &empty, sizeof(h)) == 0) return 0;
    if (memcmp(h.magic, "ustar", 5) != 0 || !octal(h.sum, sizeof(h.sum), &sum) ||
        sum != (int64_t)checksum(&h))
        return fail(e, ERR_CORRUPT, "this is no tar archive, or it is damaged");
    snprintf(ret->name, sizeof(ret->name), "%.*s", (int)sizeof(h.name), h.name);
    if (h.type != '0' || h.prefix[0] || !is_inside(ret->name))
        return fail(e, ERR_CORRUPT, "the archive holds something that no backup does: %s",
                    ret->name);
    if (!read_size(&h, &ret->size))
        return fail(e, ERR_CORRUPT, "the size of %s in the archive is damaged", ret->name);
    return 1;
}
