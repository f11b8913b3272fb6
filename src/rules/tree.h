/* tree.h - the activity tree of a run, as API clients and the portal show it (rest.md 2.7).
 *
 * One node for the task, each step, each action, and each attempt after the first. A node has a
 * key, stable for the life of the task, under which its log lines are stored; its Id in the API is
 * "<task id>/<key>":
 *
 *     root                     the task: lines that belong to no step
 *     step-1                   the second step (places count from 0)
 *     action-3                 the fourth action of the process, and its first attempt
 *     action-3-attempt-2       its second attempt, "Attempt 2", there only when it was retried
 *
 * Pure; any thread. */
#ifndef RULES_TREE_H
#define RULES_TREE_H
#include "rules/state.h"

#define TREE_ROOT "root"
#define TREE_KEY_SIZE 64

/** The key of the node where the log lines of an attempt belong; returns ${out}. */
const char *tree_node_id_for_invocation(size_t action, int attempt, char out[TREE_KEY_SIZE]);
const char *tree_node_id_for_step(size_t step, char out[TREE_KEY_SIZE]);
/** The Id of a node in the API. In ${a}. */
const char *tree_node_id(struct arena *a, const char *task_id, const char *key);

struct tree_input {
    const char *task_id;
    const char *name;    /* of the root node: the task's description */
    int64_t started_ms;  /* of the task; 0 = not yet */
    int64_t ended_ms;    /* 0 = not yet */
    const char *waiting; /* what the run waits for (ProgressMessage of the root), or NULL */
    /** Called for each node, parents first, with its key: fills LogElements (an empty array then)
     * and what else it knows. May be NULL. */
    void (*fill)(void *ctx, const char *key, json_t *node);
    void *ctx;
};

/** ActivityLogs of the task's details: an array with the root node; owned by the caller. ${s} may
 * be without plan, or NULL for a task that has not been claimed: then there is the root alone. */
json_t *tree_make(const struct state *s, const struct tree_input *in);
/** Actions that have ended, in percent: Progress.ProgressPercentage. */
int tree_progress(const struct state *s);
#endif
