/* artifact.h - the only home of the SQL of table artifact: files that scripts asked to keep. */
#ifndef STORE_ARTIFACT_H
#define STORE_ARTIFACT_H
#include "base/arena.h"
#include "db/db.h"
#include "store/visible.h"

struct artifact {
    const char *id, *space_id, *task_id, *invocation, *node;
    const char *path;     /* as the script named it, on the worker */
    const char *filename; /* as shown */
    const char *source;   /* the worker's name */
    const char *content;  /* SHA-256 of the collected blob, NULL until collected */
    const char *failure;  /* why it could not be collected, NULL otherwise */
    int64_t number, created_at, size;
};
int artifact_insert(struct db_tx *tx, const struct artifact *x, struct error *e) MUST_USE;
/** Records the outcome of collecting: ${content} and ${size}, or ${failure}. */
int artifact_collected(struct db_tx *tx, const char *id, const char *content, int64_t size,
                       const char *failure, struct error *e) MUST_USE;
int artifact_rename(struct db_tx *tx, const char *id, const char *filename,
                    struct error *e) MUST_USE;
int artifact_get(struct db_tx *tx, const char *id, struct arena *a, struct artifact *ret,
                 struct error *e) MUST_USE;
struct artifact_query { /* NULL = any */
    const char *space_id;
    const char *regarding; /* a task, what a task is about (a deployment, a runbook run), or what
                              that points to (its release, snapshot, environment, ...) */
    const char *const *ids;
    size_t n_ids;
    const char *partial_name;
    struct visible_parts visible; /* by their tasks */
    int64_t skip, take;
};
/** Newest first. */
int artifact_list(struct db_tx *tx, const struct artifact_query *q, struct arena *a,
                  struct artifact **ret, size_t *ret_n, int64_t *ret_total,
                  struct error *e) MUST_USE;
/** Up to ${take} of those that ${invocation} asked for and nobody has collected yet, oldest first.
 */
int artifact_unfetched(struct db_tx *tx, const char *task_id, const char *invocation, int64_t take,
                       struct arena *a, struct artifact **ret, size_t *ret_n,
                       struct error *e) MUST_USE;
/** Takes the row away; the blob stays while another row names it. */
int artifact_delete(struct db_tx *tx, const char *id, struct error *e) MUST_USE;
#endif
