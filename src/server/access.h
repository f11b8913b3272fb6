/* access.h - who calls, what they may do, which space they mean: the router's questions. Any
 * thread. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H
#include "api/router.h"

int access_authenticate(void *app, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e);
/** May the caller enter the space, and does it hold the permission there? By the grants of its
 * teams (api/grants.h), which it leaves in the caller. */
int access_permit(void *app, struct call *c, const char *permission, struct error *e);
void access_leave(void *app, struct call *c);
int access_space(void *app, const char *id_or_slug, struct arena *a, const char **ret_id,
                 struct error *e);
/** For struct router_options. */
bool access_in_maintenance(void *app, const struct call *c);
#endif
