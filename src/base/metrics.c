/* metrics.c - see metrics.h. The registry is a sorted list under one lock; values are atomic. */
#include "base/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *first; /* guarded by lock; sorted by name, then labels */

static int order(const struct metric *a, const struct metric *b)
{
    int by_name = strcmp(a->name, b->name);

    return by_name ? by_name : strcmp(a->labels ? a->labels : "", b->labels ? b->labels : "");
}

static void register_once(struct metric *m)
{
    struct metric **at = &first;

    if (atomic_load(&m->registered)) return;
    pthread_mutex_lock(&lock);
    if (!atomic_load(&m->registered)) {
        while (*at && order(*at, m) < 0) at = &(*at)->next;
        m->next = *at;
        *at = m;
        atomic_store(&m->registered, 1);
    }
    pthread_mutex_unlock(&lock);
}

void metric_add(struct metric *m, int64_t n)
{
    register_once(m);
    atomic_fetch_add(&m->value, n);
}

void metric_set(struct metric *m, int64_t v)
{
    register_once(m);
    atomic_store(&m->value, v);
    atomic_store(&m->unknown, 0);
}

void metric_unknown(struct metric *m) { atomic_store(&m->unknown, 1); }

void metrics_print(struct buf *out)
{
    const char *name = "";

    pthread_mutex_lock(&lock);
    for (struct metric *m = first; m; m = m->next) {
        if (atomic_load(&m->unknown)) continue;
        if (strcmp(name, m->name) != 0)
            buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
        name = m->name;
        buf_addf(out, "%s%s%s%s %lld\n", m->name, m->labels ? "{" : "", m->labels ? m->labels : "",
                 m->labels ? "}" : "", (long long)atomic_load(&m->value));
    }
    pthread_mutex_unlock(&lock);
}
