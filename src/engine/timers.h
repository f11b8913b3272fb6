/* timers.h - the `sched` thread: calls at a time. What it calls must be short: it posts an event or
 * queues work. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H
#include <stdbool.h>

#include "base/error.h"

struct timers;
typedef void timer_fn(void *ctx, const char *key);

int timers_start(struct timers **ret, struct error *e) MUST_USE;
/** Calls ${fn}(${ctx}, ${key}) once at ${mono_ms} (clock.h, monotonic), never before; ${key} is
 * copied. Any thread. Calls that are not due when timers_stop comes are dropped. */
void timers_at(struct timers *t, int64_t mono_ms, timer_fn *fn, void *ctx, const char *key);
/** Ends the thread: nothing is called any more. timers_at stays allowed until timers_free. */
void timers_stop(struct timers *t);
void timers_free(struct timers *t); /* stopped, or NULL */

/** An instant of the wall clock that one timer is set for, however often it is asked for. */
struct alarm {
    int64_t wall_ms, mono_ms; /* of the timer; 0 = none */
};
/** True when a timer must be set for ${wall_ms}, at the monotonic time ${a}->mono_ms: none was, or
 * the one that was is due although it is not ${wall_ms} yet, since the wall clock was set back.
 * ${now_ms} and ${mono_ms}: the same moment by both clocks. */
bool alarm_set(struct alarm *a, int64_t wall_ms, int64_t now_ms, int64_t mono_ms);
#endif
