/* sweep.c - what nothing names any more, removed at the start and once a day: blobs without a row
 * that are older than a day; and what scripts left on the built-in worker and no task will clean up
 * (folders of runs whose records are gone, kept working folders, rests of a crash) when nobody has
 * touched it for a week and its script does not run. */
#include "base/fault.h"
#include "base/log.h"
#include "base/map.h"
#include "engine/engine_priv.h"
#include "rules/entry.h"
#include "store/blob_use.h"
#include "store/journal.h"
#include "store/task.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define ORPHAN_MS (7 * DAY_MS)

struct sweep {
    struct arena arena;
    struct map *used; /* tickets of open tasks */
};

static int note_tickets(struct db_tx *tx, struct sweep *s, const char *task_id, struct error *e)
{
    struct journal_row *rows;
    size_t n;

    if (journal_read(tx, task_id, 0, &s->arena, &rows, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        json_auto_t *body = NULL;
        if (strcmp(rows[i].kind, entry_kind_name(ENTRY_START_INTENDED)) != 0) continue;
        if (jv_parse(rows[i].body, strlen(rows[i].body), &body, e) < 0) return -1;
        map_put(s->used, jv_str(body, "ticket", ""), s);
    }
    return 0;
}

static int used_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct sweep *s = ctx;
    const char **ids;
    size_t n;

    map_free(s->used, NULL);
    s->used = map_new(false);
    if (task_open_ids(tx, &s->arena, &ids, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (note_tickets(tx, s, ids[i], e) < 0) return -1;
    return 0;
}

struct blob_list {
    struct arena arena;
    const char **hashes;
    size_t n;
};

static int blobs_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct blob_list *l = ctx;

    return blob_use_list(tx, &l->arena, &l->hashes, &l->n, e);
}

static void sweep_blobs(struct engine *g)
{
    struct blob_list l = {.arena = ARENA_INIT};
    struct error e = {0};
    size_t removed = 0;
    int64_t before = clock_now(g->o.clock) - FAULT_NUMBER("BOBTAIL_BLOB_AGE_MS", DAY_MS);

    if (db_read(g->o.db, blobs_tx, &l, &e) < 0 ||
        blobs_sweep(g->o.blobs, l.hashes, l.n, before, &removed, &e) < 0)
        log_warn("engine", "cannot remove blobs that nothing names: %s", e.text);
    if (removed) log_info("engine", "removed %zu blobs that nothing names", removed);
    arena_done(&l.arena);
}

static void sweep_work(void *ctx)
{
    struct engine *g = ctx;
    struct sweep s = {.arena = ARENA_INIT, .used = map_new(false)};
    struct error e = {0};
    size_t removed = 0;

    if (db_read(g->o.db, used_tx, &s, &e) < 0 ||
        g->o.builtin->ops->sweep(g->o.builtin, s.used, ORPHAN_MS, &removed, &e) < 0)
        log_warn("engine", "cannot remove what old scripts left: %s", e.text);
    if (removed) log_info("engine", "removed what %zu old scripts left", removed);
    map_free(s.used, NULL);
    arena_done(&s.arena);
    sweep_blobs(g);
}

static void due(void *ctx, const char *key)
{
    (void)key;
    engine_sweep_daily(ctx);
}

void engine_sweep(struct engine *g) { work_post(g->work, sweep_work, g); }

void engine_sweep_daily(struct engine *g)
{
    engine_sweep(g);
    timers_at(g->timers, clock_mono(g->o.clock) + DAY_MS, due, g, NULL);
}
