/* sign_in.c - passwords, sessions and access tokens. Facts: rest.md 1.2, 2.10.
 *
 * Whether a name exists, is active or is a service account cannot be told from a refused sign-in,
 * neither by its words nor by its time: each writes to the audit. A name that does not exist is not
 * written there, since people type passwords into that field. */
#include "api/cookies.h"
#include "api/sign_in_gate.h"
#include "api/users.h"
#include "crypt/password.h"
#include "crypt/token.h"
#include "model/command.h"
#include "store/event.h"
#include "store/session.h"

struct login {
    struct call *c;
    const char *name, *password;
    struct user user; /* id NULL: there is none of that name */
    struct session session;
};

static int find_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *x = ctx;
    struct error why = {0};

    x->user = (struct user){0};
    if (user_by_name(tx, x->name, x->c->arena, &x->user, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static bool may_enter(const struct user *u) { return u->is_active && !u->is_service; }

static int refused_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *x = ctx;
    const char *ids[] = {x->user.id};
    struct event ev = {.space_id = "",
                       .category = "LoginFailed",
                       .user_id = "users-system",
                       .username = "system",
                       .author = call_author(x->c),
                       .occurred_at = clock_now(call_app(x->c)->clock),
                       .message = arena_fmt(x->c->arena, "Sign-in of %s failed, from %s",
                                            x->user.id ? x->user.username : "an unknown user",
                                            x->c->req->remote),
                       .related = ids,
                       .n_related = x->user.id ? 1 : 0};

    return event_add(tx, &ev, NULL, e);
}

/* The password may have changed, or the user have gone, while it was checked. */
static int enter_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *x = ctx;
    struct user now;

    if (user_get(tx, x->user.id, x->c->arena, &now, e) < 0) return -1;
    if (!may_enter(&now) || strcmp(now.password_hash, x->user.password_hash) != 0)
        return fail(e, ERR_CONFLICT, "%s was changed meanwhile; sign in again", now.username);
    if (session_insert(tx, &x->session, e) < 0) return -1;
    return users_audit(
        tx, x->c, "LoginSucceeded", &now, NULL,
        arena_fmt(x->c->arena, "%s signed in, from %s", now.username, x->c->req->remote), e);
}

static int refuse(struct login *x, struct error *e)
{
    if (db_write(call_app(x->c)->db, refused_tx, x, e) < 0) return -1;
    return fail(e, ERR_INVALID, "Invalid username or password.");
}

static int enter(struct login *x, struct error *e)
{
    struct call *c = x->c;
    bool keep, secure = false;
    int64_t now = clock_now(call_app(c)->clock);
    char token[TOKEN_SIZE], hash[HASH_TEXT_SIZE];

    if (call_flag(c, "RememberMe", false, &keep, e) < 0) return -1;
    secure = c->req->secure || jv_bool(jv_get(c->body, "State"), "UsingSecureConnection", false);
    token_hash(token_new(token), hash);
    x->session = (struct session){.hash = hash,
                                  .user_id = x->user.id,
                                  .idle_ms = keep ? SESSION_REMEMBERED_MS : SESSION_IDLE_MS,
                                  .created_at = now};
    x->session.expires_at = now + x->session.idle_ms;
    c->caller = (struct caller){.id = x->user.id, .name = x->user.username};
    if (db_write(call_app(c)->db, enter_tx, x, e) < 0) return -1;
    cookies_give(c, token, keep, secure);
    c->out = users_document(c, &x->user);
    return 0;
}

/* 429, which no other part of the API answers with. */
static int wait(struct call *c, int64_t seconds)
{
    http_header(c->res, "Retry-After", arena_fmt(c->arena, "%lld", (long long)seconds));
    http_reply_message(c->res, 429,
                       arena_fmt(c->arena,
                                 "Too many attempts to sign in failed in a short time, or too many "
                                 "are under way. Try again in %lld s.",
                                 (long long)seconds));
    return 0;
}

static int login(struct call *c, struct error *e)
{
    struct app *app = call_app(c);
    struct login x = {.c = c};
    const char *site = http_request_header(c->req, "Sec-Fetch-Site");

    /* a page of somebody else must not sign a browser in as somebody else */
    if (site && str_same(site, "cross-site"))
        return fail(e, ERR_DENIED, "a page of another site cannot sign anybody in");
    if (call_text_required(c, "Username", &x.name, e) < 0 ||
        call_text_required(c, "Password", &x.password, e) < 0)
        return -1;
    int64_t seconds = sign_in_gate_enter(app->sign_in, x.name, c->req->remote);
    if (seconds) return wait(c, seconds);
    int r = db_read(app->db, find_tx, &x, e);
    bool same = r == 0 && password_check(x.user.password_hash, x.password) && may_enter(&x.user);
    sign_in_gate_leave(app->sign_in, x.name, c->req->remote, same || r < 0);
    if (r < 0) return -1;
    return same ? enter(&x, e) : refuse(&x, e);
}

static int logout_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return session_remove(tx, ((struct call *)ctx)->caller.session, e);
}

/* An access token ends too. An API key is no session: nothing to end. */
static int logout(struct call *c, struct error *e)
{
    if (c->caller.session && db_write(call_app(c)->db, logout_tx, c, e) < 0) return -1;
    cookies_take(c);
    c->out = json_object();
    return 0;
}

