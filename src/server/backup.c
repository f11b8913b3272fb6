/* backup.c - see backup.h.
 *
 * The database is copied first: what its rows name then is in the blob store for good, since blobs
 * are durable before the row that names them. The file grows under another name (FILE.partial) and
 * gets its own when it is complete. */
#include "server/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/time.h"
#include "crypt/digest.h"
#include "db/db.h"
#include "os/file.h"
#include "os/tar.h"
#include "server/folder.h"
#include "server/master_key.h"
#include "store/blob_use.h"
#include "store/migrations.h"
#include "store/sealed.h"
#include "store/setting.h"
#include "store/summary.h"

struct backup {
    const struct backup_request *r;
    struct arena arena;
    const char *partial, *copy; /* of the file; of the database */
    int fd;
    int64_t now;
    json_t *manifest, *members; /* members belongs to manifest */
    struct summary summary;
    const char *installation, *canary;
    const char **hashes;
    size_t n_hashes;
    struct backup_result result;
};

const char *backup_blob_name(struct arena *a, const char *hash)
{
    return arena_fmt(a, BACKUP_BLOBS "%.2s/%s", hash, hash + 2);
}

static void say(const struct backup *b, const char *text)
{
    if (b->r->progress) b->r->progress(b->r->ctx, text);
}

/* ---- members ---- */

static void note_member(struct backup *b, const char *name, int64_t size, struct digest *d)
{
    json_t *member = json_object();
    char hash[DIGEST_HEX_SIZE];

    digest_end(d, hash);
    jv_set_str(member, "Name", name);
    jv_set_i64(member, "Size", size);
    jv_set_str(member, "Sha256", hash);
    jv_push(b->members, member);
}

static int add_bytes(struct backup *b, const char *name, const void *data, size_t n,
                     struct error *e)
{
    struct digest d;

    digest_begin(&d);
    digest_add(&d, data, n);
    if (tar_begin(b->fd, name, (int64_t)n, b->now / 1000, e) < 0) return -1;
    if (file_write_all(b->fd, data, n, e) < 0 || tar_pad(b->fd, (int64_t)n, e) < 0) return -1;
    if (strcmp(name, BACKUP_MANIFEST) != 0) note_member(b, name, (int64_t)n, &d);
    return 0;
}

static int add_content(struct backup *b, const char *name, int from, int64_t size, struct error *e)
{
    CLEANUP(freep) char *chunk = xmalloc(256 * KiB);
    struct digest d;

    digest_begin(&d);
    for (int64_t left = size; left;) {
        ssize_t got = read(from, chunk, left < (int64_t)(256 * KiB) ? (size_t)left : 256 * KiB);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read %s", name);
        if (got == 0) return fail(e, ERR_CORRUPT, "%s became shorter while it was read", name);
        digest_add(&d, chunk, (size_t)got);
        if (file_write_all(b->fd, chunk, (size_t)got, e) < 0) return -1;
        left -= got;
    }
    note_member(b, name, size, &d);
    return tar_pad(b->fd, size, e);
}

/* ERR_NOT_FOUND: there is no such file. */
static int add_file(struct backup *b, const char *name, const char *path, struct error *e)
{
    CLEANUP(closep) int from = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (from < 0 || fstat(from, &st) < 0) return fail_errno(e, errno, "open %s", path);
    if (tar_begin(b->fd, name, st.st_size, b->now / 1000, e) < 0) return -1;
    return add_content(b, name, from, st.st_size, e);
}

/* ---- what goes in ---- */

static int facts_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct backup *b = ctx;

    if (summary_read(tx, &b->summary, e) < 0 || sealed_canary(tx, &b->arena, &b->canary, e) < 0)
        return -1;
    if (setting_get(tx, "installation-id", &b->arena, &b->installation, e) < 0) return -1;
    return blob_use_list(tx, &b->arena, &b->hashes, &b->n_hashes, e);
}

static int read_copy(struct backup *b, struct error *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct db_options d = {.url = arena_fmt(&b->arena, "sqlite:%s", b->copy)};
    struct schema_state schema;

    if (db_open(&d, &db, e) < 0 || store_schema(db, &schema, e) < 0) return -1;
    if (schema.applied == 0) return fail(e, ERR_NOT_FOUND, "the database is empty");
    jv_set_str(b->manifest, "Schema", schema.names[schema.applied - 1]);
    return db_read(db, facts_tx, b, e);
}

static void remove_copy(const struct backup *b)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        CLEANUP(freep) char *path = xasprintf("%s%s", b->copy, suffixes[i]);
        unlink(path);
    }
}

static int add_settings(struct backup *b, struct error *e)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(1 * MiB);
    struct error why = {0};

    if (options_without_secrets(b->r->o, &text, &why) == 0)
        return add_bytes(b, BACKUP_SETTINGS, buf_str(&text), text.n, e);
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static int add_key(struct backup *b, struct error *e)
{
    char text[SECRET_KEY_TEXT_SIZE];
    struct secret_key key;

    if (!b->r->with_key) return 0;
    if (master_key_read(b->r->o, &key, e) < 0) return -1;
    secret_key_text(&key, text);
    secret_key_wipe(&key);
    int r = add_bytes(b, BACKUP_KEY, text, strlen(text), e);
    explicit_bzero(text, sizeof(text));
    return r;
}

