/* resource_query.c - reading resources: what a path means, one document, lists. See resource.h. */
#include <string.h>

#include "api/executions.h"
#include "api/paging.h"
#include "api/permit.h"
#include "api/teams.h"

/* ---- what a path means ---- */

/* What stands inside a resource of that kind says so by this member. */
static const struct {
    const struct resource *r;
    const char *member;
} containers[] = {
    {&project_resource, "ProjectId"},
    {&project_group_resource, "ProjectGroupId"},
    {&lifecycle_resource, "LifecycleId"},
    {&release_resource, "ReleaseId"},
    {&channel_resource, "ChannelId"},
    {&runbook_resource, "RunbookId"},
    {&environment_resource, "EnvironmentIds"},
    {&runbook_snapshot_resource, "RunbookSnapshotId"},
    {&worker_pool_resource, "WorkerPoolIds"},
    {&machine_policy_resource, "MachinePolicyId"},
    {&team_resource, "TeamId"},
};

static const char *member_for(const struct resource *r)
{
    for (size_t i = 0; i < ARRAY_LEN(containers); i++)
        if (containers[i].r == r) return containers[i].member;
    ASSERT(!"this resource holds others");
    return NULL;
}

static int find(struct db_tx *tx, struct call *c, const struct resource_target *t, bool part,
                struct document *ret, struct error *e);

/* One step into the path: what has been the target so far holds what comes now. */
static int step_into(struct db_tx *tx, struct call *c, struct resource_target *t,
                     const struct resource *next, struct error *e)
{
    struct document d;

    if (t->r && t->wanted) {
        if (find(tx, c, t, true, &d, e) < 0) return -1;
        ASSERT(t->n < ARRAY_LEN(t->in));
        t->in[t->n++] = (struct resource_container){t->r, member_for(t->r), d.id};
    }
    t->r = next;
    t->wanted = NULL;
    return 0;
}

int resource_target_of(struct db_tx *tx, struct call *c, struct resource_target *ret,
                       struct error *e)
{
    struct str rest = str_of(c->route->path), part;
    struct resource_target t = {0};
    size_t params = 0;
    bool named = false; /* the part before was the route of a resource */

    while (str_cut(&rest, '/', &part)) {
        if (part.n && part.p[0] == '{') {
            if (named) t.wanted = c->param_values[params];
            params++;
            named = false;
            continue;
        }
        const struct resource *r = resource_by_route(arena_strndup(c->arena, part.p, part.n));
        named = r != NULL;
        if (r && step_into(tx, c, &t, r, e) < 0) return -1;
    }
    ASSERT(t.r != NULL);
    *ret = t;
    return 0;
}

/* ---- one document ---- */

static bool is_inside(const json_t *doc, const struct resource_container *k)
{
    const json_t *v = jv_get(doc, k->member);

    return json_is_string(v) ? strcmp(json_string_value(v), k->id) == 0 : jv_has(v, k->id);
}

static const char *space_of(const struct call *c, const struct resource *r)
{
    return r->system ? NULL : c->space_id;
}

/* 1 = there is one of that id, and it is in its containers. */
static int by_id(struct db_tx *tx, struct call *c, const struct resource_target *t,
                 struct document *ret, struct error *e)
{
    const char *space = space_of(c, t->r);
    struct error why = {0};
    json_auto_t *doc = NULL;

    if (document_get(tx, t->r->kind, t->wanted, c->arena, ret, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return 0;
        *e = why;
        return -1;
    }
    if (space && strcmp(ret->space_id, space) != 0) return 0;
    if (t->n == 0) return 1;
    if (document_json(ret, &doc, e) < 0) return -1;
    for (size_t i = 0; i < t->n; i++)
        if (!is_inside(doc, &t->in[i])) return 0;
    return 1;
}

static struct document_query query_of(struct call *c, const struct resource_target *t)
{
    struct document_filter *filters = ARENA_NEW(c->arena, struct document_filter, t->n + 1);
    struct document_query q = {
        .kind = t->r->kind, .space_id = space_of(c, t->r), .filters = filters, .take = -1};

    for (size_t i = 0; i < t->n; i++) {
        const char **id = ARENA_NEW(c->arena, const char *, 1);
        *id = t->in[i].id;
        filters[q.n_filters++] = (struct document_filter){t->in[i].member, id, 1};
    }
    return q;
}

/* 1 = there is one of that name, else of that slug, in its containers. */
static int by_name(struct db_tx *tx, struct call *c, const struct resource_target *t,
                   struct document *ret, struct error *e)
{
    struct document_query q = query_of(c, t);
    struct document_page page;

