/* zip.h - a zip archive of a few small texts, in memory, not compressed. One thread. */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H
#include "base/buf.h"

struct zip {
    struct buf out, directory;
    int n;
};
#define ZIP_INIT                                                             \
    {                                                                        \
        .out = BUF_INIT(BUF_UNBOUNDED), .directory = BUF_INIT(BUF_UNBOUNDED) \
    }
/** Adds a file; less than 4 GiB in all. */
void zip_add(struct zip *z, const char *name, const void *data, size_t n);
/** Completes the archive in ${z}->out. */
void zip_end(struct zip *z);
void zip_done(struct zip *z);
#endif
