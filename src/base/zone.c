/* zone.c - see zone.h. */
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/civil.h"
#include "base/str.h"

#define TRANSITIONS_MAX 10000 /* real files have some hundreds */
#define HEAD_BYTES 44

/* "M3.5.0/2": week 5 (the last) of month 3, on Sunday, 2 hours after midnight. */
struct rule_day {
    enum { DAY_MONTH_WEEK, DAY_JULIAN, DAY_OF_YEAR } kind;
    int month, week, weekday; /* DAY_MONTH_WEEK */
    int day;                  /* the others: 1-365 without leap days, or 0-365 */
    int32_t at_s;             /* of local time */
};
struct rule { /* what holds after the last transition */
    int32_t standard, summer;
    bool has_summer;
    struct rule_day begins, ends;
};
struct transition {
    int64_t at;
    int32_t offset;
};
struct zone {
    int32_t first; /* before the first transition */
    struct transition *items;
    size_t n;
    bool has_rule;
    struct rule rule;
};

struct zone *zone_fixed(int32_t offset_s)
{
    struct zone *z = xcalloc(1, sizeof(*z));

    z->first = offset_s;
    return z;
}

void zone_free(struct zone *z)
{
    if (z == NULL) return;
    free(z->items);
    free(z);
}

/* ---- the rule at the end: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool take_char(const char **s, char c)
{
    if (**s != c) return false;
    ++*s;
    return true;
}

static bool take_number(const char **s, int max, int *ret)
{
    int n = 0, digits = 0;

    for (; **s >= '0' && **s <= '9' && digits < 4; digits++) n = n * 10 + *(*s)++ - '0';
    *ret = n;
    return digits > 0 && n <= max;
}

/* [+-]h[h][:mm[:ss]] */
static bool take_time(const char **s, int32_t *ret)
{
    int sign = take_char(s, '-') ? -1 : 1, hours, minutes = 0, seconds = 0;

    if (sign > 0) take_char(s, '+');
    if (!take_number(s, 167, &hours)) return false;
    if (take_char(s, ':') && !take_number(s, 59, &minutes)) return false;
    if (take_char(s, ':') && !take_number(s, 59, &seconds)) return false;
    *ret = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

/* "CET" or "<+03>" */
static bool take_name(const char **s)
{
    size_t n;

    if (take_char(s, '<')) {
        n = strcspn(*s, ">");
        *s += n;
        return n > 0 && take_char(s, '>');
    }
    for (n = 0; (**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z'); n++) ++*s;
    return n >= 3;
}

static bool take_day(const char **s, struct rule_day *d)
{
    bool ok;

    d->at_s = 2 * 3600;
    if (take_char(s, 'M')) {
        d->kind = DAY_MONTH_WEEK;
        ok = take_number(s, 12, &d->month) && d->month && take_char(s, '.') &&
             take_number(s, 5, &d->week) && d->week && take_char(s, '.') &&
             take_number(s, 6, &d->weekday);
    } else {
        d->kind = take_char(s, 'J') ? DAY_JULIAN : DAY_OF_YEAR;
        ok = take_number(s, 365, &d->day) && (d->kind == DAY_OF_YEAR || d->day);
    }
    return ok && (!take_char(s, '/') || take_time(s, &d->at_s));
}

static bool parse_rule(const char *s, struct rule *r)
{
    int32_t west;

    if (!take_name(&s) || !take_time(&s, &west)) return false;
    r->standard = -west;
    r->has_summer = *s != '\0';
    if (!r->has_summer) return true;
    r->summer = r->standard + 3600;
    if (!take_name(&s)) return false;
    if (*s != ',') {
        if (!take_time(&s, &west)) return false;
        r->summer = -west;
    }
    return take_char(&s, ',') && take_day(&s, &r->begins) && take_char(&s, ',') &&
           take_day(&s, &r->ends) && *s == '\0';
}

/* The local seconds at which the day's rule takes effect in that year. */
static int64_t rule_local(const struct rule_day *d, int year)
{
    struct civil c = {.year = year, .month = 1, .day = 1};

    if (d->kind == DAY_MONTH_WEEK) {
        c.month = d->month;
        c.day = 1 + (d->weekday - civil_weekday(&c) + 7) % 7 + (d->week - 1) * 7;
        if (c.day > civil_month_days(year, d->month)) c.day -= 7;
    } else {
        bool past_leap_day =
            d->kind == DAY_JULIAN && d->day >= 60 && civil_month_days(year, 2) == 29;
        c.day = (d->kind == DAY_JULIAN ? d->day : d->day + 1) + past_leap_day;
    }
    return civil_seconds(&c) + d->at_s;
}

static int32_t rule_offset(const struct rule *r, int64_t utc_s)
{
    if (!r->has_summer) return r->standard;
    int year = civil_of(utc_s + r->standard).year;
    int64_t begins = rule_local(&r->begins, year) - r->standard;
    int64_t ends = rule_local(&r->ends, year) - r->summer;
    bool summer = begins < ends ? utc_s >= begins && utc_s < ends : utc_s >= begins || utc_s < ends;
    return summer ? r->summer : r->standard;
}

/* ---- the file ---- */

struct head {
    uint32_t isut, isstd, leap, times, types, chars;
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_head(const unsigned char *p, size_t n, struct head *h)
{
    if (n < HEAD_BYTES || memcmp(p, "TZif", 4) != 0) return false;
    *h = (struct head){be32(p + 20), be32(p + 24), be32(p + 28),
                       be32(p + 32), be32(p + 36), be32(p + 40)};
    return h->times <= TRANSITIONS_MAX && h->types >= 1 && h->types <= 256 && h->chars <= 4096 &&
           h->leap <= 1000 && h->isut <= 256 && h->isstd <= 256;
}

/* Bytes of the block after a head; ${wide}: of one time. */
static size_t block_bytes(const struct head *h, size_t wide)
{
    return h->times * (wide + 1) + h->types * 6 + h->chars + h->leap * (wide + 4) + h->isstd +
           h->isut;
}

static bool read_block(struct zone *z, const unsigned char *p, const struct head *h)
{
    const unsigned char *index = p + h->times * 8, *types = index + h->times;

    z->first = (int32_t)be32(types);
    z->n = h->times;
    z->items = xcalloc(h->times + 1, sizeof(*z->items));
    for (size_t i = 0; i < z->n; i++) {
        if (index[i] >= h->types) return false;
        z->items[i] =
            (struct transition){be64(p + i * 8), (int32_t)be32(types + (size_t)index[i] * 6)};
        if (i && z->items[i].at <= z->items[i - 1].at) return false;
    }
    return true;
}

/* The line after the block: newline, rule, newline. "" = what held last goes on. */
static bool read_rule(struct zone *z, const char *p, size_t n)
{
    char text[128];
    const char *end = n > 1 && p[0] == '\n' ? memchr(p + 1, '\n', n - 1) : NULL;

    if (end == NULL || (size_t)(end - p) >= sizeof(text)) return false;
    memcpy(text, p + 1, (size_t)(end - p - 1));
    text[end - p - 1] = '\0';
    z->has_rule = text[0] != '\0';
    return !z->has_rule || parse_rule(text, &z->rule);
}

static bool parse(struct zone *z, const unsigned char *p, size_t n)
{
    struct head h;

    if (!read_head(p, n, &h) || p[4] < '2') return false; /* version 1 has no 64-bit times */
    size_t first = HEAD_BYTES + block_bytes(&h, 4);
    if (n < first || !read_head(p + first, n - first, &h)) return false;
    p += first + HEAD_BYTES;
    n -= first + HEAD_BYTES;
    size_t block = block_bytes(&h, 8);
    return n >= block && read_block(z, p, &h) && read_rule(z, (const char *)p + block, n - block);
}

int zone_parse(const void *tzif, size_t n, struct zone **ret, struct error *e)
{
    CLEANUP(zone_freep) struct zone *z = zone_fixed(0);

    if (!parse(z, tzif, n)) return fail(e, ERR_CORRUPT, "not a time zone file");
    *ret = TAKE(z);
    return 0;
}

/* ---- questions ---- */

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
    size_t low = 0, high = z->n; /* the number of transitions up to utc_s */

    if (z->has_rule && (z->n == 0 || utc_s >= z->items[z->n - 1].at))
        return rule_offset(&z->rule, utc_s);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (z->items[middle].at <= utc_s) low = middle + 1;
        else high = middle;
    }
    return low ? z->items[low - 1].offset : z->first;
}

/* The instant at which the offset changes, between one with ${before} and a later one without. */
static int64_t change_between(const struct zone *z, int64_t low, int64_t high, int32_t before)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (zone_offset(z, middle) == before) low = middle;
        else high = middle;
    }
    return high;
}

int64_t zone_utc(const struct zone *z, int64_t local_s)
{
    /* no zone is further than a day from UTC, and none changes twice within two days */
    int32_t before = zone_offset(z, local_s - 86400), after = zone_offset(z, local_s + 86400);

    if (zone_offset(z, local_s - before) == before) return local_s - before;
    if (zone_offset(z, local_s - after) == after) return local_s - after;
    return change_between(z, local_s - 86400, local_s + 86400, before);
}
