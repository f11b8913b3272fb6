/* metrics.h - counters, gauges and histograms of times in the Prometheus text format.
 *
 * A metric is a static object that registers itself on first use; adding is one atomic operation.
 * Any thread. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H
#include <stdatomic.h>

#include "base/buf.h"

struct metric {
    const char *name, *help, *type; /* "counter" or "gauge"; the unit is in the name */
    const char *labels;             /* `state="queued"` or NULL; rows of one name stand together */
    _Atomic int64_t value;
    struct metric *next;
    _Atomic int registered, unknown;
};
#define METRIC(kind, metric_name, label_text, help_text)                           \
    {                                                                              \
        .name = metric_name, .help = help_text, .type = kind, .labels = label_text \
    }

void metric_add(struct metric *m, int64_t n);
void metric_set(struct metric *m, int64_t v);
/** Its value is not known now: it is left out until it is set again. */
void metric_unknown(struct metric *m);

#define HISTOGRAM_BOUNDS 12
/** Times in fixed steps. Its name ends with _seconds. */
struct histogram {
    const char *name, *help;
    const char *labels;               /* as of a metric */
    int64_t bounds[HISTOGRAM_BOUNDS]; /* microseconds, rising; 0 ends them early */
    _Atomic int64_t counts[HISTOGRAM_BOUNDS + 1];
    _Atomic int64_t sum; /* microseconds */
    struct histogram *next;
    _Atomic int registered;
};
#define HISTOGRAM(histogram_name, label_text, help_text, ...)                                      \
    {                                                                                              \
        .name = histogram_name, .help = help_text, .labels = label_text, .bounds = { __VA_ARGS__ } \
    }
/** From 100 microseconds to 10 seconds: requests, commits. */
#define HISTOGRAM_SHORT(name, labels, help)                                                 \
    HISTOGRAM(name, labels, help, 100, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, \
              1000000, 2500000, 10000000)
/** From a second to four hours: tasks. */
#define HISTOGRAM_LONG(name, labels, help)                                                   \
    HISTOGRAM(name, labels, help, 1000000, 5000000, 15000000, 30000000, 60000000, 120000000, \
              300000000, 600000000, 1800000000, 3600000000, 7200000000, 14400000000)
void histogram_add(struct histogram *h, int64_t microseconds);
/** Shows it before anything was added. */
void histogram_show(struct histogram *h);

/** Writes all registered metrics whose value is known, sorted by name. */
void metrics_print(struct buf *out);
#endif
