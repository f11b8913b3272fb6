/* rand.c - see rand.h. */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t n)
{
    char *p = out;

    while (n) {
        ssize_t got = getrandom(p, n, 0);
        ASSERT(got > 0 || errno == EINTR);
        if (got > 0) p += got, n -= (size_t)got;
    }
}

uint32_t rand_below(uint32_t below)
{
    uint32_t v, limit = UINT32_MAX - UINT32_MAX % below;

    ASSERT(below > 0);
    do rand_bytes(&v, sizeof(v));
    while (v >= limit);
    return v % below;
}
