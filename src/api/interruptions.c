/* interruptions.c - what tasks ask people: lists, taking responsibility, answering. Facts: rest.md
 * 2.17.
 *
 * Who answers must have taken responsibility first; whoever may take it, may take it over. */
#include <string.h>

#include "api/paging.h"
#include "api/permit.h"
#include "api/resource.h"
#include "api/task_document.h"
#include "api/users.h"
#include "model/interruption.h"
#include "store/interruption.h"
#include "store/user.h"

struct one {
    struct call *c;
    struct interruption x;
    const char *subject_id; /* what its task is about */
    struct user user;
    json_t *out;
};

static json_t *parsed(const char *text)
{
    struct error ignored; /* written by this server, parsed by it */
    json_t *v;

    ASSERT(jv_parse(text, strlen(text), &v, &ignored) == 0);
    return v;
}

static json_t *form_of(const struct interruption *x)
{
    json_t *form = parsed(x->form);

    if (x->answers) jv_set(form, "Values", parsed(x->answers));
    return form;
}

static json_t *related_of(const struct interruption *x, const char *subject_id)
{
    json_t *list = json_array();

    jv_push(list, jv_string(x->task_id));
    if (!str_blank(subject_id)) jv_push(list, jv_string(subject_id));
    return list;
}

static json_t *document(const struct call *c, const struct interruption *x, const char *subject_id)
{
    json_auto_t *o = json_object();
    bool mine = x->user_id && str_same(x->user_id, c->caller.id);

    jv_set_str(o, "Id", x->id);
    jv_set_str(o, "SpaceId", x->space_id);
    jv_set_str(o, "Title", x->title);
    jv_set_str(o, "Type", x->kind);
    jv_set_time(o, "Created", x->created_at);
    jv_set_bool(o, "IsPending", x->is_pending);
    jv_set(o, "Form", form_of(x));
    jv_set(o, "RelatedDocumentIds", related_of(x, subject_id));
    jv_set(o, "ResponsibleTeamIds", parsed(x->teams));
    jv_set_str(o, "ResponsibleUserId", x->user_id);
    jv_set_bool(o, "CanTakeResponsibility", x->is_pending && !mine);
    jv_set_bool(o, "HasResponsibility", mine);
    jv_set_str(o, "TaskId", x->task_id);
    jv_set_str(o, "CorrelationId", x->correlation_id);
    return resource_answer(&interruption_resource, o);
}

/* ---- reading ---- */

struct listing {
    struct call *c;
    struct interruption_query q;
    json_t *items;
    int64_t total;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listing *l = ctx;
    struct interruption *list;
    size_t n;

    json_decref(l->items);
    l->items = json_array();
    if (interruption_list(tx, &l->q, l->c->arena, &list, &n, &l->total, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        struct task task;
        if (task_get(tx, list[i].task_id, l->c->arena, &task, e) < 0) return -1;
        jv_push(l->items, document(l->c, &list[i], task.subject_id));
    }
    return 0;
}

static int list(struct call *c, struct error *e)
{
    struct http_strings ids = call_query_list(c, "ids");
    struct listing l = {.c = c,
                        .q = {.space_id = c->space_id,
                              .regarding = call_query(c, "regarding"),
                              .ids = ids.n ? ids.items : NULL,
                              .n_ids = ids.n,
                              .visible = permit_visible(c, c->space_id)}};
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 ||
        call_query_flag(c, "pendingOnly", false, &l.q.pending_only, e) < 0)
        return -1;
    l.q.skip = paging.skip;
    l.q.take = paging.take;
    if (db_read(call_app(c)->db, list_tx, &l, e) < 0) {
        json_decref(l.items);
        return -1;
    }
    c->out = paging_envelope(c, &paging, interruption_resource.item_type, l.total, l.items);
    return 0;
}

static int find(struct db_tx *tx, struct one *o, struct error *e)
{
    struct call *c = o->c;
    struct error why = {0};
    struct task task;

    if (interruption_get(tx, call_param(c, "id"), c->arena, &o->x, e) < 0) return -1;
    if (c->space_id && strcmp(c->space_id, o->x.space_id) != 0) return call_not_found(e, o->x.id);
    if (task_in_space(tx, c, o->x.task_id, &task, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return call_not_found(e, o->x.id);
        *e = why;
        return -1;
    }
    o->subject_id = task.subject_id;
    return 0;
}

static int get_tx(struct db_tx *tx, void *ctx, struct error *e) { return find(tx, ctx, e); }

static int get(struct call *c, struct error *e)
{
    struct one o = {.c = c};

    if (db_read(call_app(c)->db, get_tx, &o, e) < 0) return -1;
    c->out = document(c, &o.x, o.subject_id);
    return 0;
}

static int responsible_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;

    if (find(tx, o, e) < 0) return -1;
    if (o->x.user_id == NULL)
        return fail(e, ERR_NOT_FOUND, "nobody has taken responsibility for %s", o->x.id);
    return user_get(tx, o->x.user_id, o->c->arena, &o->user, e);
}

