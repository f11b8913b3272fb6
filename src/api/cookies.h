/* cookies.h - the two cookies of a session, whose names carry the installation's id, so that
 * servers on ports of one host do not meet. Facts: rest.md 1.2. Any thread. */
#ifndef API_COOKIES_H
#define API_COOKIES_H
#include "api/app.h"

/** The session's token in a Cookie header; NULL when there is none. In the arena. */
const char *cookies_token(const struct app *app, const char *header, struct arena *a);
/** Gives the session ${token} to the client: the identification that scripts cannot read, and the
 * anti-forgery value that they must. ${keep}: it outlives the browser; the server decides when it
 * ends. ${secure}: over HTTPS only. */
void cookies_give(struct call *c, const char *token, bool keep, bool secure);
/** Takes both away. */
void cookies_take(struct call *c);
#endif
