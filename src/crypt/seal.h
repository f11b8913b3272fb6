/* seal.h - secrets at rest: sealed with the master key by XChaCha20-Poly1305, as text that names
 * its own form.
 *
 * "v1:" + base64(24 bytes of random nonce, cipher text with its tag); the "v1:" is authenticated
 * too. Any thread. */
#ifndef CRYPT_SEAL_H
#define CRYPT_SEAL_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct secret_key {
    unsigned char bytes[32];
};
/** Reads the key file, base64 text with mode 0600; makes it, durably, when it is missing.
 * ERR_DENIED: others may read it, the message says how to mend that. ERR_CORRUPT: it holds no key.
 */
int secret_key_load(const char *path, struct secret_key *ret, struct error *e) MUST_USE;
/** Overwrites the key; for CLEANUP. */
void secret_key_wipe(struct secret_key *key);

/** The sealed form of ${n} bytes; the caller frees. */
char *seal_text(const struct secret_key *key, const void *plain, size_t n);
/** Appends the plain bytes to ${out}. ERR_DENIED: another key or a changed byte; ERR_CORRUPT: not a
 * sealed text; ERR_TOO_LARGE: ${out} cannot hold it. ${out} is as before then. */
int seal_open(const struct secret_key *key, const char *sealed, struct buf *out,
              struct error *e) MUST_USE;
/** True when ${s} has the form of a sealed text. */
bool seal_is(const char *s);
#endif
