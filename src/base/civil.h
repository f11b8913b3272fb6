/* civil.h - dates and times of day of the proleptic Gregorian calendar, without any zone. Any
 * thread. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H
#include "base/lang.h"

struct civil {
    int year, month, day;     /* 2026, 1-12, 1-31 */
    int hour, minute, second; /* 0-23, 0-59, 0-59 */
};

/** Seconds from 1970-01-01 00:00:00 to ${c}; its members may lie outside of their ranges, months
 * too. */
int64_t civil_seconds(const struct civil *c);
struct civil civil_of(int64_t seconds);
/** 0 = Sunday ... 6 = Saturday. */
int civil_weekday(const struct civil *c);
int civil_month_days(int year, int month);
#endif
