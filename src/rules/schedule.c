/* schedule.c - see schedule.h. A kind answers for local time only; schedule_next alone knows
 * zones. */
#include "rules/schedule.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"

#define DAY_S 86400

static const char *const kind_names[] = {"OnceDailySchedule", "ContinuousDailySchedule",
                                         "DaysPerMonthSchedule", "CronExpressionSchedule"};
static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};

static int place_of(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_same(names[i], name)) return (int)i;
    return -1;
}

bool schedule_is(const json_t *filter)
{
    return place_of(kind_names, ARRAY_LEN(kind_names), jv_str(filter, "FilterType", "")) >= 0;
}

/* ---- reading ---- */

static int read_wall(const json_t *filter, const char *member, struct civil *ret, struct error *e)
{
    const char *s = jv_str(filter, member, "");

    if (time_parse_wall(s, ret)) return 0;
    return fail_at(e, member, "%s: \"%.100s\" is no date and time like 2026-01-31T09:00:00", member,
                   s);
}

static int32_t of_day(const struct civil *c) { return c->hour * 3600 + c->minute * 60 + c->second; }

static int read_start(const json_t *filter, const char *member, struct schedule *s, struct error *e)
{
    struct civil c;

    if (read_wall(filter, member, &c, e) < 0) return -1;
    s->at_s = of_day(&c);
    s->start_s = civil_seconds(&c) - s->at_s;
    return 0;
}

/* No list at all is every day, an empty one none. */
static int read_weekdays(const json_t *filter, struct schedule *s, struct error *e)
{
    const json_t *list = jv_get(filter, "DaysOfWeek"), *one;
    size_t i;

    s->weekdays = json_is_array(list) ? 0 : 0x7f;
    json_array_foreach (list, i, one) {
        const char *name = json_is_string(one) ? json_string_value(one) : "";
        int day = place_of(weekday_names, ARRAY_LEN(weekday_names), name);
        if (day < 0)
            return fail_at(e, "DaysOfWeek", "DaysOfWeek: \"%.50s\" is none of Sunday to Saturday",
                           name);
        s->weekdays |= (uint8_t)(1 << day);
    }
    return s->weekdays ? 0 : fail_at(e, "DaysOfWeek", "DaysOfWeek names no day");
}

static int read_daily(const json_t *filter, struct schedule *s, struct error *e)
{
    return read_start(filter, "StartTime", s, e) < 0 ? -1 : read_weekdays(filter, s, e);
}

static int read_step(const json_t *filter, const char *member, int64_t max, int32_t unit_s,
                     struct schedule *s, struct error *e)
{
    int64_t n = jv_i64(filter, member, 1);

    if (n < 1 || n > max)
        return fail_at(e, member, "%s: %lld is not between 1 and %lld", member, (long long)n,
                       (long long)max);
    s->step_s = (int32_t)n * unit_s;
    return 0;
}

static int read_interval(const json_t *filter, struct schedule *s, struct error *e)
{
    static const char *const intervals[] = {"OnceDaily", "OnceHourly", "OnceEveryMinute"};
    const char *name = jv_str(filter, "Interval", "");
    struct civil until;

    if (read_start(filter, "RunAfter", s, e) < 0 || read_wall(filter, "RunUntil", &until, e) < 0 ||
        read_weekdays(filter, s, e) < 0)
        return -1;
    s->until_s = of_day(&until);
    if (s->until_s < s->at_s)
        return fail_at(e, "RunUntil", "RunUntil: its time of day is before that of RunAfter");
    s->step_s = DAY_S;
    switch (place_of(intervals, ARRAY_LEN(intervals), name)) {
    case 0: return 0;
    case 1: return read_step(filter, "HourInterval", 23, 3600, s, e);
    case 2: return read_step(filter, "MinuteInterval", 59, 60, s, e);
    default:
        return fail_at(e, "Interval",
                       "Interval: \"%.50s\" is none of OnceDaily, OnceHourly, OnceEveryMinute",
                       name);
    }
}

/* A member that is a number in a text, or "L" for the last: 0. */
static int read_place(const json_t *filter, const char *member, int64_t max, int *ret,
                      struct error *e)
{
    const char *text = jv_str(filter, member, "");
    int64_t n = jv_i64(filter, member, 0);

    if (str_same(text, "L")) return *ret = 0;
    if (n == 0 && !str_i64(text, 1, max, &n)) n = -1;
    if (n < 1 || n > max)
        return fail_at(e, member, "%s: \"%.50s\" is neither 1 to %lld nor L for the last", member,
                       text, (long long)max);
    *ret = (int)n;
    return 0;
}

