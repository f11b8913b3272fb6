/* api_keys.c - API keys of people and service accounts. Facts: rest.md 2.10, features.md 15.
 *
 * A key ends, at the latest when the key ends that it is made with: a key that leaked cannot make
 * itself a longer life. Nobody gets a key of another person, whatever he may do: it would act, and
 * stand in the audit, under that person's name. */
#include "api/paging.h"
#include "api/users.h"
#include "base/time.h"
#include "crypt/apikey.h"
#include "model/command.h"
#include "store/event.h"
#include "store/setting.h"

#define DEFAULT_MS ((int64_t)180 * 24 * 3600 * 1000)
#define SETTING_USERS_MAY "users-may-have-api-keys"

static void add_rest(json_t *o, const struct call *c, const struct api_key *k)
{
    json_t *links = json_object();

    jv_set_str(o, "Purpose", k->purpose);
    jv_set_str(o, "UserId", k->user_id);
    jv_set_time(o, "Created", k->created_at);
    jv_set_time(o, "Expires", k->expires_at);
    jv_set_str(links, "Self", arena_fmt(c->arena, "/api/users/%s/apikeys/%s", k->user_id, k->id));
    jv_set(o, "Links", links);
}

static json_t *created_document(const struct call *c, const struct api_key *k, const char *key)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", k->id);
    jv_set_str(o, "ApiKey", key);
    add_rest(o, c, k);
    return o;
}

static json_t *document(const struct call *c, const struct api_key *k)
{
    json_t *o = json_object(), *key = json_object();

    jv_set_str(o, "Id", k->id);
    jv_set_bool(key, "HasValue", true);
    jv_set(key, "NewValue", json_null());
    jv_set_str(key, "Hint", k->hint);
    jv_set(o, "ApiKey", key);
    add_rest(o, c, k);
    return o;
}

static int users_may(struct db_tx *tx, struct arena *a, bool *ret, struct error *e)
{
    const char *value;

    if (setting_get(tx, SETTING_USERS_MAY, a, &value, e) < 0) return -1;
    *ret = value == NULL || str_same(value, "true");
    return 0;
}

/* ---- making one ---- */

struct make {
    struct call *c;
    const char *purpose;
    int64_t expires_at;
    char key[APIKEY_SIZE];
};

static int check_owner(struct db_tx *tx, struct call *c, const struct user *u, struct error *e)
{
    bool may;

    if (u->is_service) return 0;
    if (strcmp(u->id, c->caller.id) != 0)
        return fail(e, ERR_DENIED,
                    "%s is a person: only %s can make an API key of it; for programs there are "
                    "service accounts",
                    u->username, u->username);
    if (users_may(tx, c->arena, &may, e) < 0) return -1;
    return may ? 0
               : fail(e, ERR_DENIED,
                      "this server gives API keys to service accounts only, %s is a person",
                      u->username);
}

static int make_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct make *x = ctx;
    struct call *c = x->c;
    struct api_key k;
    struct user u;

    if (users_read(tx, c, call_param(c, "id"), &u, e) < 0 || check_owner(tx, c, &u, e) < 0)
        return -1;
    if (api_key_insert(tx, x->key, u.id, x->purpose, clock_now(call_app(c)->clock), x->expires_at,
                       c->arena, &k, e) < 0)
        return -1;
    json_decref(c->out);
    c->out = created_document(c, &k, x->key);
    return users_audit(
        tx, c, "Created", &u, k.id,
        arena_fmt(c->arena, "API key %s \"%s\" of %s was created", k.hint, k.purpose, u.username),
        e);
}

/* ${text}: as it was sent; NULL: the default. */
static int read_end(const struct call *c, const char *text, int64_t *ret, struct error *e)
{
    int64_t now = clock_now(call_app(c)->clock), limit = c->caller.keys_until;
    int64_t end = now + DEFAULT_MS;
    char shown[TIME_TEXT_SIZE];

    if (limit && limit < end) end = limit;
    if (!str_blank(text) && !time_parse_iso(text, &end))
        return fail_at(e, "Expires", "Expires: '%s' is no time", text);
    if (end <= now) return fail_at(e, "Expires", "Expires: '%s' is in the past", text);
    if (limit && end > limit)
        return fail_at(e, "Expires",
                       "Expires: '%s' is after the end of the API key that makes this one, %s",
                       text, time_iso(limit, shown));
    *ret = end;
    return 0;
}

static int create(struct call *c, struct error *e)
{
    struct make x = {.c = c};
    json_auto_t *in = NULL;

    if (users_permit(c, call_param(c, "id"), "UserEdit", e) < 0 ||
        resource_command(c, create_api_key_fields, &in, e) < 0 ||
        read_end(c, jv_str(in, "Expires", NULL), &x.expires_at, e) < 0)
        return -1;
    x.purpose = arena_strdup(c->arena, jv_str(in, "Purpose", ""));
    apikey_new(x.key);
    return db_write(call_app(c)->db, make_tx, &x, e) < 0 ? -1 : 0;
}

/* ---- reading and removing ---- */

struct page {
    struct call *c;
    struct paging paging;
    struct api_key *keys;
    size_t n;
    int64_t total;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;
    struct user u;

    if (users_read(tx, p->c, call_param(p->c, "id"), &u, e) < 0) return -1;
    return api_key_list(tx, u.id, p->paging.skip, p->paging.take, p->c->arena, &p->keys, &p->n,
                        &p->total, e);
}

