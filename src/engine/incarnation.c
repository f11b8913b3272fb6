/* incarnation.c - does this database belong to the jobs of this node?
 *
 * The node has a new incarnation with every start and after every orderly end. Its row and a file
 * beside its jobs both hold it, so that an older database (a backup was restored) is seen: its row
 * names one that the file does not know. Scripts that ran since then may have ended and be gone
 * without a trace, so the tasks that this node runs by that database are marked as lost, in the
 * transaction that brings the new incarnation. The file holds the old and the new one while the row
 * changes, so that a crash in between is no restore. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "os/file.h"
#include "store/node.h"
#include "store/task.h"

#define LOST_BY_RESTORE                                                                         \
    "lost by restore: the database is older than the jobs of its node; the task's scripts may " \
    "have run"

struct change {
    struct engine *g;
    struct arena arena;
    struct node before; /* id NULL: the database does not know this node */
    bool restored;
};

static char *file_of(const struct engine *g) { return xasprintf("%s/incarnation", g->o.jobs_path); }

static int write_file(const struct engine *g, const char *old, const char *now, struct error *e)
{
    CLEANUP(freep) char *path = file_of(g);
    CLEANUP(freep) char *text = xasprintf("%s%s%s\n", old, *old ? " " : "", now);

    return file_replace(path, 0600, text, strlen(text), e);
}

/* Does the file name ${incarnation}? A folder without the file says nothing. */
static int is_known(const struct engine *g, const char *incarnation, bool *ret, struct error *e)
{
    CLEANUP(freep) char *path = file_of(g);
    CLEANUP(buf_done) struct buf text = BUF_INIT(256);
    struct error why = {0};

    if (file_read(path, &text, &why) == 0) {
        *ret = strstr(buf_str(&text), incarnation) != NULL;
        return 0;
    }
    if (why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    *ret = true;
    return 0;
}

static int before_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *c = ctx;
    struct error why = {0};

    c->before = (struct node){0};
    if (node_get(tx, c->g->o.node_id, &c->arena, &c->before, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

static int register_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct change *c = ctx;
    const struct engine *g = c->g;
    struct node self = {.id = g->o.node_id,
                        .name = g->o.node_name,
                        .incarnation = g->incarnation,
                        .boot_id = g->boot_id,
                        .jobs_path = g->o.jobs_path,
                        .max_tasks = g->o.task_cap};

    if (c->restored && task_mark_lost(tx, g->o.node_id, LOST_BY_RESTORE, e) < 0) return -1;
    return node_register(tx, &self, ENGINE_LEASE_MS, e);
}

static int register_node(struct change *c, struct error *e)
{
    struct engine *g = c->g;
    bool known = true;

    if (db_read(g->o.db, before_tx, c, e) < 0) return -1;
    const char *old = c->before.id ? c->before.incarnation : "";
    if (*old && is_known(g, old, &known, e) < 0) return -1;
    c->restored = !known;
    if (c->restored)
        log_warn("engine",
                 "the database is older than the jobs of node %s: it was restored; the "
                 "tasks that it runs there end as Failed",
                 g->o.node_name);
    /* until the tasks are marked the file must not know the row that is there */
    if (write_file(g, c->restored ? "restored" : old, g->incarnation, e) < 0) return -1;
    if (db_write_hot(g->o.db, register_tx, c, e) < 0) return -1;
    return write_file(g, "", g->incarnation, e);
}

int engine_incarnation_begin(struct engine *g, struct error *e)
{
    struct change c = {.g = g, .arena = ARENA_INIT};

    id_uuid(g->incarnation);
    int r = register_node(&c, e);
    arena_done(&c.arena);
    g->registered = r == 0;
    return r;
}

struct retire {
    struct engine *g;
    char next[sizeof(((struct engine *)0)->incarnation)];
};

static int retire_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct retire *x = ctx;

    return node_retire(tx, x->g->o.node_id, x->g->incarnation, x->next, e);
}

void engine_incarnation_end(struct engine *g)
{
    struct retire x = {.g = g};
    struct error e = {0};

    if (!g->registered) return;
    id_uuid(x.next);
    if (write_file(g, g->incarnation, x.next, &e) < 0 ||
        db_write_hot(g->o.db, retire_tx, &x, &e) < 0 || write_file(g, "", x.next, &e) < 0)
        log_warn("engine", "node %s stays in its incarnation: %s", g->o.node_name, e.text);
}
