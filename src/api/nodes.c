/* nodes.c - server nodes: the processes that run tasks. Nodes are equal, none of them leads. Facts:
 * rest.md 2.8. */
#include <string.h>

#include "api/paging.h"
#include "api/resource.h"
#include "model/command.h"
#include "store/node.h"
#include "store/task.h"

struct nodes {
    struct call *c;
    struct node *list;
    size_t n;
    int64_t *running; /* tasks of each */
};

static int count_running(struct db_tx *tx, struct nodes *x, const struct node *n, int64_t *ret,
                         struct error *e)
{
    static const char *const states[] = {"Executing", "Cancelling"};
    struct task_query q = {
        .node_id = n->id, .states = states, .n_states = ARRAY_LEN(states), .take = 0};
    struct task *none;
    size_t n_none;

    return task_list(tx, &q, x->c->arena, &none, &n_none, ret, e);
}

static int nodes_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct nodes *x = ctx;

    if (node_list(tx, x->c->arena, &x->list, &x->n, e) < 0) return -1;
    x->running = ARENA_NEW(x->c->arena, int64_t, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        if (count_running(tx, x, &x->list[i], &x->running[i], e) < 0) return -1;
    return 0;
}

static json_t *document(const struct node *n)
{
    json_auto_t *o = json_object();

    jv_set_str(o, "Id", n->id);
    jv_set_str(o, "Name", n->name);
    jv_set_i64(o, "MaxConcurrentTasks", n->max_tasks);
    jv_set_bool(o, "IsInMaintenanceMode", n->is_draining);
    jv_set_time(o, "LastSeen", n->last_seen);
    return resource_answer(&server_node_resource, o);
}

static bool wanted(const struct node *n, const struct http_strings *ids, const char *partial_name)
{
    bool found = ids->n == 0;

    for (size_t i = 0; i < ids->n && !found; i++) found = str_same(ids->items[i], n->id);
    return found && (partial_name == NULL || strcasestr(n->name, partial_name) != NULL);
}

static int list(struct call *c, struct error *e)
{
    struct nodes x = {.c = c};
    struct http_strings ids = call_query_list(c, "ids");
    struct paging paging;

    if (paging_read(c, &paging, e) < 0 || db_read(call_app(c)->db, nodes_tx, &x, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < x.n; i++)
        if (wanted(&x.list[i], &ids, call_query(c, "partialName")))
            jv_push(items, document(&x.list[i]));
    c->out = paging_slice(c, &paging, server_node_resource.item_type, items);
    return 0;
}

/* The place of the node of the path. */
static int find(struct nodes *x, size_t *ret, struct error *e)
{
    const char *id = call_param(x->c, "id");

    if (db_read(call_app(x->c)->db, nodes_tx, x, e) < 0) return -1;
    for (*ret = 0; *ret < x->n; ++*ret)
        if (str_same(x->list[*ret].id, id) || str_same(x->list[*ret].name, id)) return 0;
    return call_not_found(e, id);
}

static int get(struct call *c, struct error *e)
{
    struct nodes x = {.c = c};
    size_t i;

    if (find(&x, &i, e) < 0) return -1;
    c->out = document(&x.list[i]);
    return 0;
}

static int details(struct call *c, struct error *e)
{
    struct nodes x = {.c = c};
    size_t i;

    if (find(&x, &i, e) < 0) return -1;
    c->out = json_object();
    jv_set_i64(c->out, "RunningTasks", x.running[i]);
    return 0;
}

/* ---- changes ---- */

struct node_change {
    struct call *c;
    struct node node;
    bool found;
};

static int read_one(struct db_tx *tx, struct node_change *x, struct error *e)
{
    const char *id = call_param(x->c, "id");
    struct node *list;
    size_t n;

    x->found = false;
    if (node_list(tx, x->c->arena, &list, &n, e) < 0) return -1;
    for (size_t i = 0; i < n && !x->found; i++) {
        x->node = list[i];
        x->found = str_same(list[i].id, id) || str_same(list[i].name, id);
    }
    return x->found ? 0 : call_not_found(e, id);
}

static int update_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct node_change *x = ctx;
    json_auto_t *stored = NULL, *doc = NULL;

    if (read_one(tx, x, e) < 0) return -1;
    stored = document(&x->node);
    if (resource_decode(x->c, &server_node_resource, x->c->body, stored, &doc, e) < 0) return -1;
    x->node.max_tasks = jv_i64(doc, "MaxConcurrentTasks", x->node.max_tasks);
    x->node.is_draining = jv_bool(doc, "IsInMaintenanceMode", false);
    if (node_configure(tx, x->node.id, x->node.max_tasks, x->node.is_draining, e) < 0) return -1;
    return resource_audit(tx, x->c, &server_node_resource, "", "Modified", "changed", x->node.id,
                          x->node.name, NULL, e);
}

