/* retention.h - what retention looks at and removes: deployments and runs with their tasks. Inside
 * a transaction of db.h; texts live in the arena given. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H
#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"

struct retention_row {
    const char *subject_id, *owner_id, *environment_id; /* owner: the release, or the runbook */
    const char *state;
    int64_t at_ms; /* when its task ended, or was queued; UTC */
};
/** Deployments of a project, newest first. */
int retention_deployments(struct db_tx *tx, const char *project_id, struct arena *a,
                          struct retention_row **ret, size_t *ret_n, struct error *e) MUST_USE;
/** Runs of a runbook, newest first. */
int retention_runs(struct db_tx *tx, const char *project_id, const char *runbook_id,
                   struct arena *a, struct retention_row **ret, size_t *ret_n,
                   struct error *e) MUST_USE;
/** The default policy of a space for a type ("LifecycleRelease", "LifecycleTentacle",
 * "RunbookRetention"): Strategy, Unit, QuantityToKeep. Releases and files are kept for ever, and
 * 100 runs, until somebody says otherwise. *${ret}: a new reference. */
int retention_default_get(struct db_tx *tx, const char *space_id, const char *type, struct arena *a,
                          json_t **ret, struct error *e) MUST_USE;
/** Keeps those three members of ${doc}. */
int retention_default_put(struct db_tx *tx, const char *space_id, const char *type,
                          const json_t *doc, struct error *e) MUST_USE;
/** Deletes the tasks about ${subject_id}, or about deployments of the release ${subject_id}, at
 * most ${*left} rows, which it counts down. 1 = all are gone, 0 = call again; ERR_CONFLICT: one of
 * them has not ended, or its worker is not cleaned up yet. */
int retention_delete_tasks(struct db_tx *tx, const char *subject_id, int64_t *left,
                           struct error *e) MUST_USE;
#endif
