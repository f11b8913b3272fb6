/* zone_file.h - time zones by name, from the machine's zone database. Any thread. */
#ifndef OS_ZONE_FILE_H
#define OS_ZONE_FILE_H
#include "base/zone.h"

/** The zone called ${name}, "Europe/Berlin"; "", "UTC" and "Etc/UTC" need no database. ERR_INVALID
 * names a zone that there is none of. The caller frees. */
int zone_open(const char *name, struct zone **ret, struct error *e) MUST_USE;
#endif
