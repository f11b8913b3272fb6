/* restore.c - see restore.h.
 *
 * One pass over the file: the database goes to a name beside its own, blobs go into the store under
 * their hash (which replaces nothing), the rest is small and kept in memory. What was read is
 * compared with the manifest; only then the database is replaced. A mark in the data folder tells a
 * start that a restore was cut off just then. */
#include "server/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/map.h"
#include "base/time.h"
#include "crypt/digest.h"
#include "db/db.h"
#include "os/file.h"
#include "os/tar.h"
#include "server/backup.h"
#include "server/master_key.h"
#include "server/restored.h"
#include "store/integrity.h"
#include "store/migrations.h"
#include "store/sealed.h"

#define MARK "restore-cut-off"
#define MANIFEST_MAX (256 * MiB)

struct member {
    int64_t size;
    char hash[DIGEST_HEX_SIZE];
};

struct restore {
    const struct restore_request *r;
    struct arena arena;
    const char *db_path, *staged; /* the database; the new one until it takes its place */
    int fd;
    struct map *members; /* name -> struct member */
    size_t n_members;
    struct buf manifest, node_id, settings, key;
    ARENA_LIST(const char *) new_blobs; /* paths */
    struct restore_result *result;
};

static void say(const struct restore *x, const char *text)
{
    if (x->r->progress) x->r->progress(x->r->ctx, text);
}

/* ---- reading ---- */

/* Where the bytes of a member go: memory, a file, or nowhere. */
struct sink {
    struct buf *memory;
    int fd; /* -1 = no file */
};

static int read_content(struct restore *x, struct tar_member *m, struct sink sink, struct error *e)
{
    CLEANUP(freep) char *chunk = xmalloc(256 * KiB);
    struct member *seen = ARENA_NEW(&x->arena, struct member, 1);
    struct digest d;

    digest_begin(&d);
    for (int64_t left = m->size; left;) {
        size_t n = left < (int64_t)(256 * KiB) ? (size_t)left : 256 * KiB;
        if (tar_read(x->fd, chunk, n, e) < 0) return -1;
        digest_add(&d, chunk, n);
        if (sink.memory) buf_add(sink.memory, chunk, n);
        if (sink.memory && sink.memory->overflow)
            return fail(e, ERR_TOO_LARGE, "%s in the backup is too large", m->name);
        if (sink.fd >= 0 && file_write_all(sink.fd, chunk, n, e) < 0) return -1;
        left -= (int64_t)n;
    }
    seen->size = m->size;
    digest_end(&d, seen->hash);
    if (map_put(x->members, m->name, seen))
        return fail(e, ERR_CORRUPT, "the backup holds %s twice", m->name);
    x->n_members++;
    return tar_skip_pad(x->fd, m->size, e);
}

static int read_into_file(struct restore *x, struct tar_member *m, const char *path,
                          struct error *e)
{
    unlink(path); /* of a restore that was killed */
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) return fail_errno(e, errno, "create %s", path);
    if (read_content(x, m, (struct sink){NULL, fd}, e) < 0) return -1;
    return fsync(fd) < 0 ? fail_errno(e, errno, "fsync %s", path) : 0;
}

/* "blobs/ab/" and 62 hexadecimal digits. */
static bool is_blob_name(const char *name)
{
    const char *at = name + strlen(BACKUP_BLOBS);

    return str_starts(name, BACKUP_BLOBS) && strspn(at, "0123456789abcdef") == 2 && at[2] == '/' &&
           strspn(at + 3, "0123456789abcdef") == 62 && at[65] == '\0';
}

static int read_blob(struct restore *x, struct tar_member *m, struct error *e)
{
    const char *folder = arena_fmt(&x->arena, "%s/%.8s", x->r->o->data_dir, m->name);
    const char *path = arena_fmt(&x->arena, "%s/%s", x->r->o->data_dir, m->name);
    const char *partial = arena_fmt(&x->arena, "%s.restore", path);
    const char *hash = m->name + strlen(BACKUP_BLOBS);

    x->result->blobs++;
    if (x->r->only_check || access(path, F_OK) == 0) {
        if (read_content(x, m, (struct sink){NULL, -1}, e) < 0) return -1;
    } else {
        if (dir_make(folder, 0700, e) < 0) return -1;
        *ARENA_ADD(&x->arena, &x->new_blobs) = partial;
        if (read_into_file(x, m, partial, e) < 0) return -1;
    }
    const struct member *seen = map_get(x->members, m->name);
    if (strncmp(seen->hash, hash, 2) != 0 || strcmp(seen->hash + 2, hash + 3) != 0)
        return fail(e, ERR_CORRUPT, "the content of %s in the backup is damaged", m->name);
    return 0;
}

