/* task_document.c - see task_document.h. Facts: rest.md 2.7. */
#include "api/task_document.h"

#include <string.h>

#include "api/permit.h"
#include "base/time.h"
#include "engine/system_task.h"
#include "model/resource.h"

int task_in_space(struct db_tx *tx, struct call *c, const char *id, struct task *ret,
                  struct error *e)
{
    if (task_get(tx, id, c->arena, ret, e) < 0) return -1;
    if (c->space_id && strcmp(c->space_id, ret->space_id) != 0) return call_not_found(e, id);
    return task_permit(tx, c, ret, e);
}

int task_permit(struct db_tx *tx, const struct call *c, const struct task *t, struct error *e)
{
    const char *const environments[] = {t->environment_id};
    struct subject s = {.space_id = str_blank(t->space_id) ? NULL : t->space_id,
                        .project_id = t->project_id,
                        .environments = {environments, t->environment_id ? 1 : 0}};

    return permit_subject(tx, c, &s, t->id, e);
}

static void set_times(const struct app *app, const struct task *t, json_t *o)
{
    char text[64];
    bool ended = task_state_ended(t->state);
    int64_t until = ended ? t->completed_at : clock_now(app->clock);

    jv_set_time(o, "QueueTime", t->queued_at);
    jv_set_time(o, "QueueTimeExpiry", t->expires_at);
    jv_set_time(o, "StartTime", t->started_at);
    jv_set_time(o, "LastUpdatedTime", t->updated_at);
    jv_set_time(o, "CompletedTime", t->completed_at);
    jv_set_str(o, "Duration", time_duration(t->started_at ? until - t->started_at : 0, text));
    if (!ended)
        jv_set_str(o, "Completed", strcmp(t->state, "Queued") == 0 ? "Queued..." : "Executing...");
    else jv_set_str(o, "Completed", t->state);
}

static json_t *interruption_kinds(const struct task *t)
{
    struct str rest = str_of(t->interruptions), kind;
    json_t *list = json_array();

    while (str_cut(&rest, ',', &kind))
        if (kind.n) jv_push(list, json_stringn(kind.p, kind.n));
    return list;
}

json_t *task_document(const struct app *app, const struct task *t)
{
    json_auto_t *o = json_object();
    json_t *arguments;
    bool ended = task_state_ended(t->state), success = strcmp(t->state, "Success") == 0;

    jv_set_str(o, "Id", t->id);
    jv_set_str(o, "SpaceId", t->space_id[0] ? t->space_id : NULL);
    jv_set_str(o, "Name", t->kind);
    jv_set_str(o, "Description", t->description);
    jv_set_str(o, "State", t->state);
    set_times(app, t, o);
    jv_set_str(o, "ServerNode", t->node_id);
    jv_set_str(o, "ErrorMessage", t->error);
    jv_set_bool(o, "HasBeenPickedUpByProcessor", t->started_at != 0);
    jv_set_bool(o, "IsCompleted", ended);
    jv_set_bool(o, "FinishedSuccessfully", success);
    jv_set_bool(o, "HasPendingInterruptions", t->interruptions[0] != '\0');
    jv_set(o, "PendingInterruptionTypes", interruption_kinds(t));
    jv_set_bool(o, "CanRerun", ended);
    jv_set_bool(o, "HasWarningsOrErrors", t->has_warnings);
    jv_set_i64(o, "EstimatedRemainingQueueDurationSeconds", 0);
    jv_set_str(o, "ProjectId", t->project_id);
    jv_set_str(o, "ConcurrencyTag", t->tag);
    struct error ignored; /* written by this server, parsed by it */
    ASSERT(jv_parse(t->arguments, strlen(t->arguments), &arguments, &ignored) == 0);
    jv_set(o, "Arguments", arguments);
    return resource_answer(&task_resource, o);
}

struct why {
    const char *reason, *description, *holder;
    int64_t place;
};

static int why_queued(struct db_tx *tx, const struct app *app, const struct task *t,
                      struct arena *a, struct why *w, struct error *e)
{
    struct engine_load load = engine_load(app->engine);
    char at[TIME_TEXT_SIZE];

    if (t->due_at) {
        w->reason = "Planned";
        w->description = arena_fmt(a, "is planned for %s", time_iso(t->due_at, at));
        return 0;
    }
    if (task_place(tx, t, &w->place, e) < 0 || task_tag_holder(tx, t->tag, a, &w->holder, e) < 0)
        return -1;
    if (t->held) {
        w->reason = "SpaceStopped";
        w->description = arena_fmt(a, "the task queue of space %s is stopped", t->space_id);
    } else if (w->holder) {
        w->reason = "ConcurrencyTag";
        w->description =
            arena_fmt(a, "waits for %s, which holds the concurrency tag %s", w->holder, t->tag);
    } else if (load.draining) {
        w->reason = "Drained";
        w->description = arena_fmt(a, "node %s is drained and takes no new tasks", app->node_name);
    } else if (system_task_kind_named(app->engine, t->kind)) {
        w->reason = "TaskCap";
        w->description = "waits for other tasks of the server itself";
    } else if (load.running >= load.cap) {
        w->reason = "TaskCap";
        w->description = arena_fmt(a, "node %s runs %lld of at most %lld tasks", app->node_name,
                                   (long long)load.running, (long long)load.cap);
    } else {
        w->reason = "Queue";
        w->description = "waits to be taken from the queue";
    }
    w->description = arena_fmt(a, "%s; %lld queued before it", w->description, (long long)w->place);
    return 0;
}

int task_waiting(struct db_tx *tx, const struct app *app, const struct task *t, json_t *document,
                 struct arena *a, struct error *e)
{
    struct why w = {0};
    struct engine_wait wait;

    if (strcmp(t->state, "Queued") == 0) {
        if (why_queued(tx, app, t, a, &w, e) < 0) return -1;
    } else if (engine_waiting(app->engine, t->id, &wait)) {
        w = (struct why){.reason = wait.reason, .description = arena_strdup(a, wait.text)};
    } else {
        return 0;
    }
    json_t *o = json_object(), *tasks = json_array();
    if (w.holder) jv_push(tasks, jv_string(w.holder));
    jv_set_str(o, "Reason", w.reason);
    jv_set_str(o, "Description", w.description);
    jv_set_i64(o, "Place", w.place);
    jv_set(o, "Tasks", tasks);
    jv_set(document, "WaitingFor", o);
    return 0;
}
