/* tasks.c - tasks: list, details, cancel, rerun, what they wait for; their logs: task_streams.c.
 * Facts: rest.md 2.7. */
#include <string.h>

#include "api/executions.h"
#include "api/paging.h"
#include "api/permit.h"
#include "api/routes.h"
#include "api/task_document.h"
#include "api/task_edit.h"
#include "api/task_streams.h"
#include "engine/system_task.h"
#include "engine/task_view.h"
#include "model/command.h"

struct page {
    struct call *c;
    struct task_query q;
    struct task *list;
    size_t n;
    int64_t total;
    bool with_counts;
    struct task_counts counts, everywhere;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    if (task_list(tx, &p->q, p->c->arena, &p->list, &p->n, &p->total, e) < 0) return -1;
    if (!p->with_counts) return 0;
    if (task_count(tx, p->q.space_id, &p->q.visible, &p->counts, e) < 0) return -1;
    p->everywhere = p->counts;
    if (p->q.space_id == NULL) return 0;
    struct visible_parts all = permit_visible(p->c, NULL);
    return task_count(tx, NULL, &all, &p->everywhere, e);
}

static json_t *counts_document(const struct task_counts *n)
{
    json_t *o = json_object();

    jv_set_i64(o, "Queued", n->queued);
    jv_set_i64(o, "Executing", n->executing);
    jv_set_i64(o, "Cancelling", n->cancelling);
    jv_set_i64(o, "Success", n->success);
    jv_set_i64(o, "Failed", n->failed);
    jv_set_i64(o, "Canceled", n->canceled);
    jv_set_i64(o, "TimedOut", n->timed_out);
    return o;
}

static struct task_counts elsewhere(const struct page *p)
{
    const struct task_counts *all = &p->everywhere, *here = &p->counts;

    return (struct task_counts){.queued = all->queued - here->queued,
                                .executing = all->executing - here->executing,
                                .cancelling = all->cancelling - here->cancelling,
                                .success = all->success - here->success,
                                .failed = all->failed - here->failed,
                                .canceled = all->canceled - here->canceled,
                                .timed_out = all->timed_out - here->timed_out};
}

/* The states that the query asks for: `states`, or those of `active` and `running`. */
static int wanted_states(struct call *c, struct task_query *q, struct error *e)
{
    static const char *const active[] = {"Queued", "Executing", "Cancelling"};
    struct http_strings states = execution_states(c, "states");
    bool only_active, only_running;

    if (call_query_flag(c, "active", false, &only_active, e) < 0 ||
        call_query_flag(c, "running", false, &only_running, e) < 0)
        return -1;
    if (states.n) q->states = states.items, q->n_states = states.n;
    else if (only_running) q->states = active + 1, q->n_states = 2;
    else if (only_active) q->states = active, q->n_states = 3;
    return 0;
}

/* *${ret} = what the query says of ${name}; NULL: nothing. */
static int wanted_flag(struct call *c, const char *name, const bool **ret, struct error *e)
{
    bool *wanted = ARENA_NEW(c->arena, bool, 1);

    if (call_query_flag(c, name, false, wanted, e) < 0) return -1;
    if (call_query(c, name)) *ret = wanted;
    return 0;
}

static int wanted_flags(struct call *c, struct task_query *q, struct error *e)
{
    bool system;

    if (wanted_flag(c, "hasWarningsOrErrors", &q->has_warnings, e) < 0 ||
        wanted_flag(c, "hasPendingInterruptions", &q->is_interrupted, e) < 0 ||
        call_query_flag(c, "includeSystem", true, &system, e) < 0)
        return -1;
    q->without_system = !system;
    return 0;
}

static struct task_query query_of(struct call *c)
{
    struct http_strings ids = call_query_list(c, "ids"), spaces = call_query_list(c, "spaces");

    return (struct task_query){.space_id = c->space_id,
                               .visible = permit_visible(c, c->space_id),
                               .spaces = spaces.n ? spaces.items : NULL,
                               .n_spaces = spaces.n,
                               .ids = ids.n ? ids.items : NULL,
                               .n_ids = ids.n,
                               .kind = call_query(c, "name"),
                               .project_id = call_query(c, "project"),
                               .environment_id = call_query(c, "environment"),
                               .runbook_id = call_query(c, "runbook"),
                               .node_id = call_query(c, "node"),
                               .partial_name = call_query(c, "partialName")};
}