static int add_blob(struct backup *b, const char *hash, struct error *e)
{
    const char *name = backup_blob_name(&b->arena, hash);
    const char *path = arena_fmt(&b->arena, "%s/%s", b->r->o->data_dir, name);
    struct error why = {0};

    if (add_file(b, name, path, &why) == 0) {
        b->result.blobs++;
        return 0;
    }
    if (why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    b->result.missing++;
    if (b->r->warn)
        b->r->warn(b->r->ctx,
                   arena_fmt(&b->arena, "the blob %s is missing: it is not in the backup", hash));
    return 0;
}

static int add_blobs(struct backup *b, struct error *e)
{
    char text[80];

    for (size_t i = 0; i < b->n_hashes; i++) {
        if (i % 64 == 0) {
            snprintf(text, sizeof(text), "blob %zu of %zu", i + 1, b->n_hashes);
            say(b, text);
        }
        if (strlen(b->hashes[i]) != DIGEST_HEX_SIZE - 1)
            return fail(e, ERR_CORRUPT, "a row names the blob \"%s\", which is no hash",
                        b->hashes[i]);
        if (add_blob(b, b->hashes[i], e) < 0) return -1;
    }
    return 0;
}

static int add_manifest(struct backup *b, struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    json_t *counts = json_object();

    jv_set_i64(b->manifest, "Format", BACKUP_FORMAT);
    jv_set_str(b->manifest, "Version", BOBTAIL_VERSION);
    jv_set_str(b->manifest, "InstallationId", b->installation);
    jv_set_time(b->manifest, "Created", b->now);
    jv_set_str(b->manifest, "MasterKey",
               b->canary ? arena_fmt(&b->arena, "%.8s", b->canary + strlen(SEAL_FORM)) : NULL);
    jv_set_i64(counts, "Documents", b->summary.documents);
    jv_set_i64(counts, "Tasks", b->summary.tasks);
    jv_set_i64(counts, "Users", b->summary.users);
    jv_set_i64(counts, "Blobs", b->result.blobs);
    jv_set_i64(counts, "MissingBlobs", b->result.missing);
    jv_set(b->manifest, "Counts", counts);
    jv_print(&text, b->manifest);
    return add_bytes(b, BACKUP_MANIFEST, buf_str(&text), text.n, e);
}

static int add_all(struct backup *b, struct error *e)
{
    const char *node_id = arena_fmt(&b->arena, "%s/node-id", b->r->o->data_dir);

    say(b, "database");
    if (add_file(b, BACKUP_DATABASE, b->copy, e) < 0 || add_file(b, BACKUP_NODE_ID, node_id, e) < 0)
        return -1;
    if (add_settings(b, e) < 0 || add_key(b, e) < 0 || add_blobs(b, e) < 0) return -1;
    return add_manifest(b, e) < 0 ? -1 : tar_end(b->fd, e);
}

/* ---- the file ---- */

/* The folder of the file is synced, so that its name lasts. */
static int give_name(struct backup *b, struct error *e)
{
    const char *slash = strrchr(b->r->to, '/');
    struct stat st;

    if (fsync(b->fd) < 0 || fstat(b->fd, &st) < 0)
        return fail_errno(e, errno, "fsync %s", b->partial);
    b->result.bytes = st.st_size;
    if (link(b->partial, b->r->to) < 0) return fail_errno(e, errno, "make %s", b->r->to);
    unlink(b->partial);
    return dir_sync(
        slash ? arena_strndup(&b->arena, b->r->to, (size_t)(slash - b->r->to) + 1) : ".", e);
}

static int write_file(struct backup *b, struct error *e)
{
    unlink(b->partial); /* of a backup that was killed */
    b->fd = open(b->partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (b->fd < 0) return fail_errno(e, errno, "create %s", b->partial);
    int r = add_all(b, e);
    if (r == 0) r = give_name(b, e);
    close(b->fd);
    if (r < 0) unlink(b->partial);
    return r;
}

static int make(struct backup *b, struct error *e)
{
    if (access(b->r->to, F_OK) == 0)
        return fail(e, ERR_CONFLICT, "there is a file %s already", b->r->to);
    b->partial = arena_fmt(&b->arena, "%s.partial", b->r->to);
    b->copy = arena_fmt(&b->arena, "%s.database", b->r->to);
    say(b, "copy of the database");
    remove_copy(b); /* of a backup that was killed */
    if (db_copy(b->r->o->database, b->copy, e) < 0) return -1;
    int r = read_copy(b, e);
    if (r == 0) r = write_file(b, e);
    remove_copy(b);
    return r;
}

int backup_write(const struct backup_request *r, struct backup_result *ret, struct error *e)
{
    struct backup b = {.r = r, .now = clock_now(&system_clock)};

    b.manifest = json_object();
    b.members = json_array();
    jv_set(b.manifest, "Members", b.members);
    int result = make(&b, e);
    *ret = b.result;
    json_decref(b.manifest);
    arena_done(&b.arena);
    return result < 0 ? fail_wrap(e, "backup to %s", r->to) : 0;
}
