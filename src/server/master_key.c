/* master_key.c - see master_key.h; the commands show-master-key and rotate-master-key.
 *
 * A rotation writes the new key beside the old one (FILE.next), seals everything anew in one
 * transaction, and then renames. The canary in the database tells which of the two files counts, so
 * it may be cut off anywhere; the next start ends it. The old key stays as FILE.<its id>: backups
 * that were made before need it. */
#include "server/master_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "os/file.h"
#include "server/command.h"
#include "server/folder.h"
#include "store/migrations.h"
#include "store/node.h"
#include "store/sealed.h"

const char *master_key_path(const struct options *o, struct arena *a)
{
    return o->master_key_file[0] ? o->master_key_file : arena_fmt(a, "%s/master.key", o->data_dir);
}

static const char *next_of(const char *path, struct arena *a)
{
    return arena_fmt(a, "%s.next", path);
}

struct key_tx {
    const struct secret_key *key;
    struct arena *a;
    const char *canary;
};

static int canary_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct key_tx *x = ctx;

    return sealed_canary(tx, x->a, &x->canary, e);
}

static int check_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return sealed_check_key(tx, ((struct key_tx *)ctx)->key, e);
}

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return sealed_claim_key(tx, ((struct key_tx *)ctx)->key, e);
}

int master_key_read(const struct options *o, struct secret_key *ret, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    if (o->master_key[0]) return secret_key_parse(o->master_key, "BOBTAIL_MASTER_KEY", ret, e);
    return secret_key_read(master_key_path(o, &a), ret, e);
}

/* ---- the key of a start ---- */

static int make(const char *path, struct secret_key *ret, struct error *e)
{
    if (secret_key_random(ret, e) < 0 || secret_key_store(path, ret, e) < 0) return -1;
    log_info("server",
             "made the master key %s: keep a copy of it apart from the backups (bobtail-server "
             "show-master-key prints it); without it no secret in the database can be read",
             path);
    return 0;
}