/* The counts go over the whole table: who waits for tasks by their ids does not look at them. */
static int tasks_list(struct call *c, struct error *e)
{
    struct paging paging;
    struct page p = {.c = c, .q = query_of(c)};

    if (paging_read(c, &paging, e) < 0 || wanted_states(c, &p.q, e) < 0 ||
        wanted_flags(c, &p.q, e) < 0)
        return -1;
    if (call_query(c, "tenant")) p.q.ids = &(const char *){""}, p.q.n_ids = 0; /* has no task */
    p.q.skip = paging.skip;
    p.q.take = paging.take;
    p.with_counts = p.q.ids == NULL;
    if (db_read(call_app(c)->db, list_tx, &p, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < p.n; i++) jv_push(items, task_document(call_app(c), &p.list[i]));
    c->out = paging_envelope(c, &paging, "Task", p.total, items);
    if (!p.with_counts) return 0;
    struct task_counts others = elsewhere(&p);
    jv_set(c->out, "TotalCounts", counts_document(&p.counts));
    jv_set(c->out, "TotalCountsInOtherSpaces", counts_document(&others));
    return 0;
}

struct one {
    struct call *c;
    const char *id;
    struct task task;
    json_t *document;
    struct task_view view;
    json_t *logs;
    int percent;
    bool with_view;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;

    json_decref(o->document);
    o->document = NULL;
    if (task_in_space(tx, o->c, o->id, &o->task, e) < 0) return -1;
    o->document = task_document(call_app(o->c), &o->task);
    if (task_waiting(tx, call_app(o->c), &o->task, o->document, o->c->arena, e) < 0) return -1;
    if (!o->with_view) return 0;
    o->view.task = o->task;
    o->view.waiting = jv_str(jv_get(o->document, "WaitingFor"), "Description", NULL);
    return task_view_tree(tx, &o->view, o->c->arena, &o->logs, &o->percent, e);
}

static int tasks_get(struct call *c, struct error *e)
{
    struct one o = {.c = c, .id = call_param(c, "id")};

    if (db_read(call_app(c)->db, get_tx, &o, e) < 0) {
        json_decref(o.document);
        return -1;
    }
    c->out = o.document;
    return 0;
}

static int tasks_details(struct call *c, struct error *e)
{
    struct one o = {.c = c, .id = call_param(c, "id"), .with_view = true};

    if (call_query_flag(c, "verbose", false, &o.view.verbose, e) < 0) return -1;
    if (call_query_number(c, "tail", 0, INT64_MAX, TASK_VIEW_ALL, &o.view.tail, e) < 0) return -1;
    if (db_read(call_app(c)->db, get_tx, &o, e) < 0) {
        json_decref(o.document);
        return -1;
    }
    json_t *progress = json_object();
    jv_set_i64(progress, "ProgressPercentage", o.percent);
    jv_set_str(progress, "EstimatedTimeRemaining", "");
    c->out = json_object();
    jv_set(c->out, "Links", json_incref(jv_get(o.document, "Links")));
    jv_set(c->out, "Task", o.document);
    jv_set(c->out, "ActivityLogs", o.logs);
    jv_set(c->out, "Progress", progress);
    jv_set_i64(c->out, "PhysicalLogSize", o.task.log_bytes);
    return 0;
}

struct cancel {
    struct call *c;
    const char *id, *state;
    struct task task;
};

static int cancel_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct cancel *x = ctx;

    if (task_in_space(tx, x->c, x->id, &x->task, e) < 0) return -1;
    if (task_cancel(tx, x->id, x->c->caller.name, clock_now(call_app(x->c)->clock), &x->state, e) <
            0 ||
        resource_audit(tx, x->c, &task_resource, x->task.space_id, "TaskCanceled", "asked to stop",
                       x->id, x->id, x->task.subject_id, e) < 0)
        return -1;
    return task_get(tx, x->id, x->c->arena, &x->task, e);
}