static int read_monthly(const json_t *filter, struct schedule *s, struct error *e)
{
    const char *type = jv_str(filter, "MonthlyScheduleType", "");
    const char *day = jv_str(filter, "DayOfWeek", "");

    if (read_start(filter, "StartTime", s, e) < 0) return -1;
    if (str_same(type, "DateOfMonth")) return read_place(filter, "DateOfMonth", 31, &s->date, e);
    if (!str_same(type, "DayOfMonth"))
        return fail_at(e, "MonthlyScheduleType",
                       "MonthlyScheduleType: \"%.50s\" is neither DateOfMonth nor DayOfMonth",
                       type);
    s->date = -1;
    s->weekday = place_of(weekday_names, ARRAY_LEN(weekday_names), day);
    if (s->weekday < 0)
        return fail_at(e, "DayOfWeek", "DayOfWeek: \"%.50s\" is none of Sunday to Saturday", day);
    return read_place(filter, "DayNumberOfMonth", 4, &s->nth, e);
}

static int read_cron(const json_t *filter, struct schedule *s, struct error *e)
{
    if (cron_parse(jv_str(filter, "CronExpression", ""), &s->cron, e) == 0) return 0;
    return fail_wrap(e, "CronExpression");
}

int schedule_parse(const json_t *filter, struct schedule *ret, struct error *e)
{
    static int (*const readers[])(const json_t *, struct schedule *, struct error *) = {
        read_daily, read_interval, read_monthly, read_cron};
    const char *type = jv_str(filter, "FilterType", "");
    int kind = place_of(kind_names, ARRAY_LEN(kind_names), type);
    struct schedule s = {.kind = (enum schedule_kind)kind};

    if (kind < 0)
        return fail_at(e, "FilterType", "FilterType: \"%.50s\" is none of %s, %s, %s, %s", type,
                       kind_names[0], kind_names[1], kind_names[2], kind_names[3]);
    if (readers[kind](filter, &s, e) < 0) return -1;
    *ret = s;
    return 0;
}

/* ---- local times ---- */

static int64_t day_of(int64_t local_s) { return local_s - (local_s % DAY_S + DAY_S) % DAY_S; }

static bool has_weekday(const struct schedule *s, int64_t day_s)
{
    struct civil c = civil_of(day_s);

    return s->weekdays >> civil_weekday(&c) & 1;
}

/* The first time of day after ${after} (may be negative: before that day); -1. */
static int64_t next_in_day(const struct schedule *s, int64_t after)
{
    if (s->kind == SCHEDULE_DAILY) return after < s->at_s ? s->at_s : -1;
    int64_t step = after < s->at_s ? 0 : (after - s->at_s) / s->step_s + 1;
    int64_t at = s->at_s + step * s->step_s;
    return at <= s->until_s ? at : -1;
}

static int64_t next_daily(const struct schedule *s, int64_t local_s)
{
    int64_t day = day_of(local_s > s->start_s ? local_s : s->start_s);

    for (int i = 0; i < 9; i++, day += DAY_S) {
        int64_t at = has_weekday(s, day) ? next_in_day(s, local_s - day) : -1;
        if (at >= 0) return day + at;
    }
    return -1;
}

/* The day of that month that is meant; 0 = it has none. */
static int day_of_month(const struct schedule *s, int year, int month)
{
    int last = civil_month_days(year, month);
    struct civil c = {year, month, 1, 0, 0, 0};

    if (s->date >= 0) return s->date == 0 ? last : s->date <= last ? s->date : 0;
    int day = 1 + (s->weekday - civil_weekday(&c) + 7) % 7;
    if (s->nth) return day + (s->nth - 1) * 7;
    while (day + 7 <= last) day += 7;
    return day;
}

static int64_t next_monthly(const struct schedule *s, int64_t local_s)
{
    struct civil c = civil_of(local_s > s->start_s ? local_s : s->start_s);

    for (int i = 0; i < 13; i++) {
        struct civil at = {c.year, c.month + i, 1, 0, 0, 0};
        at = civil_of(civil_seconds(&at));
        at.day = day_of_month(s, at.year, at.month);
        int64_t found = civil_seconds(&at) + s->at_s;
        if (at.day && found > local_s && found >= s->start_s) return found;
    }
    return -1;
}

static int64_t next_local(const struct schedule *s, int64_t local_s)
{
    switch (s->kind) {
    case SCHEDULE_CRON: return cron_next(&s->cron, local_s);
    case SCHEDULE_MONTHLY: return next_monthly(s, local_s);
    default: return next_daily(s, local_s);
    }
}

int64_t schedule_next(const struct schedule *s, const struct zone *z, int64_t after_s)
{
    int64_t local = after_s + zone_offset(z, after_s);

    /* times that clocks set back show again map to instants that have passed */
    while ((local = next_local(s, local)) >= 0) {
        int64_t at = zone_utc(z, local);
        if (at > after_s) return at;
    }
    return -1;
}
