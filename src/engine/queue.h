/* queue.h - putting work into the queue: the task of a deployment or a runbook run, with its
 * concurrency tag. */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H
#include "crypt/seal.h"
#include "store/task.h"

struct queue_request {
    const char *space_id, *kind; /* "Deploy" or "RunbookRun" */
    const char *description;
    const char *subject_id; /* the deployment or run; stored already, by the same transaction */
    const char *subject_argument;                         /* "DeploymentId" or "RunbookRunId" */
    const char *project_id, *environment_id, *runbook_id; /* runbook_id: NULL for a deployment */
    const char *variables_id;                             /* frozen variable set; NULL = none */
    int64_t number;                                       /* of the task: queue_number */
    int64_t now_ms;
    int64_t due_ms, expires_ms; /* not before, not after; 0 = at once, whenever */
    const struct secret_key *key;
    const char *server_uri;
};

/** The number of the next task; its id is "ServerTasks-<number>". */
int queue_number(struct db_tx *tx, int64_t *ret, struct error *e) MUST_USE;
const char *queue_task_id(struct arena *a, int64_t number);
/** Queues the task. Its concurrency tag is the variable Octopus.Task.ConcurrencyTag where the
 * project has one, otherwise one run at a time of a project, or runbook, in an environment. After
 * the commit: engine_kick. */
int queue_add(struct db_tx *tx, const struct queue_request *q, struct arena *a, struct task *ret,
              struct error *e) MUST_USE;
#endif