static int tasks_cancel(struct call *c, struct error *e)
{
    struct cancel x = {.c = c, .id = call_param(c, "id")};

    if (db_write_hot(call_app(c)->db, cancel_tx, &x, e) < 0) return -1;
    engine_cancelled(call_app(c)->engine, x.id);
    engine_kick(call_app(c)->engine);
    c->out = task_document(call_app(c), &x.task);
    return 0;
}

struct behind {
    struct call *c;
    struct paging paging;
    struct task task, *list;
    size_t n;
    int64_t total;
};

static int behind_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct behind *b = ctx;

    if (task_in_space(tx, b->c, call_param(b->c, "id"), &b->task, e) < 0) return -1;
    struct visible_parts visible = permit_visible(b->c, b->c->space_id);
    return task_queued_behind(tx, &b->task, &visible, b->paging.skip, b->paging.take, b->c->arena,
                              &b->list, &b->n, &b->total, e);
}

static int tasks_queued_behind(struct call *c, struct error *e)
{
    struct behind b = {.c = c};

    if (paging_read(c, &b.paging, e) < 0 || db_read(call_app(c)->db, behind_tx, &b, e) < 0)
        return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < b.n; i++) jv_push(items, task_document(call_app(c), &b.list[i]));
    c->out = paging_envelope(c, &b.paging, "Task", b.total, items);
    return 0;
}

static void push_type(json_t *list, const char *id, const char *name)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "Name", name);
    jv_push(list, o);
}

static int tasks_types(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    push_type(c->out, "Deploy", "Deploy");
    push_type(c->out, "RunbookRun", "Runbook run");
    for (const struct system_task_kind *k = system_task_kinds(call_app(c)->engine); k->kind; k++)
        push_type(c->out, k->kind, k->title);
    return 0;
}

struct create {
    struct call *c;
    const char *kind, *id;
    const json_t *arguments;
    struct task task;
};

static int create_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct create *x = ctx;
    struct call *c = x->c;

    if (system_task_queue(tx, call_app(c)->engine, x->kind, x->arguments, c->arena, &x->id, e) <
            0 ||
        resource_audit(tx, c, &task_resource, "", "TaskQueued", "queued", x->id, x->kind, NULL, e) <
            0)
        return -1;
    return task_get(tx, x->id, c->arena, &x->task, e);
}

static int create_system(struct call *c, const char *kind, const json_t *arguments, struct error *e)
{
    struct create x = {.c = c, .kind = kind, .arguments = arguments};

    if (db_write_hot(call_app(c)->db, create_tx, &x, e) < 0) return -1;
    engine_kick(call_app(c)->engine);
    c->out = task_document(call_app(c), &x.task);
    return 0;
}

/* A task of the server itself; deployments and runs have commands of their own. */
static int tasks_create(struct call *c, struct error *e)
{
    const json_t *arguments = jv_get(c->body, "Arguments");
    const char *kind;

    if (call_text_required(c, "Name", &kind, e) < 0) return -1;
    if (arguments && !json_is_null(arguments) && !json_is_object(arguments))
        return fail_at(e, "Arguments", "Arguments: is not an object");
    return create_system(c, kind, json_is_object(arguments) ? arguments : NULL, e);
}

static int rerun(struct call *c, struct error *e)
{
    struct one o = {.c = c, .id = call_param(c, "id")};
    json_auto_t *arguments = NULL;

    int found = db_read(call_app(c)->db, get_tx, &o, e);
    json_decref(o.document);
    if (found < 0) return -1;
    if (system_task_kind_named(call_app(c)->engine, o.task.kind) == NULL)
        return executions_rerun(c, e);
    if (!task_state_ended(o.task.state))
        return fail(e, ERR_INVALID, "%s is %s; only a task that has ended can run again", o.task.id,
                    o.task.state);
    if (jv_parse(o.task.arguments, strlen(o.task.arguments), &arguments, e) < 0) return -1;
    return create_system(c, o.task.kind, arguments, e);
}

