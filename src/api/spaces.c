/* spaces.c - spaces: made complete, changed, stopped, deleted with all that is in them, searched.
 * Facts: rest.md 2.9.
 *
 * Changes of spaces wait for each other (a lock, not a serializable transaction), since one of them
 * is about others too: at most one space is the default. */
#include "api/spaces.h"

#include <string.h>

#include "api/permit.h"
#include "api/resource.h"
#include "api/space_content.h"
#include "api/teams.h"
#include "model/command.h"
#include "store/counter.h"
#include "store/space.h"
#include "store/task.h"
#include "store/user.h"

int space_default(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    if (space_default_get(tx, a, ret, e) < 0) return -1;
    if (*ret) return 0;
    return fail(e, ERR_NOT_FOUND,
                "no space is the default: name one in the address, as in /api/Spaces-1/projects; "
                "/api/spaces lists them");
}

static int lock(struct db_tx *tx, struct error *e)
{
    return counter_lock(tx, space_resource.kind, e);
}

static bool is_set(const json_t *doc, const char *member) { return jv_bool(doc, member, false); }

/* The space that was the default so far is not any more. */
static int dethrone(struct db_tx *tx, struct call *c, const char *id, struct error *e)
{
    json_auto_t *doc = NULL;
    struct document d;

    if (document_get(tx, space_resource.kind, id, c->arena, &d, e) < 0 ||
        document_json(&d, &doc, e) < 0)
        return -1;
    jv_set_bool(doc, "IsDefault", false);
    return resource_replace(tx, c, &space_resource, doc, d.row_version, e);
}

/* Users who manage a space must be there; teams: teams.h. */
static int check_managers(struct db_tx *tx, struct call *c, const json_t *doc, struct error *e)
{
    const json_t *one, *ids = jv_get(doc, "SpaceManagersTeamMembers");
    struct user user;
    size_t i;

    json_array_foreach (ids, i, one) {
        struct error why = {0};
        if (user_get(tx, json_string_value(one), c->arena, &user, &why) == 0) continue;
        if (why.kind != ERR_NOT_FOUND) {
            *e = why;
            return -1;
        }
        return fail_at(e, "SpaceManagersTeamMembers",
                       "SpaceManagersTeamMembers: there is no user '%s'", json_string_value(one));
    }
    return 0;
}

static int before(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                  struct error *e)
{
    const char *was;

    if (check_managers(tx, c, doc, e) < 0) return -1;
    if (!is_set(doc, "IsDefault") || is_set(stored, "IsDefault")) return 0;
    if (space_default_get(tx, c->arena, &was, e) < 0) return -1;
    return was ? dethrone(tx, c, was, e) : 0;
}

static int after(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                 struct error *e)
{
    const char *id = text(doc, "Id");
    struct document_change by = resource_change(c, &space_resource);
    bool is_default = is_set(doc, "IsDefault"), stops = is_set(doc, "TaskQueueStopped");

    if (is_default != is_set(stored, "IsDefault") &&
        space_default_set(tx, is_default ? id : NULL, e) < 0)
        return -1;
    if (stops != is_set(stored, "TaskQueueStopped") && space_queue_stop(tx, id, stops, e) < 0)
        return -1;
    if (stored == NULL && space_content(tx, id, &by, e) < 0) return -1;
    return team_hear_space(tx, &by, doc, e);
}

static const struct resource_hooks hooks = {before, after};

static int create(struct call *c, struct error *e)
{
    return resource_create_locked(c, &hooks, lock, e);
}

/* A queue that was let go: its tasks start at once, here and, within a second, on other nodes. */
static int update(struct call *c, struct error *e)
{
    if (resource_update_locked(c, &hooks, lock, e) < 0) return -1;
    engine_kick(call_app(c)->engine);
    return 0;
}

/* ---- deleting ---- */

static int check_running(struct db_tx *tx, struct call *c, const struct document *d,
                         struct error *e)
{
    static const char *const running[] = {"Executing", "Cancelling"};
    struct task_query q = {
        .space_id = d->id, .states = running, .n_states = ARRAY_LEN(running), .take = 1};
    struct task *list;
    int64_t total;
    size_t n;

    if (task_list(tx, &q, c->arena, &list, &n, &total, e) < 0) return -1;
    if (n == 0) return 0;
    return fail(e, ERR_INVALID, "%s still runs %s; cancel it or wait for its end", d->name,
                list[0].id);
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct document_change by = resource_change(c, &space_resource);
    json_auto_t *doc = NULL;
    struct document d;

