/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall(const struct clock *c)
{
    (void)c;
    return read_ms(CLOCK_REALTIME);
}

static int64_t mono(const struct clock *c)
{
    (void)c;
    return read_ms(CLOCK_BOOTTIME);
}

const struct clock system_clock = {wall, mono};
