/* system_task.c - see system_task.h and system_tasks.h.
 *
 * Two threads claim system tasks and run them to their end. The log is written under the task's
 * epoch, so that a task that another node has taken over writes nothing more. A task whose end
 * cannot be written (the database is away) tries again until it can, or the server stops: the next
 * start runs it again. */
#include "engine/system_task.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_priv.h"
#include "engine/queue.h"
#include "engine/system_tasks.h"
#include "os/thread.h"
#include "rules/tree.h"
#include "store/setting.h"
#include "store/task_log.h"

#define THREADS 2
#define RETRY_MS 1000
#define LINES_MAX 1000 /* collected before they are stored */

struct claimed {
    char *id;
    int64_t epoch;
};
struct system_tasks {
    struct engine *engine;
    pthread_mutex_t lock; /* guards all below; taken without the engine's lock */
    pthread_cond_t changed;
    bool look, stopping;
    VEC(struct claimed) adopted;
    struct system_task *running[THREADS];
    pthread_t threads[THREADS];
    size_t n_threads;
};

struct system_task {
    struct system_tasks *pool;
    struct task task;
    struct arena arena;
    json_t *arguments;
    struct log_chunk_builder *builder; /* lines that are no row yet */
    struct log_row row;                /* the next one to store; lines = 0: none */
    struct buf row_data;
    int64_t log_lines, log_bytes; /* stored */
    bool has_warnings, cancel_seen;
    bool cancelled; /* guarded by the pool's lock */
};

void *system_task_app(const struct system_task *t) { return t->pool->engine->o.ctx; }
struct db *system_task_db(const struct system_task *t) { return t->pool->engine->o.db; }
const char *system_task_id(const struct system_task *t) { return t->task.id; }
const json_t *system_task_arguments(const struct system_task *t) { return t->arguments; }
struct arena *system_task_arena(struct system_task *t) { return &t->arena; }
int64_t system_task_now(const struct system_task *t) { return clock_now(t->pool->engine->o.clock); }

const struct system_task_kind *system_task_kinds(const struct engine *g)
{
    static const struct system_task_kind none[] = {{.kind = NULL}};

    return g->o.system_tasks ? g->o.system_tasks : none;
}

const struct system_task_kind *system_task_kind_named(const struct engine *g, const char *kind)
{
    for (const struct system_task_kind *k = system_task_kinds(g); k->kind; k++)
        if (str_same(k->kind, kind)) return k;
    return NULL;
}

/* ---- queueing ---- */

static const char *kind_names(const struct engine *g, struct arena *a)
{
    const char *all = "";

    for (const struct system_task_kind *k = system_task_kinds(g); k->kind; k++)
        all = arena_fmt(a, "%s%s%s", all, *all ? ", " : "", k->kind);
    return all;
}

int system_task_queue(struct db_tx *tx, struct engine *g, const char *kind, const json_t *arguments,
                      struct arena *a, const char **ret_id, struct error *e)
{
    const struct system_task_kind *k = system_task_kind_named(g, kind);
    CLEANUP(freep) char *text = arguments ? jv_text(arguments) : xstrdup("{}");
    int64_t number;

    if (k == NULL)
        return fail_at(e, "Name", "Name: \"%.50s\" is none of %s", kind, kind_names(g, a));
    if (queue_number(tx, &number, e) < 0) return -1;
    struct task t = {.id = queue_task_id(a, number),
                     .rank = number,
                     .space_id = "",
                     .kind = k->kind,
                     .description = k->title,
                     .tag = arena_fmt(a, "system/%s", k->kind),
                     .arguments = text,
                     .queued_at = clock_now(g->o.clock),
                     .system = true};
    *ret_id = t.id;
    return task_enqueue(tx, &t, e);
}

struct regular {
    struct engine *g;
    const struct system_task_kind *kind;
};

/* Once for all nodes: the setting says when one was queued last. A new installation waits first. */
static int regular_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct regular *r = ctx;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *key = arena_fmt(&a, "system-task/%s", r->kind->kind), *last, *id;
    int64_t now = clock_now(r->g->o.clock), then;

    if (setting_get(tx, key, &a, &last, e) < 0) return -1;
    bool known = last && str_i64(last, 0, INT64_MAX, &then) && then <= now;
    if (known && now - then < r->kind->every_ms) return 0;
    if (setting_put(tx, key, arena_fmt(&a, "%lld", (long long)now), e) < 0) return -1;
    return known ? system_task_queue(tx, r->g, r->kind->kind, NULL, &a, &id, e) : 0;
}

