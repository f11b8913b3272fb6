/* server_counts.h - handlers that tell how much of what there is, and which time zones. */
#ifndef API_SERVER_COUNTS_H
#define API_SERVER_COUNTS_H
#include "api/call.h"

int server_counts(struct call *c, struct error *e);
int server_time_zones(struct call *c, struct error *e);
#endif
