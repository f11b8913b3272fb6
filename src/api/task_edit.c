/* task_edit.c - what people change in tasks: put a queued one first, correct how one has ended.
 * Facts: rest.md 2.7. */
#include "api/task_edit.h"

#include <string.h>

#include "api/resource.h"
#include "api/task_document.h"
#include "store/task_edit.h"

#define REASON_MAX 1000 /* bytes */

struct edit {
    struct call *c;
    const char *state, *reason;
    struct task task;
};

static int find(struct db_tx *tx, struct edit *x, struct error *e)
{
    return task_in_space(tx, x->c, call_param(x->c, "id"), &x->task, e);
}

/* The event, and the task as it is now. */
static int finish(struct db_tx *tx, struct edit *x, const char *category, const char *verb,
                  struct error *e)
{
    const struct task *t = &x->task;

    if (resource_audit(tx, x->c, &task_resource, t->space_id, category, verb, t->id, t->id,
                       t->subject_id, e) < 0)
        return -1;
    return task_get(tx, t->id, x->c->arena, &x->task, e);
}

static int prioritize_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct edit *x = ctx;

    if (find(tx, x, e) < 0) return -1;
    int n = task_prioritize(tx, x->task.id, e);
    if (n < 0 || task_get(tx, x->task.id, x->c->arena, &x->task, e) < 0) return -1;
    if (n == 0)
        return fail(e, ERR_INVALID, "%s is %s; only a task that is Queued can be put first",
                    x->task.id, x->task.state);
    return finish(tx, x, "TaskPrioritized", "put first in the queue", e);
}

int task_edit_prioritize(struct call *c, struct error *e)
{
    struct edit x = {.c = c};

    if (db_write_hot(call_app(c)->db, prioritize_tx, &x, e) < 0) return -1;
    engine_kick(call_app(c)->engine);
    c->out = task_document(call_app(c), &x.task);
    return 0;
}

static int state_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct edit *x = ctx;
    const char *error = strcmp(x->state, "Success") == 0 ? "" : x->reason;

    if (find(tx, x, e) < 0) return -1;
    int n = task_set_state(tx, x->task.id, x->state, error, clock_now(call_app(x->c)->clock), e);
    if (n < 0) return -1;
    if (n == 0)
        return fail(e, ERR_INVALID,
                    "%s is %s; cancel it first: only a task that has ended can be "
                    "given another state",
                    x->task.id, x->task.state);
    return finish(
        tx, x, "TaskStateModified",
        arena_fmt(x->c->arena, "set from %s to %s: %s", x->task.state, x->state, x->reason), e);
}

static int read_state(struct edit *x, struct error *e)
{
    const char *wanted;

    if (call_text_required(x->c, "State", &wanted, e) < 0 ||
        call_text_required(x->c, "Reason", &x->reason, e) < 0)
        return -1;
    if (strlen(x->reason) > REASON_MAX)
        return fail_at(e, "Reason", "Reason: %zu bytes, at most %d are allowed", strlen(x->reason),
                       REASON_MAX);
    x->state = task_state_named(wanted);
    if (x->state && task_state_ended(x->state)) return 0;
    return fail_at(e, "State", "State: \"%s\" is none of Success, Failed, Canceled and TimedOut",
                   wanted);
}

int task_edit_state(struct call *c, struct error *e)
{
    struct edit x = {.c = c};

    if (read_state(&x, e) < 0 || db_write_hot(call_app(c)->db, state_tx, &x, e) < 0) return -1;
    live_publish(engine_live(call_app(c)->engine), x.task.space_id, x.task.id, x.task.state);
    c->out = task_document(call_app(c), &x.task);
    return 0;
}
