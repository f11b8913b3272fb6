/* tar.h - plain files in a tar archive (ustar), written and read in one pass.
 *
 * Only what backups need: regular files with names of at most 100 bytes and no path out of the
 * archive; anything else in an archive that is read is an error. One thread per archive. */
#ifndef OS_TAR_H
#define OS_TAR_H
#include "base/error.h"

#define TAR_NAME_MAX 100

/** Begins a member of ${size} bytes, which the caller writes to ${fd} next, then tar_pad. */
int tar_begin(int fd, const char *name, int64_t size, int64_t mtime_s, struct error *e) MUST_USE;
/** Fills the last block of a member of ${size} bytes. */
int tar_pad(int fd, int64_t size, struct error *e) MUST_USE;
/** Ends the archive. */
int tar_end(int fd, struct error *e) MUST_USE;

struct tar_member {
    char name[TAR_NAME_MAX + 1];
    int64_t size; /* bytes that the caller reads from the archive next, then tar_skip_pad */
};
/** The next member: 1, 0 = the end of the archive, -1: ERR_CORRUPT says what is wrong. */
int tar_next(int fd, struct tar_member *ret, struct error *e) MUST_USE;
int tar_skip_pad(int fd, int64_t size, struct error *e) MUST_USE;
/** Reads exactly ${n} bytes of an archive; ERR_CORRUPT when it ends before. */
int tar_read(int fd, void *data, size_t n, struct error *e) MUST_USE;
#endif
