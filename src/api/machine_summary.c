/* machine_summary.c - see machines.h. Counting is done by the database, from the values that
 * documents can be found by. Facts: rest.md 2.1, 2.2. */
#include "api/machines.h"
#include "api/permit.h"

#include <string.h>

#include "model/endpoint.h"

struct summing {
    struct call *c;
    const struct machine_summary *about;
};

static json_t *no_machines(void)
{
    static const char *const numbers[] = {"TotalMachines", "TotalDisabledMachines",
                                          "TentacleUpgradesRequired"},
                             *const objects[] = {"MachineHealthStatusSummaries",
                                                 "MachineEndpointSummaries"},
                             *const lists[] = {"MachineIdsForCalamariUpgrade",
                                               "MachineIdsForTentacleUpgrade"};
    json_t *o = json_object();

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) jv_set_i64(o, numbers[i], 0);
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) jv_set(o, objects[i], json_object());
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) jv_set(o, lists[i], json_array());
    return o;
}

static void count_up(json_t *counts, const char *name, int64_t n)
{
    jv_set_i64(counts, name, jv_i64(counts, name, 0) + n);
}

/* Values that are counted by are stored folded: this is how people write them. */
static const char *written(const char *const *choices, const char *folded)
{
    for (; *choices; choices++)
        if (str_same(*choices, folded)) return *choices;
    return folded;
}

static void add_count(json_t *o, const struct document_count *n)
{
    bool disabled = strcmp(n->values[0], "true") == 0;

    count_up(o, "TotalMachines", n->n);
    if (disabled) count_up(o, "TotalDisabledMachines", n->n);
    count_up(jv_get(o, "MachineHealthStatusSummaries"), written(health_choices, n->values[1]),
             n->n);
    count_up(jv_get(o, "MachineEndpointSummaries"), endpoint_style(n->values[2]), n->n);
}

/* By which machines are counted: those of add_count, and what holds them. */
static const char *const counted[] = {"IsDisabled", "HealthStatus", "Endpoint.CommunicationStyle"};

static int count_all(struct db_tx *tx, struct call *c, const struct document_query *q, json_t *out,
                     struct error *e)
{
    struct document_count *counts;
    size_t n;

    if (document_count_by(tx, q, counted, ARRAY_LEN(counted), c->arena, &counts, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) add_count(out, &counts[i]);
    return 0;
}

/* A summary of each holder of ${page}, those with machines filled. */
static int count_each(struct db_tx *tx, const struct summing *s, const struct document_query *q,
                      const struct document_page *page, json_t *list, struct error *e)
{
    const char *members[] = {counted[0], counted[1], counted[2], s->about->member};
    struct document_count *counts;
    size_t n;

    if (document_count_by(tx, q, members, ARRAY_LEN(members), s->c->arena, &counts, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < page->n; i++) {
        json_auto_t *doc = NULL, *o = no_machines();
        bool any = false, hide;
        for (size_t k = 0; k < n; k++) {
            if (strcmp(counts[k].values[3], page->items[i].id) != 0) continue;
            add_count(o, &counts[k]);
            any = true;
        }
        if (call_query_flag(s->c, "hideEmptyWorkerPools", false, &hide, e) < 0) return -1;
        if (hide && !any) continue;
        if (document_json(&page->items[i], &doc, e) < 0) return -1;
        jv_set(o, s->about->item_name, resource_answer(s->about->holders, doc));
        jv_push(list, TAKE(o));
    }
    return 0;
}

static int read_holders(struct db_tx *tx, const struct summing *s, struct document_page *ret,
                        struct error *e)
{
    struct call *c = s->c;
    struct http_strings ids = call_query_list(c, "ids");
    struct document_query q = {.kind = s->about->holders->kind,
                               .space_id = c->space_id,
                               .ids = ids.n ? ids.items : NULL,
                               .n_ids = ids.n,
                               .partial_name = call_query(c, "partialName"),
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};

    q.visible = permit_visible(c, q.space_id);
    return document_list(tx, &q, c->arena, ret, e);
}

static int summary_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct summing *s = ctx;
    struct call *c = s->c;
    struct document_page page;

    if (read_holders(tx, s, &page, e) < 0) return -1;
    const char **ids = ARENA_NEW(c->arena, const char *, page.n + 1);
    for (size_t i = 0; i < page.n; i++) ids[i] = page.items[i].id;
    struct document_filter in = {s->about->member, ids, page.n};
    struct document_query q = {.kind = s->about->machines->kind,
                               .space_id = c->space_id,
                               .partial_name = call_query(c, "machinePartialName"),
                               .filters = &in,
                               .n_filters = 1};
    q.visible = permit_visible(c, q.space_id);
    json_decref(c->out);
    c->out = no_machines();
    json_t *list = json_array();
    jv_set(c->out, arena_fmt(c->arena, "%sSummaries", s->about->item_name), list);
    return resource_filters(c, &q, e) < 0 || count_all(tx, c, &q, c->out, e) < 0 ||
                   count_each(tx, s, &q, &page, list, e) < 0
               ? -1
               : 0;
}

int machine_summary(struct call *c, const struct machine_summary *about, struct error *e)
{
    struct summing s = {c, about};

    return db_read(call_app(c)->db, summary_tx, &s, e);
}

/* ---- values of machines ---- */

struct valuing {
    struct call *c;
    const struct resource *r;
    const char *member;
};

/* ${folded} as the first document that has it writes it. */
static int as_written(struct db_tx *tx, const struct valuing *v, const char *folded, json_t *out,
                      struct error *e)
{
    const char *const values[] = {folded};
    const struct document_filter filter = {v->member, values, 1};
    struct document_query q = {.kind = v->r->kind,
                               .space_id = v->c->space_id,
                               .filters = &filter,
                               .n_filters = 1,
                               .order = DOCUMENT_BY_ID,
                               .take = 1};
    json_auto_t *list = NULL;
    json_t *value, *one;
    size_t i;

