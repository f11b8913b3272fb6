/* tasks.c - tasks: list, details, logs, cancel, rerun, what they wait for. Facts: rest.md 2.7. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/executions.h"
#include "api/paging.h"
#include "api/routes.h"
#include "api/task_document.h"
#include "base/time.h"
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
    if (task_count(tx, p->q.space_id, &p->counts, e) < 0) return -1;
    p->everywhere = p->counts;
    return p->q.space_id ? task_count(tx, NULL, &p->everywhere, e) : 0;
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
    bool only_active, only_running, interrupted;

    if (call_query_flag(c, "active", false, &only_active, e) < 0 ||
        call_query_flag(c, "running", false, &only_running, e) < 0 ||
        call_query_flag(c, "hasPendingInterruptions", false, &interrupted, e) < 0)
        return -1;
    if (states.n) q->states = states.items, q->n_states = states.n;
    else if (only_running) q->states = active + 1, q->n_states = 2;
    else if (only_active) q->states = active, q->n_states = 3;
    if (interrupted) q->states = active, q->n_states = 0; /* no task asks a person */
    return 0;
}

static int wanted_warnings(struct call *c, struct task_query *q, struct error *e)
{
    bool *wanted = ARENA_NEW(c->arena, bool, 1);

    if (call_query_flag(c, "hasWarningsOrErrors", false, wanted, e) < 0) return -1;
    if (call_query(c, "hasWarningsOrErrors")) q->has_warnings = wanted;
    return 0;
}

static struct task_query query_of(struct call *c)
{
    struct http_strings ids = call_query_list(c, "ids"), spaces = call_query_list(c, "spaces");

    return (struct task_query){.space_id = c->space_id,
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
        wanted_warnings(c, &p.q, e) < 0)
        return -1;
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

/* A task of another space is not there for a space-scoped route. */
static int get_in_space(struct db_tx *tx, struct call *c, const char *id, struct task *ret,
                        struct error *e)
{
    if (task_get(tx, id, c->arena, ret, e) < 0) return -1;
    if (c->space_id && strcmp(c->space_id, ret->space_id) != 0) return call_not_found(e, id);
    return 0;
}

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;

    json_decref(o->document);
    o->document = NULL;
    if (get_in_space(tx, o->c, o->id, &o->task, e) < 0) return -1;
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

/* A log that is sent while it grows, or as it stands. */
struct log_stream {
    struct app *app;
    char *task_id;
    int64_t after;
    bool events; /* event stream, to the end of the task; otherwise text, to the end of what is
                    there */
    bool began, ended_before;
    struct buf *out; /* during a pull */
    struct live_watch *watch;
    struct http_stream *stream;
    struct task task;
    struct arena *arena;
    int got;
};

/* One more member of an object, without making the object: a log has millions of lines. */
static void add_member(struct buf *out, const char *name, const char *text, size_t n)
{
    buf_addf(out, ",\"%s\":", name);
    jv_quote(out, text, n);
}

static void event_line(void *ctx, const struct task_line *l)
{
    struct log_stream *s = ctx;
    char at[TIME_TEXT_SIZE];

    buf_addf(s->out, "id: %lld\nevent: line\ndata: {\"Number\":%lld", (long long)l->number,
             (long long)l->number);
    add_member(s->out, "NodeId", l->node, strlen(l->node));
    add_member(s->out, "Category", l->category, strlen(l->category));
    add_member(s->out, "OccurredAt", time_iso(l->at_ms, at), strlen(at));
    add_member(s->out, "MessageText", l->text.p, l->text.n);
    buf_adds(s->out, "}\n\n");
}

static void text_line(void *ctx, const struct task_line *l)
{
    struct log_stream *s = ctx;
    char at[TIME_TEXT_SIZE];

    time_iso(l->at_ms, at);
    buf_addf(s->out, "%.8s   %-9s|   ", at + 11, l->category);
    buf_add(s->out, l->text.p, l->text.n);
    buf_addc(s->out, '\n');
}

static int pull_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct log_stream *s = ctx;
    int64_t after = s->after;

    buf_clear(s->out); /* it may run again */
    /* the state is read first: when it says ended, every line is there */
    if (task_get(tx, s->task_id, s->arena, &s->task, e) < 0) return -1;
    s->got = task_view_lines(tx, &s->task, &after, s->events ? event_line : text_line, s, e);
    if (s->got < 0) return -1;
    s->after = after;
    return 0;
}

