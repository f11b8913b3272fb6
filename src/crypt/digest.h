/* digest.h - SHA-256, whole or in pieces. One thread per object. */
#ifndef CRYPT_DIGEST_H
#define CRYPT_DIGEST_H
#include "base/lang.h"

#define DIGEST_HEX_SIZE 65
struct digest {
    _Alignas(16) unsigned char state[128];
};
void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t n);
/** Lower-case hexadecimal of all that was added, into ${out}. */
void digest_end(struct digest *d, char out[DIGEST_HEX_SIZE]);
#endif
