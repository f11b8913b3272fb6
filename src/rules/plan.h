/* plan.h - journal entry 1: what a run is going to do, decided once and never computed again.
 *
 * A plan is JSON (what the journal keeps, readable by every newer version of the program) and the C
 * struct parsed from it. It holds the steps with everything that is fixed when the run starts:
 * names and numbers, conditions, which actions are left out and why, the resolved worker pools,
 * retries, time limits. It refers to the frozen process and variable snapshots and never holds a
 * secret nor a script. Pure; any thread, one thread per value. */
#ifndef RULES_PLAN_H
#define RULES_PLAN_H
#include "model/process.h"
#include "rules/evaluator.h"

#define PLAN_VERSION 1
#define PLAN_PARALLELISM 10  /* Octopus.Action.MaxParallelism when nobody sets it */
#define PLAN_RETRIES_MAX 3   /* Octopus.Action.AutoRetry.MaximumCount, most */
#define PLAN_GRACE_S 5       /* Octopus.Action.CancelGraceSeconds, default */
#define PLAN_GRACE_MAX_S 600 /* ... and most */
#define PLAN_BACKOFF_MAX_S 86400
#define PLAN_TIMEOUT_MAX_MIN 525600

struct plan_action {
    size_t index; /* place in plan->actions; what journal entries and moves name an action by */
    size_t step;  /* place of its step in plan->steps */
    const char *id, *name;
    const char *number; /* "2", or "2.1" when its step has several actions */
    const char *type;
    bool required;
    const char *excluded;         /* why it does not run at all, as a sentence; NULL when it does */
    enum run_condition condition; /* CONDITION_SUCCESS or CONDITION_VARIABLE */
    const char *expression;       /* of CONDITION_VARIABLE, not evaluated */
    const char *pool_id, *pool_name;
    const char *worker_kind; /* "builtin" */
    int64_t max_parallelism; /* concurrent invocations of this action */
    int retries;             /* 0-3: attempts after the first */
    int64_t backoff_s;       /* wait before a retry */
    int64_t timeout_min;     /* for each attempt; 0 = none */
    const char *syntax;      /* "Bash", "Python" or "PowerShell" */
    bool raw;                /* the script runs as it is, without bobtail-step */
    int64_t grace_s;         /* between SIGTERM and SIGKILL */
};

struct plan_step {
    size_t index;
    const char *id, *name, *number;
    enum run_condition condition;
    const char *expression;
    enum start_trigger trigger;
    size_t group; /* steps of one group run in parallel; groups one after another */
    size_t first_action, n_actions; /* actions[first_action] and the following */
};

struct plan {
    int version;
    const char *kind; /* "Deployment" or "RunbookRun" */
    const char *task_id;
    const char *environment_id, *environment_name, *channel_id; /* may be NULL */
    int64_t max_parallelism;                                    /* parallel steps of the run */
    bool guided_failure;                                        /* false: there is none yet */
    const struct plan_step *steps;
    size_t n_steps;
    const struct plan_action *actions; /* of all steps, in their order */
    size_t n_actions;
    const json_t *references; /* the object given as plan_input.references, or NULL */
    struct arena arena;       /* owns all of the above; */
    json_t *json;             /* strings are borrowed from it */
};

struct pool_ref {
    const char *id, *name; /* must outlive plan_make */
};
struct pool_finder {
    /** By id, name (ignoring case) or slug; false when there is no such pool. */
    bool (*find)(void *ctx, const char *id_name_or_slug, struct pool_ref *ret);
    /** The space's default pool; false when there is none (a program error elsewhere). */
    bool (*find_default)(void *ctx, struct pool_ref *ret);
    void *ctx;
};

struct plan_input {
    const char *kind; /* "Deployment" or "RunbookRun" */
    const char *task_id;
    const json_t *process; /* the frozen document */
    const char *environment_id, *environment_name;
    const char *channel_id, *channel_name; /* NULL for a runbook */
    const char *const *skips; /* ids or names of steps and actions that a person left out */
    size_t n_skips;
    const json_t
        *references; /* object: ids of the frozen snapshots, kept as they are; may be NULL */
    struct pool_finder pools;
    struct evaluator evaluator;
};

/** Makes the plan of a run as JSON, owned by the caller. ERR_INVALID when the run cannot be
 * planned; the message names the step, the member or variable, and the value (the caller masks it
 * as it masks the task log), e->where the JSON pointer into the process document where there is
 * one: both a worker pool and a worker pool variable; a pool or pool variable that is not there; a
 * type of action, syntax or script source that is not supported; a number out of its range;
 * RunOnServer false without target roles. */
int plan_make(const struct plan_input *in, json_t **ret_plan, struct error *e) MUST_USE;

/** Reads a plan; keeps a reference to ${json}, which nobody may change any more. ERR_INVALID when
 * it was made by a newer version of the program, ERR_CORRUPT when it is no plan. The caller frees
 * it. */
int plan_parse(json_t *json, struct plan **ret, struct error *e) MUST_USE;
void plan_free(struct plan *p);
void plan_freep(struct plan **p);
#endif
