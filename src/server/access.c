/* access.c - see access.h. */
#include "server/access.h"

#include <string.h>

#include "api/cookies.h"
#include "api/grants.h"
#include "api/permit.h"
#include "api/spaces.h"
#include "base/log.h"
#include "crypt/token.h"
#include "store/document.h"
#include "store/session.h"
#include "store/user.h"

struct login {
    const struct credentials *who;
    const char *token; /* of a session or an access token; NULL: an API key */
    int64_t now_ms;
    struct arena *arena;
    struct user user;
    struct session session; /* of ${token} */
    int64_t key_expires_at;
};

static int session_tx(struct db_tx *tx, struct login *l, struct error *e)
{
    char hash[HASH_TEXT_SIZE];

    if (session_get(tx, token_hash(l->token, hash), l->now_ms, l->arena, &l->session, e) < 0)
        return -1;
    if (user_get(tx, l->session.user_id, l->arena, &l->user, e) < 0)
        return e->kind == ERR_NOT_FOUND ? fail(e, ERR_UNAUTHENTICATED, "the user is gone") : -1;
    if (l->user.is_active) return 0;
    return fail(e, ERR_UNAUTHENTICATED, "the user of this session is not active");
}

static int login_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *l = ctx;

    if (l->token) return session_tx(tx, l, e);
    return user_by_api_key(tx, l->who->api_key, l->now_ms, l->arena, &l->user, &l->key_expires_at,
                           e);
}

static int renew_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *l = ctx;

    return session_renew(tx, l->session.hash, l->session.expires_at, e);
}

/* A session that is used lives on. When that cannot be written now, the next request does it. */
static void renew(struct app *app, struct login *l)
{
    int64_t end = session_renewal(&l->session, l->now_ms);
    struct error e = {0};

    if (end == 0) return;
    l->session.expires_at = end;
    if (db_write(app->db, renew_tx, l, &e) < 0)
        log_warn("api", "the session of %s is not prolonged: %s", l->user.username, e.text);
}

static int read_login(struct app *app, struct login *l, struct caller *ret, struct error *e)
{
    if (db_read(app->db, login_tx, l, e) < 0) return -1;
    bool token = l->token && l->session.idle_ms == 0;
    *ret = (struct caller){.id = l->user.id,
                           .name = l->user.username,
                           .is_service = l->user.is_service,
                           .session = l->token ? l->session.hash : NULL,
                           .until = token ? l->session.expires_at : l->key_expires_at,
                           .keys_until = l->token ? l->session.keys_until : l->key_expires_at};
    return 0;
}

/* A browser sends cookies by itself, also for a page of somebody else: what changes something must
 * come with a header that only our own pages can make. */
static int by_cookie(struct app *app, struct login *l, struct caller *ret, struct error *e)
{
    struct caller found;

    if (read_login(app, l, &found, e) < 0) return -1;
    if (l->session.idle_ms == 0)
        return fail(e, ERR_UNAUTHENTICATED, "an access token is no session; send it as a bearer");
    if (l->who->unsafe && !token_csrf_same(l->token, l->who->csrf))
        return fail(e, ERR_DENIED,
                    "the header X-Octopus-Csrf-Token is missing or does not have the value of the "
                    "cookie Octopus-Csrf-Token_%s",
                    app->installation_id);
    renew(app, l);
    *ret = found;
    return 0;
}

static int by_bearer(struct app *app, struct login *l, struct caller *ret, struct error *e)
{
    if (read_login(app, l, ret, e) < 0) return -1;
    if (l->token == NULL || l->session.idle_ms == 0) return 0;
    return fail(e, ERR_UNAUTHENTICATED, "a session is no access token; send it as a cookie");
}

int access_authenticate(void *ctx, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e)
{
    struct app *app = ctx;
    struct credentials shown = *who;
    struct login l = {.who = &shown, .now_ms = clock_now(app->clock), .arena = a};

    *ret = (struct caller){.anonymous = true};
    if (who->bearer && who->api_key == NULL && str_starts(who->bearer, "API-"))
        shown.api_key = who->bearer;
    if (shown.api_key && str_same(shown.api_key, "API-GUEST"))
        return fail(e, ERR_UNAUTHENTICATED,
                    "API-GUEST: the guest account is not supported; use the API key of a user");
    if (shown.api_key == NULL && who->bearer) l.token = who->bearer;
    if (shown.api_key || l.token) return by_bearer(app, &l, ret, e);
    l.token = cookies_token(app, who->cookie, a);
    return l.token ? by_cookie(app, &l, ret, e) : 0;
}

int access_permit(void *ctx, struct call *c, const char *permission, struct error *e)
{
    struct app *app = ctx;

    if (grant_cache_get(app->grants, app->db, c->caller.id, &c->caller.grants, e) < 0) return -1;
    if (c->space_id && !grants_enter(c->caller.grants, c->space_id))
        return fail(e, ERR_NOT_FOUND, "%s may not enter %s", c->caller.name, c->space_id);
    if (permission[0] == '*' ||
        grants_hold(c->caller.grants, permission_find(permission), c->space_id))
        return 0;
    return permit_denied(c, permission, NULL, e);
}

void access_leave(void *ctx, struct call *c)
{
    grant_cache_let_go(((struct app *)ctx)->grants, TAKE(c->caller.grants));
}

struct space {
    const char *name;
    struct arena *arena;
    const char *id;
};

static int space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct space *s = ctx;
    struct error why = {0};
    struct document d;

    if (s->name == NULL) return space_default(tx, s->arena, &s->id, e);
    if (document_find(tx, "Spaces", NULL, NULL, s->name, s->arena, &d, &why) == 0) {
        s->id = d.id;
        return 0;
    }
    if (why.kind == ERR_NOT_FOUND)
        return fail(e, ERR_NOT_FOUND, "The space '%s' was not found.", s->name);
    *e = why;
    return -1;
}

int access_space(void *ctx, const char *id_or_slug, struct arena *a, const char **ret_id,
                 struct error *e)
{
    struct space s = {id_or_slug, a, NULL};

    if (db_read(((struct app *)ctx)->db, space_tx, &s, e) < 0) return -1;
    *ret_id = s.id;
    return 0;
}

bool access_in_maintenance(void *app, const struct call *c)
{
    return engine_load(((struct app *)app)->engine).in_maintenance &&
           !grants_hold(c->caller.grants, permission_find("AdministerSystem"), NULL);
}
