/* clock.h - the time, passed in so that tests can move it.
 *
 * `now_ms` is UTC milliseconds since 1970; `mono_ms` never jumps and is for leases and timeouts.
 * Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
#include "base/lang.h"

struct clock {
    int64_t (*now_ms)(const struct clock *);
    int64_t (*mono_ms)(const struct clock *);
};
extern const struct clock system_clock; /* CLOCK_REALTIME and CLOCK_BOOTTIME */
static inline int64_t clock_now(const struct clock *c) { return c->now_ms(c); }
static inline int64_t clock_mono(const struct clock *c) { return c->mono_ms(c); }
#endif