static int read_member(struct restore *x, struct tar_member *m, struct error *e)
{
    static const struct {
        const char *name;
        size_t offset;
    } small[] = {{BACKUP_MANIFEST, offsetof(struct restore, manifest)},
                 {BACKUP_NODE_ID, offsetof(struct restore, node_id)},
                 {BACKUP_SETTINGS, offsetof(struct restore, settings)},
                 {BACKUP_KEY, offsetof(struct restore, key)}};

    if (is_blob_name(m->name)) return read_blob(x, m, e);
    if (strcmp(m->name, BACKUP_DATABASE) == 0)
        return x->r->only_check ? read_content(x, m, (struct sink){NULL, -1}, e)
                                : read_into_file(x, m, x->staged, e);
    for (size_t i = 0; i < ARRAY_LEN(small); i++)
        if (strcmp(m->name, small[i].name) == 0)
            return read_content(x, m,
                                (struct sink){(struct buf *)((char *)x + small[i].offset), -1}, e);
    return fail(e, ERR_CORRUPT, "the backup holds %s, which this program does not know", m->name);
}

static int read_all(struct restore *x, struct error *e)
{
    struct tar_member m;
    int r;

    while ((r = tar_next(x->fd, &m, e)) > 0) {
        if (x->n_members % 64 == 0) say(x, m.name);
        if (read_member(x, &m, e) < 0) return -1;
    }
    return r;
}

/* ---- comparing ---- */

static int check_members(struct restore *x, const json_t *manifest, struct error *e)
{
    const json_t *list = jv_get(manifest, "Members");
    json_t *one;
    size_t i;

    json_array_foreach (list, i, one) {
        const char *name = jv_str(one, "Name", "");
        const struct member *seen = map_get(x->members, name);
        if (seen == NULL) return fail(e, ERR_CORRUPT, "%s is missing in the backup", name);
        if (seen->size != jv_i64(one, "Size", -1) ||
            strcmp(seen->hash, jv_str(one, "Sha256", "")) != 0)
            return fail(e, ERR_CORRUPT, "%s in the backup is damaged", name);
    }
    if (json_array_size(list) + 1 != x->n_members)
        return fail(e, ERR_CORRUPT, "the backup holds more than its manifest names");
    if (map_get(x->members, BACKUP_DATABASE) == NULL || x->node_id.n == 0)
        return fail(e, ERR_CORRUPT, "the backup holds no database of a node");
    return 0;
}

/* Is "2026.4.1" newer than this program? */
static bool is_newer(const char *version)
{
    struct str theirs = str_of(version), ours = str_of(BOBTAIL_VERSION), a, b;
    int64_t x = 0, y = 0;

    while (x == y && str_cut(&theirs, '.', &a) && str_cut(&ours, '.', &b)) {
        char text[2][24];
        snprintf(text[0], sizeof(text[0]), "%.*s", (int)a.n, a.p);
        snprintf(text[1], sizeof(text[1]), "%.*s", (int)b.n, b.p);
        if (!str_i64(text[0], 0, INT64_MAX, &x) || !str_i64(text[1], 0, INT64_MAX, &y)) return true;
    }
    return x > y;
}

