/* task_view.c - see task_view.h.
 *
 * The tree is the fold of the journal; lines are stored under the keys of its nodes. With a tail
 * only the chunks that hold the newest lines of each node are read and unpacked, so that the first
 * page of a long log costs what it shows. */
#include "engine/task_view.h"

#include <string.h>

#include "base/map.h"
#include "rules/tree.h"
#include "store/journal.h"
#include "store/log_chunk.h"
#include "store/task_log.h"

struct view {
    const struct task_view *v;
    struct arena *arena;
    struct map *elements; /* node key -> json_t array of LogElements, oldest first */
};

static int fold(struct db_tx *tx, const char *task_id, struct arena *a, struct state **ret,
                struct error *e)
{
    CLEANUP(state_freep) struct state *s = state_new();
    struct journal_row *rows;
    size_t n;

    if (journal_read(tx, task_id, 0, a, &rows, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        struct entry x;
        if (entry_parse(rows[i].seq, rows[i].kind, (int)rows[i].version, rows[i].at_ms,
                        rows[i].body, strlen(rows[i].body), &x, e) < 0)
            return -1;
        int done = state_apply(s, &x, e);
        entry_done(&x);
        if (done < 0) return -1;
    }
    *ret = TAKE(s);
    return 0;
}

static bool shown(const struct task_view *v, enum log_category c)
{
    return v->verbose || (c != LOG_CAT_VERBOSE && c != LOG_CAT_TRACE);
}

static json_t *element(const struct log_line *l)
{
    json_t *o = json_object();

    jv_set_str(o, "Category", log_category_name(l->category));
    jv_set_time(o, "OccurredAt", l->at_ms);
    jv_set(o, "MessageText", json_stringn(l->text.p, l->text.n));
    jv_set(o, "Detail", json_null());
    jv_set_i64(o, "Number", l->number);
    return o;
}

static json_t *elements_of(struct view *w, const char *node)
{
    json_t *list = map_get(w->elements, node);

    if (list == NULL) map_put(w->elements, node, list = json_array());
    return list;
}

/* Puts the last ${room} lines of a chunk that are shown in front of what the node has already. */
static int add_chunk(struct db_tx *tx, struct view *w, const struct log_row *row,
                     struct log_chunk *reader, struct error *e)
{
    json_t *list = elements_of(w, row->node);
    size_t have = json_array_size(list);
    struct log_line line;
    struct str blob;

    if ((int64_t)have >= w->v->tail) return 0;
    if (task_log_chunk(tx, w->v->task.id, row->first_line, w->arena, &blob, e) < 0) return -1;
    if (log_chunk_open(reader, blob, e) < 0) return -1;
    json_auto_t *mine = json_array();
    if (w->v->tail < row->lines && w->v->verbose)
        log_chunk_skip_to(reader, row->first_line + row->lines - (w->v->tail - (int64_t)have));
    while (log_chunk_next(reader, &line))
        if (shown(w->v, line.category)) jv_push(mine, element(&line));
    size_t n = json_array_size(mine),
           room = w->v->tail == TASK_VIEW_ALL ? n : (size_t)(w->v->tail - (int64_t)have);
    json_t *joined = json_array();
    for (size_t i = n > room ? n - room : 0; i < n; i++)
        json_array_append(joined, json_array_get(mine, i));
    json_array_extend(joined, list);
    map_put(w->elements, row->node, joined);
    json_decref(list);
    return 0;
}

static int read_lines(struct db_tx *tx, struct view *w, struct error *e)
{
    CLEANUP(log_chunk_freep) struct log_chunk *reader = log_chunk_new();
    struct log_row *rows;
    size_t n;

    if (task_log_read(tx, w->v->task.id, 0, INT64_MAX, false, w->arena, &rows, &n, e) < 0)
        return -1;
    for (size_t i = n; i-- > 0;)
        if (add_chunk(tx, w, &rows[i], reader, e) < 0) return -1;
    return 0;
}

static void fill(void *ctx, const char *key, json_t *node)
{
    struct view *w = ctx;
    json_t *list = map_get(w->elements, key);

    if (list) json_object_set(node, "LogElements", list);
}

static void release(void *list) { json_decref(list); }

int task_view_tree(struct db_tx *tx, const struct task_view *v, struct arena *a, json_t **ret_logs,
                   int *ret_percent, struct error *e)
{
    CLEANUP(state_freep) struct state *s = NULL;
    struct view w = {v, a, map_new(false)};
    int r = fold(tx, v->task.id, a, &s, e);

    if (r == 0) r = read_lines(tx, &w, e);
    if (r == 0) {
        struct tree_input in = {.task_id = v->task.id,
                                .name = v->task.description,
                                .started_ms = v->task.started_at,
                                .ended_ms = v->task.completed_at,
                                .waiting = v->waiting,
                                .fill = fill,
                                .ctx = &w};
        *ret_logs = tree_make(s, &in);
        *ret_percent = task_state_ended(v->task.state) ? 100 : tree_progress(s);
    }
    map_free(w.elements, release);
    return r;
}

int task_view_lines(struct db_tx *tx, const struct task *t, int64_t *after,
                    void (*line)(void *ctx, const struct task_line *l), void *ctx, struct error *e)
{
    CLEANUP(log_chunk_freep) struct log_chunk *reader = log_chunk_new();
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct log_row *rows;
    size_t n;

    if (task_log_read(tx, t->id, *after, 8, true, &a, &rows, &n, e) < 0) return -1;
    int64_t bytes = 0;
    for (size_t i = 0; i < n && bytes < (int64_t)(256 * KiB); i++) {
        struct log_line l;
        const char *node = tree_node_id(&a, t->id, rows[i].node);
        if (log_chunk_open(reader, rows[i].data, e) < 0) return -1;
        log_chunk_skip_to(reader, *after + 1);
        while (log_chunk_next(reader, &l)) {
            struct task_line one = {l.number, l.at_ms, node, log_category_name(l.category), l.text};
            line(ctx, &one);
            *after = l.number;
        }
        bytes += rows[i].bytes;
    }
    return n > 0;
}
