/* task_streams.c - see task_streams.h. A stream pulls lines or events while its client reads, and
 * is woken when there are more; nothing waits on a thread. */
#include "api/task_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/grants.h"
#include "api/task_document.h"
#include "base/time.h"
#include "engine/task_view.h"

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

    time_iso(l->at_ms, at);
    buf_addf(s->out, "id: %lld\nevent: line\ndata: {\"Number\":%lld", (long long)l->number,
             (long long)l->number);
    add_member(s->out, "NodeId", l->node, strlen(l->node));
    add_member(s->out, "Category", l->category, strlen(l->category));
    add_member(s->out, "OccurredAt", at, strlen(at));
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

struct asked {
    struct call *c;
    struct task task;
};

static int asked_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct asked *x = ctx;

    return task_in_space(tx, x->c, call_param(x->c, "id"), &x->task, e);
}

static int reply_log(struct call *c, bool events, int64_t after, struct error *e)
{
    static const struct http_stream_ops ops = {pull, close_stream};
    struct asked x = {.c = c};

    if (db_read(call_app(c)->db, asked_tx, &x, e) < 0) return -1;
    struct log_stream *s = xcalloc(1, sizeof(*s));
    *s = (struct log_stream){
        .app = call_app(c), .task_id = xstrdup(x.task.id), .after = after, .events = events};
    http_reply_stream(c->res, events ? HTTP_EVENTS : HTTP_TEXT, &ops, s, &s->stream);
    if (events) s->watch = live_watch(engine_live(s->app->engine), s->task_id, wake, s);
    http_stream_wake(s->stream);
    return 0;
}

int tasks_raw(struct call *c, struct error *e) { return reply_log(c, false, 0, e); }

/* A client that reconnects says where it was by Last-Event-ID, as browsers do, or by `after`. */
int tasks_stream(struct call *c, struct error *e)
{
    const char *last = http_request_header(c->req, "Last-Event-ID");
    int64_t after;

    if (call_query_number(c, "after", 0, INT64_MAX, 0, &after, e) < 0) return -1;
    if (last && !str_i64(last, 0, INT64_MAX, &after))
        return fail_at(e, "Last-Event-ID", "Last-Event-ID: \"%s\" is not a line number", last);
    return reply_log(c, true, after, e);
}

/* Changes of the tasks that its user may see, of one space when the route is space-scoped. */
struct event_stream {
    struct app *app;
    const struct route *route;
    char *user_id;
    char space_id[40]; /* "" = all */
    int64_t after;
    struct live_watch *watch;
    struct http_stream *stream;
};

struct shown {
    struct call *c; /* as the one that asked for the stream, with the grants of now */
    const char *task_id;
};

/* 1 = its user may see it. */
static int shown_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct shown *x = ctx;
    struct error why = {0};
    struct task task;

    if (task_get(tx, x->task_id, x->c->arena, &task, &why) == 0 &&
        task_permit(tx, x->c, &task, &why) == 0)
        return 1;
    if (why.kind == ERR_NOT_FOUND || why.kind == ERR_DENIED) return 0;
    *e = why;
    return -1;
}

static int shows(struct event_stream *s, struct call *c, const struct live_event *x)
{
    struct shown shown = {c, x->task_id};
    struct error e = {0};

    if (s->space_id[0] && strcmp(s->space_id, x->space_id) != 0) return 0;
    if (c->caller.grants->all) return 1;
    return db_read(s->app->db, shown_tx, &shown, &e);
}

static int write_events(struct event_stream *s, struct call *c, struct buf *out)
{
    struct live_event list[64];
    size_t n = live_events(engine_live(s->app->engine), s->after, list, ARRAY_LEN(list));

    for (size_t i = 0; i < n; i++) {
        const struct live_event *x = &list[i];
        int shown = shows(s, c, x);
        if (shown < 0) return HTTP_STREAM_BROKEN;
        if (x->number != s->after + 1) buf_adds(out, "event: gap\ndata: {}\n\n");
        s->after = x->number;
        if (!shown) continue;
        json_t *o = json_object();
        jv_set_str(o, "Id", x->task_id);
        jv_set_str(o, "SpaceId", x->space_id);
        jv_set_str(o, "State", x->state);
        buf_addf(out, "id: %lld\n", (long long)x->number);
        add_event(out, task_state_ended(x->state) ? "finished" : "state", o);
    }
    return HTTP_STREAM_MORE;
}

/* What the user may see is asked anew each time: a stream lives long. */
static int pull_events(void *ctx, struct buf *out)
{
    struct event_stream *s = ctx;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct call c = {
        .arena = &a, .app = s->app, .route = s->route, .caller = {.id = s->user_id, .name = ""}};
    struct error e = {0};

    if (grant_cache_get(s->app->grants, s->app->db, s->user_id, &c.caller.grants, &e) < 0)
        return HTTP_STREAM_BROKEN;
    int r = write_events(s, &c, out);
    grant_cache_let_go(s->app->grants, c.caller.grants);
    return r;
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
    free(s->user_id);
    free(s);
}

int tasks_events(struct call *c, struct error *e)
{
    static const struct http_stream_ops ops = {pull_events, close_events};
    struct event_stream *s = xcalloc(1, sizeof(*s));

    (void)e;
    s->app = call_app(c);
    s->route = c->route;
    s->user_id = xstrdup(c->caller.id);
    snprintf(s->space_id, sizeof(s->space_id), "%s", c->space_id ? c->space_id : "");
    s->after = live_newest(engine_live(s->app->engine));
    http_reply_stream(c->res, HTTP_EVENTS, &ops, s, &s->stream);
    s->watch = live_watch(engine_live(s->app->engine), LIVE_ALL, wake_events, s);
    http_stream_wake(s->stream);
    return 0;
}
