/* app.h - what handlers work with; made by the composition root, immutable while the server runs.
 */
#ifndef API_APP_H
#define API_APP_H
#include "api/call.h"
#include "base/clock.h"
#include "crypt/seal.h"
#include "db/db.h"
#include "engine/blob.h"
#include "engine/engine.h"

struct sign_in_gate;
struct app {
    struct db *db;
    struct engine *engine;
    struct watch *watch;
    const struct options *options; /* server/options.h */
    const char *settings;          /* all of them, without secrets: for people */
    const char *metrics_token;     /* who may read figures from elsewhere; "" = nobody */
    struct grant_cache *grants;    /* api/grants.h */
    const struct clock *clock;
    const struct secret_key *key;
    struct sign_in_gate *sign_in; /* who may try a password now */
    const char *installation_id;  /* UUID */
    const char *version;          /* YYYY.M.P */
    const char *node_id, *node_name;
    const struct blobs *blobs;
    int64_t started_at;
};
/** A call that the server makes to itself, for the steps of resource.h: no request, no route. Its
 * space is the caller's to set; ${a} outlives it. */
static inline struct call call_of_system(struct app *app, struct arena *a)
{
    return (struct call){
        .arena = a,
        .app = app,
        .caller = {.id = "users-system", .name = "system", .grants = &grants_of_everything}};
}
static inline struct app *call_app(const struct call *c) { return c->app; }
#endif