static int list(struct call *c, struct error *e)
{
    struct page p = {.c = c};

    if (users_permit(c, call_param(c, "id"), "UserView", e) < 0 ||
        paging_read(c, &p.paging, e) < 0 || db_read(call_app(c)->db, list_tx, &p, e) < 0)
        return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < p.n; i++) jv_push(items, document(c, &p.keys[i]));
    c->out = paging_envelope(c, &p.paging, "ApiKey", p.total, items);
    return 0;
}

struct one {
    struct call *c;
    struct user user;
    struct api_key key;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    struct call *c = x->c;
    struct error why = {0};

    if (users_read(tx, c, call_param(c, "id"), &x->user, e) < 0) return -1;
    if (api_key_get(tx, x->user.id, call_param(c, "key"), c->arena, &x->key, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return call_not_found(e, call_param(c, "key"));
    *e = why;
    return -1;
}

static int get(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (users_permit(c, call_param(c, "id"), "UserView", e) < 0 ||
        db_read(call_app(c)->db, get_tx, &x, e) < 0)
        return -1;
    c->out = document(c, &x.key);
    return 0;
}

static int remove_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    struct call *c = x->c;

    if (get_tx(tx, x, e) < 0 || api_key_remove(tx, x->user.id, x->key.id, e) < 0) return -1;
    return users_audit(tx, c, "Deleted", &x->user, x->key.id,
                       arena_fmt(c->arena, "API key %s \"%s\" of %s was deleted", x->key.hint,
                                 x->key.purpose, x->user.username),
                       e);
}

static int delete (struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (users_permit(c, call_param(c, "id"), "UserEdit", e) < 0 ||
        db_write(call_app(c)->db, remove_tx, &x, e) < 0)
        return -1;
    c->out = json_object();
    return 0;
}

/* ---- whether people may have keys ---- */

struct settings {
    struct call *c;
    bool users_may;
};

static int settings_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct settings *x = ctx;

    return users_may(tx, x->c->arena, &x->users_may, e);
}

static json_t *settings_document(bool may)
{
    json_t *o = json_object(), *links = json_object();

    jv_set_str(o, "Id", "api-keys");
    jv_set_bool(o, "UsersMayHaveKeys", may);
    jv_set_str(links, "Self", "/api/configuration/api-keys/values");
    jv_set(o, "Links", links);
    return o;
}

static int get_settings(struct call *c, struct error *e)
{
    struct settings x = {.c = c};

    if (db_read(call_app(c)->db, settings_tx, &x, e) < 0) return -1;
    c->out = settings_document(x.users_may);
    return 0;
}

static int put_settings_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct settings *x = ctx;
    struct event ev = {.space_id = "",
                       .category = "Modified",
                       .user_id = x->c->caller.id,
                       .username = x->c->caller.name,
                       .author = call_author(x->c),
                       .occurred_at = clock_now(call_app(x->c)->clock),
                       .message = x->users_may ? "Everybody may have API keys"
                                               : "Only service accounts get new API keys"};

    if (setting_put(tx, SETTING_USERS_MAY, x->users_may ? "true" : "false", e) < 0) return -1;
    return event_add(tx, &ev, NULL, e);
}

static int put_settings(struct call *c, struct error *e)
{
    struct settings x = {.c = c};
    json_auto_t *in = NULL;

    if (resource_command(c, api_key_settings_fields, &in, e) < 0) return -1;
    x.users_may = jv_bool(in, "UsersMayHaveKeys", true);
    if (db_write(call_app(c)->db, put_settings_tx, &x, e) < 0) return -1;
    c->out = settings_document(x.users_may);
    return 0;
}

#define SETTINGS "/api/configuration/api-keys/values"
static const struct route rows[] = {
    {"POST", "/api/users/{id}/apikeys", create, PERM_AUTHENTICATED, .in = create_api_key_fields,
     .in_name = "CreateApiKey", .out = created_api_key_fields, .out_name = "ApiKeyCreated",
     .status = 201, .doc = "makes an API key; it is shown this once"},
    {"GET", "/api/users/{id}/apikeys", list, PERM_AUTHENTICATED, .out = api_key_fields,
     .out_name = "ApiKey", .shape = ROUTE_PAGE, .doc = "API keys of a user, newest first"},
    {"GET", "/api/users/{id}/apikeys/{key}", get, PERM_AUTHENTICATED, .out = api_key_fields,
     .out_name = "ApiKey", .doc = "one API key of a user"},
    {"DELETE", "/api/users/{id}/apikeys/{key}", delete, PERM_AUTHENTICATED,
     .flags = ROUTE_OPTIONAL_BODY, .doc = "deletes an API key, which ends at once"},
    {"GET", SETTINGS, get_settings, PERM_AUTHENTICATED, .out = api_key_settings_fields,
     .out_name = "ApiKeySettings", .doc = "whether people may have API keys"},
    {"PUT", SETTINGS, put_settings, "ConfigureServer", .in = api_key_settings_fields,
     .in_name = "ApiKeySettings", .out = api_key_settings_fields, .out_name = "ApiKeySettings",
     .doc = "decides whether people may have API keys; existing ones stay"},
};
const struct route_table api_key_routes = {rows, ARRAY_LEN(rows)};
