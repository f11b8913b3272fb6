/* digest.c - see digest.h; by libsodium. */
#include "crypt/digest.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(((struct digest *)0)->state),
               "digest state fits");

static crypto_hash_sha256_state *state_of(struct digest *d)
{
    return (crypto_hash_sha256_state *)d->state;
}

void digest_begin(struct digest *d) { crypto_hash_sha256_init(state_of(d)); }
void digest_add(struct digest *d, const void *data, size_t n)
{
    crypto_hash_sha256_update(state_of(d), data, n);
}

void digest_end(struct digest *d, char out[DIGEST_HEX_SIZE])
{
    unsigned char raw[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(state_of(d), raw);
    sodium_bin2hex(out, DIGEST_HEX_SIZE, raw, sizeof(raw));
}
