/* retention.h - what may be removed: releases by the policies of their lifecycle, runs by that of
 * their runbook. Pure; any thread.
 *
 * A release is kept while any of these holds: it is the newest, or the newest but one, that
 * succeeded in some environment (what is on dashboards, and what one would go back to); a task of
 * it has not ended; the period of a phase keeps it for an environment that it was deployed to; it
 * was never deployed and the lifecycle's period keeps it. Facts: features.md 18. */
#ifndef RULES_RETENTION_H
#define RULES_RETENTION_H
#include "base/arena.h"
#include "base/json.h"

enum retention_unit { RETENTION_FOREVER, RETENTION_ITEMS, RETENTION_DAYS };
struct retention_period {
    enum retention_unit unit;
    int64_t quantity; /* of items or days */
};
/** Reads a RetentionPeriod document; one whose Strategy is Default, and none at all, is
 * ${otherwise}. */
struct retention_period retention_period_of(const json_t *period,
                                            struct retention_period otherwise);
/** What the lifecycle says for an environment: its phase's period, else the lifecycle's own; the
 * latter for "". ${otherwise}: of the space. */
struct retention_period retention_of_lifecycle(const json_t *lifecycle, const char *environment_id,
                                               struct retention_period otherwise);

/** One deployment or run, ended or not. */
struct retention_execution {
    const char *owner_id; /* the release or runbook */
    const char *id;       /* of the deployment or run */
    const char *environment_id;
    int64_t at_ms; /* when it ended, or was queued; UTC */
    bool ended, succeeded;
    bool keep; /* the answer, for runs */
};
struct retention_release {
    const char *id, *channel_id;
    const json_t *lifecycle;           /* of its channel; borrowed */
    struct retention_period otherwise; /* where that says Default */
    int64_t at_ms;                     /* when it was made */
    bool keep;                         /* the answer */
};

/** Both lists newest first; sets keep of the releases. */
void retention_of_releases(struct retention_release *releases, size_t n,
                           const struct retention_execution *deployments, size_t n_deployments,
                           int64_t now_ms);
/** Runs of one runbook, newest first; sets their keep. What has not ended is kept and does not
 * count. */
void retention_of_runs(struct retention_execution *runs, size_t n, struct retention_period period,
                       int64_t now_ms);
#endif
