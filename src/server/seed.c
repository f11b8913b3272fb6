/* seed.c - see seed.h. */
#include "server/seed.h"

#include <stdio.h>
#include <string.h>

#include "api/grants.h"
#include "api/resource.h"
#include "api/space_content.h"
#include "api/teams.h"
#include "base/clock.h"
#include "base/id.h"
#include "crypt/apikey.h"
#include "crypt/password.h"
#include "os/file.h"
#include "store/setting.h"
#include "store/space.h"
#include "store/user.h"

struct installation {
    struct arena *a;
    const char *id;
};

static int installation_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct installation *x = ctx;
    char uuid[UUID_SIZE];

    return setting_once(tx, "installation-id", id_uuid(uuid), x->a, &x->id, e) < 0 ? -1 : 0;
}

int seed_installation(struct db *db, struct arena *a, const char **ret, struct error *e)
{
    struct installation x = {a, NULL};

    if (db_write(db, installation_tx, &x, e) < 0) return -1;
    *ret = x.id;
    return 0;
}

static int space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct document_query q = {.kind = space_resource.kind, .take = 0};
    struct document_change by = {
        .user_id = "users-system", .username = "system", .now_ms = clock_now(&system_clock)};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_page page;
    const char *id;

    (void)ctx;
    if (document_list(tx, &q, &a, &page, e) < 0) return -1;
    if (page.total) return 0;
    json_t *space = json_object();
    jv_set_str(space, "Name", "Default");
    jv_set_str(space, "Slug", "default");
    jv_set_bool(space, "IsDefault", true);
    if (space_content_add(tx, &space_resource, space, &by, &a, &id, e) < 0)
        return fail_wrap(e, "default space");
    if (space_default_set(tx, id, e) < 0) return -1;
    return space_content(tx, id, &by, e);
}

static const struct document_change by_server = {.user_id = "users-system", .username = "system"};

static int teams_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct document_change by = by_server;

    (void)ctx;
    by.now_ms = clock_now(&system_clock);
    return team_keep_built_in(tx, &by, e);
}

int seed_space(struct db *db, struct error *e)
{
    if (db_write(db, space_tx, NULL, e) < 0) return -1;
    return db_write(db, teams_tx, NULL, e) < 0 ? -1 : 0;
}

#define KEY_DAYS 180 /* an API key that the server makes */
struct admin {
    const char *username, *password, *api_key;
    char hash[PASSWORD_HASH_SIZE];
    bool only_first;
    bool made;
    int64_t key_expires; /* UTC ms; 0 = never: the key was given */
};

static int admin_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct admin *x = ctx;
    struct api_key key;
    struct user *list, u = {.username = x->username,
                            .display_name = x->username,
                            .email = "",
                            .password_hash = x->hash,
                            .is_admin = true,
                            .is_active = true,
                            .created_at = clock_now(&system_clock)};
    int64_t total;
    size_t n;

    x->made = false;
    if (user_list(tx, NULL, 0, 1, &a, &list, &n, &total, e) < 0) return -1;
    if (total && x->only_first) return 0;
    if (user_next_id(tx, &a, &u.id, e) < 0) return -1;
    u.updated_at = u.created_at;
    struct document_change by = by_server;
    by.now_ms = u.created_at;
    if (user_insert(tx, &u, e) < 0 || team_add_member(tx, &by, TEAM_ADMINISTRATORS, u.id, e) < 0)
        return -1;
    if (x->api_key[0] && api_key_insert(tx, x->api_key, u.id, "Made with the user", u.created_at,
                                        x->key_expires, &a, &key, e) < 0)
        return -1;
    x->made = true;
    return 0;
}

int seed_given_password(const struct options *o, struct arena *a, const char **ret, struct error *e)
{
    return options_secret(o->admin_password, o->admin_password_file, a, ret, e);
}

static int admin_secrets(const struct options *o, struct arena *a, struct admin *x, struct error *e)
{
    if (seed_given_password(o, a, &x->password, e) < 0) return -1;
    if (options_secret(o->admin_api_key, o->admin_api_key_file, a, &x->api_key, e) < 0) return -1;
    if (x->api_key[0] && !apikey_valid(x->api_key))
        return fail(e, ERR_INVALID,
                    "the admin API key must be API- and 16 to 124 capital letters and digits");
    return 0;
}

int seed_check(const struct options *o, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct admin x = {0};

    return admin_secrets(o, &a, &x, e);
}

static int make_admin(struct db *db, const struct options *o, bool only_first, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct admin x = {.username = o->admin_username, .only_first = only_first};
    char random[PASSWORD_RANDOM_SIZE], key[APIKEY_SIZE];

    if (admin_secrets(o, &a, &x, e) < 0) return -1;
    bool given = x.password[0] != '\0';
    if (!given && x.api_key[0] == '\0') { /* who knows the password makes keys with it */
        x.api_key = apikey_new(key);
        x.key_expires = clock_now(&system_clock) + KEY_DAYS * (int64_t)86400000;
    }
    if (password_hash(given ? x.password : password_random(random), x.hash, e) < 0) return -1;
    if (db_write(db, admin_tx, &x, e) < 0) return -1;
    if (x.made && !given)
        printf("The first user is \"%s\" with the password %s - it is shown this once.\n",
               x.username, random);
    else if (x.made) printf("The user \"%s\" was made.\n", x.username);
    if (x.made && x.key_expires)
        printf("The API key %s is valid for %d days - it is shown this once.\n", x.api_key,
               KEY_DAYS);
    fflush(stdout);
    return 0;
}

struct any {
    bool found;
};

static int any_user_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct any *x = ctx;
    struct user *list;
    int64_t total;
    size_t n;

    if (user_list(tx, NULL, 0, 1, &a, &list, &n, &total, e) < 0) return -1;
    x->found = total > 0;
    return 0;
}

int seed_admin(struct db *db, const struct options *o, struct error *e)
{
    struct any any;

    /* hashing a password takes longer than a whole start: only when it is needed */
    if (db_read(db, any_user_tx, &any, e) < 0) return -1;
    return any.found ? 0 : make_admin(db, o, true, e);
}

int seed_create_admin(struct db *db, const struct options *o, struct error *e)
{
    return make_admin(db, o, false, e);
}