static const struct route_query list_query[] = {
    {"ids", QUERY_LIST, "only tasks with these ids"},
    {"states", QUERY_LIST, "only tasks in these states"},
    {"active", QUERY_FLAG, "only tasks that have not ended"},
    {"running", QUERY_FLAG, "only tasks that run"},
    {"name", QUERY_TEXT, "kind of task: Deploy, RunbookRun"},
    {"project", QUERY_TEXT, "id of a project"},
    {"environment", QUERY_TEXT, "id of an environment"},
    {"runbook", QUERY_TEXT, "id of a runbook"},
    {"partialName", QUERY_TEXT, "part of the description, in any case"},
    {"spaces", QUERY_LIST, "only tasks of these spaces"},
    {"node", QUERY_TEXT, "id of the server node that runs them"},
    {"hasWarningsOrErrors", QUERY_FLAG, "whether their log has warnings or errors"},
    {"hasPendingInterruptions", QUERY_FLAG, "whether they wait for a person"},
    {"includeSystem", QUERY_FLAG, "those of no space too (default)"},
    {"tenant", QUERY_TEXT, "id of a tenant: there is none"},
    {NULL, 0, NULL}};
static const struct route_query details_query[] = {
    {"verbose", QUERY_FLAG, "verbose lines too"},
    {"tail", QUERY_NUMBER, "newest lines of each node only"},
    {NULL, 0, NULL}};
static const struct route_query stream_query[] = {
    {"after", QUERY_NUMBER, "number of the last line that the client has"}, {NULL, 0, NULL}};

#define BOTH(method, path, handler, permission, ...)                        \
    {method, "/api/tasks" path, handler, permission, __VA_ARGS__},          \
    {                                                                       \
        method, "/api/{space}/tasks" path, handler, permission, __VA_ARGS__ \
    }
static const struct route rows[] = {
    BOTH("GET", "", tasks_list, "TaskView", .out = task_fields, .page = task_page_fields,
         .query = list_query, .shape = ROUTE_PAGE, .out_name = "Task",
         .doc = "tasks, newest first"),
    BOTH("GET", "/taskTypes", tasks_types, "TaskView", .out = task_type_fields,
         .shape = ROUTE_ARRAY, .out_name = "TaskType", .doc = "kinds of tasks"),
    BOTH("GET", "/events/stream", tasks_events, "TaskView", .shape = ROUTE_EVENTS,
         .doc = "changes of tasks on this node as they happen"),
    BOTH("GET", "/{id}", tasks_get, "TaskView", .out = task_fields, .out_name = "Task",
         .doc = "one task, with what it waits for"),
    BOTH("GET", "/{id}/details", tasks_details, "TaskView", .out = task_details_fields,
         .query = details_query, .out_name = "TaskDetails",
         .doc = "a task with its activity tree and log"),
    BOTH("GET", "/{id}/raw", tasks_raw, "TaskView", .shape = ROUTE_TEXT,
         .doc = "the whole log as text"),
    BOTH("GET", "/{id}/log/stream", tasks_stream, "TaskView", .query = stream_query,
         .shape = ROUTE_EVENTS, .doc = "the log line by line as it grows, until the task ends"),
    BOTH("GET", "/{id}/queued-behind", tasks_queued_behind, "TaskView", .out = task_fields,
         .shape = ROUTE_PAGE, .out_name = "Task",
         .doc = "tasks of the same concurrency tag that come first"),
    BOTH("POST", "/{id}/cancel", tasks_cancel, "TaskCancel", .out = task_fields,
         .flags = ROUTE_OPTIONAL_BODY, .out_name = "Task", .doc = "asks a task to stop"),
    BOTH("POST", "", tasks_create, "AdministerSystem", .in = task_command_fields,
         .out = task_fields, .status = 201, .in_name = "CreateTask", .out_name = "Task",
         .doc = "queues a task of the server itself"),
    BOTH("POST", "/rerun/{id}", rerun, "TaskCreate", .out = task_fields,
         .flags = ROUTE_OPTIONAL_BODY, .out_name = "Task", .doc = "queues the same work again"),
    BOTH("POST", "/{id}/state", task_edit_state, "TaskEdit", .in = task_state_fields,
         .in_name = "TaskState", .out = task_fields, .out_name = "Task",
         .doc = "corrects how a task has ended, with a reason"),
    BOTH("POST", "/{id}/prioritize", task_edit_prioritize, "TaskEdit", .out = task_fields,
         .flags = ROUTE_OPTIONAL_BODY, .out_name = "Task",
         .doc = "puts a queued task before all others"),
};
const struct route_table task_routes = {rows, ARRAY_LEN(rows)};
