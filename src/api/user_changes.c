/* user_changes.c - making, changing and deleting users. Facts: rest.md 2.10.
 *
 * A person may change the own shown name, address and password, an administrator of users all of
 * it. A new own password needs the present one, so that an unattended screen or a stolen key does
 * not take an account over; it ends the other sessions. Passwords are hashed before the
 * transaction, since that takes long. */
#include "api/sign_in_gate.h"
#include "api/teams.h"
#include "api/users.h"
#include "crypt/password.h"
#include "store/session.h"

#define PASSWORD_MIN 8 /* characters */

int users_hash_password(struct call *c, const char *username, const char *password,
                        const char **ret, struct error *e)
{
    char hash[PASSWORD_HASH_SIZE];

    if (strlen(password) < PASSWORD_MIN)
        return fail_at(e, "Password", "Password: it has less than %d characters", PASSWORD_MIN);
    if (str_same(username, password))
        return fail_at(e, "Password", "Password: it is the user name");
    if (password_hash(password, hash, e) < 0) return -1;
    *ret = arena_strdup(c->arena, hash);
    return 0;
}

/* What is stored of ${doc}. */
static void read_members(struct call *c, const json_t *doc, struct user *u)
{
    CLEANUP(freep) char *identities = jv_text(jv_get(doc, "Identities"));

    u->username = arena_strdup(c->arena, text(doc, "Username"));
    u->display_name = arena_strdup(c->arena, text(doc, "DisplayName"));
    u->email = arena_strdup(c->arena, text(doc, "EmailAddress"));
    u->identities = arena_strdup(c->arena, identities);
    u->is_active = jv_bool(doc, "IsActive", true);
    u->is_service = jv_bool(doc, "IsService", false);
    u->updated_at = clock_now(call_app(c)->clock);
}

/* The hash of the password in ${doc}; NULL when there is none. */
static int read_password(struct call *c, const json_t *doc, const char **ret, struct error *e)
{
    const char *password = text(doc, "Password");

    *ret = NULL;
    if (password[0] == '\0') return 0;
    if (jv_bool(doc, "IsService", false))
        return fail_at(e, "Password", "Password: a service account has none, it uses API keys");
    return users_hash_password(c, text(doc, "Username"), password, ret, e);
}

/* ---- making ---- */

int users_insert(struct db_tx *tx, struct call *c, const json_t *doc, const char *hash,
                 struct user *ret, struct error *e)
{
    struct user u = {.password_hash = hash, .row_version = 1};

    read_members(c, doc, &u);
    u.created_at = u.updated_at;
    if (user_next_id(tx, c->arena, &u.id, e) < 0 || user_insert(tx, &u, e) < 0) return -1;
    *ret = u;
    return 0;
}

struct change {
    struct call *c;
    const json_t *doc;
    const char *hash; /* NULL: no new password */
    struct user user; /* as it was */
};

static int create_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct call *c = x->c;

    if (users_insert(tx, c, x->doc, x->hash, &x->user, e) < 0) return -1;
    return users_audit(tx, c, "Created", &x->user, NULL,
                       arena_fmt(c->arena, "User %s was created%s", x->user.username,
                                 x->user.is_service ? ", a service account" : ""),
                       e);
}

int users_create(struct call *c, struct error *e)
{
    struct change x = {.c = c};
    json_auto_t *doc = NULL;

    if (resource_decode(c, &user_resource, c->body, NULL, &doc, e) < 0 ||
        read_password(c, doc, &x.hash, e) < 0)
        return -1;
    x.doc = doc;
    if (db_write(call_app(c)->db, create_tx, &x, e) < 0) return -1;
    c->out = users_document(c, &x.user);
    return 0;
}

/* ---- changing ---- */

static int stored_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;

    return users_read(tx, x->c, call_param(x->c, "id"), &x->user, e);
}

