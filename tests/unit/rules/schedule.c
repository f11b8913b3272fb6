/* schedule.c - when scheduled triggers are due, in their time zones. */
#include "rules/schedule.h"

#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "tests/lib/tap.h"

static struct zone *zone(const char *name)
{
    static char bytes[64 * 1024];
    char path[200];
    struct zone *z = NULL;
    struct error err = {0};

    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    EXPECT(f != NULL);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    EXPECT_OK(zone_parse(bytes, n, &z, &err));
    return z;
}

/* The next ${n} instants after ${from} (UTC), as text. */
static const char *due(const char *filter, const char *zone_name, const char *from, int n)
{
    static char out[600];
    CLEANUP(zone_freep) struct zone *z = zone(zone_name);
    json_auto_t *doc = NULL;
    struct schedule s;
    struct error err = {0};
    int64_t ms;
    size_t length = 0;

    EXPECT_OK(jv_parse(filter, strlen(filter), &doc, &err));
    EXPECT_OK(schedule_parse(doc, &s, &err));
    EXPECT(time_parse_iso(from, &ms));
    int64_t at = ms / 1000;
    for (int i = 0; i < n && at >= 0; i++) {
        at = schedule_next(&s, z, at);
        char text[TIME_TEXT_SIZE];
        length += (size_t)snprintf(out + length, sizeof(out) - length, "%s%.16s", i ? " " : "",
                                   at < 0 ? "never" : time_iso(at * 1000, text));
    }
    return out;
}

#define DAILY(time, days) \
    "{\"FilterType\":\"OnceDailySchedule\",\"StartTime\":\"" time "\",\"DaysOfWeek\":[" days "]}"
#define EVERY(interval, after, until)                                                \
    "{\"FilterType\":\"ContinuousDailySchedule\"," interval ",\"RunAfter\":\"" after \
    "\",\"RunUntil\":\"" until "\",\"DaysOfWeek\":[\"Monday\",\"Tuesday\",\"Sunday\"]}"
#define MONTHLY(rest) \
    "{\"FilterType\":\"DaysPerMonthSchedule\",\"StartTime\":\"2024-03-22T09:00:00.000Z\"," rest "}"
#define CRON(expression) \
    "{\"FilterType\":\"CronExpressionSchedule\",\"CronExpression\":\"" expression "\"}"

static const struct {
    const char *filter, *zone, *from, *wanted;
    int n;
} rows[] = {
    {DAILY("2024-03-22T09:00:00", "\"Tuesday\",\"Monday\""), "UTC", "2026-11-25T00:00:00Z",
     "2026-11-30T09:00 2026-12-01T09:00 2026-12-07T09:00", 3},
    {DAILY("2024-03-22T09:00:00", "\"Wednesday\""), "America/New_York", "2026-11-25T13:59:59Z",
     "2026-11-25T14:00", 1},
    {DAILY("2024-03-22T09:00:00", "\"Wednesday\""), "America/New_York", "2026-11-25T14:00:00Z",
     "2026-12-02T14:00", 1},
    /* not before its first day */
    {DAILY("2027-01-06T09:00:00", "\"Wednesday\""), "UTC", "2026-11-25T00:00:00Z",
     "2027-01-06T09:00", 1},
    /* the time is left out on the 29th of March: it comes when clocks are set forward */
    {DAILY("2024-03-22T02:30:00", "\"Saturday\",\"Sunday\",\"Monday\""), "Europe/Berlin",
     "2026-03-28T00:00:00Z", "2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:30", 3},
    /* it comes twice on the 25th of October: once is enough */
    {DAILY("2024-03-22T02:30:00", "\"Saturday\",\"Sunday\",\"Monday\""), "Europe/Berlin",
     "2026-10-24T12:00:00Z", "2026-10-25T00:30 2026-10-26T01:30", 2},
    {EVERY("\"Interval\":\"OnceHourly\",\"HourInterval\":3", "2024-03-22T09:00:00",
           "2024-03-29T13:00:00"),
     "UTC", "2026-11-29T08:00:00Z",
     "2026-11-29T09:00 2026-11-29T12:00 2026-11-30T09:00 2026-11-30T12:00 2026-12-01T09:00", 5},
    {EVERY("\"Interval\":\"OnceEveryMinute\",\"MinuteInterval\":30", "2024-03-22T23:00:00",
           "2024-03-29T23:59:00"),
     "Asia/Kolkata", "2026-11-29T17:29:00Z", "2026-11-29T17:30 2026-11-29T18:00 2026-11-30T17:30",
     3},
    {EVERY("\"Interval\":\"OnceDaily\"", "2024-03-22T09:00:00", "2024-03-29T13:00:00"), "UTC",
     "2026-11-29T09:00:00Z", "2026-11-30T09:00", 1},
    {MONTHLY("\"MonthlyScheduleType\":\"DateOfMonth\",\"DateOfMonth\":\"31\""), "UTC",
     "2026-11-01T00:00:00Z", "2026-12-31T09:00 2027-01-31T09:00 2027-03-31T09:00", 3},
    {MONTHLY("\"MonthlyScheduleType\":\"DateOfMonth\",\"DateOfMonth\":\"L\""), "UTC",
     "2027-02-01T00:00:00Z", "2027-02-28T09:00 2027-03-31T09:00", 2},
    {MONTHLY("\"MonthlyScheduleType\":\"DayOfMonth\",\"DayNumberOfMonth\":\"2\",\"DayOfWeek\":"
             "\"Friday\""),
     "UTC", "2026-11-01T00:00:00Z", "2026-11-13T09:00 2026-12-11T09:00", 2},
    {MONTHLY("\"MonthlyScheduleType\":\"DayOfMonth\",\"DayNumberOfMonth\":\"L\",\"DayOfWeek\":"
             "\"Saturday\""),
     "UTC", "2026-11-01T00:00:00Z", "2026-11-28T09:00 2026-12-26T09:00", 2},
    {CRON("0 0 06 * * Mon-Fri"), "Europe/Berlin", "2026-10-23T03:00:00Z",
     "2026-10-23T04:00 2026-10-26T05:00", 2},
    {CRON("0 30 2 * * *"), "Europe/Berlin", "2026-10-24T12:00:00Z",
     "2026-10-25T00:30 2026-10-26T01:30", 2},
    {CRON("0 0 30 2 *"), "UTC", "2026-10-24T12:00:00Z", "never", 1},
};

