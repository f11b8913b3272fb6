/* cron.c - cron expressions: what they say, and what is none. */
#include "rules/cron.h"

#include <stdio.h>

#include "base/time.h"
#include "tests/lib/tap.h"

/* The first ${n} times after ${from} as text, "2026-01-01 06:00:00, ..." */
static const char *times(const char *expression, const char *from, int n)
{
    static char out[512];
    struct civil c;
    struct cron cron;
    struct error err = {0};
    size_t length = 0;

    EXPECT_OK(cron_parse(expression, &cron, &err));
    EXPECT(time_parse_wall(from, &c));
    int64_t at = civil_seconds(&c);
    out[0] = '\0';
    for (int i = 0; i < n; i++) {
        at = cron_next(&cron, at);
        if (at < 0) {
            snprintf(out + length, sizeof(out) - length, "%snever", i ? ", " : "");
            return out;
        }
        c = civil_of(at);
        length +=
            (size_t)snprintf(out + length, sizeof(out) - length, "%s%04d-%02d-%02d %02d:%02d:%02d",
                             i ? ", " : "", c.year, c.month, c.day, c.hour, c.minute, c.second);
    }
    return out;
}

static const struct {
    const char *expression, *from, *wanted;
    int n;
} rows[] = {
    {"0 0 06 * * Mon-Fri", "2026-11-27T05:00:00",
     "2026-11-27 06:00:00, 2026-11-30 06:00:00, 2026-12-01 06:00:00", 3},
    {"0 6 * * *", "2026-11-27T06:00:00", "2026-11-28 06:00:00", 1},
    {"*/15 * * * *", "2026-11-27T05:50:01", "2026-11-27 06:00:00, 2026-11-27 06:15:00", 2},
    {"10/20 * * * *", "2026-11-27T05:50:00", "2026-11-27 06:10:00, 2026-11-27 06:30:00", 2},
    {"30 0 0 1 1 ?", "2026-11-27T05:50:00", "2027-01-01 00:00:30", 1},
    {"0 0 12 L * ?", "2026-02-01T00:00:00", "2026-02-28 12:00:00, 2026-03-31 12:00:00", 2},
    {"0 0 12 L 2 *", "2026-03-01T00:00:00", "2027-02-28 12:00:00, 2028-02-29 12:00:00", 2},
    {"0 0 12 15W * ?", "2026-11-01T00:00:00", "2026-11-16 12:00:00, 2026-12-15 12:00:00", 2},
    {"0 0 12 1W * ?", "2026-08-01T00:00:00", "2026-08-03 12:00:00", 1},
    {"0 0 12 LW * ?", "2026-10-01T00:00:00", "2026-10-30 12:00:00", 1},
    {"0 0 12 ? * 6L", "2026-11-01T00:00:00", "2026-11-28 12:00:00", 1},
    {"0 0 12 ? * FRI#2", "2026-11-01T00:00:00", "2026-11-13 12:00:00, 2026-12-11 12:00:00", 2},
    {"0 0 12 ? * MON#5", "2026-12-01T00:00:00", "2027-03-29 12:00:00", 1},
    {"0 12 13 * FRI", "2026-11-01T00:00:00", "2026-11-13 12:00:00, 2027-08-13 12:00:00", 2},
    {"0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29 00:00:00, 2032-02-29 00:00:00", 2},
    {"0 12 * * SAT-SUN", "2026-11-27T13:00:00", "2026-11-28 12:00:00, 2026-11-29 12:00:00", 2},
    {"0 12 * * 7", "2026-11-27T13:00:00", "2026-11-29 12:00:00", 1},
    {"0 12 1 jan,JUL *", "2026-11-27T13:00:00", "2027-01-01 12:00:00, 2027-07-01 12:00:00", 2},
    {"0 0 0 1 1 ? 2030-2031", "2026-11-27T13:00:00",
     "2030-01-01 00:00:00, 2031-01-01 00:00:00, never", 3},
    {"0 0 30 2 *", "2026-11-27T13:00:00", "never", 1},
    {"59 59 23 31 12 *", "2026-12-31T23:59:58", "2026-12-31 23:59:59, 2027-12-31 23:59:59", 2},
    {"*/20 * * * * *", "2026-12-31T23:59:41", "2027-01-01 00:00:00, 2027-01-01 00:00:20", 2},
    {"0 10-12/2 * * *", "2026-12-31T10:00:00", "2026-12-31 12:00:00, 2027-01-01 10:00:00", 2},
    {"5,50 10 * * *", "2026-12-31T10:10:00", "2026-12-31 10:50:00, 2027-01-01 10:05:00", 2},
};

TEST(an_expression_names_times)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        EXPECT_STR(times(rows[i].expression, rows[i].from, rows[i].n), rows[i].wanted);
}

TEST(what_is_no_expression_is_refused_with_the_part_that_is_wrong)
{
    static const struct {
        const char *text, *word;
    } wrong[] = {
        {"", "fields"},
        {"* * * *", "fields"},
        {"* * * * * * * *", "fields"},
        {"60 * * * *", "60"},
        {"* 24 * * *", "24"},
        {"* * 0 * *", "\"0\""},
        {"* * 32 * *", "32"},
        {"* * * 13 * ", "13"},
        {"* * * * 8", "\"8\""},
        {"5-2 * * * *", "5-2"},
        {"*/0 * * * *", "*/0"},
        {"a * * * *", "minute"},
        {"1,,2 * * * *", "\"\""},
        {"* * * * MON#6", "MON#6"},
        {"* * * FOO *", "month"},
        {"* * LX * *", "LX"},
        {"0 0 0 1 1 ? 1969", "1969"},
        {"1-2-3 * * * *", "1-2-3"},
        {"99999 * * * *", "99999"},
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct cron c;
        struct error e = {0};
        EXPECT_INT(cron_parse(wrong[i].text, &c, &e), -1);
        EXPECT_INT(e.kind, ERR_INVALID);
        if (strstr(e.text, wrong[i].word) == NULL) EXPECT_STR(e.text, wrong[i].word);
    }
}
