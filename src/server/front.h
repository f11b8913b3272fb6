/* front.h - what clients reach this server by: the http and https listeners, and what they share.
 *
 * The main thread makes, reloads and ends it. */
#ifndef SERVER_FRONT_H
#define SERVER_FRONT_H
#include "api/router.h"
#include "crypt/secret_key.h"
#include "server/options.h"

struct front;
/** Checks the settings about listeners, proxies, origins and certificate files, and touches
 * nothing. ERR_INVALID, ERR_NOT_FOUND: names the setting or file. */
int front_check(const struct options *o, struct error *e) MUST_USE;
/** Listens by http; until front_serve every request is answered with 503 "The server is starting".
 * ${o} must outlive it. */
int front_open(const struct options *o, struct front **ret, struct error *e) MUST_USE;
/** Requests go to ${router} from now on, which must outlive front_stop; listens by https when the
 * settings say so. */
int front_serve(struct front *f, struct router *router, const struct secret_key *key,
                struct error *e) MUST_USE;
/** Reads the certificate again and opens the request log anew; what fails is in the log and leaves
 * things as they were. */
void front_reload(struct front *f);
/** Appends the addresses it listens on: "http://127.0.0.1:8080 and https://...". */
void front_addresses(const struct front *f, struct buf *out);
/** Ends both listeners when what they answer has left. NULL is fine. */
void front_stop(struct front *f);
void front_free(struct front *f); /* stopped, or NULL */
#endif