TEST(a_trigger_is_due_when_the_clocks_of_its_zone_show_its_time)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        EXPECT_STR(due(rows[i].filter, rows[i].zone, rows[i].from, rows[i].n), rows[i].wanted);
}

TEST(a_schedule_that_cannot_be_read_is_refused_with_its_member)
{
    static const struct {
        const char *filter, *member;
    } wrong[] = {
        {"{\"FilterType\":\"Monthly\"}", "FilterType"},
        {DAILY("tomorrow", "\"Monday\""), "StartTime"},
        {DAILY("2024-03-22T09:00:00", ""), "DaysOfWeek"},
        {DAILY("2024-03-22T09:00:00", "\"Mon\""), "DaysOfWeek"},
        {EVERY("\"Interval\":\"Often\"", "2024-03-22T09:00:00", "2024-03-29T13:00:00"), "Interval"},
        {EVERY("\"Interval\":\"OnceHourly\",\"HourInterval\":24", "2024-03-22T09:00:00",
               "2024-03-29T13:00:00"),
         "HourInterval"},
        {EVERY("\"Interval\":\"OnceEveryMinute\",\"MinuteInterval\":0", "2024-03-22T09:00:00",
               "2024-03-29T13:00:00"),
         "MinuteInterval"},
        {EVERY("\"Interval\":\"OnceHourly\"", "2024-03-22T19:00:00", "2024-03-29T13:00:00"),
         "RunUntil"},
        {MONTHLY("\"MonthlyScheduleType\":\"Sometimes\""), "MonthlyScheduleType"},
        {MONTHLY("\"MonthlyScheduleType\":\"DateOfMonth\",\"DateOfMonth\":\"32\""), "DateOfMonth"},
        {MONTHLY("\"MonthlyScheduleType\":\"DayOfMonth\",\"DayOfWeek\":\"Friday\","
                 "\"DayNumberOfMonth\":\"5\""),
         "DayNumberOfMonth"},
        {CRON("* *"), "CronExpression"},
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        json_auto_t *doc = NULL;
        struct schedule s;
        struct error err = {0};
        EXPECT_OK(jv_parse(wrong[i].filter, strlen(wrong[i].filter), &doc, &err));
        EXPECT_INT(schedule_parse(doc, &s, &err), -1);
        EXPECT_INT(err.kind, ERR_INVALID);
        if (!str_starts(err.text, wrong[i].member)) EXPECT_STR(err.text, wrong[i].member);
    }
}
