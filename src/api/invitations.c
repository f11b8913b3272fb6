/* invitations.c - people who make themselves users, with the code of an invitation. The code is all
 * that is asked for: whoever has it comes in, once, before it ends. Facts: rest.md 2.10. */
#include <string.h>

#include "api/grants.h"
#include "api/teams.h"
#include "api/users.h"
#include "base/time.h"
#include "crypt/token.h"
#include "model/command.h"
#include "store/event.h"
#include "store/invitation.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define DEFAULT_DAYS 7
#define MAX_DAYS 180

struct invite {
    struct call *c;
    const json_t *in;
    int64_t expires_at;
    char code[TOKEN_SIZE];
};

static json_t *document(const struct invite *x, const char *id)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "InvitationCode", x->code);
    jv_set(o, "AddToTeamIds", json_incref(jv_get(x->in, "AddToTeamIds")));
    jv_set_time(o, "Expires", x->expires_at);
    jv_set_str(o, "SpaceId", jv_str(x->in, "SpaceId", NULL));
    return o;
}

static int audit(struct db_tx *tx, struct call *c, const char *id, struct error *e)
{
    struct event ev = {.space_id = "",
                       .category = "Created",
                       .user_id = c->caller.id,
                       .username = c->caller.name,
                       .author = call_author(c),
                       .occurred_at = clock_now(call_app(c)->clock),
                       .message = arena_fmt(c->arena, "%s was created", id),
                       .related = &id,
                       .n_related = 1};

    return event_add(tx, &ev, NULL, e);
}

static int check_teams(struct db_tx *tx, const struct invite *x, struct error *e)
{
    const json_t *one;
    size_t i;

    json_array_foreach (jv_get(x->in, "AddToTeamIds"), i, one)
        if (team_may_add_member(tx, x->c, json_string_value(one), e) < 0) return -1;
    return 0;
}

static int invite_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct invite *x = ctx;
    struct call *c = x->c;
    CLEANUP(freep) char *teams = jv_text(jv_get(x->in, "AddToTeamIds"));
    char hash[HASH_TEXT_SIZE];
    struct invitation v = {.hash = token_hash(x->code, hash),
                           .team_ids = teams,
                           .created_by = c->caller.id,
                           .created_at = clock_now(call_app(c)->clock),
                           .expires_at = x->expires_at};
    const char *id;

    if (check_teams(tx, x, e) < 0 || invitation_insert(tx, &v, c->arena, &id, e) < 0) return -1;
    json_decref(c->out);
    c->out = document(x, id);
    return audit(tx, c, id, e);
}

static int read_end(const struct call *c, const char *text, int64_t *ret, struct error *e)
{
    int64_t now = clock_now(call_app(c)->clock), end = now + DEFAULT_DAYS * DAY_MS;

    if (!str_blank(text) && !time_parse_iso(text, &end))
        return fail_at(e, "Expires", "Expires: '%s' is no time", text);
    if (end <= now) return fail_at(e, "Expires", "Expires: '%s' is in the past", text);
    if (end > now + MAX_DAYS * DAY_MS)
        return fail_at(e, "Expires", "Expires: '%s' is more than %d days ahead", text, MAX_DAYS);
    *ret = end;
    return 0;
}

static int invite(struct call *c, struct error *e)
{
    struct invite x = {.c = c};
    json_auto_t *in = NULL;

    if (resource_command(c, invitation_fields, &in, e) < 0 ||
        read_end(c, jv_str(in, "Expires", NULL), &x.expires_at, e) < 0)
        return -1;
    x.in = in;
    token_new(x.code);
    return db_write(call_app(c)->db, invite_tx, &x, e) < 0 ? -1 : 0;
}

/* ---- registering ---- */

struct registration {
    struct call *c;
    const char *code_hash, *password_hash;
    const json_t *doc; /* of the user */
    struct invitation invitation;
};

static int no_invitation(int r, struct error *e)
{
    if (r == 0 || e->kind != ERR_NOT_FOUND) return r;
    return fail_at(e, "InvitationCode", "InvitationCode: %s",
                   "the invitation is not known, was used or has expired");
}

static int known_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct registration *x = ctx;

    return no_invitation(invitation_get(tx, x->code_hash, clock_now(call_app(x->c)->clock),
                                        x->c->arena, &x->invitation, e),
                         e);
}

/* The teams of the invitation, if whoever made it could still put somebody there. */
static int join_teams(struct db_tx *tx, struct registration *x, const char *user_id,
                      struct error *e)
{
    const struct invitation *v = &x->invitation;
    struct call inviter = *x->c;
    struct document_change by = resource_change(x->c, &team_resource);
    struct grants grants;
    json_auto_t *teams = NULL;
    const json_t *one;
    size_t i;

    if (jv_parse(v->team_ids, strlen(v->team_ids), &teams, e) < 0 ||
        grants_load(tx, v->created_by, x->c->arena, &grants, e) < 0)
        return -1;
    inviter.caller = (struct caller){.id = v->created_by, .name = v->created_by, .grants = &grants};
    json_array_foreach (teams, i, one)
        if (team_may_add_member(tx, &inviter, json_string_value(one), e) < 0 ||
            team_add_member(tx, &by, json_string_value(one), user_id, e) < 0)
            return fail_wrap(e, "the invitation");
    return 0;
}

static int register_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct registration *x = ctx;
    struct call *c = x->c;
    struct user u;

    if (no_invitation(invitation_take(tx, x->code_hash, clock_now(call_app(c)->clock), c->arena,
                                      &x->invitation, e),
                      e) < 0 ||
        users_insert(tx, c, x->doc, x->password_hash, &u, e) < 0)
        return -1;
    c->caller = (struct caller){.id = u.id, .name = u.username};
    if (join_teams(tx, x, u.id, e) < 0) return -1;
    json_decref(c->out);
    c->out = users_document(c, &u);
    return users_audit(tx, c, "Created", &u, x->invitation.id,
                       arena_fmt(c->arena, "User %s registered with %s, from %s", u.username,
                                 x->invitation.id, x->invitation.created_by),
                       e);
}

/* The password is hashed for those who are invited only: that is what costs time. */
static int enroll(struct call *c, struct error *e)
{
    struct registration x = {.c = c};
    json_auto_t *in = NULL, *doc = NULL;
    char hash[HASH_TEXT_SIZE];

    if (resource_command(c, register_fields, &in, e) < 0) return -1;
    x.code_hash = token_hash(text(in, "InvitationCode"), hash);
    if (db_read(call_app(c)->db, known_tx, &x, e) < 0 ||
        resource_decode(c, &user_resource, in, NULL, &doc, e) < 0 ||
        users_hash_password(c, text(in, "Username"), text(in, "Password"), &x.password_hash, e) < 0)
        return -1;
    x.doc = doc;
    return db_write(call_app(c)->db, register_tx, &x, e) < 0 ? -1 : 0;
}

static const struct route rows[] = {
    {"POST", "/api/users/invitations", invite, "UserInvite", .in = invitation_fields,
     .in_name = "Invitation", .out = invitation_fields, .out_name = "Invitation", .status = 201,
     .doc = "makes a code with which somebody can register"},
    {"POST", "/api/users/register", enroll, PERM_ANONYMOUS, .in = register_fields,
     .in_name = "RegisterCommand", .out = user_fields, .out_name = "User", .status = 201,
     .max_body = 64 * KiB, .doc = "makes a user out of an invitation; it can sign in then"},
};
const struct route_table invitation_routes = {rows, ARRAY_LEN(rows)};
