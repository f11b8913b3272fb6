/* timers.h - the `sched` thread: calls at a time. What it calls must be short: it posts an event or
 * queues work. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H
#include "base/error.h"

struct timers;
typedef void timer_fn(void *ctx, const char *key);

int timers_start(struct timers **ret, struct error *e) MUST_USE;
/** Calls ${fn}(${ctx}, ${key}) once at ${mono_ms} (clock.h, monotonic); ${key} is copied. Any
 * thread. Calls that are not due when timers_stop comes are dropped. */
void timers_at(struct timers *t, int64_t mono_ms, timer_fn *fn, void *ctx, const char *key);
void timers_stop(struct timers *t);
#endif
