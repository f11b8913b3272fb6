/* events.c - the audit: lists with all their filters, one event, and the words that filters take.
 * Facts: rest.md 1.6, 2.17.
 *
 * An address with a space shows the events of that space; one without shows those of all spaces and
 * of the server itself, unless ?spaces and ?includeSystem say otherwise. */
#include <string.h>

#include "api/event_document.h"
#include "api/paging.h"
#include "api/permit.h"
#include "api/resource.h"
#include "base/time.h"
#include "model/event_kinds.h"

#define CSV_MAX 10000 /* rows */

struct listing {
    struct call *c;
    struct event_query q;
    struct event *list;
    size_t n;
    int64_t total;
};

static struct event_texts texts_of(const struct call *c, const char *name)
{
    struct http_strings s = call_query_list(c, name);

    return (struct event_texts){s.n ? s.items : NULL, s.n};
}

/* Texts of the arena: one. */
static struct event_texts just(struct call *c, const char *text)
{
    const char **items = ARENA_NEW(c->arena, const char *, 1);

    items[0] = text;
    return (struct event_texts){items, 1};
}

static int add_related(struct event_query *q, struct event_texts t, struct error *e)
{
    if (t.n == 0) return 0;
    if (q->n_related == EVENT_RELATED_MAX)
        return fail(e, ERR_INVALID, "more than %d conditions", EVENT_RELATED_MAX);
    q->related[q->n_related++] = t;
    return 0;
}

/* regarding: about all of them; the others: about one of them. */
static int read_related(struct call *c, struct event_query *q, struct error *e)
{
    static const char *const any[] = {"regardingAny", "projects", "environments", "tenants",
                                      "tags"};
    struct event_texts all = texts_of(c, "regarding");

    for (size_t i = 0; i < all.n; i++)
        if (add_related(q, just(c, all.items[i]), e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(any); i++)
        if (add_related(q, texts_of(c, any[i]), e) < 0) return -1;
    q->groups = texts_of(c, "projectGroups");
    return 0;
}

/* Categories, and those of the groups; both: what is in one of them. An unknown group has none. */
static struct event_texts read_categories(struct call *c)
{
    struct event_texts named = texts_of(c, "eventCategories"), groups = texts_of(c, "eventGroups");
    const char **all = ARENA_NEW(c->arena, const char *, named.n + groups.n * EVENT_GROUP_MAX + 1);
    size_t n = 0;

    for (size_t i = 0; i < named.n; i++) all[n++] = named.items[i];
    for (size_t i = 0; i < groups.n; i++) {
        const struct event_group *g = event_group_named(groups.items[i]);
        for (size_t k = 0; g && k < EVENT_GROUP_MAX && g->categories[k]; k++)
            all[n++] = g->categories[k];
    }
    return (struct event_texts){named.n || groups.n ? all : NULL, n};
}

/* A time, or a day; a plus sign that a client forgot to encode has become a space. */
static int read_time(struct call *c, const char *name, int64_t *ret, struct error *e)
{
    const char *given = call_query(c, name);

    if (given == NULL) return 0;
    char *text = arena_fmt(c->arena, "%s%s", given, strchr(given, 'T') ? "" : "T00:00:00Z");
    if (strrchr(text, ' ')) *strrchr(text, ' ') = '+';
    if (time_parse_iso(text, ret)) return 0;
    return fail_at(e, name,
                   "query parameter %s is \"%s\", want a time like 2026-01-31T12:00:00+00:00", name,
                   given);
}

/* The number of "Events-12"; 0, which none has, for anything else. */
static int64_t number_of(const char *id)
{
    int64_t number;

    return str_starts(id, "Events-") && str_i64(id + 7, 1, INT64_MAX, &number) ? number : 0;
}

enum { IDS_MAX = 5000 };

static int read_ids(struct call *c, struct event_query *q, struct error *e)
{
    struct event_texts ids = texts_of(c, "ids");
    int64_t *numbers = ARENA_NEW(c->arena, int64_t, ids.n + 1);

    if (ids.n > IDS_MAX) return fail_at(e, "ids", "%zu ids, %d are allowed", ids.n, IDS_MAX);
    for (size_t i = 0; i < ids.n; i++) numbers[i] = number_of(ids.items[i]);
    q->numbers = ids.items ? numbers : NULL;
    q->n_numbers = ids.n;
    return 0;
}

static int read_places(struct call *c, struct event_query *q, struct error *e)
{
    struct event_texts spaces = texts_of(c, "spaces");
    bool system;

    if (call_query_flag(c, "includeSystem", true, &system, e) < 0) return -1;
    if (c->space_id) {
        q->spaces = just(c, c->space_id);
        return 0;
    }
    q->without_system = !system;
    if (spaces.items == NULL) return 0;
    const char **all = ARENA_NEW(c->arena, const char *, spaces.n + 1);
    memcpy(all, spaces.items, spaces.n * sizeof(*all));
    all[spaces.n] = "";
    q->spaces = (struct event_texts){all, spaces.n + system};
    return 0;
}

static int read_query(struct call *c, struct event_query *q, struct error *e)
{
    *q = (struct event_query){.visible = permit_visible(c, c->space_id),
                              .categories = read_categories(c),
                              .users = texts_of(c, "users"),
                              .agents = texts_of(c, "eventAgents"),
                              .types = texts_of(c, "documentTypes")};
    if (q->users.items == NULL) q->users = texts_of(c, "user");
    if (read_ids(c, q, e) < 0 || read_places(c, q, e) < 0 || read_related(c, q, e) < 0 ||
        read_time(c, "from", &q->from_ms, e) < 0 || read_time(c, "to", &q->to_ms, e) < 0)
        return -1;
    if (call_query_number(c, "fromAutoId", 0, INT64_MAX, 0, &q->from_number, e) < 0) return -1;
    return call_query_number(c, "toAutoId", 0, INT64_MAX, 0, &q->to_number, e);
}

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listing *l = ctx;

    return event_list(tx, &l->q, l->c->arena, &l->list, &l->n, &l->total, e);
}

