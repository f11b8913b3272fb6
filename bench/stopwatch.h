/* stopwatch.h - the clock that the programs of bench/ measure with: monotonic, as a fraction. */
#ifndef BENCH_STOPWATCH_H
#define BENCH_STOPWATCH_H
#include <time.h>

static inline double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline double now_s(void) { return now_ms() / 1e3; }
#endif
