/* https.h - the certificate of the https listener: from the files of the settings, or one that this
 * node made for itself. One thread. */
#ifndef SERVER_HTTPS_H
#define SERVER_HTTPS_H
#include "crypt/secret_key.h"
#include "http/tls.h"
#include "server/options.h"

/** Reads and checks the files of the settings; does nothing when there are none. ERR_INVALID,
 * ERR_NOT_FOUND: names the file and what is wrong. */
int https_check(const struct options *o, struct error *e) MUST_USE;
/** Reads the files, or makes a self-signed certificate, whose key lies sealed with ${key} in the
 * data folder and is taken again by the next start. */
int https_open(const struct options *o, const struct secret_key *key, struct http_tls **ret,
               struct error *e) MUST_USE;
/** Reads the files again for handshakes from now on; the old ones stay when that fails. */
int https_reload(const struct options *o, struct http_tls *tls, struct error *e) MUST_USE;
/** True when the settings name files. */
bool https_has_files(const struct options *o);
#endif
