/* integrity.h - does everything that is stored hold together: the database, what it points to, its
 * secrets, its journals, its blobs? Reads all of it; any thread. */
#ifndef SERVER_INTEGRITY_H
#define SERVER_INTEGRITY_H
#include "crypt/secret_key.h"
#include "db/db.h"

struct integrity {
    struct db *db;
    const struct secret_key *key;
    const char *blobs_path;
    /** Hears what was looked at (not bad), and each thing that is wrong. */
    void (*told)(void *ctx, bool bad, const char *text);
    void *ctx;
    int64_t problems; /* set by integrity_run */
};
/** -1: something could not be looked at. */
int integrity_run(struct integrity *x, struct error *e) MUST_USE;
#endif