static void look_at_regular(void *ctx)
{
    struct engine *g = ctx;

    for (const struct system_task_kind *k = system_task_kinds(g); k->kind; k++) {
        struct regular r = {g, k};
        struct error e = {0};
        if (k->every_ms && db_write(g->o.db, regular_tx, &r, &e) < 0)
            log_warn("engine", "cannot queue a task %s: %s", k->kind, e.text);
    }
    engine_kick(g);
    engine_regular(g);
}

#define REGULAR_MS FAULT_NUMBER("BOBTAIL_FAULT_REGULAR_MS", (int64_t)10 * 60 * 1000)

static void regular_due(void *ctx, const char *key)
{
    (void)key;
    work_post(((struct engine *)ctx)->work, look_at_regular, ctx);
}

void engine_regular(struct engine *g)
{
    timers_at(g->timers, clock_mono(g->o.clock) + REGULAR_MS, regular_due, g, NULL);
}

/* ---- the log, and the task's row ---- */

void system_task_say(struct system_task *t, enum log_category category, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOG_LINE_MAX);
    int64_t now = system_task_now(t);
    struct error e = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    t->has_warnings |=
        category == LOG_CAT_WARNING || category == LOG_CAT_ERROR || category == LOG_CAT_FATAL;
    struct str line = {buf_str(&text), text.n};
    if (log_chunk_builder_count(t->builder) < LINES_MAX &&
        log_chunk_builder_add(t->builder, category, now, line))
        return;
    /* what must end the task here is said again by its next checkpoint */
    if (system_task_checkpoint(t, &e) < 0) log_chunk_builder_clear(t->builder);
    ASSERT(log_chunk_builder_add(t->builder, category, now, line));
}

/* What waits to be stored becomes a row; it stays one until it is stored. */
static void make_log_row(struct system_task *t)
{
    int64_t lines = log_chunk_builder_count(t->builder), first = t->log_lines + 1;

    if (t->row.lines || lines == 0) return;
    t->row = (struct log_row){.first_line = first,
                              .lines = lines,
                              .bytes = (int64_t)log_chunk_builder_bytes(t->builder),
                              .part = first,
                              .node = TREE_ROOT,
                              .invocation = ""};
    log_chunk_builder_finish(t->builder, first, &t->row_data);
    t->row.data = (struct str){t->row_data.p, t->row_data.n};
}

struct progress {
    struct system_task *t;
    const char *state, *error; /* NULL = it goes on */
};

static int progress_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct progress *p = ctx;
    struct system_task *t = p->t;
    struct task_turn turn = {.task_id = t->task.id,
                             .epoch = t->task.epoch,
                             .cancel_seen = t->cancel_seen,
                             .log_lines = t->log_lines + t->row.lines,
                             .log_bytes = t->log_bytes + t->row.bytes,
                             .state = p->state,
                             .error = p->error ? p->error : "",
                             .has_warnings = t->has_warnings,
                             .now_ms = system_task_now(t)};

    if (task_advance(tx, &turn, e) < 0) return -1;
    return t->row.lines ? task_log_append(tx, t->task.id, &t->row, e) : 0;
}

static int advance(struct system_task *t, const char *state, const char *error, struct error *e)
{
    struct progress p = {t, state, error};

    make_log_row(t);
    if (db_write(t->pool->engine->o.db, progress_tx, &p, e) < 0) return -1;
    t->log_lines += t->row.lines;
    t->log_bytes += t->row.bytes;
    t->row = (struct log_row){0};
    buf_clear(&t->row_data);
    live_notify(t->pool->engine->live, t->task.id);
    return 0;
}

static bool is_stopping(struct system_tasks *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static bool is_cancelled(struct system_task *t)
{
    pthread_mutex_lock(&t->pool->lock);
    bool cancelled = t->cancelled;
    pthread_mutex_unlock(&t->pool->lock);
    return cancelled;
}

int system_task_checkpoint(struct system_task *t, struct error *e)
{
    struct error why = {0};

    if (is_stopping(t->pool)) return fail(e, ERR_BUSY, "the server stops");
    if (is_cancelled(t)) {
        t->cancel_seen = true;
        return fail(e, ERR_CANCELLED, "the task was canceled");
    }
    if (advance(t, NULL, NULL, &why) == 0) return 0;
    if (why.kind != ERR_CONFLICT) {
        *e = why;
        return -1;
    }
    t->cancel_seen = true; /* another node said yes to it */
    return fail(e, ERR_CANCELLED, "the task was canceled");
}

/* ---- running one ---- */

static int load_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct system_task *t = ctx;

    return task_get(tx, t->task.id, &t->arena, &t->task, e);
}

