/* rand.h - random bytes from the kernel. Any thread. */
#ifndef BASE_RAND_H
#define BASE_RAND_H
#include "base/lang.h"
void rand_bytes(void *out, size_t n);
/** Uniform in [0, ${below}). */
uint32_t rand_below(uint32_t below);
#endif
