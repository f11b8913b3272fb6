/* digest.c - see digest.h; by OpenSSL, which uses the processor's own instructions for it where
 * there are some: uploads are hashed as fast as they arrive. */
#define OPENSSL_API_COMPAT 0x10100000L /* the plain functions need no memory and cannot fail */
#include "crypt/digest.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct digest *)0)->state), "digest state fits");

static SHA256_CTX *state_of(struct digest *d) { return (SHA256_CTX *)d->state; }

void digest_begin(struct digest *d) { SHA256_Init(state_of(d)); }
void digest_add(struct digest *d, const void *data, size_t n)
{
    SHA256_Update(state_of(d), data, n);
}

void digest_end(struct digest *d, char out[DIGEST_HEX_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[SHA256_DIGEST_LENGTH];

    SHA256_Final(raw, state_of(d));
    for (size_t i = 0; i < sizeof(raw); i++) {
        *out++ = hex[raw[i] >> 4];
        *out++ = hex[raw[i] & 15];
    }
    *out = '\0';
}