/* Waits a moment; false when the pool stops. */
static bool wait_a_moment(struct system_tasks *s)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_MS / 1000;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0) {
    }
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return !stopping;
}

/* Writes the end, as often as it takes; when the server stops meanwhile, its next start runs the
 * task again. */
static void finish(struct system_task *t, const char *state, const char *error)
{
    struct error e = {0};

    while (advance(t, state, error, &e) < 0) {
        if (e.kind == ERR_FENCED) return;
        if (e.kind == ERR_CONFLICT) { /* the cancel was first, whatever came of the task */
            t->cancel_seen = true;
            state = "Canceled";
            error = "the task was canceled";
            continue;
        }
        log_warn("engine", "%s: its end cannot be written yet: %s", t->task.id, e.text);
        if (!wait_a_moment(t->pool)) return;
    }
    live_publish(t->pool->engine->live, t->task.space_id, t->task.id, state);
    log_info("engine", "%s ended: %s", t->task.id, state);
}

static void conclude(struct system_task *t, int done, const struct error *e)
{
    if (done < 0 && (e->kind == ERR_FENCED || is_stopping(t->pool))) return;
    if (done == 0) {
        finish(t, "Success", NULL);
    } else if (e->kind == ERR_CANCELLED) {
        system_task_say(t, LOG_CAT_WARNING, "The task was canceled.");
        finish(t, "Canceled", e->text);
    } else {
        system_task_say(t, LOG_CAT_FATAL, "%s", e->text);
        finish(t, "Failed", e->text);
    }
}

static int perform(struct system_task *t, struct error *e)
{
    const struct system_task_kind *kind = system_task_kind_named(t->pool->engine, t->task.kind);
    const char *arguments = t->task.arguments;

    if (t->task.error[0]) return fail(e, ERR_INTERNAL, "%s", t->task.error); /* it is lost */
    if (t->task.cancel_by) {
        t->cancel_seen = true;
        return fail(e, ERR_CANCELLED, "the task was canceled");
    }
    if (kind == NULL)
        return fail(e, ERR_INVALID, "this server has no task of the kind %s", t->task.kind);
    if (jv_parse(arguments, strlen(arguments), &t->arguments, e) < 0) return -1;
    return kind->run(t, e);
}

/* Reads its row, as often as it takes; false when the pool stops. */
static bool load(struct system_task *t, const struct claimed *c)
{
    struct error e = {0};

    while (db_read(t->pool->engine->o.db, load_tx, t, &e) < 0) {
        log_warn("engine", "%s cannot be read yet: %s", c->id, e.text);
        if (!wait_a_moment(t->pool)) return false;
    }
    t->task.epoch = c->epoch;
    t->log_lines = t->task.log_lines;
    t->log_bytes = t->task.log_bytes;
    t->has_warnings = t->task.has_warnings;
    return true;
}

static void run_one(struct system_tasks *s, size_t thread, const struct claimed *c)
{
    struct system_task t = {.pool = s,
                            .task = {.id = c->id},
                            .arena = ARENA_INIT,
                            .row_data = BUF_INIT(BUF_UNBOUNDED),
                            .builder = log_chunk_builder_new()};
    struct error e = {0};

    pthread_mutex_lock(&s->lock);
    s->running[thread] = &t;
    pthread_mutex_unlock(&s->lock);
    if (load(&t, c)) {
        int done = perform(&t, &e);
        conclude(&t, done, &e);
    }
    pthread_mutex_lock(&s->lock);
    s->running[thread] = NULL;
    pthread_mutex_unlock(&s->lock);
    json_decref(t.arguments);
    log_chunk_builder_free(t.builder);
    buf_done(&t.row_data);
    arena_done(&t.arena);
}

/* ---- the threads ---- */

struct claim {
    struct engine *g;
    struct arena arena;
    struct task task;
    int found;
};

