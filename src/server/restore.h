/* restore.h - putting a backup back (backup.h). One thread; the data folder belongs to the caller.
 */
#ifndef SERVER_RESTORE_H
#define SERVER_RESTORE_H
#include "server/options.h"

struct restore_request {
    const struct options *o;
    const char *from;
    bool force;      /* replaces a database that is there */
    bool keep_queue; /* tasks that waited when the backup was made run */
    bool only_check; /* changes nothing */
    void (*progress)(void *ctx, const char *text); /* may be NULL */
    void *ctx;
};
struct restore_result {
    const char *version, *created, *installation, *key; /* of the backup; key: its id or NULL */
    const char *replaced;                   /* where the old database is; NULL = there was none */
    int64_t blobs, missing, lost, canceled; /* lost, canceled: tasks that were ended */
    bool has_settings;
};
/** Reads and verifies all of the backup before anything is replaced. What ran when it was made ends
 * as "lost by restore". ERR_CONFLICT: it is newer than this program, or there is a database and no
 * ${force}. Texts of ${ret} live in ${a}. */
int restore_run(const struct restore_request *r, struct arena *a, struct restore_result *ret,
                struct error *e) MUST_USE;
/** ERR_CONFLICT when a restore into the data folder was cut off, so that no server must run there.
 */
int restore_is_whole(const char *data_dir, struct error *e) MUST_USE;
#endif
