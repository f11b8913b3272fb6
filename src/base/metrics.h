/* metrics.h - counters and gauges in the Prometheus text format.
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
/** Writes all registered metrics whose value is known, sorted by name. */
void metrics_print(struct buf *out);
#endif