static int update(struct call *c, struct error *e)
{
    struct node_change x = {.c = c};

    if (db_write(call_app(c)->db, update_tx, &x, e) < 0) return -1;
    if (engine_reload(call_app(c)->engine, e) < 0) return -1;
    c->out = document(&x.node);
    return 0;
}

static int remove_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct node_change *x = ctx;

    if (read_one(tx, x, e) < 0) return -1;
    if (strcmp(x->node.id, call_app(x->c)->node_id) == 0)
        return fail(e, ERR_INVALID, "node %s answers this request: it cannot be deleted",
                    x->node.name);
    int removed = node_remove(tx, x->node.id, e);
    if (removed < 0) return -1;
    if (removed == 0)
        return fail(e, ERR_INVALID,
                    "node %s is not offline, or has tasks that another node has not taken over yet",
                    x->node.name);
    return resource_audit(tx, x->c, &server_node_resource, "", "Deleted", "deleted", x->node.id,
                          x->node.name, NULL, e);
}

static int delete (struct call *c, struct error *e)
{
    struct node_change x = {.c = c};

    if (db_write(call_app(c)->db, remove_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

/* ---- at a glance ---- */

static int summary(struct call *c, struct error *e)
{
    struct nodes x = {.c = c};

    if (db_read(call_app(c)->db, nodes_tx, &x, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < x.n; i++) {
        json_t *o = document(&x.list[i]);
        bool self = strcmp(x.list[i].id, call_app(c)->node_id) == 0;
        json_object_del(o, "Links");
        jv_set_str(o, "Rank", "Follower");
        jv_set_bool(o, "IsLeader", false);
        jv_set_bool(o, "IsOffline", !self && x.list[i].lease_until < clock_now(call_app(c)->clock));
        jv_set_i64(o, "RunningTaskCount", x.running[i]);
        jv_push(items, o);
    }
    c->out = json_object();
    jv_set(c->out, "Nodes", items);
    return 0;
}

#define NODES "/api/octopusservernodes"
static const struct route_query list_query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"partialName", QUERY_TEXT, "part of the name, in any case"},
    {.name = NULL}};
static const struct route rows[] = {
    {"GET", NODES, list, "AdministerSystem", .out = server_node_fields, .query = list_query,
     .shape = ROUTE_PAGE, .out_name = "OctopusServerNode", .doc = "server nodes"},
    {"GET", NODES "/{id}", get, "AdministerSystem", .out = server_node_fields,
     .out_name = "OctopusServerNode", .doc = "one server node, by id or name"},
    {"PUT", NODES "/{id}", update, "AdministerSystem", .in = server_node_fields,
     .out = server_node_fields, .in_name = "OctopusServerNode", .out_name = "OctopusServerNode",
     .doc = "sets the task cap of a node and whether it is drained"},
    {"DELETE", NODES "/{id}", delete, "AdministerSystem", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "forgets a node that is offline"},
    {"GET", NODES "/{id}/details", details, "AdministerSystem", .out = node_details_fields,
     .out_name = "OctopusServerNodeDetails", .doc = "what a server node does"},
    {"GET", NODES "/summary", summary, "AdministerSystem", .out = cluster_summary_fields,
     .out_name = "OctopusServerClusterSummary", .doc = "all server nodes at a glance"},
};
const struct route_table node_routes = {rows, ARRAY_LEN(rows)};