static int reply_csv(struct call *c, struct listing *l, struct error *e)
{
    struct buf out = BUF_INIT(BUF_UNBOUNDED);

    if (call_query(c, "take") == NULL || l->q.take > CSV_MAX) l->q.take = CSV_MAX;
    if (db_read(call_app(c)->db, list_tx, l, e) < 0) return -1;
    event_csv(&out, NULL);
    for (size_t i = 0; i < l->n; i++) event_csv(&out, &l->list[i]);
    http_header(c->res, "Content-Disposition", "attachment; filename=\"events.csv\"");
    size_t n = out.n;
    http_reply_take(c->res, 200, "text/csv; charset=utf-8", buf_take(&out), n);
    return 0;
}

static int list(struct call *c, struct error *e)
{
    struct listing l = {.c = c};
    struct paging paging;
    bool as_csv, without_changes;

    if (paging_read(c, &paging, e) < 0 || read_query(c, &l.q, e) < 0 ||
        call_query_flag(c, "asCsv", false, &as_csv, e) < 0 ||
        call_query_flag(c, "excludeDifference", false, &without_changes, e) < 0)
        return -1;
    l.q.skip = paging.skip;
    l.q.take = paging.take;
    if (as_csv) return reply_csv(c, &l, e);
    if (db_read(call_app(c)->db, list_tx, &l, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < l.n; i++) jv_push(items, event_document(&l.list[i], !without_changes));
    c->out = paging_envelope(c, &paging, event_resource.item_type, l.total, items);
    return 0;
}

static int get(struct call *c, struct error *e)
{
    const char *id = call_param(c, "id");
    const int64_t number = number_of(id);
    struct listing l = {.c = c,
                        .q = {.numbers = &number,
                              .n_numbers = 1,
                              .visible = permit_visible(c, c->space_id),
                              .take = 1}};

    if (c->space_id) l.q.spaces = just(c, c->space_id);
    if (db_read(call_app(c)->db, list_tx, &l, e) < 0) return -1;
    if (l.n == 0) return call_not_found(e, id);
    c->out = event_document(&l.list[0], true);
    return 0;
}

/* ---- words ---- */

static json_t *kind(const char *id, const char *name)
{
    json_t *o = json_object();

    jv_set_str(o, "Id", id);
    jv_set_str(o, "Name", name);
    return o;
}

static int categories(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    for (const struct event_category *k = event_categories; k->id; k++)
        jv_push(c->out, kind(k->id, k->name));
    return 0;
}

static int groups(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    for (const struct event_group *g = event_groups; g->id; g++) {
        json_t *o = kind(g->id, g->name), *list = json_array();
        for (size_t i = 0; i < EVENT_GROUP_MAX && g->categories[i]; i++)
            jv_push(list, jv_string(g->categories[i]));
        jv_set(o, "EventCategories", list);
        jv_push(c->out, o);
    }
    return 0;
}

static int document_types(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    for (size_t i = 0; resources[i]; i++)
        if (resources[i] != &event_resource)
            jv_push(c->out, kind(resources[i]->kind, resources[i]->noun));
    return 0;
}

static int agents(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    for (size_t i = 0; event_agents[i]; i++)
        jv_push(c->out, kind(event_agents[i], event_agents[i]));
    return 0;
}

static const struct route_query list_query[] = {
    {"regarding", QUERY_LIST, "only about all of these documents or tasks"},
    {"regardingAny", QUERY_LIST, "only about one of these"},
    {"user", QUERY_TEXT, "id of who did it"},
    {"users", QUERY_LIST, "ids of those who did it"},
    {"projects", QUERY_LIST, "only about these projects and what is in them"},
    {"projectGroups", QUERY_LIST, "only about projects of these groups"},
    {"environments", QUERY_LIST, "only about these environments"},
    {"eventGroups", QUERY_LIST, "only of the categories of these groups"},
    {"eventCategories", QUERY_LIST, "only of these categories"},
    {"eventAgents", QUERY_LIST, "only done with these kinds of clients"},
    {"tags", QUERY_LIST, "only about these tags"},
    {"tenants", QUERY_LIST, "only about these tenants"},
    {"from", QUERY_TEXT, "not before this time"},
    {"to", QUERY_TEXT, "not after this time"},
    {"internal", QUERY_FLAG, "internal events too: there are none"},
    {"fromAutoId", QUERY_NUMBER, "smallest number"},
    {"toAutoId", QUERY_NUMBER, "greatest number"},
    {"documentTypes", QUERY_LIST, "only about documents of these kinds"},
    {"asCsv", QUERY_FLAG, "as CSV, ten thousand rows at most"},
    {"ids", QUERY_LIST, "only those with these ids"},
    {"spaces", QUERY_LIST, "only of these spaces"},
    {"includeSystem", QUERY_FLAG, "those of no space too (default)"},
    {"excludeDifference", QUERY_FLAG, "without ChangeDetails"},
    {NULL, 0, NULL}};

#define WORDS(path, handler, table, name, text)                                                  \
    {                                                                                            \
        "GET", path, handler, "EventView", .out = table, .out_name = name, .shape = ROUTE_ARRAY, \
                                           .doc = text                                           \
    }
#define BOTH(base)                                                                                \
    {"GET",                                                                                       \
     base,                                                                                        \
     list,                                                                                        \
     "EventView",                                                                                 \
     .out = event_fields,                                                                         \
     .query = list_query,                                                                         \
     .shape = ROUTE_PAGE,                                                                         \
     .out_name = "Event",                                                                         \
     .doc = "the audit, newest first"},                                                           \
        WORDS(base "/categories", categories, event_kind_fields, "EventKind", "kinds of events"), \
        WORDS(base "/groups", groups, event_group_fields, "EventGroup", "groups of them"),        \
        WORDS(base "/documenttypes", document_types, event_kind_fields, "EventKind",              \
              "kinds of what events are about"),                                                  \
        WORDS(base "/agents", agents, event_kind_fields, "EventKind", "kinds of clients"),        \
    {                                                                                             \
        "GET", base "/{id}", get, "EventView", .out = event_fields, .out_name = "Event",          \
                                               .doc = "one event"                                 \
    }
static const struct route rows[] = {BOTH("/api/events"), BOTH("/api/{space}/events")};
const struct route_table event_routes = {rows, ARRAY_LEN(rows)};
