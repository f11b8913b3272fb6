/* cron.c - see cron.h. */
#include "rules/cron.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const day_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct kind {
    const char *name;
    int min, max;
    const char *const *names;
    int n_names, first_name; /* the value of names[0] */
};
enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR, KINDS };
static const struct kind kinds[KINDS] = {
    {"second", 0, 59, NULL, 0, 0},
    {"minute", 0, 59, NULL, 0, 0},
    {"hour", 0, 23, NULL, 0, 0},
    {"day of month", 1, 31, NULL, 0, 0},
    {"month", 1, 12, month_names, 12, 1},
    {"day of week", 0, 7, day_names, 7, 0},
    {"year", CRON_YEAR_FIRST, CRON_YEAR_LAST, NULL, 0, 0},
};

/* One field on its way: values in bits from the kind's least. */
struct field_bits {
    uint64_t bits[3];
};

static void set_bit(struct field_bits *b, int i) { b->bits[i / 64] |= (uint64_t)1 << (i % 64); }

static bool take_value(struct str *s, const struct kind *k, int *ret)
{
    for (int i = 0; i < k->n_names; i++) {
        if (s->n < 3 || strncasecmp(s->p, k->names[i], 3) != 0) continue;
        *ret = k->first_name + i;
        s->p += 3, s->n -= 3;
        return true;
    }
    size_t n = 0;
    for (*ret = 0; n < s->n && n < 4 && isdigit((unsigned char)s->p[n]); n++)
        *ret = *ret * 10 + s->p[n] - '0';
    s->p += n, s->n -= n;
    return n > 0 && *ret >= k->min && *ret <= k->max;
}

static bool take(struct str *s, char c)
{
    if (s->n == 0 || toupper((unsigned char)*s->p) != c) return false;
    s->p++, s->n--;
    return true;
}

static bool take_step(struct str *s, int *ret)
{
    static const struct kind step = {"step", 1, 9999, NULL, 0, 0};

    return take_value(s, &step, ret);
}

/* a, a-b, a/n, a-b/n, *, ?, each of the last two also with /n. */
static bool add_range(struct str s, const struct kind *k, struct field_bits *ret)
{
    int from, to, step = 1;

    if (take(&s, '*') || take(&s, '?')) from = k->min, to = k == &kinds[WEEKDAY] ? 6 : k->max;
    else if (!take_value(&s, k, &from)) return false;
    else {
        to = from;
        if (take(&s, '-')) {
            if (!take_value(&s, k, &to)) return false;
            if (k == &kinds[WEEKDAY] && to == 0) to = 7; /* SAT-SUN */
        } else if (s.n && *s.p == '/') to = k->max;
    }
    if (take(&s, '/') && !take_step(&s, &step)) return false;
    if (s.n || to < from) return false;
    for (int i = from; i <= to; i += step) set_bit(ret, i - k->min);
    return true;
}

/* L, LW, 15W */
static bool add_special_day(struct str s, struct cron *c)
{
    int day;

    if (take(&s, 'L')) {
        if (s.n == 0) return c->last_day = true;
        return take(&s, 'W') && s.n == 0 && (c->last_weekday = true);
    }
    if (!take_value(&s, &kinds[DAY], &day) || !take(&s, 'W') || s.n) return false;
    c->nearest |= (uint32_t)1 << day;
    return true;
}

/* 5L, FRI#2 */
static bool add_special_weekday(struct str s, struct cron *c)
{
    static const struct kind week = {"week", 1, 5, NULL, 0, 0};
    int day, k = 0;

    if (!take_value(&s, &kinds[WEEKDAY], &day)) return false;
    if (!take(&s, 'L') && (!take(&s, '#') || !take_value(&s, &week, &k))) return false;
    c->nth[day % 7] |= (uint8_t)(1 << k);
    return s.n == 0;
}

static bool add_part(struct str part, int i, struct cron *c, struct field_bits *ret)
{
    if (add_range(part, &kinds[i], ret)) return true;
    if (i == DAY) return add_special_day(part, c);
    return i == WEEKDAY && add_special_weekday(part, c);
}

static int parse_field(struct str text, int i, struct cron *c, struct field_bits *ret,
                       struct error *e)
{
    const struct kind *k = &kinds[i];
    struct str rest = text, part;

    while (str_cut(&rest, ',', &part)) {
        if (add_part(part, i, c, ret)) continue;
        return fail(e, ERR_INVALID,
                    "cron: \"%.*s\" is no %s; allowed are %d to %d%s, lists, ranges and steps",
                    (int)part.n, part.p, k->name, k->min, k->max,
                    i == DAY       ? ", L, LW, nW"
                    : i == WEEKDAY ? ", names, nL, n#k"
                    : i == MONTH   ? ", names"
                                   : "");
    }
    return 0;
}

static bool is_any(struct str s) { return str_eq(s, "*") || str_eq(s, "?"); }

static void fill(struct cron *c, const struct field_bits fields[KINDS])
{
    c->seconds = fields[SECOND].bits[0];
    c->minutes = fields[MINUTE].bits[0];
    c->hours = fields[HOUR].bits[0];
    c->days = fields[DAY].bits[0] << 1;
    c->months = fields[MONTH].bits[0] << 1;
    c->weekdays = fields[WEEKDAY].bits[0];
    if (c->weekdays & 1 << 7) c->weekdays |= 1;
    memcpy(c->years, fields[YEAR].bits, sizeof(c->years));
}

