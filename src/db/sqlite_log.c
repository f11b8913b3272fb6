/* sqlite_log.c - see sqlite_log.h.
 *
 * The log is copied into the file by a thread of its own, started when first needed, so that
 * commits do not wait for it. While writers never pause that copy can never catch up and the log
 * would grow; past MUCH pages the writer copies the rest itself, which is little then. */
#include "db/sqlite_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "os/thread.h"

enum {
    SOME = 800,   /* pages of log between two copies beside the writers */
    MUCH = 2000,  /* the writer copies the rest */
    PAGES = 2200, /* room made in the log's file beforehand */
    PAGE_BYTES = 4096 + 24,
    BUSY_MS = 5000,
};

void sqlite_log_setup(struct sqlite_log *g, const char *path)
{
    *g = (struct sqlite_log){.path = path, .next = SOME, .limit = MUCH};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wanted, NULL);
}

/* The page count of the log after each commit. */
static int note_pages(void *owner, sqlite3 *h, const char *name, int pages)
{
    ((struct sqlite_log *)owner)->pages = pages;
    return SQLITE_OK;
}

/* Copies the log into the file as far as readers allow. */
static void copy(sqlite3 *h)
{
    int rc = sqlite3_wal_checkpoint_v2(h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED) return;
    log_warn("db", "the write-ahead log cannot be copied into the database yet: %s",
             sqlite3_errmsg(h));
}

static sqlite3 *open_copier(const struct sqlite_log *g)
{
    sqlite3 *h = NULL;
    int rc = sqlite3_open_v2(g->path, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(h, BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(h, "pragma cache_size=-256; pragma synchronous=full", NULL, NULL, NULL);
    if (rc == SQLITE_OK) return h;
    log_warn("db", "the write-ahead log is copied by writers only: %s", sqlite3_errstr(rc));
    sqlite3_close(h);
    return NULL;
}

static void *run_copier(void *owner)
{
    struct sqlite_log *g = owner;
    sqlite3 *h = open_copier(g);

    if (h == NULL) return NULL;
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        if (!g->due) {
            pthread_cond_wait(&g->wanted, &g->lock);
            continue;
        }
        g->due = false;
        pthread_mutex_unlock(&g->lock);
        copy(h);
        pthread_mutex_lock(&g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    sqlite3_close(h);
    return NULL;
}

static void copy_beside(struct sqlite_log *g)
{
    struct error e;

    pthread_mutex_lock(&g->lock);
    if (!g->copying) {
        g->copying = thread_start(&g->copier, "db-copy", run_copier, g, &e) == 0;
        if (!g->copying) log_warn("db", "%s", e.text);
    }
    g->due = true;
    pthread_cond_signal(&g->wanted);
    pthread_mutex_unlock(&g->lock);
}

void sqlite_log_tend(struct sqlite_log *g)
{
    int pages = g->pages;

    g->pages = 0; /* until the next commit says otherwise */
    if (pages == 0) return;
    if (pages < SOME) { /* it began again at its start */
        g->next = SOME;
        g->limit = MUCH;
    } else if (pages >= g->limit) {
        copy(g->writer);
        g->limit = pages + SOME;
    } else if (pages >= g->next) {
        copy_beside(g);
        g->next = pages + SOME;
    }
}

/* Fills the log's file with zeroes up to its usual size and keeps it at close. A commit then
 * overwrites what is there; growing the file would double the cost of its fsync. SQLite takes
 * zeroes for the end of the log, wherever they stand. A log that one large transaction has blown up
 * is cut first. */
static int make_room(struct sqlite_log *g, struct db *db, struct error *e)
{
    static const char zeroes[64 * 1024];
    CLEANUP(freep) char *name = xasprintf("%s-wal", g->path);
    int persist = 1;
    struct stat st;

    sqlite3_file_control(g->writer, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    CLEANUP(closep) int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) < 0) return fail_errno(e, errno, "open %s", name);
    if (st.st_size > 8 * PAGES * PAGE_BYTES) {
        sqlite3_wal_checkpoint_v2(g->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        if (fstat(fd, &st) < 0) return fail_errno(e, errno, "stat %s", name);
    }
    for (off_t at = st.st_size; at < PAGES * PAGE_BYTES; at += (off_t)sizeof(zeroes))
        if (pwrite(fd, zeroes, sizeof(zeroes), at) < 0)
            return fail_errno(e, errno, "write %s", name);
    if (fsync(fd) < 0) return db_fatal(db, "fsync of the database failed", e);
    return 0;
}

int sqlite_log_open(struct sqlite_log *g, struct db *db, sqlite3 *writer, struct error *e)
{
    g->writer = writer;
    sqlite3_wal_hook(writer, note_pages, g);
    return make_room(g, db, e);
}

void sqlite_log_done(struct sqlite_log *g)
{
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_signal(&g->wanted);
    pthread_mutex_unlock(&g->lock);
    if (g->copying) pthread_join(g->copier, NULL);
    pthread_cond_destroy(&g->wanted);
    pthread_mutex_destroy(&g->lock);
}
