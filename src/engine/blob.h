/* blob.h - files kept under their content: <folder>/ab/cdef... of their SHA-256. Any thread. */
#ifndef ENGINE_BLOB_H
#define ENGINE_BLOB_H
#include "base/arena.h"
#include "base/error.h"

/** Copies all of ${fd} into the store, durably: file and folders are synced before it returns.
 * *${ret_hash} (64 hex digits) lives in ${a}. ERR_NO_SPACE leaves nothing behind. */
int blob_store_fd(const char *folder, int fd, struct arena *a, const char **ret_hash,
                  int64_t *ret_size, struct error *e) MUST_USE;
/** A descriptor to read the blob ${hash}; ERR_NOT_FOUND. */
int blob_open(const char *folder, const char *hash, struct error *e) MUST_USE;
/** Stores new content from memory. */
int blob_store(const char *folder, const void *data, size_t n, struct arena *a,
               const char **ret_hash, struct error *e) MUST_USE;
#endif
