/* copy.h - copies of projects and runbooks with all that belongs to them. */
#ifndef API_COPY_H
#define API_COPY_H
#include "api/resource.h"

/* Handlers of POST projects?clone= and runbooks?clone=. */

/** The project that the query names, under the name, group, lifecycle, slug and description of the
 * body: its settings, process, variables with their secrets, channels, runbooks, triggers. Not its
 * releases, snapshots and runs. */
int copy_project(struct call *c, struct error *e);
/** The runbook that the query names with its process, also into another project of the space. */
int copy_runbook(struct call *c, struct error *e);
#endif
