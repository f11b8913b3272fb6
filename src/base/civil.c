/* civil.c - see civil.h. Days are counted from 0000-03-01, so that the leap day is a year's last.
 */
#include "base/civil.h"

#define DAY_S 86400
#define ERA_DAYS 146097   /* 400 years */
#define EPOCH_DAYS 719468 /* 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t days_of(int64_t year, int month, int day)
{
    year += floor_div(month - 1, 12);
    month = (int)(((month - 1) % 12 + 12) % 12) + 1;
    if (month <= 2) year--;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;
}

int64_t civil_seconds(const struct civil *c)
{
    return days_of(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

static void set_date(struct civil *c, int64_t days)
{
    days += EPOCH_DAYS;
    int64_t era = floor_div(days, ERA_DAYS), of_era = days - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    int of_year = (int)(of_era - (365 * year + year / 4 - year / 100));
    int shifted = (5 * of_year + 2) / 153; /* 0 = March */

    c->day = of_year - (153 * shifted + 2) / 5 + 1;
    c->month = shifted + (shifted < 10 ? 3 : -9);
    c->year = (int)(year + era * 400) + (c->month <= 2);
}

struct civil civil_of(int64_t seconds)
{
    int64_t days = floor_div(seconds, DAY_S);
    int rest = (int)(seconds - days * DAY_S);
    struct civil c = {.hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60};

    set_date(&c, days);
    return c;
}

int civil_weekday(const struct civil *c)
{
    int64_t days = days_of(c->year, c->month, c->day);

    return (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

int civil_month_days(int year, int month)
{
    return (int)(days_of(year, month + 1, 1) - days_of(year, month, 1));
}
