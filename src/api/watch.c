/* watch.c - see watch.h.
 *
 * Whoever asks wants a look that begins after his question; one look answers all who asked before
 * it. The thread is alone with the database, so that only its own look can keep it waiting. */
#include "api/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "os/thread.h"
#include "store/figures.h"

struct watch {
    struct db *db;
    const char *node_id;
    bool shared; /* nodes renew leases */
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below; never held during I/O */
    pthread_cond_t changed;
    uint64_t asked, begun, done; /* looks: wanted, the newest one that began, that ended */
    int64_t since;               /* monotonic ms at which the one under way began */
    struct error trouble;        /* of the last look; kind ERR_NONE: all is well */
    struct buf text;             /* figures of the last look */
    bool stopping;
};

/* ---- looking ---- */

static const char *const reasons[WAIT_REASONS] = {"stopped", "planned", "tag", "room"};

static void head(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_label(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') buf_addc(out, '\\');
        buf_addc(out, *text == '\n' ? ' ' : *text);
    }
}

static void print_waiting(struct buf *out, const struct figures *f)
{
    int64_t total = 0;

    head(out, "bobtail_queue_tasks", "Tasks that wait, by what they wait for.");
    for (int i = 0; i < WAIT_REASONS; i++) {
        buf_addf(out, "bobtail_queue_tasks{reason=\"%s\"} %lld\n", reasons[i],
                 (long long)f->waiting[i].tasks);
        total += f->waiting[i].tasks;
    }
    head(out, "bobtail_queue_oldest_seconds", "How long the oldest of them has waited.");
    for (int i = 0; i < WAIT_REASONS; i++)
        buf_addf(out, "bobtail_queue_oldest_seconds{reason=\"%s\"} %lld\n", reasons[i],
                 (long long)f->waiting[i].oldest_ms / 1000);
    head(out, "bobtail_tasks_queued", "Tasks that wait in the queue.");
    buf_addf(out, "bobtail_tasks_queued %lld\n", (long long)total);
}

static bool is_up(const struct watch *w, const struct figures_node *n)
{
    return n->is_self || (w->shared && n->lease_ms > 0);
}

/* Each of the figures of a node in turn: rows of one name stand together. */
static void print_nodes(const struct watch *w, struct buf *out, const struct figures *f)
{
    static const struct {
        const char *name, *help;
    } rows[] = {{"bobtail_node_up", "1: the node is alive."},
                {"bobtail_node_lease_seconds", "Time until the lease of the node ends."},
                {"bobtail_node_task_cap", "Tasks that the node runs at once."},
                {"bobtail_node_draining", "1: the node takes no new tasks."}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (i == 1 && !w->shared) continue;
        head(out, rows[i].name, rows[i].help);
        for (size_t k = 0; k < f->n_nodes; k++) {
            const struct figures_node *n = &f->nodes[k];
            int64_t values[] = {is_up(w, n), n->lease_ms / 1000, n->cap, n->is_draining};
            buf_addf(out, "%s{node=\"", rows[i].name);
            add_label(out, n->name);
            buf_addf(out, "\"} %lld\n", (long long)values[i]);
        }
    }
}

static void print(const struct watch *w, struct buf *out, const struct figures *f)
{
    print_waiting(out, f);
    print_nodes(w, out, f);
    head(out, "bobtail_workers", "Workers by health; nothing checks it yet.");
    buf_addf(out, "bobtail_workers{health=\"Unknown\"} %lld\n", (long long)f->workers);
    head(out, "bobtail_api_keys_expiring", "API keys that will expire.");
    buf_addf(out, "bobtail_api_keys_expiring %lld\n", (long long)f->keys);
    if (f->keys == 0) return;
    head(out, "bobtail_api_key_expiry_seconds", "Time until the next API key expires.");
    buf_addf(out, "bobtail_api_key_expiry_seconds %lld\n", (long long)f->next_expiry_ms / 1000);
}

struct look {
    const struct watch *w;
    struct arena arena;
    struct figures figures;
};

static int look_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct look *l = ctx;

    return figures_read(tx, l->w->node_id, &l->arena, &l->figures, e);
}

static void look(struct watch *w, struct error *trouble, struct buf *text)
{
    struct look l = {.w = w, .arena = ARENA_INIT};

    if (db_ping(w->db, trouble) == 0 && db_read(w->db, look_tx, &l, trouble) == 0)
        print(w, text, &l.figures);
    arena_done(&l.arena);
}

static void *run(void *ctx)
{
    struct watch *w = ctx;

    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        if (w->begun == w->asked) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        struct error trouble = {0};
        struct buf text = BUF_INIT(1 * MiB);
        w->begun = w->asked;
        w->since = clock_mono(&system_clock);
        pthread_mutex_unlock(&w->lock);
        look(w, &trouble, &text);
        pthread_mutex_lock(&w->lock);
        buf_done(&w->text);
        w->text = text;
        w->trouble = trouble;
        w->done = w->begun;
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- asking ---- */

static struct timespec deadline(int ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + (int64_t)ms * 1000000;
    return (struct timespec){.tv_sec = at.tv_sec + ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* Lock held. True when a look has ended that began after the call. */
static bool wait_for_look(struct watch *w)
{
    struct timespec until = deadline(WATCH_LIMIT_MS);
    uint64_t mine = ++w->asked;

    pthread_cond_broadcast(&w->changed);
    if (w->begun != w->done && clock_mono(&system_clock) - w->since > WATCH_LIMIT_MS) return false;
    while (w->done < mine && pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
        continue;
    return w->done >= mine;
}

/* Lock held. */
static int ask(struct watch *w, struct error *e)
{
    if (!wait_for_look(w)) return fail(e, ERR_UNREACHABLE, "the database does not answer");
    if (w->trouble.kind == ERR_NONE) return 0;
    *e = w->trouble;
    return -1;
}

int watch_ask(struct watch *w, struct error *e)
{
    pthread_mutex_lock(&w->lock);
    int r = ask(w, e);
    pthread_mutex_unlock(&w->lock);
    return r;
}

void watch_print(struct watch *w, struct buf *out)
{
    struct error e;

    pthread_mutex_lock(&w->lock);
    bool well = ask(w, &e) == 0;
    if (well) buf_add(out, buf_str(&w->text), w->text.n);
    pthread_mutex_unlock(&w->lock);
    head(out, "bobtail_database_up", "1: the database answers.");
    buf_addf(out, "bobtail_database_up %d\n", well);
}

int watch_start(struct db *db, const char *node_id, bool shared, struct watch **ret,
                struct error *e)
{
    struct watch *w = xcalloc(1, sizeof(*w));
    pthread_condattr_t attr;

    w->db = db;
    w->node_id = node_id;
    w->shared = shared;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (thread_start(&w->thread, "watch", run, w, e) < 0) {
        free(w);
        return -1;
    }
    *ret = w;
    return 0;
}

void watch_stop(struct watch *w)
{
    if (w == NULL) return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    buf_done(&w->text);
    free(w);
}
