/* schedule.h - when a scheduled trigger is due next: the rule behind the Filter of a project
 * trigger (rest.md 2.17).
 *
 * Times of day are those of the trigger's time zone: one that is left out when clocks are set
 * forward comes at that moment, one that comes twice when they are set back comes once. Pure; any
 * thread. */
#ifndef RULES_SCHEDULE_H
#define RULES_SCHEDULE_H
#include "base/json.h"
#include "base/zone.h"
#include "rules/cron.h"

enum schedule_kind { SCHEDULE_DAILY, SCHEDULE_INTERVAL, SCHEDULE_MONTHLY, SCHEDULE_CRON };
struct schedule {
    enum schedule_kind kind;
    uint8_t weekdays; /* bit 0 = Sunday; DAILY, INTERVAL */
    int64_t start_s;  /* local; nothing is due before that day */
    int32_t at_s;     /* time of day: of DAILY and MONTHLY, of the first of INTERVAL */
    int32_t until_s;  /* INTERVAL: last moment of the day */
    int32_t step_s;   /* INTERVAL */
    int date;         /* MONTHLY: 1-31; 0 = the last one; -1 = by day of the week */
    int nth, weekday; /* MONTHLY by day of the week: 1-4, 0 = the last one */
    struct cron cron;
};

/** True for the filter types that this knows. */
bool schedule_is(const json_t *filter);
/** Reads a filter. ERR_INVALID names the member, its value and what is allowed. */
int schedule_parse(const json_t *filter, struct schedule *ret, struct error *e) MUST_USE;
/** The first instant after ${after_s} (seconds since 1970, UTC) at which it is due; -1 = never
 * again. */
int64_t schedule_next(const struct schedule *s, const struct zone *z, int64_t after_s);
#endif
