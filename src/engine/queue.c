/* queue.c - see queue.h. */
#include "engine/queue.h"

#include <string.h>

#include "engine/context.h"
#include "store/counter.h"
#include "store/document.h"

#define TAG_VARIABLE "Octopus.Task.ConcurrencyTag"
#define TAG_MAX 200 /* bytes */

int queue_number(struct db_tx *tx, int64_t *ret, struct error *e)
{
    return counter_next(tx, "ServerTasks", ret, e);
}

const char *queue_task_id(struct arena *a, int64_t number)
{
    return arena_fmt(a, "ServerTasks-%lld", (long long)number);
}

/* Does the variable set speak of the tag at all? Most do not, and then its variables need not be
 * built. */
static int names_tag(struct db_tx *tx, const char *variables_id, struct arena *a, bool *ret,
                     struct error *e)
{
    struct document d;

    *ret = false;
    if (variables_id == NULL) return 0;
    if (document_get(tx, "variableset", variables_id, a, &d, e) < 0) return -1;
    *ret = strcasestr(d.body, TAG_VARIABLE) != NULL;
    return 0;
}

static int chosen_tag(struct db_tx *tx, const struct queue_request *q, const struct task *t,
                      struct arena *a, const char **ret, struct error *e)
{
    struct context_options o = {t, q->key, q->server_uri};
    CLEANUP(context_freep) struct context *c = NULL;

    if (context_load(tx, &o, &c, e) < 0) return -1;
    const char *tag = context_value(c, TAG_VARIABLE, a);
    if (str_blank(tag)) return 0;
    if (strlen(tag) > TAG_MAX)
        return fail_at(e, TAG_VARIABLE, "variable %s has %zu bytes, at most %d are allowed",
                       TAG_VARIABLE, strlen(tag), TAG_MAX);
    *ret = tag;
    return 0;
}

int queue_add(struct db_tx *tx, const struct queue_request *q, struct arena *a, struct task *ret,
              struct error *e)
{
    const char *what = q->runbook_id ? q->runbook_id : q->project_id;
    bool named;

    *ret = (struct task){.id = queue_task_id(a, q->number),
                         .rank = q->number,
                         .space_id = q->space_id,
                         .kind = q->kind,
                         .description = q->description,
                         .state = "Queued",
                         .tag = arena_fmt(a, "%s/%s", what, q->environment_id),
                         .error = "",
                         .project_id = q->project_id,
                         .environment_id = q->environment_id,
                         .runbook_id = q->runbook_id,
                         .subject_id = q->subject_id,
                         .arguments =
                             arena_fmt(a, "{\"%s\":\"%s\"}", q->subject_argument, q->subject_id),
                         .queued_at = q->due_ms ? q->due_ms : q->now_ms,
                         .due_at = q->due_ms,
                         .expires_at = q->expires_ms,
                         .updated_at = q->now_ms};
    if (names_tag(tx, q->variables_id, a, &named, e) < 0) return -1;
    if (named && chosen_tag(tx, q, ret, a, &ret->tag, e) < 0) return -1;
    return task_enqueue(tx, ret, e) < 0 ? -1 : 0;
}
