/* cron.h - cron expressions: when a clock on the wall shows a time that one names.
 *
 * Five fields (minute, hour, day of month, month, day of week), six (seconds before them) or seven
 * (years behind them). A field is * or ?, or a list of values, ranges a-b and steps a/n, a-b/n,
 * *<slash>n. Months and days of the week have names, Sunday is 0 and 7. Day of month: L is the last
 * day, nW the weekday nearest to day n, LW the last weekday. Day of week: nL is the last one of the
 * month, n#k the k-th. Where both kinds of days are named, both must fit. Pure; any thread. */
#ifndef RULES_CRON_H
#define RULES_CRON_H
#include <stdbool.h>

#include "base/civil.h"
#include "base/error.h"

struct cron {
    uint64_t seconds, minutes, hours, days, months, weekdays; /* a bit for each value */
    bool last_day, last_weekday;                              /* L, LW */
    uint32_t nearest;                                         /* nW: a bit for each n */
    uint8_t nth[7]; /* #k: bit k of that day of the week; bit 0: its last one */
    bool any_day, any_weekday;
    uint64_t years[3]; /* from CRON_YEAR_FIRST */
};
#define CRON_YEAR_FIRST 1970
#define CRON_YEAR_LAST 2099

/** ERR_INVALID names the field, what it says and what is allowed. */
int cron_parse(const char *text, struct cron *ret, struct error *e) MUST_USE;
/** The first time after ${local_s} (civil_seconds) that fits; -1 when there is none until the end
 * of CRON_YEAR_LAST. */
int64_t cron_next(const struct cron *c, int64_t local_s);
#endif