static int check_manifest(struct restore *x, struct arena *a, struct error *e)
{
    json_auto_t *manifest = NULL;

    if (x->manifest.n == 0)
        return fail(e, ERR_CORRUPT, "the backup has no manifest: it is not complete");
    if (jv_parse(buf_str(&x->manifest), x->manifest.n, &manifest, e) < 0)
        return fail_wrap(e, BACKUP_MANIFEST);
    struct restore_result *ret = x->result;
    ret->version = arena_strdup(a, jv_str(manifest, "Version", ""));
    ret->created = arena_strdup(a, jv_str(manifest, "Created", ""));
    ret->installation = arena_strdup(a, jv_str(manifest, "InstallationId", ""));
    ret->key = arena_strdup(a, jv_str(manifest, "MasterKey", NULL));
    ret->missing = jv_i64(jv_get(manifest, "Counts"), "MissingBlobs", 0);
    ret->has_settings = x->settings.n > 0;
    if (jv_i64(manifest, "Format", 0) != BACKUP_FORMAT || is_newer(ret->version))
        return fail(e, ERR_CONFLICT,
                    "the backup was made by version %s and is newer than this program (%s)",
                    ret->version, BOBTAIL_VERSION);
    return check_members(x, manifest, e);
}

/* ---- the database ---- */

static void first_problem(void *ctx, const char *text)
{
    struct error *e = ctx;

    if (e->kind == ERR_NONE)
        (void)fail(e, ERR_CORRUPT, "the database of the backup is damaged: %s", text);
}

static int check_database_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct error found = {0};

    (void)ctx;
    if (integrity_database(tx, first_problem, &found, e) < 0) return -1;
    if (found.kind == ERR_NONE) return 0;
    *e = found;
    return -1;
}

static int prepare_database(struct restore *x, struct error *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct db_options d = {.url = arena_fmt(&x->arena, "sqlite:%s", x->staged)};
    struct schema_state schema;
    struct restored ended = {.keep_queue = x->r->keep_queue};

    say(x, "looking through the database");
    if (db_open(&d, &db, e) < 0 || store_schema(db, &schema, e) < 0) return -1;
    if (db_read(db, check_database_tx, NULL, e) < 0) return -1;
    if (store_migrate(db, e) < 0 || restored_end(db, &ended, e) < 0) return -1;
    x->result->lost = ended.lost;
    x->result->canceled = ended.canceled;
    return 0;
}

static void remove_with(const char *path, const char *suffix)
{
    CLEANUP(freep) char *name = xasprintf("%s%s", path, suffix);

    unlink(name);
}

/* ---- putting in place ---- */

static const char *in_folder(struct restore *x, const char *name)
{
    return arena_fmt(&x->arena, "%s/%s", x->r->o->data_dir, name);
}

static int name_blobs(struct restore *x, struct error *e)
{
    for (size_t i = 0; i < x->new_blobs.n; i++) {
        const char *partial = x->new_blobs.items[i];
        const char *path = arena_strndup(&x->arena, partial, strlen(partial) - strlen(".restore"));
        const char *folder = arena_strndup(&x->arena, path, (size_t)(strrchr(path, '/') - path));
        if (rename(partial, path) < 0) return fail_errno(e, errno, "rename %s", partial);
        if (dir_sync(folder, e) < 0) return -1;
    }
    return dir_sync(in_folder(x, "blobs"), e);
}

/* The old database and its log keep belonging together. */
static int put_old_aside(struct restore *x, struct error *e)
{
    char at[TIME_TEXT_SIZE];

    if (access(x->db_path, F_OK) < 0) return 0;
    time_iso(clock_now(&system_clock), at);
    const char *aside = arena_fmt(&x->arena, "%s.replaced-%.19s", x->db_path, at);
    const char *log = arena_fmt(&x->arena, "%s-wal", x->db_path);
    if (access(log, F_OK) == 0 && rename(log, arena_fmt(&x->arena, "%s-wal", aside)) < 0)
        return fail_errno(e, errno, "rename %s", log);
    remove_with(x->db_path, "-shm");
    if (rename(x->db_path, aside) < 0) return fail_errno(e, errno, "rename %s", x->db_path);
    x->result->replaced = aside;
    return 0;
}

/* A key that is there and not that of the backup stays beside it. */
static int put_key(struct restore *x, struct error *e)
{
    const char *path = master_key_path(x->r->o, &x->arena);
    struct secret_key key, old;
    char id[SECRET_KEY_ID_SIZE];
    struct error none;

    if (x->key.n == 0) return 0;
    if (secret_key_parse(buf_str(&x->key), BACKUP_KEY, &key, e) < 0) return -1;
    int r = 0;
    if (secret_key_read(path, &old, &none) < 0) r = secret_key_store(path, &key, e);
    else if (memcmp(&old, &key, sizeof(key)) != 0) {
        const char *kept = arena_fmt(&x->arena, "%s.%s", path, secret_key_id(&old, id));
        if (rename(path, kept) < 0) r = fail_errno(e, errno, "keep %s", kept);
        else r = secret_key_store(path, &key, e);
    }
    secret_key_wipe(&key);
    secret_key_wipe(&old);
    return r;
}

