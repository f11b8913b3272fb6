/* zone.h - a time zone as the files of the zone database describe it: TZif (RFC 8536), with the
 * rule at the end of the file for what comes after its last transition. Pure; who reads files gives
 * the bytes. A zone is constant once made: any thread. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H
#include "base/error.h"

struct zone;
/** ERR_CORRUPT: not a file of that kind. The caller frees. */
int zone_parse(const void *tzif, size_t n, struct zone **ret, struct error *e) MUST_USE;
/** A zone without transitions, UTC for one. */
struct zone *zone_fixed(int32_t offset_s);
void zone_free(struct zone *z);
static inline void zone_freep(struct zone **z) { zone_free(*z); }

/** Seconds to add to UTC at the instant ${utc_s} (seconds since 1970) to get local time. */
int32_t zone_offset(const struct zone *z, int64_t utc_s);
/** The instant of a local time (civil_seconds). Of a time that comes twice, when clocks are set
 * back, the first; for one that is left out, when they are set forward, the moment of that. */
int64_t zone_utc(const struct zone *z, int64_t local_s);
#endif
