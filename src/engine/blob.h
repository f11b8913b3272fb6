/* blob.h - files kept under their content: <folder>/ab/cdef... of their SHA-256. Any thread; one
 * thread per file that is being written.
 *
 * Nodes share the folder. What a node is still writing lies in a folder of its own beside the
 * blobs, so that the rests of a node that was killed are found at its next start. Rows that name a
 * blob must be committed within a day after it got its name. */
#ifndef ENGINE_BLOB_H
#define ENGINE_BLOB_H
#include "base/arena.h"
#include "base/error.h"
#include "crypt/digest.h"

struct blobs {
    const char *folder;
    const char *incoming; /* this node's half-written files */
};
/** The store in ${folder}, which is made when it is missing, as node ${node_id} uses it; what that
 * node left half-written is removed. Texts live in ${a}. */
int blobs_open(struct arena *a, const char *folder, const char *node_id, struct blobs *ret,
               struct error *e) MUST_USE;

/** A blob on its way. */
struct blob_file {
    const struct blobs *store;
    char *path; /* NULL: neither begun nor left to remove */
    int fd;
    int64_t size, pushed; /* bytes written; of them on their way to the disk */
    struct digest digest;
};
/** Makes the file (0600). */
int blob_begin(struct blob_file *f, const struct blobs *b, struct error *e) MUST_USE;
int blob_add(struct blob_file *f, const void *data, size_t n, struct error *e) MUST_USE;
/** Gives it its name, durably: file and folders are synced before it returns. ${hash}: 64 hex
 * digits. */
int blob_finish(struct blob_file *f, char hash[DIGEST_HEX_SIZE], struct error *e) MUST_USE;
/** Closes the file and removes it unless it got its name; for CLEANUP. */
void blob_done(struct blob_file *f);

/** Copies all of ${fd} into the store, durably. *${ret_hash} lives in ${a}. ERR_NO_SPACE leaves
 * nothing behind. */
int blob_store_fd(const struct blobs *b, int fd, struct arena *a, const char **ret_hash,
                  int64_t *ret_size, struct error *e) MUST_USE;
/** Removes the blobs that were written before ${before_ms} (UTC) and whose hashes are not among the
 * ${n} sorted ones in ${used}, which must have been read after ${before_ms}. A blob of that content
 * that is written meanwhile stays: its row has a day to come. Adds to *${removed}. */
int blobs_sweep(const struct blobs *b, const char *const *used, size_t n, int64_t before_ms,
                size_t *removed, struct error *e) MUST_USE;
/** A descriptor to read the blob ${hash}; ERR_NOT_FOUND. */
int blob_open(const struct blobs *b, const char *hash, struct error *e) MUST_USE;
#endif
