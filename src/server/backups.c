/* backups.c - the commands backup and restore. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "server/backup.h"
#include "server/command.h"
#include "server/dump.h"
#include "server/folder.h"
#include "server/master_key.h"
#include "server/restore.h"
#include "server/restored.h"
#include "store/sealed.h"

static bool on_sqlite(const struct command_call *c) { return str_starts(c->o.database, "sqlite:"); }

static void show_progress(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "\r\033[K%s", text);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K");
}

static void warn(void *ctx, const char *text)
{
    (void)ctx;
    end_progress();
    fprintf(stderr, "bobtail-server: %s\n", text);
}

static int check_dump(const char *folder, struct error *e)
{
    int64_t n;

    if (dump_check(folder, &n, e) < 0) return -1;
    printf("The dump can be read, and all %lld blobs that it names are there.\n", (long long)n);
    return 0;
}

/* ---- a check of a file ---- */

static int check_file(struct command_call *c, const char *path, struct error *e)
{
    struct restore_request r = {.o = &c->o, .from = path, .only_check = true};
    struct restore_result got;

    if (isatty(STDERR_FILENO)) r.progress = show_progress;
    int result = restore_run(&r, &c->arena, &got, e);
    end_progress();
    if (result < 0) return -1;
    printf("The backup is whole: made %s by version %s, installation %s, %lld blobs%s.\n",
           got.created, got.version, got.installation, (long long)got.blobs,
           got.missing ? "; blobs that were missing then are missing in it" : "");
    return 0;
}

static int check(struct command_call *c, const char *path, struct error *e)
{
    return on_sqlite(c) ? check_file(c, path, e) : check_dump(path, e);
}

/* ---- backup ---- */

static int backup(struct command_call *c, struct error *e)
{
    const char *to = command_value(c, "to"), *checked = command_value(c, "check");
    struct backup_request r = {.o = &c->o,
                               .to = to,
                               .with_key = command_value(c, "include-master-key") != NULL,
                               .warn = warn};
    struct backup_result done;

    if (checked) return check(c, checked, e);
    if (!on_sqlite(c)) {
        dump_print_backup(&c->o, to ? to : "backup");
        return 0;
    }
    if (to == NULL) return fail(e, ERR_INVALID, "backup needs --to FILE");
    if (isatty(STDERR_FILENO)) r.progress = show_progress;
    int result = backup_write(&r, &done, e);
    end_progress();
    if (result < 0) return -1;
    printf("%s has %lld bytes with the database and %lld blobs.\n", to, (long long)done.bytes,
           (long long)done.blobs);
    if (!r.with_key)
        printf("The master key is not in it: keep it apart (bobtail-server show-master-key).\n");
    return 0;
}

const struct command command_backup = {
    .name = "backup",
    .run = backup,
    .has_settings = true,
    .flags = {{"to", "FILE", "the backup; nothing may be there yet"},
              {"include-master-key", NULL, "puts the master key into it: it then tells everything"},
              {"check", "FILE", "looks whether a backup is whole, and makes none"}},
    .help = "makes a backup while the server runs; with PostgreSQL it says what to run",
};

/* ---- restore ---- */

static int key_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return sealed_check_key(tx, ctx, e);
}

/* The key may come later, so that this is no error. */
static void look_at_key(struct command_call *c, struct db *db)
{
    struct secret_key key;
    struct error why = {0};

    if (master_key_read(&c->o, &key, &why) == 0 && db_read(db, key_tx, &key, &why) == 0)
        printf("The master key fits.\n");
    else
        printf("Put the master key to %s before the server starts: %s.\n",
               master_key_path(&c->o, &c->arena), why.text);
    secret_key_wipe(&key);
}

static int open_and_look(struct command_call *c, struct db **ret, struct error *e)
{
    struct db_options d = {.url = c->o.database};

    if (db_open(&d, ret, e) < 0) return -1;
    look_at_key(c, *ret);
    return 0;
}

static void print_ended(int64_t lost, int64_t canceled)
{
    printf("%lld tasks that ran then end as lost by restore, %lld that waited were canceled.\n",
           (long long)lost, (long long)canceled);
}

/* After pg_restore: what the command itself does for SQLite. */
static int finish(struct command_call *c, struct error *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct restored ended = {.keep_queue = command_value(c, "keep-queue") != NULL};

    if (open_and_look(c, &db, e) < 0 || restored_end(db, &ended, e) < 0) return -1;
    print_ended(ended.lost, ended.canceled);
    return 0;
}

static void print_result(const struct command_call *c, const struct restore_result *got)
{
    printf("Restored what version %s backed up at %s: %lld blobs.\n", got->version, got->created,
           (long long)got->blobs);
    print_ended(got->lost, got->canceled);
    if (got->missing) printf("%lld blobs were missing then already.\n", (long long)got->missing);
    if (got->replaced) printf("The database that was there is %s now.\n", got->replaced);
    if (got->has_settings)
        printf("The settings file of then, without its secrets, is %s/server.conf.restored.\n",
               c->o.data_dir);
}

static int restore_file(struct command_call *c, const char *from, struct error *e)
{
    struct restore_request r = {.o = &c->o,
                                .from = from,
                                .force = command_value(c, "force") != NULL,
                                .keep_queue = command_value(c, "keep-queue") != NULL};
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(closep) int lock = -1;
    struct restore_result got;

    if (folder_take(c->o.data_dir, &lock, e) < 0) return -1;
    if (isatty(STDERR_FILENO)) r.progress = show_progress;
    int result = restore_run(&r, &c->arena, &got, e);
    end_progress();
    if (result < 0) return -1;
    print_result(c, &got);
    return open_and_look(c, &db, e);
}

static int restore(struct command_call *c, struct error *e)
{
    const char *from = command_value(c, "from"), *checked = command_value(c, "check");

    if (checked) return check(c, checked, e);
    if (command_value(c, "finish")) return finish(c, e);
    if (!on_sqlite(c)) {
        dump_print_restore(&c->o, from ? from : "backup");
        return 0;
    }
    if (from == NULL) return fail(e, ERR_INVALID, "restore needs --from FILE");
    return restore_file(c, from, e);
}

const struct command command_restore = {
    .name = "restore",
    .run = restore,
    .has_settings = true,
    .flags = {{"from", "FILE", "the backup"},
              {"force", NULL, "replaces the database that is there; it is kept under another name"},
              {"keep-queue", NULL, "runs what waited when the backup was made"},
              {"check", "FILE", "looks whether a backup is whole, and changes nothing"},
              {"finish", NULL, "after pg_restore: ends what ran when the backup was made"}},
    .help = "puts a backup back; no server may run there; with PostgreSQL it says what to run",
};