/* Takes ${o} over. */
static void add_event(struct buf *out, const char *name, json_t *o)
{
    buf_addf(out, "event: %s\ndata: ", name);
    jv_print(out, o);
    buf_adds(out, "\n\n");
    json_decref(o);
}

static void event_finished(struct log_stream *s)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", s->task.id);
    jv_set_str(o, "State", s->task.state);
    jv_set_str(o, "ErrorMessage", s->task.error);
    add_event(s->out, "finished", o);
}

static void text_head(struct log_stream *s)
{
    char queued[TIME_TEXT_SIZE], started[TIME_TEXT_SIZE];

    buf_addf(
        s->out,
        "Task ID:        %s\nTask state:     %s\nTask queued:    %s\nTask started:   %s\n\n%s\n",
        s->task.id, s->task.state, time_iso(s->task.queued_at, queued),
        s->task.started_at ? time_iso(s->task.started_at, started) : "not yet",
        s->task.description);
}

static int pull(void *ctx, struct buf *out)
{
    struct log_stream *s = ctx;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(buf_done) struct buf lines = BUF_INIT(BUF_UNBOUNDED);
    struct error e;

    s->arena = &a;
    s->out = &lines;
    if (db_read(s->app->db, pull_tx, s, &e) < 0) return HTTP_STREAM_BROKEN;
    s->out = out;
    if (!s->events && !s->began) text_head(s);
    s->began = true;
    buf_add(out, buf_str(&lines), lines.n);
    if (s->got) return HTTP_STREAM_MORE;
    if (!s->events) return HTTP_STREAM_END;
    if (!task_state_ended(s->task.state)) return HTTP_STREAM_MORE;
    event_finished(s);
    return HTTP_STREAM_END;
}

static void close_stream(void *ctx)
{
    struct log_stream *s = ctx;

    live_unwatch(engine_live(s->app->engine), s->watch);
    http_stream_unref(s->stream);
    free(s->task_id);
    free(s);
}

static void wake(void *ctx)
{
    struct log_stream *s = ctx;

    if (s->stream) http_stream_wake(s->stream);
}

static int reply_log(struct call *c, bool events, int64_t after, struct error *e)
{
    static const struct http_stream_ops ops = {pull, close_stream};
    struct one o = {.c = c, .id = call_param(c, "id")};

    if (db_read(call_app(c)->db, get_tx, &o, e) < 0) {
        json_decref(o.document);
        return -1;
    }
    json_decref(o.document);
    struct log_stream *s = xcalloc(1, sizeof(*s));
    *s = (struct log_stream){
        .app = call_app(c), .task_id = xstrdup(o.task.id), .after = after, .events = events};
    http_reply_stream(c->res, events ? HTTP_EVENTS : HTTP_TEXT, &ops, s, &s->stream);
    if (events) s->watch = live_watch(engine_live(s->app->engine), s->task_id, wake, s);
    http_stream_wake(s->stream);
    return 0;
}

static int tasks_raw(struct call *c, struct error *e) { return reply_log(c, false, 0, e); }

/* A client that reconnects says where it was by Last-Event-ID, as browsers do, or by `after`. */
static int tasks_stream(struct call *c, struct error *e)
{
    const char *last = http_request_header(c->req, "Last-Event-ID");
    int64_t after;

    if (call_query_number(c, "after", 0, INT64_MAX, 0, &after, e) < 0) return -1;
    if (last && !str_i64(last, 0, INT64_MAX, &after))
        return fail_at(e, "Last-Event-ID", "Last-Event-ID: \"%s\" is not a line number", last);
    return reply_log(c, true, after, e);
}

/* Changes of all tasks, of one space when the route is space-scoped. */
struct event_stream {
    struct app *app;
    char space_id[40]; /* "" = all */
    int64_t after;
    struct live_watch *watch;
    struct http_stream *stream;
};

static int pull_events(void *ctx, struct buf *out)
{
    struct event_stream *s = ctx;
    struct live_event list[64];
    size_t n = live_events(engine_live(s->app->engine), s->after, list, ARRAY_LEN(list));

    for (size_t i = 0; i < n; i++) {
        const struct live_event *x = &list[i];
        if (x->number != s->after + 1) buf_adds(out, "event: gap\ndata: {}\n\n");
        s->after = x->number;
        if (s->space_id[0] && strcmp(s->space_id, x->space_id) != 0) continue;
        json_t *o = json_object();
        jv_set_str(o, "Id", x->task_id);
        jv_set_str(o, "SpaceId", x->space_id);
        jv_set_str(o, "State", x->state);
        buf_addf(out, "id: %lld\n", (long long)x->number);
        add_event(out, task_state_ended(x->state) ? "finished" : "state", o);
    }
    return HTTP_STREAM_MORE;
}

