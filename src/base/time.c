/* time.c - see time.h. Days are counted in the proleptic Gregorian calendar. */
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int64_t days_of_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_of_days(int64_t z, int64_t *y, int *m, int *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}

const char *time_iso(int64_t ms, char out[TIME_TEXT_SIZE])
{
    int64_t days = ms / 86400000, rest = ms % 86400000, y;
    int m, d;

    if (rest < 0) rest += 86400000, days--;
    civil_of_days(days, &y, &m, &d);
    int r = (int)rest;
    snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+00:00", (int)(y % 10000), m,
             d, r / 3600000, r / 60000 % 60, r / 1000 % 60, r % 1000);
    return out;
}

/* Reads exactly ${n} digits. */
static bool digits(const char **s, int n, int *ret)
{
    int v = 0;

    for (int i = 0; i < n; i++, ++*s) {
        if (!isdigit((unsigned char)**s)) return false;
        v = v * 10 + (**s - '0');
    }
    *ret = v;
    return true;
}

static bool expect(const char **s, char c)
{
    if (**s != c) return false;
    ++*s;
    return true;
}

/* Fraction digits behind a dot, as milliseconds. */
static int fraction(const char **s)
{
    int ms = 0, weight = 100;

    for (; isdigit((unsigned char)**s); ++*s, weight /= 10) ms += (**s - '0') * weight;
    return ms;
}

static bool offset(const char **s, int *ret_minutes)
{
    int h, m, sign = **s == '-' ? -1 : 1;

    *ret_minutes = 0;
    if (expect(s, 'Z') || expect(s, 'z')) return true;
    if (**s != '+' && **s != '-') return false;
    ++*s;
    if (!digits(s, 2, &h)) return false;
    expect(s, ':');
    if (!digits(s, 2, &m) || h > 23 || m > 59) return false;
    *ret_minutes = sign * (h * 60 + m);
    return true;
}

bool time_parse_iso(const char *s, int64_t *ret_ms)
{
    int y, mo, d, h, mi, se, ms = 0, off;

    if (!digits(&s, 4, &y) || !expect(&s, '-') || !digits(&s, 2, &mo) || !expect(&s, '-') ||
        !digits(&s, 2, &d))
        return false;
    if (!expect(&s, 'T') && !expect(&s, 't') && !expect(&s, ' ')) return false;
    if (!digits(&s, 2, &h) || !expect(&s, ':') || !digits(&s, 2, &mi) || !expect(&s, ':') ||
        !digits(&s, 2, &se))
        return false;
    if (expect(&s, '.')) ms = fraction(&s);
    if (!offset(&s, &off) || *s) return false;
    if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || se > 60) return false;
    *ret_ms = ((days_of_civil(y, mo, d) * 24 + h) * 60 + mi - off) * 60000 + se * 1000 + ms;
    return true;
}

const char *time_duration(int64_t ms, char out[64])
{
    int64_t s = (ms + 500) / 1000;
    const char *many = "s";

    if (ms < 0) s = 0;
    if (s < 60) {
        snprintf(out, 64, "%d second%s", (int)s, s == 1 ? "" : many);
    } else if (s < 3600) {
        snprintf(out, 64, "%d minute%s", (int)(s / 60), s / 60 == 1 ? "" : many);
    } else {
        snprintf(out, 64, "%lld hour%s %d minute%s", (long long)(s / 3600),
                 s / 3600 == 1 ? "" : many, (int)(s / 60 % 60), s / 60 % 60 == 1 ? "" : many);
    }
    return out;
}

const char *time_span(int64_t ms, char out[TIME_TEXT_SIZE])
{
    int64_t days = ms / 86400000;
    int r = (int)(ms % 86400000), n = 0;

    if (days) n = snprintf(out, TIME_TEXT_SIZE, "%lld.", (long long)(days % 1000000000));
    n += snprintf(out + n, (size_t)(TIME_TEXT_SIZE - n), "%02d:%02d:%02d", r / 3600000,
                  r / 60000 % 60, r / 1000 % 60);
    if (r % 1000) snprintf(out + n, (size_t)(TIME_TEXT_SIZE - n), ".%03d0000", r % 1000);
    return out;
}

bool time_parse_span(const char *s, int64_t *ret_ms)
{
    int64_t days = 0;
    int h, m, sec, ms = 0;
    const char *dot = strchr(s, '.'), *colon = strchr(s, ':');

    if (dot && colon && dot < colon) {
        for (; isdigit((unsigned char)*s) && days < 10000000; s++) days = days * 10 + (*s - '0');
        if (s != dot) return false;
        s++;
    }
    if (!digits(&s, 2, &h) || !expect(&s, ':') || !digits(&s, 2, &m) || !expect(&s, ':') ||
        !digits(&s, 2, &sec))
        return false;
    if (expect(&s, '.')) ms = fraction(&s);
    if (*s || h > 23 || m > 59 || sec > 59) return false;
    *ret_ms = (((days * 24 + h) * 60 + m) * 60 + sec) * 1000 + ms;
    return true;
}
