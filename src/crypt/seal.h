/* seal.h - secrets at rest: sealed with the master key by XChaCha20-Poly1305, as text that names
 * its own form and the key.
 *
 * "v1:" id of the key ":" base64(24 bytes of random nonce, cipher text with its tag); what stands
 * before the base64 is authenticated too. Any thread. */
#ifndef CRYPT_SEAL_H
#define CRYPT_SEAL_H
#include <stdbool.h>

#include "base/buf.h"
#include "crypt/secret_key.h"

/** What stands before every sealed text. */
#define SEAL_FORM "v1:"

/** The sealed form of ${n} bytes; the caller frees. */
char *seal_text(const struct secret_key *key, const void *plain, size_t n);
/** Appends the plain bytes to ${out}. ERR_DENIED: another key, the message names both, or a changed
 * byte; ERR_CORRUPT: not a sealed text; ERR_TOO_LARGE: ${out} cannot hold it. ${out} is as before
 * then. */
int seal_open(const struct secret_key *key, const char *sealed, struct buf *out,
              struct error *e) MUST_USE;
/** True when ${s} has the form of a sealed text. */
bool seal_is(const char *s);
/** The next sealed text within ${text}, from *${at} on: its length, with its place in *${at}; 0 =
 * there is none. Something that looks like one is one. */
size_t seal_find(const char *text, size_t *at);
#endif
