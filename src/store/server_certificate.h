/* server_certificate.h - the only home of the SQL of table server_certificate: by which certificate
 * the installation shows itself to its agents, and by which it did so before.
 *
 * All nodes share it. There is one current certificate; former ones count until a time, by the
 * database's clock, and are removed with their keys by the next change after it. Inside a
 * transaction of db.h; texts live in the arena given. */
#ifndef STORE_SERVER_CERTIFICATE_H
#define STORE_SERVER_CERTIFICATE_H
#include "base/arena.h"
#include "store/document.h"

struct server_certificate {
    const char *thumbprint;
    const char *certificate; /* PEM */
    const char *sealed_key;  /* PEM of the key, sealed with the master key */
    bool is_current;
    int64_t accepted_until; /* UTC ms; 0 for the current one */
    int64_t created_at;
};

/** Those that count now: the current one first, then the former ones, the last one first. */
int server_certificate_list(struct db_tx *tx, struct arena *a, struct server_certificate **ret,
                            size_t *ret_n, struct error *e) MUST_USE;
/** Stores the first one; 0 = there is a current one already and nothing was done, 1 = stored. */
int server_certificate_first(struct db_tx *tx, const struct server_certificate *c,
                             struct error *e) MUST_USE;
/** Makes ${c} the current one, also when it is there as a former one; an event of the audit. The
 * one that was current counts for ${rotate_ms} more; 0: no longer. ERR_INVALID: ${c} is the current
 * one. 1 = there was one before, 0 = it is the first. */
int server_certificate_replace(struct db_tx *tx, const struct server_certificate *c,
                               int64_t rotate_ms, const struct document_change *by,
                               struct error *e) MUST_USE;
/** A former one counts until ${until} only, UTC ms; when that has passed it is gone. An event of
 * the audit. ERR_NOT_FOUND, ERR_INVALID: it is the current one. */
int server_certificate_end(struct db_tx *tx, const char *thumbprint, int64_t until,
                           const struct document_change *by, struct error *e) MUST_USE;
#endif