    if (lock(tx, e) < 0 || resource_find(tx, c, &d, &doc, e) < 0) return -1;
    if (!is_set(doc, "TaskQueueStopped"))
        return fail_at(e, "TaskQueueStopped",
                       "the task queue of the space '%s' must be stopped before it can be deleted: "
                       "set TaskQueueStopped to true first",
                       d.name);
    if (check_running(tx, c, &d, e) < 0 || document_delete(tx, d.kind, d.id, &by, e) < 0) return -1;
    if (is_set(doc, "IsDefault") && space_default_set(tx, NULL, e) < 0) return -1;
    if (team_leave_space(tx, &by, d.id, e) < 0) return -1;
    return space_delete(tx, d.id, by.now_ms, e);
}

static int delete (struct call *c, struct error *e)
{
    if (db_write_hot(call_app(c)->db, delete_tx, c, e) < 0) return -1;
    engine_purge(call_app(c)->engine);
    c->out = json_object();
    return 0;
}

/* ---- logo and search ---- */

/* No space has a picture of its own yet; browsers ask for one nevertheless. */
static int logo(struct call *c, struct error *e)
{
    static const char svg[] =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\" width=\"64\" "
        "height=\"64\"><rect width=\"16\" height=\"16\" rx=\"3\" fill=\"#2f4858\"/>"
        "<circle cx=\"8\" cy=\"8\" r=\"4\" fill=\"#f2f5f7\"/></svg>\n";

    (void)e;
    http_reply(c->res, 200, "image/svg+xml", svg, sizeof(svg) - 1);
    return 0;
}

struct search {
    struct call *c;
    const char *keyword;
    json_t *found;
};

static json_t *found_document(const struct document *d, const struct resource *r)
{
    json_t *o = json_object(), *links = json_object();
    CLEANUP(freep) char *self = xasprintf("/api/%s/%s/%s", d->space_id, r->route, d->id);

    jv_set_str(o, "Id", d->id);
    jv_set_str(o, "SpaceId", d->space_id);
    jv_set_str(o, "Type", r->item_type);
    jv_set_str(o, "Name", d->name);
    jv_set_str(links, "Self", self);
    jv_set(o, "Links", links);
    return o;
}

static int may_view(struct db_tx *tx, const struct call *c, const struct resource *r,
                    const char *id, struct error *e)
{
    json_auto_t *doc = NULL;
    struct document d;

    if (c->caller.grants->all) return 1;
    if (document_get(tx, r->kind, id, c->arena, &d, e) < 0 || document_json(&d, &doc, e) < 0)
        return -1;
    return permit_may(tx, c, permission_to_view(r->item_type), r, doc, e);
}

static int search_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct search *s = ctx;
    struct document *list;
    size_t n;

    json_decref(s->found);
    s->found = json_array();
    if (s->keyword == NULL) return 0; /* nothing is looked for */
    if (document_search(tx, s->c->space_id, s->keyword, s->c->arena, &list, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        const struct resource *r = resource_by_kind(list[i].kind);
        int may = r && r->name_member ? may_view(tx, s->c, r, list[i].id, e) : 0;
        if (may < 0) return -1;
        if (may) jv_push(s->found, found_document(&list[i], r));
    }
    return 0;
}

static int search(struct call *c, struct error *e)
{
    struct search s = {.c = c, .keyword = call_query(c, "keyword")};

    if (db_read(call_app(c)->db, search_tx, &s, e) < 0) {
        json_decref(s.found);
        return -1;
    }
    c->out = s.found;
    return 0;
}

static const struct route_query search_query[] = {
    {"keyword", QUERY_TEXT, "part of a name, in any case"}, {.name = NULL}};
static const struct route rows[] = {
    RESOURCE_LIST_ROUTE("/api/spaces", resource_list, "Space", space_fields, resource_query,
                        PERM_AUTHENTICATED, "spaces by name"),
    {"GET", "/api/spaces/all", resource_all, PERM_AUTHENTICATED, .out = space_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Space", .doc = "all spaces"},
    RESOURCE_GET_ROUTE("/api/spaces", "Space", space_fields, PERM_AUTHENTICATED),
    RESOURCE_POST_ROUTE("/api/spaces", create, "Space", space_fields, "SpaceCreate",
                        "creates a space with what every space has"),
    RESOURCE_PUT_ROUTE("/api/spaces/{id}", update, "Space", space_fields, "SpaceEdit",
                       "replaces one; TaskQueueStopped stops or starts its queue"),
    {"DELETE", "/api/spaces/{id}", delete, "SpaceDelete", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "deletes one whose queue is stopped, with all that is in it"},
    {"GET", "/api/{space}/logo", logo, PERM_AUTHENTICATED, .shape = ROUTE_BYTES,
     .doc = "the picture of a space"},
    {"GET", "/api/{space}/search", search, PERM_AUTHENTICATED, .out = search_result_fields,
     .query = search_query, .shape = ROUTE_ARRAY, .out_name = "SearchResult",
     .doc = "what has the keyword in its name, a hundred at most"},
};
const struct route_table space_routes = {rows, ARRAY_LEN(rows)};