    if (resource_documents(tx, v->c, &q, &list, e) < 0) return -1;
    value = jv_get(json_array_get(list, 0), v->member);
    if (json_is_string(value)) return jv_push(out, json_incref(value)), 0;
    json_array_foreach (value, i, one)
        if (strcmp(reference_value(v->c->arena, json_string_value(one)), folded) == 0)
            return jv_push(out, json_incref(one)), 0;
    return 0;
}

int machine_values(struct db_tx *tx, struct call *c, const struct resource *r, const char *member,
                   json_t *out, struct error *e)
{
    struct valuing v = {c, r, member};
    struct document_query q = {.kind = r->kind, .space_id = c->space_id};
    struct document_count *counts;
    size_t n;

    if (document_count_by(tx, &q, &member, 1, c->arena, &counts, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (as_written(tx, &v, counts[i].values[0], out, e) < 0) return -1;
    return 0;
}

static int values_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    const struct valuing *v = ctx;

    json_decref(v->c->out);
    v->c->out = json_array();
    return machine_values(tx, v->c, v->r, v->member, v->c->out, e);
}

int machine_values_reply(struct call *c, const struct resource *r, const char *member,
                         struct error *e)
{
    struct valuing v = {c, r, member};

    return db_read(call_app(c)->db, values_tx, &v, e);
}

/* ---- one machine ---- */

static int connection_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *doc = NULL;
    struct document d;

    if (resource_find(tx, c, &d, &doc, e) < 0) return -1;
    const json_t *endpoint = jv_get(doc, "Endpoint");
    json_t *links = json_object();
    json_decref(c->out);
    c->out = json_object();
    jv_set_str(c->out, "Id", d.id);
    jv_set_str(c->out, "MachineId", d.id);
    jv_set_str(c->out, "Status", jv_str(doc, "Status", "Unknown"));
    jv_set_str(c->out, "CurrentTentacleVersion",
               jv_str(jv_get(endpoint, "TentacleVersionDetails"), "Version", NULL));
    jv_set_str(c->out, "LastChecked", NULL);
    jv_set(c->out, "Logs", json_array());
    jv_set_str(links, "Self",
               arena_fmt(c->arena, "/api/%s/%s/%s/connection", c->space_id,
                         resource_by_kind(d.kind)->route, d.id));
    jv_set(c->out, "Links", links);
    return 0;
}

int machine_connection(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, connection_tx, c, e);
}

int machine_discover(struct call *c, struct error *e)
{
    const char *host = call_query(c, "host");

    return fail(e, ERR_INVALID,
                "this version of the server cannot reach '%.100s' to ask for its thumbprint: give "
                "the thumbprint or fingerprint that the machine shows",
                host ? host : "");
}

const struct route_query machine_discover_query[] = {
    {"host", QUERY_TEXT, "name or address"},
    {"port", QUERY_NUMBER, "port"},
    {"type", QUERY_TEXT, "TentaclePassive, TentacleActive or Ssh"},
    {"proxyId", QUERY_TEXT, "proxy on the way to it"},
    QUERY_END};