/* Members that only an administrator of users may change, and one that nobody may. */
static int check_members(const struct change *x, const json_t *stored, struct error *e)
{
    static const char *const reserved[] = {"Username", "IsActive", "Identities"};
    struct error denied = {0};

    if (jv_bool(x->doc, "IsService", false) != x->user.is_service)
        return fail_at(e, "IsService",
                       "IsService: a person stays a person, and a service account one");
    if (users_permit(x->c, "", "UserEdit", &denied) == 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (!json_equal(jv_get(x->doc, reserved[i]), jv_get(stored, reserved[i])))
            return fail(e, ERR_DENIED, "%s: %s", reserved[i], denied.text);
    return 0;
}

/* Checked like a sign-in: it must not be a way around the limit of guesses. */
static int check_current(struct change *x, struct error *e)
{
    struct app *app = call_app(x->c);
    const char *name = x->user.username, *remote = x->c->req->remote;

    int64_t seconds = sign_in_gate_enter(app->sign_in, name, remote);
    if (seconds)
        return fail(e, ERR_BUSY, "too many wrong passwords of %s; try again in %lld s", name,
                    (long long)seconds);
    bool same = password_check(x->user.password_hash, text(x->doc, "CurrentPassword"));
    sign_in_gate_leave(app->sign_in, name, remote, same);
    return same ? 0
                : fail_at(e, "CurrentPassword",
                          "CurrentPassword: a new own password needs the present one");
}

static int check_password(struct change *x, struct error *e)
{
    bool own = strcmp(x->user.id, x->c->caller.id) == 0;

    if (text(x->doc, "Password")[0] == '\0') return 0;
    if (own && x->user.password_hash[0] && check_current(x, e) < 0) return -1;
    return read_password(x->c, x->doc, &x->hash, e);
}

static int end_sessions(struct db_tx *tx, const struct change *x, const struct user *now,
                        struct error *e)
{
    if (!now->is_active) return session_remove_of(tx, now->id, NULL, e);
    if (x->hash == NULL) return 0;
    return session_remove_of(tx, now->id, x->c->caller.session, e);
}

static int update_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct call *c = x->c;
    struct user now = x->user;

    read_members(c, x->doc, &now);
    if (user_update(tx, &now, x->user.row_version, e) < 0) return -1;
    if (x->hash && user_set_password(tx, now.id, x->hash, now.updated_at, e) < 0) return -1;
    if (end_sessions(tx, x, &now, e) < 0) return -1;
    if (!now.is_active && x->user.is_active && team_keep_administrator(tx, e) < 0) return -1;
    if (user_get(tx, now.id, c->arena, &now, e) < 0) return -1;
    json_decref(c->out);
    c->out = users_document(c, &now);
    return users_audit(tx, c, "Modified", &now, NULL,
                       arena_fmt(c->arena, "User %s was changed%s%s", now.username,
                                 x->hash ? ", with a new password" : "",
                                 now.is_active ? "" : ", and is not active"),
                       e);
}

int users_update(struct call *c, struct error *e)
{
    struct change x = {.c = c};
    json_auto_t *doc = NULL;

    if (users_permit(c, call_param(c, "id"), "UserEdit", e) < 0 ||
        db_read(call_app(c)->db, stored_tx, &x, e) < 0)
        return -1;
    json_auto_t *stored = users_document(c, &x.user);
    if (resource_decode(c, &user_resource, c->body, stored, &doc, e) < 0) return -1;
    x.doc = doc;
    if (check_members(&x, stored, e) < 0 || check_password(&x, e) < 0) return -1;
    return db_write(call_app(c)->db, update_tx, &x, e) < 0 ? -1 : 0;
}

/* ---- deleting ---- */

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct call *c = x->c;

    if (stored_tx(tx, x, e) < 0 || session_remove_of(tx, x->user.id, NULL, e) < 0 ||
        user_remove(tx, x->user.id, e) < 0)
        return -1;
    struct document_change by = resource_change(c, &team_resource);
    if (team_forget_user(tx, &by, x->user.id, e) < 0) return -1;
    return users_audit(tx, c, "Deleted", &x->user, NULL,
                       arena_fmt(c->arena, "User %s was deleted", x->user.username), e);
}

int users_delete(struct call *c, struct error *e)
{
    struct change x = {.c = c};

    if (strcmp(call_param(c, "id"), c->caller.id) == 0)
        return fail(e, ERR_INVALID, "%s cannot delete itself; another administrator can",
                    c->caller.name);
    if (users_permit(c, call_param(c, "id"), "UserEdit", e) < 0 ||
        db_write(call_app(c)->db, delete_tx, &x, e) < 0)
        return -1;
    c->out = json_object();
    return 0;
}
