/* zone.c - civil time and time zones, by the zones of this machine's database. */
#include "base/zone.h"

#include <stdio.h>

#include "base/civil.h"
#include "tests/lib/tap.h"

static struct zone *load(const char *name)
{
    static char bytes[64 * 1024];
    char path[200];
    struct zone *z = NULL;
    struct error e = {0};

    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    EXPECT_INT(zone_parse(bytes, n, &z, &e), 0);
    return z;
}

static int64_t at(int year, int month, int day, int hour, int minute)
{
    struct civil c = {year, month, day, hour, minute, 0};

    return civil_seconds(&c);
}

TEST(seconds_and_dates_are_each_others_inverse)
{
    for (int64_t s = -80000000000; s < 80000000000; s += 12345678) {
        struct civil c = civil_of(s);
        if (civil_seconds(&c) != s) EXPECT_INT(civil_seconds(&c), s);
    }
    struct civil c = civil_of(1764028800);
    EXPECT_INT(c.year, 2025);
    EXPECT_INT(c.month, 11);
    EXPECT_INT(c.day, 25);
    EXPECT_INT(civil_weekday(&c), 2);
}

TEST(months_know_their_days)
{
    EXPECT_INT(civil_month_days(2024, 2), 29);
    EXPECT_INT(civil_month_days(2100, 2), 28);
    EXPECT_INT(civil_month_days(2000, 2), 29);
    EXPECT_INT(civil_month_days(2026, 12), 31);
}

TEST(a_day_beyond_the_month_is_one_of_the_next)
{
    EXPECT_INT(at(2026, 2, 31, 0, 0), at(2026, 3, 3, 0, 0));
    EXPECT_INT(at(2026, 13, 1, 0, 0), at(2027, 1, 1, 0, 0));
}

TEST(a_zone_has_summer_time_as_its_file_says)
{
    CLEANUP(zone_freep) struct zone *z = load("Europe/Berlin");

    EXPECT_INT(zone_offset(z, at(2026, 1, 15, 12, 0)), 3600);
    EXPECT_INT(zone_offset(z, at(2026, 7, 15, 12, 0)), 7200);
    EXPECT_INT(zone_offset(z, at(2026, 3, 29, 0, 59)), 3600);
    EXPECT_INT(zone_offset(z, at(2026, 3, 29, 1, 0)), 7200);
    EXPECT_INT(zone_offset(z, at(1850, 1, 1, 0, 0)), 3208);
}

TEST(the_rule_at_the_end_holds_for_years_that_the_file_does_not_list)
{
    CLEANUP(zone_freep) struct zone *north = load("Europe/Berlin");
    CLEANUP(zone_freep) struct zone *south = load("Australia/Sydney");

    EXPECT_INT(zone_offset(north, at(2060, 7, 1, 12, 0)), 7200);
    EXPECT_INT(zone_offset(north, at(2060, 12, 1, 12, 0)), 3600);
    EXPECT_INT(zone_offset(south, at(2060, 7, 1, 12, 0)), 36000);
    EXPECT_INT(zone_offset(south, at(2060, 12, 1, 12, 0)), 39600);
}

TEST(a_local_time_becomes_the_instant_that_reads_so)
{
    static const char *const names[] = {"Europe/Berlin",       "America/New_York", "Asia/Kolkata",
                                        "Australia/Lord_Howe", "Pacific/Apia",     "UTC"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(zone_freep) struct zone *z = load(names[i]);
        for (int64_t utc = at(2009, 1, 1, 0, 0); utc < at(2045, 1, 1, 0, 0); utc += 1800) {
            int64_t local = utc + zone_offset(z, utc), back = zone_utc(z, local);
            if (back + zone_offset(z, back) != local || back > utc) EXPECT_INT(back, utc);
        }
    }
}

TEST(a_time_that_is_left_out_is_the_moment_when_clocks_are_set_forward)
{
    CLEANUP(zone_freep) struct zone *z = load("Europe/Berlin");

    EXPECT_INT(zone_utc(z, at(2026, 3, 29, 2, 30)), at(2026, 3, 29, 1, 0));
}

TEST(a_time_that_comes_twice_is_the_first)
{
    CLEANUP(zone_freep) struct zone *z = load("Europe/Berlin");

    EXPECT_INT(zone_utc(z, at(2026, 10, 25, 2, 30)), at(2026, 10, 25, 0, 30));
}

TEST(a_fixed_zone_never_changes)
{
    CLEANUP(zone_freep) struct zone *z = zone_fixed(-3600);

    EXPECT_INT(zone_offset(z, 0), -3600);
    EXPECT_INT(zone_utc(z, 0), 3600);
}

TEST(what_is_no_zone_file_is_refused)
{
    static const char *const texts[] = {"", "TZif",
                                        "not a zone file at all, whatever it may be called....."};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct zone *z = NULL;
        struct error e = {0};
        EXPECT_INT(zone_parse(texts[i], strlen(texts[i]), &z, &e), -1);
        EXPECT_INT(e.kind, ERR_CORRUPT);
    }
}

TEST(a_file_that_was_cut_anywhere_is_refused)
{
    static char bytes[64 * 1024];
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

    if (f) fclose(f);
    EXPECT(n > 100);
    for (size_t cut = 0; cut < n; cut++) {
        struct zone *z = NULL;
        struct error e = {0};
        if (zone_parse(bytes, cut, &z, &e) == 0) EXPECT_INT(cut, n);
        zone_free(z);
    }
}