    if (str_blank(t->wanted) || t->r->name_member == NULL) return 0;
    q.order = DOCUMENT_BY_ID;
    q.take = 1;
    for (int slug = 0; slug < (t->r->has_slug ? 2 : 1); slug++) {
        q.name = slug ? NULL : t->wanted;
        q.slug = slug ? t->wanted : NULL;
        if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
        if (page.n == 0) continue;
        *ret = page.items[0];
        return 1;
    }
    return 0;
}

static int permit(struct db_tx *tx, struct call *c, const struct resource *r,
                  const struct document *d, const char *asked, bool part, struct error *e)
{
    json_auto_t *doc = NULL;

    if (permit_is_free(c)) return 0;
    if (document_json(d, &doc, e) < 0) return -1;
    return permit_document(tx, c, r, doc, asked, part, e);
}

/* Spaces are asked for by whoever is signed in; one that may not be entered is not there. */
static bool is_known(const struct call *c, const struct resource *r, const struct document *d)
{
    struct ids known = {NULL, 0};

    if (r != &space_resource) return true;
    permit_spaces(c, &known.items, &known.n);
    return known.items == NULL || ids_have(known, d->id);
}

static int find(struct db_tx *tx, struct call *c, const struct resource_target *t, bool part,
                struct document *ret, struct error *e)
{
    int found = by_id(tx, c, t, ret, e);

    if (found == 0) found = by_name(tx, c, t, ret, e);
    if (found == 0 || (found > 0 && !is_known(c, t->r, ret))) return call_not_found(e, t->wanted);
    return found < 0 ? -1 : permit(tx, c, t->r, ret, t->wanted, part, e);
}

int resource_locate(struct db_tx *tx, struct call *c, const struct resource_target *t,
                    struct document *ret, struct error *e)
{
    return find(tx, c, t, false, ret, e);
}

int resource_find(struct db_tx *tx, struct call *c, struct document *ret_row, json_t **ret,
                  struct error *e)
{
    struct resource_target t;
    struct document d;

    if (resource_target_of(tx, c, &t, e) < 0 || resource_locate(tx, c, &t, &d, e) < 0) return -1;
    if (ret_row) *ret_row = d;
    return document_json(&d, ret, e);
}

int resource_read(struct db_tx *tx, struct call *c, const struct resource *r, const char *owner_id,
                  const char *id_slug_or_name, json_t **ret, struct error *e)
{
    struct error why = {0};
    struct document d;

    if (document_find(tx, r->kind, space_of(c, r), owner_id, id_slug_or_name, c->arena, &d, &why) <
        0) {
        if (why.kind == ERR_NOT_FOUND) return call_not_found(e, id_slug_or_name);
        *e = why;
        return -1;
    }
    if (permit(tx, c, r, &d, id_slug_or_name, true, e) < 0) return -1;
    return document_json(&d, ret, e);
}

/* A stored document as an answer. New reference. */
static int answer(struct db_tx *tx, struct call *c, const struct resource *r,
                  const struct document *d, json_t **ret, struct error *e)
{
    json_auto_t *doc = NULL;

    if (document_json(d, &doc, e) < 0) return -1;
    if (execution_is(r) && execution_complete(tx, c, doc, e) < 0) return -1;
    if (r->present) r->present(doc, clock_now(call_app(c)->clock));
    *ret = resource_answer(r, doc);
    return 0;
}

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct resource_target t;
    struct document d;

    json_decref(c->out);
    c->out = NULL;
    if (resource_target_of(tx, c, &t, e) < 0 || resource_locate(tx, c, &t, &d, e) < 0) return -1;
    return answer(tx, c, t.r, &d, &c->out, e);
}

int resource_get(struct call *c, struct error *e) { return db_read(call_app(c)->db, get_tx, c, e); }

/* ---- lists ---- */

#define OF_PROJECTS                                            \
    {                                                          \
        "projects", QUERY_LIST, "only those of these projects" \
    }
#define OF_CHANNELS                                            \
    {                                                          \
        "channels", QUERY_LIST, "only those of these channels" \
    }
#define OF_RUNBOOKS                                            \
    {                                                          \
        "runbooks", QUERY_LIST, "only those of these runbooks" \
    }
const struct route_query resource_query[] = {QUERY_PLAIN, QUERY_END};
const struct route_query project_query[] = {
    QUERY_PLAIN, {"clonedFromProjectId", QUERY_LIST, "only copies of these projects"}, QUERY_END};