static int read_or_make(const char *path, struct secret_key *ret, struct error *e)
{
    struct error why = {0};

    if (secret_key_read(path, ret, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return make(path, ret, e);
    *e = why;
    return -1;
}

/* The new key takes the place of the old one. */
static int put_in_place(const char *path, struct arena *a, struct error *e)
{
    struct secret_key old;
    struct error none;
    char id[SECRET_KEY_ID_SIZE];

    if (secret_key_read(path, &old, &none) == 0) {
        const char *kept = arena_fmt(a, "%s.%s", path, secret_key_id(&old, id));
        secret_key_wipe(&old);
        if (link(path, kept) < 0 && errno != EEXIST) return fail_errno(e, errno, "keep %s", kept);
    }
    const char *next = next_of(path, a);
    if (rename(next, path) < 0) return fail_errno(e, errno, "rename %s to %s", next, path);
    const char *slash = strrchr(path, '/');
    return dir_sync(slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : ".", e);
}

/* The key beside ${path} is that of the database when a rotation was cut off behind its commit. */
static int end_rotation(struct db *db, const char *path, struct arena *a, struct secret_key *ret,
                        struct error *e)
{
    struct key_tx x = {.key = ret};

    if (secret_key_read(next_of(path, a), ret, e) < 0 || db_read(db, check_tx, &x, e) < 0)
        return -1;
    if (put_in_place(path, a, e) < 0) return -1;
    log_info("server", "ended a rotation of the master key that was cut off");
    return 0;
}

/* Reads the key of a database that has one, from the file. */
static int read_known(struct db *db, const char *path, struct arena *a, struct secret_key *ret,
                      struct error *e)
{
    struct key_tx x = {.key = ret};
    struct error why = {0}, ignored;

    if (secret_key_read(path, ret, &why) == 0 && db_read(db, check_tx, &x, &why) == 0) {
        unlink(next_of(path, a)); /* of a rotation that was cut off before its commit */
        return 0;
    }
    if ((why.kind == ERR_NOT_FOUND || why.kind == ERR_DENIED) &&
        end_rotation(db, path, a, ret, &ignored) == 0)
        return 0;
    *e = why;
    return -1;
}

static int read_given(struct db *db, const struct options *o, struct secret_key *ret,
                      struct error *e)
{
    struct key_tx x = {.key = ret};

    if (master_key_read(o, ret, e) < 0) return -1;
    return db_read(db, check_tx, &x, e);
}

int master_key_open(const struct options *o, struct db *db, struct secret_key *ret, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *path = master_key_path(o, &a);
    struct key_tx x = {.key = ret, .a = &a};
    int r;

    if (db_read(db, canary_tx, &x, e) < 0) return -1;
    if (o->master_key[0]) r = read_given(db, o, ret, e);
    else r = x.canary ? read_known(db, path, &a, ret, e) : read_or_make(path, ret, e);
    if (r == 0) return x.canary ? 0 : db_write(db, claim_tx, &x, e) < 0 ? -1 : 0;
    if (x.canary == NULL || (e->kind != ERR_NOT_FOUND && e->kind != ERR_DENIED)) return -1;
    return fail_wrap(e,
                     "the database holds secrets that need the master key %.8s: put it back to %s, "
                     "or name it by --master-key-file or BOBTAIL_MASTER_KEY",
                     x.canary + sizeof(SEAL_FORM) - 1, path);
}

/* ---- show-master-key ---- */

static int show(struct command_call *c, struct error *e)
{
    char text[SECRET_KEY_TEXT_SIZE];
    struct secret_key key;

    if (master_key_read(&c->o, &key, e) < 0) return -1;
    printf("%s\n", secret_key_text(&key, text));
    explicit_bzero(text, sizeof(text));
    secret_key_wipe(&key);
    return 0;
}

const struct command command_show_master_key = {
    .name = "show-master-key",
    .run = show,
    .has_settings = true,
    .help = "prints the master key: without it no secret in the database can be read",
};

/* ---- rotate-master-key ---- */

struct rotation {
    struct secret_key from, to;
    struct sealed_count count;
};

/* Other nodes would go on sealing with the old key. */
static int no_node_runs(struct db_tx *tx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct node *list;
    size_t n;

    if (strcmp(db_tx_engine(tx), "postgres") != 0) return 0; /* the folder is ours */
    if (node_alive(tx, &a, &list, &n, e) < 0) return -1;
    if (n == 0) return 0;
    return fail(
        e, ERR_CONFLICT,
        "node %s runs on this database, or did less than 15 s ago: stop all nodes and try again",
        list->name);
}

static int rotate_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct rotation *x = ctx;

    if (sealed_lock(tx, false, e) < 0 || no_node_runs(tx, e) < 0) return -1;
    return sealed_rotate(tx, &x->from, &x->to, &x->count, e);
}

static int rotate_in(struct command_call *c, struct db *db, struct rotation *x, struct error *e)
{
    const char *to = command_value(c, "to"), *path = master_key_path(&c->o, &c->arena);
    const char *next = to ? to : next_of(path, &c->arena);
    char old[SECRET_KEY_ID_SIZE], id[SECRET_KEY_ID_SIZE];

    if (to == NULL && c->o.master_key[0])
        return fail(e, ERR_INVALID,
                    "the master key comes from BOBTAIL_MASTER_KEY: name a file for the new one by "
                    "--to FILE");
    if (store_migrate(db, e) < 0 || master_key_open(&c->o, db, &x->from, e) < 0) return -1;
    if (secret_key_random(&x->to, e) < 0 || secret_key_store(next, &x->to, e) < 0) return -1;
    FAULT_POINT("master_key.stored");
    if (db_write_hot(db, rotate_tx, x, e) < 0) {
        unlink(next);
        return -1;
    }
    FAULT_POINT("master_key.sealed");
    if (to == NULL && put_in_place(path, &c->arena, e) < 0) return -1;
    printf("%lld secrets are sealed with the new master key %s in %s.\n",
           (long long)x->count.opened, secret_key_id(&x->to, id), to ? to : path);
    if (x->count.closed)
        printf("%lld did not open with the old key and were left as they are: see "
               "check-integrity.\n",
               (long long)x->count.closed);
    secret_key_id(&x->from, old);
    if (to == NULL)
        printf("Backups made before need the old key: it is kept in %s.%s.\n", path, old);
    printf("Keep a copy of the new key; other nodes need it too.\n");
    return 0;
}

static int rotate(struct command_call *c, struct error *e)
{
    struct db_options d = {.url = c->o.database};
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(closep) int lock = -1;
    struct rotation x = {0};

    if (folder_take(c->o.data_dir, &lock, e) < 0 || db_open(&d, &db, e) < 0) return -1;
    int r = rotate_in(c, db, &x, e);
    secret_key_wipe(&x.from);
    secret_key_wipe(&x.to);
    return r;
}

const struct command command_rotate_master_key = {
    .name = "rotate-master-key",
    .run = rotate,
    .has_settings = true,
    .flags = {{"to", "FILE", "where the new key goes; default is in place of the old one"}},
    .help = "seals all secrets in the database with a new master key; no server may run on it",
};