static int responsible(struct call *c, struct error *e)
{
    struct one o = {.c = c};

    if (db_read(call_app(c)->db, responsible_tx, &o, e) < 0) return -1;
    c->out = users_document(c, &o.user);
    return 0;
}

/* ---- answering ---- */

static int take_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;
    struct call *c = o->c;

    if (find(tx, o, e) < 0 || interruption_take(tx, o->x.id, c->caller.id, e) < 0 ||
        user_get(tx, c->caller.id, c->arena, &o->user, e) < 0)
        return -1;
    return resource_audit(tx, c, &interruption_resource, o->x.space_id,
                          "InterruptionResponsibility", "taken", o->x.id, o->x.title, o->x.task_id,
                          e);
}

static int take(struct call *c, struct error *e)
{
    struct one o = {.c = c};

    if (db_write_hot(call_app(c)->db, take_tx, &o, e) < 0) return -1;
    c->out = users_document(c, &o.user);
    return 0;
}

/* The values that were sent, as the form wants them; texts of the call's arena. */
static int answers_of(struct call *c, const struct interruption *x, const char **ret,
                      struct error *e)
{
    json_auto_t *form = parsed(x->form);
    struct problems p = PROBLEMS_INIT(c->arena);
    json_auto_t *answers = interruption_answers(form, c->body, &p);
    CLEANUP(freep) char *text = jv_text(answers);

    *ret = arena_strdup(c->arena, text);
    if (p.n == 0) return 0;
    json_decref(c->errors);
    c->errors = problems_json(&p);
    return problems_fail(&p, e);
}

static int submit_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;
    struct call *c = o->c;
    const char *answers;

    if (find(tx, o, e) < 0 || answers_of(c, &o->x, &answers, e) < 0 ||
        interruption_submit(tx, o->x.id, c->caller.id, answers, e) < 0 ||
        interruption_get(tx, o->x.id, c->arena, &o->x, e) < 0)
        return -1;
    return resource_audit(tx, c, &interruption_resource, o->x.space_id, "InterruptionSubmitted",
                          "answered", o->x.id, o->x.title, o->x.task_id, e);
}

static int submit(struct call *c, struct error *e)
{
    struct one o = {.c = c};

    if (c->body && !json_is_object(c->body))
        return fail(e, ERR_INVALID, "request body: want a JSON object of texts");
    if (db_write_hot(call_app(c)->db, submit_tx, &o, e) < 0) return -1;
    c->out = document(c, &o.x, o.subject_id);
    return 0;
}

static const struct route_query list_query[] = {
    {"regarding", QUERY_TEXT, "id of a task, a deployment or a runbook run"},
    {"pendingOnly", QUERY_FLAG, "only those that nobody has answered"},
    {"ids", QUERY_LIST, "only those with these ids"},
    {NULL, 0, NULL}};

#define ONE(method, path, handler, permission, table, name, text)                    \
    {                                                                                \
        method, path, handler, permission, .out = table, .out_name = name,           \
                                           .flags = ROUTE_OPTIONAL_BODY, .doc = text \
    }
#define BOTH(base)                                                                                 \
    {"GET",                                                                                        \
     base,                                                                                         \
     list,                                                                                         \
     "InterruptionView",                                                                           \
     .out = interruption_fields,                                                                   \
     .query = list_query,                                                                          \
     .shape = ROUTE_PAGE,                                                                          \
     .out_name = "Interruption",                                                                   \
     .doc = "what tasks ask people, newest first"},                                                \
        ONE("GET", base "/{id}", get, "InterruptionView", interruption_fields, "Interruption",     \
            "one of them"),                                                                        \
        ONE("GET", base "/{id}/responsible", responsible, "InterruptionView", user_fields, "User", \
            "who answers it"),                                                                     \
        ONE("PUT", base "/{id}/responsible", take, "InterruptionSubmit", user_fields, "User",      \
            "the requester answers it from now on"),                                               \
        ONE("POST", base "/{id}/submit", submit, "InterruptionSubmit", interruption_fields,        \
            "Interruption", "answers it: a flat object of values by name")
static const struct route rows[] = {BOTH("/api/interruptions"), BOTH("/api/{space}/interruptions")};
const struct route_table interruption_routes = {rows, ARRAY_LEN(rows)};