/* The fields of the text, in the order of `kinds`; those that are left out are filled in. */
static bool split(const char *text, struct str ret[KINDS])
{
    struct str words[KINDS + 1];
    size_t n = 0;

    for (const char *s = text + strspn(text, " \t"); *s; s += strspn(s, " \t")) {
        if (n > KINDS) return false;
        words[n].p = s;
        s += words[n].n = strcspn(s, " \t");
        if (++n > KINDS) return false;
    }
    if (n < 5) return false;
    ret[SECOND] = str_of("0");
    ret[YEAR] = str_of("*");
    for (size_t i = 0; i < n; i++) ret[i + (n == 5)] = words[i];
    return true;
}

int cron_parse(const char *text, struct cron *ret, struct error *e)
{
    struct field_bits bits[KINDS] = {0};
    struct str fields[KINDS];
    struct cron c = {0};

    if (!split(text, fields))
        return fail(e, ERR_INVALID,
                    "cron: \"%.100s\" has not 5 fields (minute, hour, day of month, month, day of "
                    "week), 6 (seconds first) or 7 (years last)",
                    text);
    for (int i = 0; i < KINDS; i++)
        if (parse_field(fields[i], i, &c, &bits[i], e) < 0) return -1;
    fill(&c, bits);
    c.any_day = is_any(fields[DAY]);
    c.any_weekday = is_any(fields[WEEKDAY]);
    *ret = c;
    return 0;
}

/* ---- which days fit ---- */

/* The weekday (Monday to Friday) nearest to ${day}, within its month. */
static int nearest_weekday(int year, int month, int day)
{
    int last = civil_month_days(year, month), at = day < last ? day : last;
    struct civil c = {year, month, at, 0, 0, 0};
    int weekday = civil_weekday(&c);

    if (weekday == 6) return at > 1 ? at - 1 : at + 2;
    if (weekday == 0) return at < last ? at + 1 : at - 2;
    return at;
}

static bool fits_day(const struct cron *c, const struct civil *t)
{
    int last = civil_month_days(t->year, t->month);

    if (c->any_day || c->days >> t->day & 1) return true;
    if (c->last_day && t->day == last) return true;
    if (c->last_weekday && t->day == nearest_weekday(t->year, t->month, last)) return true;
    for (int n = 1; n <= last; n++)
        if (c->nearest >> n & 1 && t->day == nearest_weekday(t->year, t->month, n)) return true;
    return false;
}

static bool fits_weekday(const struct cron *c, const struct civil *t)
{
    int weekday = civil_weekday(t), nth = (t->day - 1) / 7 + 1;

    if (c->any_weekday || c->weekdays >> weekday & 1) return true;
    if (c->nth[weekday] >> nth & 1) return true;
    return c->nth[weekday] & 1 && t->day + 7 > civil_month_days(t->year, t->month);
}

static bool fits_month(const struct cron *c, const struct civil *t)
{
    int year = t->year - CRON_YEAR_FIRST;

    return c->months >> t->month & 1 && c->years[year / 64] >> (year % 64) & 1;
}

/* The least value from ${from} on whose bit is set; -1. */
static int next_bit(uint64_t bits, int from)
{
    if (from > 63 || bits >> from == 0) return -1;
    return from + __builtin_ctzll(bits >> from);
}

/* The first time of day that fits from that of ${t} on; false when that day has none left. */
static bool next_time(const struct cron *c, struct civil *t)
{
    int hour = next_bit(c->hours, t->hour);

    if (hour != t->hour) t->minute = t->second = 0;
    if (hour < 0) return false;
    t->hour = hour;
    int minute = next_bit(c->minutes, t->minute);
    if (minute != t->minute) t->second = 0;
    int second = minute < 0 ? -1 : next_bit(c->seconds, t->second);
    if (minute >= 0 && second < 0) {
        second = next_bit(c->seconds, 0);
        minute = next_bit(c->minutes, minute + 1);
    }
    if (minute < 0) {
        *t = (struct civil){t->year, t->month, t->day, t->hour + 1, 0, 0};
        return t->hour <= 23 && next_time(c, t);
    }
    t->minute = minute;
    t->second = second;
    return true;
}

int64_t cron_next(const struct cron *c, int64_t local_s)
{
    struct civil t = civil_of(local_s + 1);

    if (t.year < CRON_YEAR_FIRST) t = (struct civil){CRON_YEAR_FIRST, 1, 1, 0, 0, 0};
    while (t.year <= CRON_YEAR_LAST) {
        if (!fits_month(c, &t)) {
            t = (struct civil){t.year, t.month + 1, 1, 0, 0, 0};
            t = civil_of(civil_seconds(&t));
            continue;
        }
        if (fits_day(c, &t) && fits_weekday(c, &t) && next_time(c, &t)) return civil_seconds(&t);
        t = (struct civil){t.year, t.month, t.day + 1, 0, 0, 0};
        t = civil_of(civil_seconds(&t));
    }
    return -1;
}
