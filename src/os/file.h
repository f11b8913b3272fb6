/* file.h - files and folders: whole reads, durable writes, names that stay beneath a folder. Any
 * thread.
 *
 * Everything is O_CLOEXEC. Paths are UTF-8 without NUL. */
#ifndef OS_FILE_H
#define OS_FILE_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/** Reads a whole file of at most ${out}->max bytes; ERR_NOT_FOUND, ERR_TOO_LARGE. */
int file_read(const char *path, struct buf *out, struct error *e) MUST_USE;
int file_read_at(int dirfd, const char *name, struct buf *out, struct error *e) MUST_USE;
/** Writes all ${n} bytes at the current position. */
int file_write_all(int fd, const void *data, size_t n, struct error *e) MUST_USE;
/** Creates ${name} (O_EXCL) with ${mode} and content; not synced. */
int file_create_at(int dirfd, const char *name, mode_t mode, const void *data, size_t n,
                   struct error *e) MUST_USE;
/** Replaces ${path} atomically and durably: temporary file, fsync, rename, fsync of the folder. */
int file_replace(const char *path, mode_t mode, const void *data, size_t n,
                 struct error *e) MUST_USE;
/** fsync of a folder, so that names made in it last. */
int dir_sync(const char *path, struct error *e) MUST_USE;
/** mkdir -p with ${mode} for what is missing, whatever the umask. */
int dir_make(const char *path, mode_t mode, struct error *e) MUST_USE;
/** "${dir}/${name}"; caller frees. */
char *path_join(const char *dir, const char *name);
#endif
