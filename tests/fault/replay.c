/* replay.c - rebuilds a folder as a power cut would leave it, from a record made by preload.c.
 *
 *     replay LOG POSITION OUT              all that was not synced is lost
 *     replay LOG POSITION OUT some SEED    a random part of it survives
 *
 * Only records that end at or before POSITION (a size that the log had) count. OUT must not exist.
 *
 * The model: a file's content is durable after fsync or fdatasync of that file, a name after fsync
 * of its folder, each as of the moment when the sync began; so the folder of a new folder must be
 * synced as well. With `some`, each unsynced write survives or not by itself, and of each folder's
 * unsynced changes of names a leading part survives. A record that tells of something it could not
 * follow makes the rebuild fail. */
#include "tests/fault/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum node_kind { NODE_FILE, NODE_FOLDER, NODE_LINK };

/* One change of a file's content or of a folder's names. */
struct change {
    const struct record *record; /* content: WRITE or TRUNCATE */
    const char *name;            /* names: this name now means `node`, or nothing when NULL */
    struct node *node;
    bool durable;
};

struct node {
    enum node_kind kind;
    uint64_t inode;
    uint32_t mode;
    bool foundling; /* seen by its content before its creation was recorded */
    const struct record *target;
    struct change *changes;
    size_t count, capacity;
    size_t durable; /* the first so many changes are durable */
    char *built;    /* where it was rebuilt, for further names of the same file */
    struct node *next;
};

/* A sync that has begun and not ended: one per thread. */
struct sync {
    uint32_t thread;
    struct node *node;
    size_t covers;
    struct sync *next;
};

static struct node *nodes; /* newest first: an inode number may be used again */
static struct sync *syncs;
static struct node *root;
static bool keep_some;
static uint64_t seed;

static void die(const char *what, const char *which)
{
    fprintf(stderr, "replay: %s%s%s%s%s\n", what, which ? ": " : "", which ? which : "",
            errno ? ": " : "", errno ? strerrorname_np(errno) : "");
    exit(1);
}

static void *allocate(size_t n)
{
    void *p = calloc(1, n);
    if (p == NULL) die("out of memory", NULL);
    return p;
}

/* xorshift: the same seed loses the same writes */
static uint32_t roll(uint32_t below)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* --- folding the record
 * --------------------------------------------------------------------------------------------- */

static struct node *find(uint64_t inode)
{
    for (struct node *n = nodes; n; n = n->next)
        if (n->inode == inode) return n;
    return NULL;
}

static struct node *add_node(enum node_kind kind, uint64_t inode, uint32_t mode)
{
    struct node *n = allocate(sizeof(*n));
    *n = (struct node){.kind = kind, .inode = inode, .mode = mode, .next = nodes};
    return nodes = n;
}

static struct node *find_or_add(uint64_t inode)
{
    struct node *n = find(inode);
    if (n) return n;
    n = add_node(NODE_FILE, inode, 0600);
    n->foundling = true;
    return n;
}

/* Another process may have written to a file before its creator could record its creation. */
static struct node *created(enum node_kind kind, const struct record *r)
{
    struct node *n = find(r->inode);
    if (n == NULL || !n->foundling) return add_node(kind, r->inode, r->mode);
    n->foundling = false;
    n->mode = r->mode;
    return n;
}

static void add_change(struct node *n, struct change c)
{
    if (n->count == n->capacity) {
        n->capacity = n->capacity ? 2 * n->capacity : 8;
        n->changes = realloc(n->changes, n->capacity * sizeof(*n->changes));
        if (n->changes == NULL) die("out of memory", NULL);
    }
    n->changes[n->count++] = c;
}

static char *text_of(const char *p, size_t n)
{
    char *s = allocate(n + 1);
    memcpy(s, p, n);
    return s;
}

static const char *name_of(const struct record *r)
{
    return text_of((const char *)(r + 1), r->name_size);
}
static const char *data_of(const struct record *r) { return (const char *)(r + 1) + r->name_size; }

static void set_name(uint64_t folder, const char *name, struct node *node)
{
    struct node *f = find(folder);
    if (f == NULL || f->kind != NODE_FOLDER)
        die("a name in a folder that was never recorded", name);
    add_change(f, (struct change){.name = name, .node = node});
}

/* What the name means now, synced or not. */
static struct node *current(const struct node *folder, const char *name)
{
    for (size_t i = folder->count; i > 0; i--)
        if (strcmp(folder->changes[i - 1].name, name) == 0) return folder->changes[i - 1].node;
    return NULL;
}

static void rename_node(const struct record *r)
{
    const char *from = name_of(r), *to = text_of(data_of(r), r->data_size);
    struct node *folder = find(r->parent);
    struct node *node = folder ? current(folder, from) : NULL;

    if (node == NULL) die("a rename of a name that was never recorded", from);
    set_name((uint64_t)r->offset, to, node);
    set_name(r->parent, from, NULL);
}

static void sync_begin(const struct record *r)
{
    struct sync *s = syncs;
    while (s && s->thread != r->thread) s = s->next;
    if (s == NULL) {
        s = allocate(sizeof(*s));
        s->next = syncs;
        syncs = s;
    }
    s->thread = r->thread;
    s->node = find_or_add(r->inode);
    s->covers = s->node->count;
}

static void sync_end(const struct record *r)
{
    for (struct sync *s = syncs; s; s = s->next)
        if (s->thread == r->thread && s->node && s->covers > s->node->durable)
            s->node->durable = s->covers;
}

