/* mark.c - does this database belong to the jobs of this node?
 *
 * Before a script is started or cleaned up after, the folder of the jobs gets a mark: the newest
 * journal entry of that task, which the database has committed. A database that does not know the
 * marked entry is older than the jobs: a backup was restored. Scripts of its running tasks may have
 * ended since, without a trace, so these tasks are marked as lost in the transaction that registers
 * the node.
 *
 * The mark survives the server, not a power cut; after that nothing is started again anyway, since
 * the machine runs anew. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_priv.h"
#include "os/file.h"
#include "store/journal.h"
#include "store/node.h"
#include "store/sealed.h"
#include "store/task.h"

#define MARK_SIZE 128 /* always all of it, so that a full disk does not matter */
#define LOST_BY_RESTORE                                                                            \
    "lost by restore: the database is older than the jobs of its node, so the task's scripts may " \
    "have run"

static int write_mark(const char *jobs_path, const char *text, struct error *e)
{
    CLEANUP(freep) char *path = path_join(jobs_path, "mark");
    char mark[MARK_SIZE + 1];

    snprintf(mark, sizeof(mark), "%-*s\n", MARK_SIZE - 1, text);
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || pwrite(fd, mark, MARK_SIZE, 0) != MARK_SIZE)
        return fail_errno(e, errno, "write %s", path);
    return 0;
}

int engine_mark(const struct driver *d, const char *task_id, int64_t seq, struct error *e)
{
    char text[MARK_SIZE];

    snprintf(text, sizeof(text), "%.64s %" PRId64, task_id, seq);
    return write_mark(d->jobs_path, text, e);
}

struct registration {
    struct engine *g;
    const char *node_id, *node_name, *jobs_path;
    char task_id[65]; /* of the mark; "" = none */
    int64_t seq;
    bool restored;
};

static int read_mark(struct registration *r, struct error *e)
{
    CLEANUP(freep) char *path = path_join(r->jobs_path, "mark");
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * MARK_SIZE);
    struct error why = {0};

    if (file_read(path, &text, &why) == 0) {
        struct str rest = str_of(buf_str(&text)), id;
        if (!str_cut(&rest, ' ', &id) || id.n >= sizeof(r->task_id)) return 0;
        snprintf(r->task_id, sizeof(r->task_id), "%.*s", (int)id.n, id.p);
        r->seq = strtoll(rest.p, NULL, 10);
        return 0;
    }
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static int look_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct registration *r = ctx;
    struct journal_row *rows;
    size_t n;

    if (journal_read(tx, r->task_id, r->seq - 1, &a, &rows, &n, e) < 0) return -1;
    r->restored = n == 0;
    return 0;
}

static int lost_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    return task_mark_lost(tx, ((struct registration *)ctx)->node_id, LOST_BY_RESTORE, e);
}

/* Does the database know what the mark names? */
static int look(struct registration *r, struct error *e)
{
    if (read_mark(r, e) < 0) return -1;
    if (r->task_id[0] && db_read(r->g->o.db, look_tx, r, e) < 0) return -1;
    if (r->restored)
        log_warn("engine",
                 "the database was restored: it does not know entry %" PRId64 " of %s; "
                 "the tasks that node %s runs there end as Failed",
                 r->seq, r->task_id, r->node_name);
    return 0;
}

static int register_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct registration *r = ctx;
    const struct engine *g = r->g;
    struct node self = {.id = g->o.node_id,
                        .name = g->o.node_name,
                        .incarnation = g->incarnation,
                        .boot_id = g->boot_id,
                        .jobs_path = g->o.jobs_path,
                        .max_tasks = g->o.task_cap};

    /* a rotation of the master key may have ended since this server read its key */
    if (sealed_lock(tx, true, e) < 0 || sealed_check_key(tx, g->o.key, e) < 0) return -1;
    if (r->restored && lost_tx(tx, ctx, e) < 0) return -1;
    return node_register(tx, &self, ENGINE_LEASE_MS, e);
}

int engine_register(struct engine *g, struct error *e)
{
    struct registration r = {
        .g = g, .node_id = g->o.node_id, .node_name = g->o.node_name, .jobs_path = g->o.jobs_path};

    if (look(&r, e) < 0 || db_write_hot(g->o.db, register_tx, &r, e) < 0) return -1;
    return r.restored ? write_mark(r.jobs_path, "", e) : 0;
}

int engine_check_mark(struct engine *g, const struct node *dead, struct error *e)
{
    struct registration r = {
        .g = g, .node_id = dead->id, .node_name = dead->name, .jobs_path = dead->jobs_path};

    if (look(&r, e) < 0) return -1;
    if (!r.restored) return 0;
    if (db_write_hot(g->o.db, lost_tx, &r, e) < 0) return -1;
    return write_mark(r.jobs_path, "", e);
}