static int claim_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct claim *c = ctx;
    const struct engine_options *o = &c->g->o;

    c->found = task_claim_system(tx, o->node_id, clock_now(o->clock), &c->arena, &c->task, e);
    return c->found < 0 ? -1 : 0;
}

static bool may_claim(struct engine *g)
{
    pthread_mutex_lock(&g->lock);
    bool may = !g->draining && !g->stopping;
    pthread_mutex_unlock(&g->lock);
    return may && engine_holds_lease(g);
}

/* 1 with the task, 0 = none is ready, -1 = the database cannot say. */
static int claim_one(struct engine *g, struct claimed *ret)
{
    struct claim c = {.g = g, .arena = ARENA_INIT};
    struct error e = {0};

    int r = may_claim(g) ? db_write_hot(g->o.db, claim_tx, &c, &e) : 0;
    if (r < 0) log_warn("engine", "cannot claim a system task: %s", e.text);
    else r = c.found;
    if (r > 0) {
        *ret = (struct claimed){xstrdup(c.task.id), c.task.epoch};
        live_publish(g->live, c.task.space_id, c.task.id, "Executing");
    }
    arena_done(&c.arena);
    return r;
}

/* Waits for something to do: 1 with a task that was taken over, 0 = look at the queue, -1 = the
 * pool stops. */
static int next_of(struct system_tasks *s, struct claimed *ret)
{
    int r = -1;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !s->look && s->adopted.n == 0) pthread_cond_wait(&s->changed, &s->lock);
    if (!s->stopping && s->adopted.n) {
        *ret = s->adopted.items[--s->adopted.n];
        r = 1;
    } else if (!s->stopping) {
        s->look = false;
        r = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

static void kick_due(void *ctx, const char *key)
{
    (void)key;
    system_tasks_kick(((struct engine *)ctx)->system_tasks);
}

struct place {
    struct system_tasks *pool;
    size_t thread;
};

static void *work(void *ctx)
{
    struct place place = *(struct place *)ctx;
    struct system_tasks *s = place.pool;
    struct claimed c;
    int r;

    free(ctx);
    while ((r = next_of(s, &c)) >= 0) {
        if (r == 0) r = claim_one(s->engine, &c);
        if (r < 0)
            timers_at(s->engine->timers, clock_mono(s->engine->o.clock) + RETRY_MS, kick_due,
                      s->engine, NULL);
        if (r <= 0) continue;
        run_one(s, place.thread, &c);
        free(c.id);
        system_tasks_kick(s); /* the next one of its kind may go */
    }
    return NULL;
}

struct system_tasks *system_tasks_new(struct engine *g)
{
    struct system_tasks *s = xcalloc(1, sizeof(*s));
    pthread_condattr_t attr;

    s->engine = g;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

int system_tasks_start(struct system_tasks *s, struct error *e)
{
    for (; s->n_threads < THREADS; s->n_threads++) {
        struct place *place = xcalloc(1, sizeof(*place));
        char name[16];
        *place = (struct place){s, s->n_threads};
        snprintf(name, sizeof(name), "system-%zu", s->n_threads);
        if (thread_start(&s->threads[s->n_threads], name, work, place, e) == 0) continue;
        free(place);
        return -1;
    }
    return 0;
}

void system_tasks_kick(struct system_tasks *s)
{
    if (s == NULL) return;
    pthread_mutex_lock(&s->lock);
    s->look = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void system_tasks_adopt(struct system_tasks *s, const struct task *t)
{
    pthread_mutex_lock(&s->lock);
    VEC_PUSH(&s->adopted, ((struct claimed){xstrdup(t->id), t->epoch}));
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void system_tasks_cancelled(struct system_tasks *s, const char *id)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < THREADS; i++)
        if (s->running[i] && strcmp(s->running[i]->task.id, id) == 0)
            s->running[i]->cancelled = true;
    pthread_mutex_unlock(&s->lock);
}

void system_tasks_stop(struct system_tasks *s)
{
    if (s == NULL) return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->n_threads; i++) pthread_join(s->threads[i], NULL);
    s->n_threads = 0;
}

void system_tasks_free(struct system_tasks *s)
{
    if (s == NULL) return;
    for (size_t i = 0; i < s->adopted.n; i++) free(s->adopted.items[i].id);
    VEC_DONE(&s->adopted);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