struct token {
    struct call *c;
    struct session session;
};

static int token_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct token *x = ctx;
    struct user u;

    if (users_read(tx, x->c, x->c->caller.id, &u, e) < 0) return -1;
    if (session_insert(tx, &x->session, e) < 0) return -1;
    return users_audit(tx, x->c, "Created", &u, NULL,
                       arena_fmt(x->c->arena, "An access token of %s was created", u.username), e);
}

/* Never lives longer than the key or token that asks for it. */
static int access_token(struct call *c, struct error *e)
{
    int64_t now = clock_now(call_app(c)->clock), end = now + ACCESS_TOKEN_MS;
    char token[TOKEN_SIZE], hash[HASH_TEXT_SIZE];

    if (c->caller.until && c->caller.until < end) end = c->caller.until;
    struct token x = {c,
                      {.hash = token_hash(token_new(token), hash),
                       .user_id = c->caller.id,
                       .created_at = now,
                       .expires_at = end,
                       .keys_until = c->caller.keys_until}};
    if (db_write(call_app(c)->db, token_tx, &x, e) < 0) return -1;
    c->out = json_object();
    jv_set_str(c->out, "AccessToken", token);
    jv_set_time(c->out, "Expires", end);
    return 0;
}

static int revoke_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct user u;

    if (users_read(tx, c, call_param(c, "id"), &u, e) < 0 ||
        session_remove_of(tx, u.id, NULL, e) < 0)
        return -1;
    return users_audit(tx, c, "Modified", &u, NULL,
                       arena_fmt(c->arena, "The sessions of %s were revoked", u.username), e);
}

static int revoke_sessions(struct call *c, struct error *e)
{
    if (users_permit(c, call_param(c, "id"), "UserEdit", e) < 0) return -1;
    if (db_write(call_app(c)->db, revoke_tx, c, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

static json_t *password_provider(void)
{
    json_t *o = json_object(), *links = json_object();

    jv_set_str(o, "Name", "Octopus");
    jv_set_str(o, "IdentityType", "UsernamePassword");
    jv_set_bool(o, "FormsLoginEnabled", true);
    jv_set(o, "CSSLinks", json_array());
    jv_set(o, "JavascriptLinks", json_array());
    jv_set_str(links, "Authenticate", "/api/users/login");
    jv_set(o, "Links", links);
    return o;
}

static json_t *authentication_document(const char *self, bool can_edit)
{
    json_t *o = json_object(), *providers = json_array(), *links = json_object();

    jv_push(providers, password_provider());
    jv_set(o, "AuthenticationProviders", providers);
    jv_set_bool(o, "CanCurrentUserEditIdentitiesForUser", can_edit);
    jv_set_str(links, "Self", self);
    jv_set(o, "Links", links);
    return o;
}

static int authentication(struct call *c, struct error *e)
{
    (void)e;
    c->out = authentication_document("/api/users/authentication", false);
    return 0;
}

struct one {
    struct call *c;
    struct user user;
};

static int read_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    return users_read(tx, x->c, call_param(x->c, "id"), &x->user, e);
}

static int user_authentication(struct call *c, struct error *e)
{
    struct one x = {.c = c};
    struct error none;

    if (users_permit(c, call_param(c, "id"), "UserView", e) < 0 ||
        db_read(call_app(c)->db, read_tx, &x, e) < 0)
        return -1;
    c->out = authentication_document(arena_fmt(c->arena, "/api/users/authentication/%s", x.user.id),
                                     users_permit(c, "", "UserEdit", &none) == 0);
    return 0;
}

static int identity_metadata(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set(c->out, "Providers", json_array());
    return 0;
}

static const struct route_query login_query[] = {
    {"returnUrl", QUERY_TEXT,
     "where a browser means to go afterwards; the answer is the user whatever it says"},
    {.name = NULL}};
static const struct route rows[] = {
    {"POST", "/api/users/login", login, PERM_ANONYMOUS, .in = login_fields, .query = login_query,
     .out = user_fields, .in_name = "LoginCommand", .out_name = "User", .max_body = 64 * KiB,
     .doc = "signs in by user name and password; sets the session's cookies"},
    {"POST", "/api/users/logout", logout, PERM_AUTHENTICATED,
     .doc = "ends the session, or the access token, that asks"},
    {"POST", "/api/users/access-token", access_token, PERM_AUTHENTICATED,
     .out = access_token_fields, .out_name = "AccessToken",
     .doc = "an access token of an hour for the user who asks"},
    {"POST", "/api/users/{id}/revoke-sessions", revoke_sessions, PERM_AUTHENTICATED,
     .doc = "ends all sessions and access tokens of a user"},
    {"GET", "/api/users/authentication", authentication, PERM_AUTHENTICATED,
     .out = user_authentication_fields, .out_name = "UserAuthentication", .doc = "ways to sign in"},
    {"GET", "/api/users/authentication/{id}", user_authentication, PERM_AUTHENTICATED,
     .out = user_authentication_fields, .out_name = "UserAuthentication",
     .doc = "ways in which a user signs in"},
    {"GET", "/api/users/identity-metadata", identity_metadata, PERM_AUTHENTICATED,
     .out = identity_metadata_fields, .out_name = "UserIdentityMetadata",
     .doc = "systems that know users"},
};
const struct route_table sign_in_routes = {rows, ARRAY_LEN(rows)};
