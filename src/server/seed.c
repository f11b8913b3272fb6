/* seed.c - see seed.h. */
#include "server/seed.h"

#include <stdio.h>
#include <string.h>

#include "api/resource.h"
#include "base/clock.h"
#include "base/id.h"
#include "crypt/apikey.h"
#include "crypt/password.h"
#include "os/file.h"
#include "store/setting.h"
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

static int insert(struct db_tx *tx, const struct resource *r, json_t *members, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_change by = {.user_id = "users-system",
                                 .username = "system",
                                 .now_ms = clock_now(&system_clock),
                                 .noun = r->noun};
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *in = members, *doc = NULL;
    struct references none = REFERENCES_INIT(&a);
    struct document stored;
    const char *name, *id;
    json_t *value;

    if (schema_decode(r->fields, in, NULL, NULL, &doc, &p) < 0) return problems_fail(&p, e);
    json_object_foreach (in, name, value) json_object_set(doc, name, value);
    if (str_blank(jv_str(doc, "Id", ""))) {
        if (document_next_id(tx, r->kind, &a, &id, e) < 0) return -1;
        jv_set_str(doc, "Id", id);
    }
    resource_complete(r, doc);
    struct document_write w = resource_row(r, doc, &none);
    return document_insert(tx, &w, &by, &a, &stored, e);
}

static json_t *named(const char *name, const char *slug)
{
    json_t *o = json_object();

    jv_set_str(o, "Name", name);
    jv_set_str(o, "Slug", slug);
    jv_set_str(o, "SpaceId", "Spaces-1");
    return o;
}

static int space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct document_query q = {.kind = "Spaces", .take = 0};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct document_page page;

    (void)ctx;
    if (document_list(tx, &q, &a, &page, e) < 0) return -1;
    if (page.total) return 0;
    json_t *space = named("Default", "default"),
           *pool = named("Default Worker Pool", "default-worker-pool");
    json_t *policy = named("Default Machine Policy", "default-machine-policy");
    json_t *feed = named("Bobtail Server (built-in)", "bobtail-server-built-in");
    json_object_del(space, "SpaceId");
    jv_set_bool(space, "IsDefault", true);
    jv_set_bool(pool, "IsDefault", true);
    jv_set_str(pool, "WorkerPoolType", "StaticWorkerPool");
    jv_set_bool(pool, "CanAddWorkers", true);
    jv_set_bool(policy, "IsDefault", true);
    jv_set_str(feed, "FeedType", "BuiltIn");
    jv_set_str(feed, "Id", "feeds-builtin");
    if (insert(tx, &space_resource, space, e) < 0) return fail_wrap(e, "default space");
    if (insert(tx, &project_group_resource, named("Default Project Group", "default-project-group"),
               e) < 0)
        return fail_wrap(e, "default project group");
    if (insert(tx, &lifecycle_resource, named("Default Lifecycle", "default-lifecycle"), e) < 0)
        return fail_wrap(e, "default lifecycle");
    if (insert(tx, &worker_pool_resource, pool, e) < 0) return fail_wrap(e, "default worker pool");
    if (insert(tx, &machine_policy_resource, policy, e) < 0)
        return fail_wrap(e, "default machine policy");
    return insert(tx, &feed_resource, feed, e) < 0 ? fail_wrap(e, "built-in feed") : 0;
}

int seed_space(struct db *db, struct error *e)
{
    return db_write(db, space_tx, NULL, e) < 0 ? -1 : 0;
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
    if (user_insert(tx, &u, e) < 0) return -1;
    if (x->api_key[0] && api_key_insert(tx, x->api_key, u.id, "Made with the user", u.created_at,
                                        x->key_expires, &a, &key, e) < 0)
        return -1;
    x->made = true;
    return 0;
}

/* The secret itself, or the first line of its file. */
static int secret(const char *value, const char *file, struct arena *a, const char **ret,
                  struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(4 * KiB);

    *ret = value;
    if (value[0] || file[0] == '\0') return 0;
    if (file_read(file, &text, e) < 0) return -1;
    struct str rest = {buf_str(&text), text.n}, line = {"", 0};
    str_cut(&rest, '\n', &line);
    line = str_trim(line);
    if (line.n == 0) return fail(e, ERR_INVALID, "the first line of %s is empty", file);
    *ret = arena_strndup(a, line.p, line.n);
    return 0;
}

static int admin_secrets(const struct options *o, struct arena *a, struct admin *x, struct error *e)
{
    if (secret(o->admin_password, o->admin_password_file, a, &x->password, e) < 0) return -1;
    if (secret(o->admin_api_key, o->admin_api_key_file, a, &x->api_key, e) < 0) return -1;
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
    if (x.api_key[0] == '\0') { /* nothing but a key lets anybody in */
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
