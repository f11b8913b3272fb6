/* throttle.c - see throttle.h. A slot holds the time at which all that was taken will have come
 * back (the generic cell rate algorithm): a burst is full while that lies more than burst - 1
 * intervals ahead. */
#include "crypt/throttle.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { SLOTS = 16384 };

struct throttle {
    int64_t interval_ms, ahead_ms; /* ahead: the furthest that a slot may be in the future */
    unsigned char seed[crypto_shorthash_KEYBYTES];
    _Atomic int64_t slots[SLOTS];
};

struct throttle *throttle_new(int64_t interval_ms, int64_t burst)
{
    struct throttle *t = xcalloc(1, sizeof(*t));

    ASSERT(sodium_init() >= 0);
    randombytes_buf(t->seed, sizeof(t->seed));
    t->interval_ms = interval_ms;
    t->ahead_ms = (burst - 1) * interval_ms;
    return t;
}

void throttle_free(struct throttle *t) { free(t); }

static _Atomic int64_t *slot_of(struct throttle *t, const char *key)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint32_t n;

    crypto_shorthash(hash, (const unsigned char *)key, strlen(key), t->seed);
    memcpy(&n, hash, sizeof(n));
    return &t->slots[n % SLOTS];
}

int64_t throttle_take(struct throttle *t, const char *key, int64_t mono_ms)
{
    _Atomic int64_t *slot = slot_of(t, key);
    int64_t seen = atomic_load(slot), from;

    do {
        from = seen > mono_ms ? seen : mono_ms;
        if (from - mono_ms > t->ahead_ms) return from - mono_ms - t->ahead_ms;
    } while (!atomic_compare_exchange_weak(slot, &seen, from + t->interval_ms));
    return 0;
}

void throttle_give(struct throttle *t, const char *key)
{
    atomic_fetch_sub(slot_of(t, key), t->interval_ms);
}
