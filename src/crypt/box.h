/* box.h - a sealed text for one reader: XChaCha20-Poly1305 with a random key that is used once.
 *
 * Layout: "BTB1", 24 bytes of nonce, cipher text with its 16 bytes of tag; the four letters are
 * authenticated too. Any thread. */
#ifndef CRYPT_BOX_H
#define CRYPT_BOX_H
#include "base/buf.h"
#include "base/error.h"

#define BOX_KEY_BYTES 32
#define BOX_OVERHEAD (4 + 24 + 16)

/** A fresh random key. */
void box_key(unsigned char ret_key[BOX_KEY_BYTES]);
/** Appends the sealed form of ${n} bytes to ${out}; check ${out}->overflow. */
void box_seal(const unsigned char key[BOX_KEY_BYTES], const void *plain, size_t n, struct buf *out);
/** Appends the plain text of the box to ${out}. ERR_DENIED when the key does not fit or a byte was
 * changed, ERR_CORRUPT when it is no box, ERR_TOO_LARGE when ${out} cannot hold it; ${out} is then
 * as before. */
int box_open(const unsigned char key[BOX_KEY_BYTES], const void *box, size_t n, struct buf *out,
             struct error *e) MUST_USE;
/** Overwrites memory that held a key or a secret, so that the compiler cannot leave it out. */
void box_wipe(void *p, size_t n);
#endif
