/* admin.c - the commands for who is locked out: another administrator, another password. */
#include <stdio.h>

#include "base/clock.h"
#include "crypt/password.h"
#include "db/db.h"
#include "os/file.h"
#include "server/command.h"
#include "server/seed.h"
#include "store/event.h"
#include "store/migrations.h"
#include "store/session.h"
#include "store/user.h"

/* ${ret} is the caller's also after a failure. */
static int open_store(struct command_call *c, struct db **ret, struct error *e)
{
    struct db_options d = {.url = c->o.database};

    if (dir_make(c->o.data_dir, 0711, e) < 0 || db_open(&d, ret, e) < 0) return -1;
    return store_migrate(*ret, e);
}

static int create(struct command_call *c, struct error *e)
{
    CLEANUP(db_closep) struct db *db = NULL;

    if (open_store(c, &db, e) < 0) return -1;
    return seed_create_admin(db, &c->o, e);
}

const struct command command_create_admin = {
    .name = "create-admin",
    .run = create,
    .has_settings = true,
    .help = "makes another administrator; the server must not run on SQLite",
};

struct reset {
    const char *username;
    char hash[PASSWORD_HASH_SIZE];
    bool active;
};

static int audit(struct db_tx *tx, const struct user *u, struct arena *a, struct error *e)
{
    struct event ev = {
        .space_id = "",
        .category = "Modified",
        .user_id = "users-system",
        .username = "system",
        .occurred_at = clock_now(&system_clock),
        .message = arena_fmt(a, "The password of %s was reset on the command line", u->username),
        .related = &u->id,
        .n_related = 1};

    return event_add(tx, &ev, NULL, e);
}

static int reset_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct reset *x = ctx;
    struct user u;

    if (user_by_name(tx, x->username, &a, &u, e) < 0) return -1;
    if (u.is_service)
        return fail(e, ERR_INVALID, "%s is a service account, which has no password", u.username);
    x->active = u.is_active;
    if (user_set_password(tx, u.id, x->hash, clock_now(&system_clock), e) < 0 ||
        session_remove_of(tx, u.id, NULL, e) < 0)
        return -1;
    return audit(tx, &u, &a, e);
}

static int reset(struct command_call *c, struct error *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct reset x = {.username = c->operand};
    char random[PASSWORD_RANDOM_SIZE];
    const char *password;

    if (c->operand == NULL) return fail(e, ERR_INVALID, "reset-password needs a user name");
    if (seed_given_password(&c->o, &c->arena, &password, e) < 0 || open_store(c, &db, e) < 0)
        return -1;
    bool given = password[0] != '\0';
    if (password_hash(given ? password : password_random(random), x.hash, e) < 0 ||
        db_write(db, reset_tx, &x, e) < 0)
        return -1;
    if (given) printf("The password of \"%s\" was set.\n", x.username);
    else printf("The password of \"%s\" is now %s - it is shown this once.\n", x.username, random);
    printf("Its sessions have ended.%s\n",
           x.active ? ""
                    : " The user is not active and cannot sign in until somebody changes that.");
    return 0;
}

const struct command command_reset_password = {
    .name = "reset-password",
    .run = reset,
    .has_settings = true,
    .operand = "NAME",
    .help = "gives a user another password, that of --admin-password-file or one that it prints; "
            "the server must not run on SQLite",
};
