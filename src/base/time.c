/* time.c - see time.h. Days are counted in the proleptic Gregorian calendar. */
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *time_iso(int64_t ms, char out[TIME_TEXT_SIZE])
{
    int rest = (int)((ms % 1000 + 1000) % 1000);
    struct civil c = civil_of((ms - rest) / 1000);

    snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+00:00", c.year % 10000,
             c.month, c.day, c.hour, c.minute, c.second, rest);
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

/* Date, time of day and fraction; ${s} stands behind them then. */
static bool wall(const char **s, struct civil *c, int *ret_ms)
{
    if (!digits(s, 4, &c->year) || !expect(s, '-') || !digits(s, 2, &c->month) || !expect(s, '-') ||
        !digits(s, 2, &c->day))
        return false;
    if (!expect(s, 'T') && !expect(s, 't') && !expect(s, ' ')) return false;
    if (!digits(s, 2, &c->hour) || !expect(s, ':') || !digits(s, 2, &c->minute) ||
        !expect(s, ':') || !digits(s, 2, &c->second))
        return false;
    *ret_ms = expect(s, '.') ? fraction(s) : 0;
    return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31 && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 60;
}

bool time_parse_iso(const char *s, int64_t *ret_ms)
{
    struct civil c;
    int ms, minutes;

    if (!wall(&s, &c, &ms) || !offset(&s, &minutes) || *s) return false;
    *ret_ms = (civil_seconds(&c) - minutes * 60) * 1000 + ms;
    return true;
}

bool time_parse_wall(const char *s, struct civil *ret)
{
    int ms, minutes;

    return wall(&s, ret, &ms) && (*s == '\0' || (offset(&s, &minutes) && *s == '\0'));
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
