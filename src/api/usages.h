/* usages.h - who uses a resource. One thread: the handler's. */
#ifndef API_USAGES_H
#define API_USAGES_H
#include "api/resource.h"

/** Handler of accounts/{id}/usages: the processes, variable sets and machines that use it. */
int usages(struct call *c, struct error *e);
/** Handler of certificates/{id}/usages: projects, library variable sets and targets that use it. */
int certificate_usages(struct call *c, struct error *e);
#endif
