/* time.h - texts of instants and spans as the API writes them. Any thread. */
#ifndef BASE_TIME_H
#define BASE_TIME_H
#include <stdbool.h>

#include "base/civil.h"

#define TIME_TEXT_SIZE 32
/** 2016-09-10T12:00:25.647+00:00 of UTC milliseconds, into ${out}; returns ${out}. */
const char *time_iso(int64_t ms, char out[TIME_TEXT_SIZE]);
/** Reads RFC 3339 (with Z or an offset, 0-9 fraction digits). */
bool time_parse_iso(const char *s, int64_t *ret_ms);
/** The same, what a clock on the wall shows: the offset may be missing and does not count. */
bool time_parse_wall(const char *s, struct civil *ret);
/** "34 seconds", "2 minutes", "1 hour 5 minutes" for people. */
const char *time_duration(int64_t ms, char out[64]);
/** .NET span [d.]hh:mm:ss[.fffffff] of milliseconds, and back. */
const char *time_span(int64_t ms, char out[TIME_TEXT_SIZE]);
bool time_parse_span(const char *s, int64_t *ret_ms);
#endif
