/* tree.c - see tree.h.
 *
 * The first attempt of an action is the action's own node, so that a run without retries has no
 * attempt nodes, and so that the lines of the first attempt keep their place when a retry comes. */
#include "rules/tree.h"

#include <stdio.h>

const char *tree_node_id_for_invocation(size_t action, int attempt, char out[TREE_KEY_SIZE])
{
    if (attempt <= 1) snprintf(out, TREE_KEY_SIZE, "action-%zu", action);
    else snprintf(out, TREE_KEY_SIZE, "action-%zu-attempt-%d", action, attempt);
    return out;
}

const char *tree_node_id_for_step(size_t step, char out[TREE_KEY_SIZE])
{
    snprintf(out, TREE_KEY_SIZE, "step-%zu", step);
    return out;
}

const char *tree_node_id(struct arena *a, const char *task_id, const char *key)
{
    return arena_fmt(a, "%s/%s", task_id, key);
}

/* What a node is made of, before it becomes JSON. */
struct node {
    const char *key, *name, *status;
    int64_t started_ms, ended_ms;
    int percent;
    const char *message;
    bool summary;
};

static json_t *add(json_t *siblings, const struct tree_input *in, const struct node *n)
{
    json_t *o = json_object();
    struct arena a = ARENA_INIT;

    jv_set_str(o, "Id", tree_node_id(&a, in->task_id, n->key));
    jv_set_str(o, "Name", n->name);
    jv_set_time(o, "Started", n->started_ms);
    jv_set_time(o, "Ended", n->ended_ms);
    jv_set_str(o, "Status", n->status);
    jv_set(o, "Children", json_array());
    jv_set_bool(o, "ShowAtSummaryLevel", n->summary);
    jv_set(o, "LogElements", json_array());
    jv_set_i64(o, "ProgressPercentage", n->percent);
    jv_set_str(o, "ProgressMessage", n->message ? n->message : "");
    jv_push(siblings, o);
    if (in->fill) in->fill(in->ctx, n->key, o);
    arena_done(&a);
    return jv_get(o, "Children");
}

static const char *status_name(enum action_status status, bool warned)
{
    switch (status) {
    case ACTION_PENDING: return "Pending";
    case ACTION_RUNNING:
    case ACTION_WAITING: return "Running";
    case ACTION_SUCCEEDED: return warned ? "SuccessWithWarning" : "Success";
    case ACTION_FAILED: return "Failed";
    case ACTION_SKIPPED: return "Skipped";
    default: return "Canceled";
    }
}

static const char *attempt_status(const struct invocation *i)
{
    switch (i->status) {
    case INVOCATION_INTENDED:
    case INVOCATION_STARTED: return "Running";
    case INVOCATION_SUCCEEDED: return i->has_warnings ? "SuccessWithWarning" : "Success";
    case INVOCATION_CANCELED: return "Canceled";
    default: return i->again ? "Running" : "Failed";
    }
}

/* The newest invocation of an attempt speaks for it; the oldest tells when it began. */
static void add_attempts(json_t *siblings, const struct state *s, const struct tree_input *in,
                         size_t action)
{
    char key[TREE_KEY_SIZE], name[32];

    for (int attempt = 2; attempt <= s->actions[action].attempts; attempt++) {
        const struct invocation *first = NULL, *last = NULL;
        for (size_t n = 0; n < s->invocations.n; n++) {
            const struct invocation *i = &s->invocations.items[n];
            if (i->action != action || i->attempt != attempt) continue;
            if (first == NULL) first = i;
            last = i;
        }
        ASSERT(last != NULL);
        snprintf(name, sizeof name, "Attempt %d", attempt);
        (void)add(siblings, in,
                  &(struct node){.key = tree_node_id_for_invocation(action, attempt, key),
                                 .name = name,
                                 .status = attempt_status(last),
                                 .started_ms = first->intended_ms,
                                 .ended_ms = last->again ? 0 : last->ended_ms,
                                 .percent = invocation_ended(last) && !last->again ? 100 : 0});
    }
}

static void add_action(json_t *siblings, const struct state *s, const struct tree_input *in,
                       size_t action)
{
    const struct action_state *as = &s->actions[action];
    char key[TREE_KEY_SIZE];
    const char *message = as->reason;

    if (as->status == ACTION_WAITING)
        message = s->invocations.items[as->last].again ? "Waiting for another worker"
                                                       : "Waiting for the next attempt";
    json_t *children =
        add(siblings, in,
            &(struct node){.key = tree_node_id_for_invocation(action, 1, key),
                           .name = s->plan->actions[action].name,
                           .status = status_name(as->status, state_action_warned(s, action)),
                           .started_ms = as->started_ms,
                           .ended_ms = as->ended_ms,
                           .percent = action_ended(as->status) ? 100 : 0,
                           .message = message});
    add_attempts(children, s, in, action);
}

static int percent(size_t part, size_t whole) { return whole ? (int)(part * 100 / whole) : 100; }

static void add_step(json_t *siblings, const struct state *s, const struct tree_input *in,
                     const struct plan_step *step)
{
    enum action_status status = state_step(s, step->index);
    struct arena a = ARENA_INIT;
    char key[TREE_KEY_SIZE];
    bool warned = false;
    size_t ended = 0;
    int64_t from_ms = 0, to_ms = 0;

    for (size_t n = 0; n < step->n_actions; n++) {
        const struct action_state *as = &s->actions[step->first_action + n];
        warned |= state_action_warned(s, step->first_action + n);
        if (as->started_ms && (from_ms == 0 || as->started_ms < from_ms)) from_ms = as->started_ms;
        if (as->ended_ms > to_ms) to_ms = as->ended_ms;
        ended += action_ended(as->status);
    }
    json_t *children =
        add(siblings, in,
            &(struct node){.key = tree_node_id_for_step(step->index, key),
                           .name = arena_fmt(&a, "Step %s: %s", step->number, step->name),
                           .status = status_name(status, warned),
                           .started_ms = from_ms,
                           .ended_ms = action_ended(status) ? to_ms : 0,
                           .percent = percent(ended, step->n_actions),
                           .message = status == ACTION_SKIPPED && step->n_actions
                                          ? s->actions[step->first_action].reason
                                          : NULL,
                           .summary = true});
    for (size_t n = 0; n < step->n_actions; n++)
        add_action(children, s, in, step->first_action + n);
    arena_done(&a);
}

static const char *root_status(const struct state *s, const struct tree_input *in)
{
    if (s && s->finished)
        return s->status == RUN_SUCCESS  ? (s->has_warnings ? "SuccessWithWarning" : "Success")
               : s->status == RUN_FAILED ? "Failed"
                                         : "Canceled";
    return (s && s->plan) || in->started_ms ? "Running" : "Pending";
}

int tree_progress(const struct state *s)
{
    if (s == NULL || (s->plan == NULL && !s->finished)) return 0;
    if (s->finished) return 100;
    return percent(s->plan->n_actions - s->left, s->plan->n_actions);
}

json_t *tree_make(const struct state *s, const struct tree_input *in)
{
    json_t *roots = json_array();
    json_t *children = add(roots, in,
                           &(struct node){.key = TREE_ROOT,
                                          .name = in->name,
                                          .status = root_status(s, in),
                                          .started_ms = in->started_ms,
                                          .ended_ms = in->ended_ms,
                                          .percent = tree_progress(s),
                                          .message = in->waiting,
                                          .summary = true});

    for (size_t i = 0; s && s->plan && i < s->plan->n_steps; i++)
        add_step(children, s, in, &s->plan->steps[i]);
    return roots;
}
