/* access.h - who calls, what they may do, which space they mean: the router's questions. Any
 * thread. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H
#include "api/router.h"

int access_authenticate(void *app, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e);
/** The system administrator may do everything; nobody else may do anything yet that has a
 * permission. */
int access_permit(void *app, const struct call *c, const char *permission, struct error *e);
int access_space(void *app, const char *id_or_slug, struct arena *a, const char **ret_id,
                 struct error *e);
#endif
