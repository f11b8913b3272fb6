/* integrity.c - see integrity.h; the command check-integrity. */
#include "server/integrity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypt/digest.h"
#include "engine/task_view.h"
#include "server/command.h"
#include "server/folder.h"
#include "server/master_key.h"
#include "store/blob_use.h"
#include "store/integrity.h"
#include "store/migrations.h"
#include "store/sealed.h"
#include "store/task.h"

enum { TASKS_AT_ONCE = 500 };

static void say(struct integrity *x, const char *fmt, ...) PRINTF(2, 3);
static void say(struct integrity *x, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    x->told(x->ctx, false, text);
}

static void problem(struct integrity *x, const char *fmt, ...) PRINTF(2, 3);
static void problem(struct integrity *x, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    x->problems++;
    x->told(x->ctx, true, text);
}

static void note(void *ctx, const char *text) { problem(ctx, "%s", text); }

/* ---- the database ---- */

static int database_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    if (integrity_database(tx, note, ctx, e) < 0) return -1;
    return integrity_references(tx, note, ctx, e);
}

static void note_sealed(void *ctx, const char *row, const char *why)
{
    problem(ctx, "a secret in %s does not open: %s", row, why);
}

static int sealed_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct integrity *x = ctx;
    struct sealed_count n;

    if (sealed_verify(tx, x->key, note_sealed, x, &n, e) < 0) return -1;
    say(x, "%lld secrets open with the master key", (long long)n.opened);
    return 0;
}

/* ---- journals ---- */

struct journals {
    struct integrity *x;
    int64_t skip, done;
    bool more;
};

static int journals_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct journals *j = ctx;
    struct task_query q = {.skip = j->skip, .take = TASKS_AT_ONCE};
    struct task *list;
    int64_t total;
    size_t n;

    if (task_list(tx, &q, &a, &list, &n, &total, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(state_freep) struct state *s = NULL;
        struct error why = {0};
        if (task_view_fold(tx, list[i].id, &a, &s, &why) < 0)
            problem(j->x, "the journal of %s cannot be read: %s", list[i].id, why.text);
    }
    j->more = n == TASKS_AT_ONCE;
    j->done = j->skip + (int64_t)n;
    return 0;
}

static int check_journals(struct integrity *x, struct error *e)
{
    struct journals j = {.x = x, .more = true};

    while (j.more) {
        if (db_read(x->db, journals_tx, &j, e) < 0) return -1;
        j.skip = j.done;
    }
    say(x, "the journals of %lld tasks were read", (long long)j.done);
    return 0;
}

/* ---- blobs ---- */

struct blobs {
    struct arena arena;
    const char **hashes; /* sorted: what rows name */
    size_t n;
};

static int blobs_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct blobs *b = ctx;

    return blob_use_list(tx, &b->arena, &b->hashes, &b->n, e);
}

/* The hash of a file's content: 1, 0 = it is not there. */
static int hash_file(const char *path, char hash[DIGEST_HEX_SIZE], struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    CLEANUP(freep) char *chunk = xmalloc(256 * KiB);
    struct digest d;
    ssize_t got;

    if (fd < 0 && errno == ENOENT) return 0;
    if (fd < 0) return fail_errno(e, errno, "open %s", path);
    digest_begin(&d);
    while ((got = read(fd, chunk, 256 * KiB)) != 0) {
        if (got < 0 && errno != EINTR) return fail_errno(e, errno, "read %s", path);
        if (got > 0) digest_add(&d, chunk, (size_t)got);
    }
    digest_end(&d, hash);
    return 1;
}

static int check_used(struct integrity *x, const struct blobs *b, struct error *e)
{
    for (size_t i = 0; i < b->n; i++) {
        const char *hash = b->hashes[i];
        CLEANUP(freep) char *path = xasprintf("%s/%.2s/%s", x->blobs_path, hash, hash + 2);
        char content[DIGEST_HEX_SIZE];
        int there = hash_file(path, content, e);
        if (there < 0) return -1;
        if (there == 0) problem(x, "the blob %s is missing", hash);
        else if (strcmp(content, hash) != 0)
            problem(x, "the content of the blob %s is damaged", hash);
    }
    say(x, "%zu blobs that rows name were read", b->n);
    return 0;
}

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static size_t count_orphans(const struct blobs *b, const char *folder, const char *prefix)
{
    CLEANUP(freep) char *path = xasprintf("%s/%s", folder, prefix);
    DIR *dir = opendir(path);
    size_t n = 0;

    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        CLEANUP(freep) char *hash = xasprintf("%s%s", prefix, d->d_name);
        if (strlen(hash) != DIGEST_HEX_SIZE - 1) continue;
        n += b->n == 0 || bsearch(hash, b->hashes, b->n, sizeof(*b->hashes), by_text) == NULL;
    }
    if (dir) closedir(dir);
    return n;
}

/* Blobs that no row names do no harm: they are told, and are no problem. */
static int check_orphans(struct integrity *x, const struct blobs *b, struct error *e)
{
    DIR *dir = opendir(x->blobs_path);
    size_t n = 0;

    if (dir == NULL) return fail_errno(e, errno, "open folder %s", x->blobs_path);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (strlen(d->d_name) == 2 && strspn(d->d_name, "0123456789abcdef") == 2)
            n += count_orphans(b, x->blobs_path, d->d_name);
    closedir(dir);
    say(x, "%zu blobs are named by no row", n);
    return 0;
}

static int check_blobs(struct integrity *x, struct error *e)
{
    struct blobs b = {.arena = ARENA_INIT};
    int r = db_read(x->db, blobs_tx, &b, e);

    if (r == 0) r = check_used(x, &b, e);
    if (r == 0) r = check_orphans(x, &b, e);
    arena_done(&b.arena);
    return r;
}

int integrity_run(struct integrity *x, struct error *e)
{
    x->problems = 0;
    if (db_read(x->db, database_tx, x, e) < 0) return -1;
    say(x, "the database was looked through");
    if (db_read(x->db, sealed_tx, x, e) < 0 || check_journals(x, e) < 0) return -1;
    return check_blobs(x, e);
}

/* ---- the command ---- */

static void print(void *ctx, bool bad, const char *text)
{
    (void)ctx;
    printf("%s%s\n", bad ? "PROBLEM: " : "", text);
}

static int check_in(struct command_call *c, struct db *db, struct error *e)
{
    struct secret_key key;
    struct integrity x = {.db = db,
                          .key = &key,
                          .blobs_path = arena_fmt(&c->arena, "%s/blobs", c->o.data_dir),
                          .told = print};

    if (store_migrate(db, e) < 0 || master_key_open(&c->o, db, &key, e) < 0) return -1;
    int r = integrity_run(&x, e);
    secret_key_wipe(&key);
    if (r < 0) return -1;
    if (x.problems) return fail(e, ERR_CORRUPT, "%lld problems were found", (long long)x.problems);
    printf("No problem was found.\n");
    return 0;
}

static int check(struct command_call *c, struct error *e)
{
    struct db_options d = {.url = c->o.database};
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(closep) int lock = -1;

    if (folder_take(c->o.data_dir, &lock, e) < 0 || db_open(&d, &db, e) < 0) return -1;
    return check_in(c, db, e);
}

const struct command command_check_integrity = {
    .name = "check-integrity",
    .run = check,
    .has_settings = true,
    .help = "looks whether all that is stored holds together; exit code 1 when it does not",
};