static void wake_events(void *ctx)
{
    struct event_stream *s = ctx;

    if (s->stream) http_stream_wake(s->stream);
}

static void close_events(void *ctx)
{
    struct event_stream *s = ctx;

    live_unwatch(engine_live(s->app->engine), s->watch);
    http_stream_unref(s->stream);
    free(s);
}

static int tasks_events(struct call *c, struct error *e)
{
    static const struct http_stream_ops ops = {pull_events, close_events};
    struct event_stream *s = xcalloc(1, sizeof(*s));

    (void)e;
    s->app = call_app(c);
    snprintf(s->space_id, sizeof(s->space_id), "%s", c->space_id ? c->space_id : "");
    s->after = live_newest(engine_live(s->app->engine));
    http_reply_stream(c->res, HTTP_EVENTS, &ops, s, &s->stream);
    s->watch = live_watch(engine_live(s->app->engine), LIVE_ALL, wake_events, s);
    http_stream_wake(s->stream);
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

    if (get_in_space(tx, x->c, x->id, &x->task, e) < 0) return -1;
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

    if (get_in_space(tx, b->c, call_param(b->c, "id"), &b->task, e) < 0) return -1;
    return task_queued_behind(tx, &b->task, b->paging.skip, b->paging.take, b->c->arena, &b->list,
                              &b->n, &b->total, e);
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

/* Clients look these two up by their links. */
static int refuse(struct call *c, const char *why, struct error *e)
{
    struct one o = {.c = c, .id = call_param(c, "id")};

    int found = db_read(call_app(c)->db, get_tx, &o, e);
    json_decref(o.document);
    return found < 0 ? -1 : fail(e, ERR_INVALID, "%s: %s", o.task.id, why);
}

static int tasks_state(struct call *c, struct error *e)
{
    return refuse(c, "the state of a task cannot be set; cancel it instead", e);
}

static int tasks_prioritize(struct call *c, struct error *e)
{
    return refuse(c, "queued tasks start in their order; none can be put first", e);
}

/* No step asks a person yet. */
static int interruptions(struct call *c, struct error *e)
{
    struct paging paging;

    if (paging_read(c, &paging, e) < 0) return -1;
    c->out = paging_envelope(c, &paging, "Interruption", 0, json_array());
    return 0;
}

static int tasks_types(struct call *c, struct error *e)
{
    (void)e;
    static const struct {
        const char *id, *name;
    } types[] = {{"Deploy", "Deploy"}, {"RunbookRun", "Runbook run"}};

    c->out = json_array();
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        json_t *o = json_object();
        jv_set_str(o, "Id", types[i].id);
        jv_set_str(o, "Name", types[i].name);
        jv_push(c->out, o);
    }
    return 0;
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
    {"hasPendingInterruptions", QUERY_FLAG, "only tasks that wait for a person: none"},
    {NULL, 0, NULL}};
static const struct route_query interruption_query[] = {
    {"regarding", QUERY_TEXT, "id of a task, a deployment or a runbook run"},
    {"pendingOnly", QUERY_FLAG, "only those that nobody has answered"},
    {"ids", QUERY_LIST, "only those with these ids"},
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
#define INTERRUPTIONS(path)                                                                       \
    {                                                                                             \
        "GET", path, interruptions, "InterruptionView", .query = interruption_query,              \
                                                        .shape = ROUTE_PAGE,                      \
                                                        .doc = "what waits for a person: nothing" \
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
    BOTH("POST", "/rerun/{id}", executions_rerun, "TaskCreate", .out = task_fields,
         .flags = ROUTE_OPTIONAL_BODY, .out_name = "Task", .doc = "queues the same work again"),
    BOTH("POST", "/{id}/state", tasks_state, "TaskEdit", .flags = ROUTE_OPTIONAL_BODY,
         .doc = "refused: the state of a task follows from what it does; cancel it instead"),
    BOTH("POST", "/{id}/prioritize", tasks_prioritize, "TaskEdit", .flags = ROUTE_OPTIONAL_BODY,
         .doc = "refused: queued tasks start in the order in which they were asked for"),
    INTERRUPTIONS("/api/interruptions"),
    INTERRUPTIONS("/api/{space}/interruptions"),
};
const struct route_table task_routes = {rows, ARRAY_LEN(rows)};