static void fold(const struct record *r)
{
    struct node *n;

    switch ((enum record_kind)r->kind) {
    case RECORD_START:
        if (root == NULL) root = add_node(NODE_FOLDER, r->inode, 0700);
        break;
    case RECORD_CREATE:
        n = created(NODE_FILE, r);
        if (r->name_size) set_name(r->parent, name_of(r), n);
        break;
    case RECORD_MKDIR:
        set_name(r->parent, name_of(r), add_node(NODE_FOLDER, r->inode, r->mode));
        break;
    case RECORD_SYMLINK:
        n = add_node(NODE_LINK, r->inode, r->mode);
        n->target = r;
        set_name(r->parent, name_of(r), n);
        break;
    case RECORD_LINK: set_name(r->parent, name_of(r), find_or_add(r->inode)); break;
    case RECORD_UNLINK: set_name(r->parent, name_of(r), NULL); break;
    case RECORD_RENAME: rename_node(r); break;
    case RECORD_WRITE:
    case RECORD_TRUNCATE:
        add_change(find_or_add(r->inode),
                   (struct change){.record = r, .durable = r->mode & RECORD_DURABLE});
        break;
    case RECORD_MODE: find_or_add(r->inode)->mode = r->mode; break;
    case RECORD_SYNC_BEGIN: sync_begin(r); break;
    case RECORD_SYNC_END: sync_end(r); break;
    case RECORD_SYNC_ALL:
        for (n = nodes; n; n = n->next) n->durable = n->count;
        break;
    case RECORD_ESCAPE: die("the program did what cannot be rebuilt", name_of(r)); break;
    }
}

static void fold_log(const char *log, size_t size)
{
    for (size_t at = 0; at + sizeof(struct record) <= size;) {
        struct record *r =
            allocate(sizeof(*r)); /* aligned copy of the head, followed by the rest */
        memcpy(r, log + at, sizeof(*r));
        if (r->magic != RECORD_MAGIC) die("the log is damaged", NULL);
        size_t whole = sizeof(*r) + r->name_size + r->data_size;
        if (at + whole > size) return;
        free(r);
        r = allocate(whole);
        memcpy(r, log + at, whole);
        fold(r);
        at += whole;
    }
}

/* --- rebuilding
 * -----------------------------------------------------------------------------------------------------
 */

static void write_at(int fd, const char *p, size_t n, int64_t offset, const char *path)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = pwrite(fd, p + done, n - done, offset + (int64_t)done);
        if (w < 0) die("cannot write", path);
        done += (size_t)w;
    }
}

static void build_file(struct node *n, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) die("cannot create", path);
    for (size_t i = 0; i < n->count; i++) {
        const struct record *r = n->changes[i].record;
        if (i >= n->durable && !n->changes[i].durable && !(keep_some && roll(2))) continue;
        if (r->kind == RECORD_WRITE) write_at(fd, data_of(r), r->data_size, r->offset, path);
        else if (ftruncate(fd, r->offset) != 0) die("cannot set the size of", path);
    }
    if (fchmod(fd, n->mode) != 0) die("cannot set the mode of", path);
    close(fd);
    n->built = strdup(path);
}

static void build(struct node *n, const char *path, int depth);

static void build_folder(struct node *n, const char *path, int depth)
{
    char child[PATH_MAX];

    if (depth > 64) die("folders within themselves", path);
    if (mkdir(path, 0700) != 0) die("cannot make", path);
    size_t kept = n->durable;
    if (keep_some && n->count > kept) kept += roll((uint32_t)(n->count - kept + 1));
    for (size_t i = 0; i < kept; i++) {
        const struct change *c = &n->changes[i];
        bool later = false;
        for (size_t j = i + 1; j < kept && !later; j++)
            later = strcmp(n->changes[j].name, c->name) == 0;
        if (later || c->node == NULL) continue;
        if (snprintf(child, sizeof(child), "%s/%s", path, c->name) >= (int)sizeof(child))
            die("path too long", path);
        build(c->node, child, depth + 1);
    }
    if (n != root && chmod(path, n->mode) != 0) die("cannot set the mode of", path);
}

static void build(struct node *n, const char *path, int depth)
{
    if (n->kind == NODE_FOLDER) build_folder(n, path, depth);
    else if (n->kind == NODE_LINK) {
        if (symlink(text_of(data_of(n->target), n->target->data_size), path) != 0)
            die("cannot link", path);
    } else if (n->built) {
        if (link(n->built, path) != 0) die("cannot link", path);
    } else build_file(n, path);
}

static char *read_log(const char *path, size_t *ret_size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) die("cannot open", path);
    char *log = allocate((size_t)st.st_size + 1);
    size_t size = 0;
    for (ssize_t n = 1; n > 0; size += (size_t)n) {
        n = pread(fd, log + size, (size_t)st.st_size - size, (off_t)size);
        if (n < 0) die("cannot read", path);
    }
    close(fd);
    *ret_size = size;
    return log;
}

int main(int argc, char **argv)
{
    size_t size;

    if (argc != 4 && !(argc == 6 && strcmp(argv[4], "some") == 0)) {
        fprintf(stderr, "usage: replay LOG POSITION OUT [some SEED]\n");
        return 2;
    }
    keep_some = argc == 6;
    seed = keep_some ? strtoull(argv[5], NULL, 10) * 2654435761u + 88172645463325252ull : 1;
    char *log = read_log(argv[1], &size);
    size_t position = (size_t)strtoull(argv[2], NULL, 10);
    fold_log(log, position < size ? position : size);
    if (root == NULL) die("the log has no beginning", argv[1]);
    build(root, argv[3], 0);
    return 0;
}
