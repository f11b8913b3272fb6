/* metrics.c - see metrics.h. The registry is a sorted list under one lock; values are atomic. */
#include "base/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *first; /* guarded by lock; sorted by name, then labels */

static struct histogram *first_histogram; /* guarded by lock; sorted likewise */

static int order(const char *name, const char *labels, const char *other, const char *other_labels)
{
    int by_name = strcmp(name, other);

    return by_name ? by_name : strcmp(labels ? labels : "", other_labels ? other_labels : "");
}

static void register_once(struct metric *m)
{
    struct metric **at = &first;

    if (atomic_load(&m->registered)) return;
    pthread_mutex_lock(&lock);
    if (!atomic_load(&m->registered)) {
        while (*at && order((*at)->name, (*at)->labels, m->name, m->labels) < 0) at = &(*at)->next;
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

void histogram_show(struct histogram *h)
{
    struct histogram **at = &first_histogram;

    if (atomic_load(&h->registered)) return;
    pthread_mutex_lock(&lock);
    if (!atomic_load(&h->registered)) {
        while (*at && order((*at)->name, (*at)->labels, h->name, h->labels) < 0) at = &(*at)->next;
        h->next = *at;
        *at = h;
        atomic_store(&h->registered, 1);
    }
    pthread_mutex_unlock(&lock);
}

void histogram_add(struct histogram *h, int64_t microseconds)
{
    size_t i = 0;

    histogram_show(h);
    while (i < HISTOGRAM_BOUNDS && h->bounds[i] && microseconds > h->bounds[i]) i++;
    atomic_fetch_add(&h->counts[i], 1);
    atomic_fetch_add(&h->sum, microseconds);
}

static void print_seconds(struct buf *out, int64_t microseconds)
{
    buf_addf(out, "%lld.%06lld", (long long)microseconds / 1000000,
             (long long)microseconds % 1000000);
}

/* Rows of a histogram count all that is not longer. */
static void print_histogram(struct buf *out, const struct histogram *h)
{
    const char *labels = h->labels ? h->labels : "", *comma = h->labels ? "," : "";
    int64_t n = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        bool last = i == HISTOGRAM_BOUNDS || h->bounds[i] == 0;
        n += atomic_load(&h->counts[i]);
        buf_addf(out, "%s_bucket{%s%sle=\"", h->name, labels, comma);
        if (last) buf_adds(out, "+Inf");
        else print_seconds(out, h->bounds[i]);
        buf_addf(out, "\"} %lld\n", (long long)n);
        if (last) break;
    }
    const char *open = h->labels ? "{" : "", *close = h->labels ? "}" : "";
    buf_addf(out, "%s_sum%s%s%s ", h->name, open, labels, close);
    print_seconds(out, atomic_load(&h->sum));
    buf_addf(out, "\n%s_count%s%s%s %lld\n", h->name, open, labels, close, (long long)n);
}

static void print_histograms(struct buf *out)
{
    const char *name = "";

    for (struct histogram *h = first_histogram; h; h = h->next) {
        if (strcmp(name, h->name) != 0)
            buf_addf(out, "# HELP %s %s\n# TYPE %s histogram\n", h->name, h->help, h->name);
        name = h->name;
        print_histogram(out, h);
    }
}

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
    print_histograms(out);
    pthread_mutex_unlock(&lock);
}