const struct route_query release_query[] = {
    QUERY_PLAIN,
    {"searchByVersion", QUERY_TEXT, "part of the version, in any case"},
    OF_PROJECTS,
    OF_CHANNELS,
    QUERY_END};
#define OF_RUNS                                                                    \
    OF_PROJECTS, {"environments", QUERY_LIST, "only in these environments"},       \
    {                                                                              \
        "taskState", QUERY_LIST, "only while their task is in one of these states" \
    }
const struct route_query deployment_query[] = {QUERY_PLAIN, OF_RUNS, OF_CHANNELS, QUERY_END};
const struct route_query runbook_query[] = {
    QUERY_PLAIN, {"projectIds", QUERY_LIST, "only those of these projects"}, QUERY_END};
const struct route_query snapshot_query[] = {
    QUERY_PLAIN,
    {"searchByName", QUERY_TEXT, "part of the name, in any case"},
    OF_PROJECTS,
    OF_RUNBOOKS,
    QUERY_END};
const struct route_query runbook_run_query[] = {QUERY_PLAIN, OF_RUNS, OF_RUNBOOKS, QUERY_END};

int resource_documents(struct db_tx *tx, struct call *c, const struct document_query *q,
                       json_t **ret, struct error *e)
{
    json_auto_t *list = json_array();
    struct document_page page;

    if (document_list(tx, q, c->arena, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_t *doc;
        if (document_json(&page.items[i], &doc, e) < 0) return -1;
        jv_push(list, doc);
    }
    *ret = TAKE(list);
    return 0;
}

struct listing {
    struct call *c;
    struct paging paging; /* take = -1: all */
    const struct resource *r;
    int64_t total;
    json_t *items;
};

static bool is_filter(const struct call *c, const char *name)
{
    for (const struct route_query *q = c->route->query; q && q->name; q++)
        if (strcmp(q->name, name) == 0) return true;
    return false;
}

static enum document_order order_of(const struct call *c, const struct resource *r)
{
    static const struct {
        const char *name;
        enum document_order order;
    } asked[] = {
        {"Name", DOCUMENT_BY_NAME}, {"Id", DOCUMENT_BY_ID}, {"NotAfter", DOCUMENT_BY_SORT}};
    const char *by = is_filter(c, "orderBy") ? call_query(c, "orderBy") : NULL;

    for (size_t i = 0; by && i < ARRAY_LEN(asked); i++)
        if (str_same(asked[i].name, by)) return asked[i].order;
    switch (r->order) {
    case ORDER_BY_SORT: return DOCUMENT_BY_SORT;
    case ORDER_NEWEST: return DOCUMENT_BY_ID_DESC;
    case ORDER_OLDEST: return DOCUMENT_BY_ID;
    default: return DOCUMENT_BY_NAME;
    }
}

/* A list may be asked by what its items point to, ?projects=Projects-1, or by plain values of them,
 * ?accountType=Token. */
static const struct filter {
    const char *query, *member;
    bool plain;
} reference_filters[] = {{"projects", "ProjectId", false},
                         {"projectIds", "ProjectId", false},
                         {"environments", "EnvironmentId", false},
                         {"environmentIds", "EnvironmentIds", false},
                         {"channels", "ChannelId", false},
                         {"runbooks", "RunbookId", false},
                         {"workerPoolIds", "WorkerPoolIds", false},
                         {"clonedFromProjectId", "ClonedFromProjectId", false},
                         {"isDisabled", "IsDisabled", true},
                         {"healthStatuses", "HealthStatus", true},
                         {"commStyles", "Endpoint.CommunicationStyle", true},
                         {"shellNames", "ShellName", true},
                         {"thumbprint", "Thumbprint", true},
                         {"roles", "Roles", true},
                         {"tenantIds", "TenantIds", true},
                         {"tenantTags", "TenantTags", true},
                         {"accountType", "AccountType", true},
                         {"feedType", "FeedType", true},
                         {"contentType", "ContentType", true},
                         {"tenant", "TenantIds", true},
                         {"archived", "IsArchived", true}};

/* The values asked for as they are stored. */
static struct http_strings wanted_values(struct call *c, const struct filter *f)
{
    struct http_strings list = call_query_list(c, f->query);
    const char **folded;

    if (list.n == 0 && strcmp(f->query, "archived") == 0 && call_query(c, "ids") == NULL) {
        list.items = ARENA_NEW(c->arena, const char *, 1);
        list.items[list.n++] = "false"; /* who does not ask for the archive does not mean it */
    }
    if (!f->plain || list.n == 0) return list;
    folded = ARENA_NEW(c->arena, const char *, list.n);
    for (size_t i = 0; i < list.n; i++) folded[i] = reference_value(c->arena, list.items[i]);
    return (struct http_strings){folded, list.n};
}

int resource_filters(struct call *c, struct document_query *q, struct error *e)
{
    struct document_filter *filters =
        ARENA_NEW(c->arena, struct document_filter, q->n_filters + ARRAY_LEN(reference_filters));
    static const char *const flags[] = {"isDisabled", "archived"};
    bool flag;

    if (q->n_filters) memcpy(filters, q->filters, q->n_filters * sizeof(*filters));
    q->filters = filters;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (is_filter(c, flags[i]) && call_query_flag(c, flags[i], false, &flag, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(reference_filters); i++) {
        const struct filter *f = &reference_filters[i];
        struct http_strings values = wanted_values(c, f);
        if (values.n == 0 || !is_filter(c, f->query)) continue;
        filters[q->n_filters++] = (struct document_filter){f->member, values.items, values.n};
    }
    struct http_strings states = execution_states(c, "taskState");
    if (states.n == 0 || !is_filter(c, "taskState")) return 0;
    q->task_states = states.items;
    q->n_task_states = states.n;
    return 0;
}

/* What is in a space or in none may be asked by spaces. Nothing is said: all. */
static int add_spaces(struct call *c, struct document_query *q, struct error *e)
{
    struct http_strings asked = call_query_list(c, "spaces");
    bool system;

    if (!is_filter(c, "spaces") || asked.n == 0 || str_same(asked.items[0], "all")) return 0;
    if (call_query_flag(c, "includeSystem", false, &system, e) < 0) return -1;
    const char **spaces = ARENA_NEW(c->arena, const char *, asked.n + 1);
    memcpy(spaces, asked.items, asked.n * sizeof(*spaces));
    spaces[asked.n] = "";
    q->spaces = spaces;
    q->n_spaces = asked.n + system;
    return 0;
}

/* Some lists call the same filter by other names. */
static const char *partial_name(const struct call *c)
{
    static const char *const names[] = {"partialName", "searchByVersion", "searchByName", "search"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (call_query(c, names[i]) && is_filter(c, names[i])) return call_query(c, names[i]);
    return NULL;
}

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct listing *l = ctx;
    struct call *c = l->c;
    struct http_strings ids = call_query_list(c, "ids");
    struct resource_target t;
    struct document_page page;

    json_decref(l->items);
    l->items = json_array();
    if (resource_target_of(tx, c, &t, e) < 0) return -1;
    struct document_query q = query_of(c, &t);
    q.ids = ids.n ? ids.items : NULL;
    q.n_ids = ids.n;
    q.name = call_query(c, "name");
    q.partial_name = partial_name(c);
    q.order = order_of(c, t.r);
    q.skip = l->paging.skip;
    q.take = l->paging.take;
    if (t.r == &team_resource && ids.n == 0) q.id_without = TEAM_MANAGERS;
    if (t.r == &space_resource) permit_spaces(c, &q.among, &q.n_among);
    q.visible = permit_visible(c, q.space_id);
    if (resource_filters(c, &q, e) < 0 || add_spaces(c, &q, e) < 0 ||
        document_list(tx, &q, c->arena, &page, e) < 0)
        return -1;
    l->r = t.r;
    l->total = page.total;
    for (size_t i = 0; i < page.n; i++) {
        json_t *one;
        if (answer(tx, c, t.r, &page.items[i], &one, e) < 0) return -1;
        jv_push(l->items, one);
    }
    return 0;
}

static int read_list(struct listing *l, struct error *e)
{
    if (db_read(call_app(l->c)->db, list_tx, l, e) >= 0) return 0;
    json_decref(l->items);
    return -1;
}

int resource_list(struct call *c, struct error *e)
{
    struct listing l = {.c = c};

    if (paging_read(c, &l.paging, e) < 0 || read_list(&l, e) < 0) return -1;
    c->out = paging_envelope(c, &l.paging, l.r->item_type, l.total, l.items);
    return 0;
}

int resource_all(struct call *c, struct error *e)
{
    struct listing l = {.c = c, .paging = {.take = -1}};

    if (read_list(&l, e) < 0) return -1;
    c->out = l.items;
    return 0;
}
