/* throttle.h - how often something may be tried per key: a burst, then one per interval.
 *
 * One number per slot; a key has the slot that a hash with a secret seed gives it, so memory is
 * fixed, and nobody can choose whose slot he shares. Any thread, without a lock. */
#ifndef CRYPT_THROTTLE_H
#define CRYPT_THROTTLE_H
#include "base/lang.h"

struct throttle;
/** ${burst} at once, then one each ${interval_ms}. */
struct throttle *throttle_new(int64_t interval_ms, int64_t burst);
void throttle_free(struct throttle *t); /* NULL is fine */
/** Takes one of ${key}: 0, or the ms until there is one again and nothing is taken.
 * ${mono_ms}: clock.h. */
int64_t throttle_take(struct throttle *t, const char *key, int64_t mono_ms);
/** Gives back what was taken: the try does not count. */
void throttle_give(struct throttle *t, const char *key);
#endif