static int replace(struct restore *x, struct error *e)
{
    if (name_blobs(x, e) < 0) return -1;
    if (file_replace(in_folder(x, MARK), 0600, "", 0, e) < 0) return -1;
    if (put_old_aside(x, e) < 0) return -1;
    FAULT_POINT("restore.aside");
    if (put_key(x, e) < 0) return -1;
    if (file_replace(in_folder(x, "node-id"), 0600, x->node_id.p, x->node_id.n, e) < 0) return -1;
    if (x->settings.n && file_replace(in_folder(x, "server.conf.restored"), 0600, x->settings.p,
                                      x->settings.n, e) < 0)
        return -1;
    if (rename(x->staged, x->db_path) < 0) return fail_errno(e, errno, "rename %s", x->staged);
    const char *slash = strrchr(x->db_path, '/');
    if (dir_sync(slash ? arena_strndup(&x->arena, x->db_path, (size_t)(slash - x->db_path) + 1)
                       : ".",
                 e) < 0)
        return -1;
    unlink(in_folder(x, MARK));
    return dir_sync(x->r->o->data_dir, e);
}

int restore_is_whole(const char *data_dir, struct error *e)
{
    CLEANUP(freep) char *mark = path_join(data_dir, MARK);

    if (access(mark, F_OK) < 0) return 0;
    return fail(e, ERR_CONFLICT,
                "a restore into %s was cut off: run bobtail-server restore --force again",
                data_dir);
}

/* ---- all of it ---- */

static int refuse_what_is_there(struct restore *x, struct error *e)
{
    struct stat st;

    if (x->r->force || x->r->only_check || stat(x->db_path, &st) < 0 || st.st_size == 0) return 0;
    return fail(e, ERR_CONFLICT, "the data folder %s holds a database: --force replaces it",
                x->r->o->data_dir);
}

static void remove_rest(struct restore *x)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) remove_with(x->staged, suffixes[i]);
    for (size_t i = 0; i < x->new_blobs.n; i++) unlink(x->new_blobs.items[i]);
}

static int run(struct restore *x, struct arena *a, struct error *e)
{
    if (refuse_what_is_there(x, e) < 0) return -1;
    x->fd = open(x->r->from, O_RDONLY | O_CLOEXEC);
    if (x->fd < 0) return fail_errno(e, errno, "open %s", x->r->from);
    int r = read_all(x, e);
    if (r == 0) r = check_manifest(x, a, e);
    if (r == 0 && !x->r->only_check) {
        r = prepare_database(x, e);
        if (r == 0) r = replace(x, e);
        remove_rest(x);
    } else if (!x->r->only_check) {
        remove_rest(x);
    }
    close(x->fd);
    return r;
}

int restore_run(const struct restore_request *r, struct arena *a, struct restore_result *ret,
                struct error *e)
{
    struct restore x = {.r = r,
                        .members = map_new(false),
                        .manifest = BUF_INIT(MANIFEST_MAX),
                        .node_id = BUF_INIT(128),
                        .settings = BUF_INIT(1 * MiB),
                        .key = BUF_INIT(128),
                        .result = ret};

    *ret = (struct restore_result){0};
    x.db_path = r->o->database + strlen("sqlite:");
    x.staged = arena_fmt(&x.arena, "%s.restore", x.db_path);
    int result = run(&x, a, e);
    if (ret->replaced) ret->replaced = arena_strdup(a, ret->replaced);
    map_free(x.members, NULL);
    buf_done(&x.manifest);
    buf_done(&x.node_id);
    buf_wipe(&x.settings);
    buf_wipe(&x.key);
    arena_done(&x.arena);
    return result < 0 ? fail_wrap(e, "restore from %s", r->from) : 0;
}
