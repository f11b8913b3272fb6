/* box.c - see box.h.
 *
 * Opening needs no sodium_init: that seeds the random numbers and chooses the fastest code for the
 * processor, which a step that opens one small box would wait for. The nonce is 24 random bytes, so
 * that even a key that were used twice by mistake would not repeat a stream. */
#include "crypt/box.h"

#include <sodium.h>
#include <string.h>

#include "base/alloc.h"

#define MAGIC "BTB1"
#define MAGIC_BYTES 4
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(BOX_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(BOX_OVERHEAD == MAGIC_BYTES + NONCE_BYTES + TAG_BYTES, "overhead");

void box_key(unsigned char ret_key[BOX_KEY_BYTES])
{
    ASSERT(sodium_init() >= 0);
    randombytes_buf(ret_key, BOX_KEY_BYTES);
}

void box_seal(const unsigned char key[BOX_KEY_BYTES], const void *plain, size_t n, struct buf *out)
{
    unsigned char nonce[NONCE_BYTES];

    ASSERT(sodium_init() >= 0);
    if (out->n > out->max || size_add(n, BOX_OVERHEAD) > out->max - out->n) {
        out->overflow = true;
        return;
    }
    randombytes_buf(nonce, sizeof(nonce));
    unsigned char *p = (unsigned char *)buf_reserve(out, size_add(n, BOX_OVERHEAD));
    memcpy(p, MAGIC, MAGIC_BYTES);
    memcpy(p + MAGIC_BYTES, nonce, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(p + MAGIC_BYTES + NONCE_BYTES, NULL, plain, n, p,
                                               MAGIC_BYTES, NULL, nonce, key);
    out->n += n + BOX_OVERHEAD;
    out->p[out->n] = '\0';
}

int box_open(const unsigned char key[BOX_KEY_BYTES], const void *box, size_t n, struct buf *out,
             struct error *e)
{
    const unsigned char *b = box;

    if (n < BOX_OVERHEAD || memcmp(b, MAGIC, MAGIC_BYTES) != 0)
        return fail(e, ERR_CORRUPT, "not a sealed box (%zu bytes)", n);
    size_t plain_n = n - BOX_OVERHEAD;
    if (plain_n > out->max || out->n > out->max - plain_n)
        return fail(e, ERR_TOO_LARGE, "sealed box of %zu bytes, at most %zu fit", plain_n,
                    out->max);

    unsigned char *p = (unsigned char *)buf_reserve(out, plain_n);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(p, NULL, NULL, b + MAGIC_BYTES + NONCE_BYTES,
                                                   n - MAGIC_BYTES - NONCE_BYTES, b, MAGIC_BYTES,
                                                   b + MAGIC_BYTES, key) != 0) {
        out->p[out->n] = '\0';
        return fail(e, ERR_DENIED, "the key does not open the box, or the box was changed");
    }
    out->n += plain_n;
    out->p[out->n] = '\0';
    return 0;
}

void box_wipe(void *p, size_t n) { sodium_memzero(p, n); }
