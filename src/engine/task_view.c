/* task_view.c - see task_view.h.
 *
 * The tree is the fold of the journal; lines are stored under the keys of its nodes. With a tail
 * only the chunks that hold the newest lines of each node are read and unpacked, so that the first
 * page of a long log costs what it shows. Without one, NODE_LINES_MAX and VIEW_COST_MAX bound what
 * one answer holds, and the nodes say what they leave out. */
#include "engine/task_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "rules/tree.h"
#include "store/journal.h"
#include "store/log_chunk.h"
#include "store/task_log.h"

#define NODE_LINES_MAX 10000     /* shown of one node */
#define VIEW_COST_MAX (64 * MiB) /* text read, and what the JSON of the lines takes */
#define LINE_COST 256

/* What one node of the tree shows besides its place and status. */
struct node_view {
    VEC(json_t *) chunks; /* arrays of LogElements, newest chunk first; owned */
    int64_t have, left_out;
    int64_t percent;     /* progress of its running script */
    const char *message; /* NULL = it told none */
};

struct view {
    const struct task_view *v;
    int64_t limit;     /* lines of each node */
    int64_t cost;      /* of all lines so far */
    struct map *nodes; /* node key -> struct node_view */
};

int task_view_fold(struct db_tx *tx, const char *task_id, struct arena *a, struct state **ret,
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

static struct node_view *node_of(struct view *w, const char *node)
{
    struct node_view *one = map_get(w->nodes, node);

    if (one == NULL) map_put(w->nodes, node, one = xcalloc(1, sizeof(*one)));
    return one;
}

/* The last ${room} of ${all}, which it takes over. */
static json_t *last_of(json_t *all, size_t room)
{
    size_t n = json_array_size(all);

    if (n <= room) return all;
    json_t *last = json_array();
    for (size_t i = n - room; i < n; i++) json_array_append(last, json_array_get(all, i));
    json_decref(all);
    return last;
}

/* Takes the newest lines of an opened chunk that are shown. */
static void take_newest(struct view *w, const struct log_row *row, struct log_chunk *chunk,
                        struct node_view *node)
{
    int64_t room = w->limit - node->have;
    struct log_line line;
    json_t *all = json_array();

    if (w->v->verbose && room < row->lines) {
        node->left_out += row->lines - room;
        log_chunk_skip_to(chunk, row->first_line + row->lines - room);
    }
    while (log_chunk_next(chunk, &line))
        if (shown(w->v, line.category)) jv_push(all, element(&line));
    int64_t found = (int64_t)json_array_size(all), taken = found < room ? found : room;
    node->left_out += found - taken;
    node->have += taken;
    w->cost += row->bytes + taken * LINE_COST;
    VEC_PUSH(&node->chunks, last_of(all, (size_t)room));
}

static int add_chunk(struct db_tx *tx, struct view *w, const struct log_row *row,
                     struct log_chunk *reader, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct node_view *node = node_of(w, row->node);
    struct str blob;

    if (node->have >= w->limit || w->cost >= (int64_t)VIEW_COST_MAX) {
        node->left_out += row->lines;
        return 0;
    }
    if (task_log_chunk(tx, w->v->task.id, row->first_line, &a, &blob, e) < 0) return -1;
    if (log_chunk_open(reader, blob, e) < 0) return -1;
    take_newest(w, row, reader, node);
    return 0;
}

static int read_lines(struct db_tx *tx, struct view *w, struct arena *a, struct error *e)
{
    CLEANUP(log_chunk_freep) struct log_chunk *reader = log_chunk_new();
    struct log_row *rows;
    size_t n;

    if (task_log_read(tx, w->v->task.id, 0, INT64_MAX, false, a, &rows, &n, e) < 0) return -1;
    for (size_t i = n; i-- > 0;)
        if (add_chunk(tx, w, &rows[i], reader, e) < 0) return -1;
    return 0;
}

/* How far running scripts say that they are. */
static int read_progress(struct db_tx *tx, struct view *w, const struct state *s, struct arena *a,
                         struct error *e)
{
    char key[TREE_KEY_SIZE];

    for (size_t i = 0; i < s->invocations.n; i++) {
        const struct invocation *x = &s->invocations.items[i];
        struct log_cursor cursor;
        if (invocation_ended(x)) continue;
        int found = log_cursor_get(tx, w->v->task.id, x->ticket, a, &cursor, e);
        if (found < 0) return -1;
        if (!found) continue;
        struct node_view *node =
            node_of(w, tree_node_id_for_invocation(x->action, x->attempt, key));
        node->percent = cursor.percent;
        node->message = cursor.message;
    }
    return 0;
}

/* The line in the place of those that were asked for and are left out. */
static json_t *notice(const struct view *w, int64_t left_out)
{
    char text[200];

    int n = snprintf(text, sizeof(text),
                     "%lld earlier lines are left out here; the raw log has them all: "
                     "/api/tasks/%s/raw",
                     (long long)left_out, w->v->task.id);
    return element(&(struct log_line){
        .category = LOG_CAT_INFO, .at_ms = w->v->task.started_at, .text = {text, (size_t)n}});
}

static void fill(void *ctx, const char *key, json_t *o)
{
    struct view *w = ctx;
    struct node_view *node = map_get(w->nodes, key);
    json_t *list = jv_get(o, "LogElements");

    if (node == NULL) return;
    if (node->left_out && node->have < w->v->tail) jv_push(list, notice(w, node->left_out));
    for (size_t i = node->chunks.n; i-- > 0;) json_array_extend(list, node->chunks.items[i]);
    if (node->message == NULL) return;
    jv_set_i64(o, "ProgressPercentage", node->percent);
    jv_set_str(o, "ProgressMessage", node->message);
}

static void release(void *ctx)
{
    struct node_view *node = ctx;

    for (size_t i = 0; i < node->chunks.n; i++) json_decref(node->chunks.items[i]);
    VEC_DONE(&node->chunks);
    free(node);
}

int task_view_tree(struct db_tx *tx, const struct task_view *v, struct arena *a, json_t **ret_logs,
                   int *ret_percent, struct error *e)
{
    CLEANUP(state_freep) struct state *s = NULL;
    struct view w = {.v = v,
                     .limit = v->tail < NODE_LINES_MAX ? v->tail : NODE_LINES_MAX,
                     .nodes = map_new(false)};
    int r = task_view_fold(tx, v->task.id, a, &s, e);

    if (r == 0) r = read_lines(tx, &w, a, e);
    if (r == 0) r = read_progress(tx, &w, s, a, e);
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
    map_free(w.nodes, release);
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
