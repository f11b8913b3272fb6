/* backup.h - a backup of an installation on SQLite: one tar file, and what it says of itself.
 *
 *     bobtail.db      a consistent copy of the database
 *     blobs/ab/cd...  every blob that its rows name
 *     node-id         of the node
 *     server.conf     the settings file without its secrets, when there is one
 *     master.key      only when asked for
 *     manifest.json   the last one: version, installation, counts, size and SHA-256 of each member
 *
 * Any thread, also while a server writes. */
#ifndef SERVER_BACKUP_H
#define SERVER_BACKUP_H
#include "server/options.h"

#define BACKUP_FORMAT 1
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_DATABASE "bobtail.db"
#define BACKUP_NODE_ID "node-id"
#define BACKUP_SETTINGS "server.conf"
#define BACKUP_KEY "master.key"
#define BACKUP_BLOBS "blobs/"

struct backup_request {
    const struct options *o;
    const char *to; /* must not be there */
    bool with_key;
    /** Told how far it is; may be NULL. */
    void (*progress)(void *ctx, const char *text);
    /** Told what is wrong with the installation but keeps no backup from being made. */
    void (*warn)(void *ctx, const char *text);
    void *ctx;
};
struct backup_result {
    int64_t blobs, missing, bytes; /* bytes: of the file */
};
/** Writes the file (0600), durably, whole or not at all. */
int backup_write(const struct backup_request *r, struct backup_result *ret,
                 struct error *e) MUST_USE;
/** "blobs/ab/cd..." of a hash. */
const char *backup_blob_name(struct arena *a, const char *hash);
#endif
