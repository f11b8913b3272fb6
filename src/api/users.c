/* users.c - people and service accounts, as far as they can be read; users/me is who asks. Facts:
 * rest.md 2.10. */
#include "api/users.h"

#include "api/paging.h"
#include "api/permit.h"
#include "store/event.h"

json_t *users_document(const struct call *c, const struct user *u)
{
    json_auto_t *o = json_object();

    jv_set_str(o, "Id", u->id);
    jv_set_str(o, "Username", u->username);
    jv_set_str(o, "DisplayName", u->display_name);
    jv_set_str(o, "EmailAddress", u->email);
    jv_set_bool(o, "IsActive", u->is_active);
    jv_set_bool(o, "IsService", u->is_service);
    jv_set_bool(o, "IsRequestor", str_same(u->id, c->caller.id));
    jv_set_bool(o, "CanPasswordBeEdited", !u->is_service);
    jv_set(o, "Identities", json_loads(u->identities ? u->identities : "[]", 0, NULL));
    return resource_answer(&user_resource, o);
}

int users_read(struct db_tx *tx, struct call *c, const char *id, struct user *ret, struct error *e)
{
    struct error why = {0};

    if (user_get(tx, id, c->arena, ret, &why) == 0) return 0;
    if (why.kind == ERR_NOT_FOUND) return call_not_found(e, id);
    *e = why;
    return -1;
}

int users_permit(struct call *c, const char *id, const char *permission, struct error *e)
{
    if (strcmp(c->caller.id, id) == 0) return 0;
    if (!permit_holds(c, permission, NULL)) return permit_denied(c, permission, NULL, e);
    bool views = strcmp(permission, "UserView") == 0;
    return views || id[0] == '\0' ? 0 : permit_user(c, id, e);
}

int users_audit(struct db_tx *tx, struct call *c, const char *category, const struct user *u,
                const char *related, const char *message, struct error *e)
{
    const char *ids[] = {u->id, related};
    struct event ev = {.space_id = "",
                       .category = category,
                       .user_id = c->caller.id,
                       .username = c->caller.name,
                       .author = call_author(c),
                       .occurred_at = clock_now(call_app(c)->clock),
                       .message = message,
                       .related = ids,
                       .n_related = related ? 2 : 1};

    return event_add(tx, &ev, NULL, e);
}

struct one {
    struct call *c;
    const char *id;
    struct user user;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    return users_read(tx, x->c, x->id, &x->user, e);
}

static int reply(struct call *c, const char *id, struct error *e)
{
    struct one x = {.c = c, .id = id};

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    c->out = users_document(c, &x.user);
    return 0;
}

static int me(struct call *c, struct error *e) { return reply(c, c->caller.id, e); }
static int get(struct call *c, struct error *e)
{
    if (users_permit(c, call_param(c, "id"), "UserView", e) < 0) return -1;
    return reply(c, call_param(c, "id"), e);
}

struct page {
    struct call *c;
    struct paging paging;
    struct http_strings ids;
    struct user *list;
    size_t n;
    int64_t total;
};

/* Unknown ids are left out, an id named twice counts once. */
static int list_by_ids(struct db_tx *tx, struct page *p, struct error *e)
{
    const struct paging *g = &p->paging;

    p->list = ARENA_NEW(p->c->arena, struct user, p->ids.n);
    p->n = 0;
    p->total = 0;
    for (size_t i = 0; i < p->ids.n; i++) {
        struct error why = {0};
        struct user u;
        bool again = false;
        for (size_t k = 0; k < i; k++) again |= strcmp(p->ids.items[k], p->ids.items[i]) == 0;
        if (again) continue;
        if (user_get(tx, p->ids.items[i], p->c->arena, &u, &why) < 0) {
            if (why.kind == ERR_NOT_FOUND) continue;
            *e = why;
            return -1;
        }
        if (p->total >= g->skip && p->total < g->skip + g->take) p->list[p->n++] = u;
        p->total++;
    }
    return 0;
}

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    if (p->ids.n) return list_by_ids(tx, p, e);
    return user_list(tx, call_query(p->c, "filter"), p->paging.skip, p->paging.take, p->c->arena,
                     &p->list, &p->n, &p->total, e);
}

static json_t *items_of(const struct page *p)
{
    json_t *items = json_array();

    for (size_t i = 0; i < p->n; i++) jv_push(items, users_document(p->c, &p->list[i]));
    return items;
}

static int all(struct call *c, struct error *e)
{
    struct page p = {.c = c, .paging = {0, PAGING_MAX}, .ids = call_query_list(c, "ids")};

    if (db_read(call_app(c)->db, list_tx, &p, e) < 0) return -1;
    c->out = items_of(&p);
    return 0;
}

static int list(struct call *c, struct error *e)
{
    struct page p = {.c = c, .ids = call_query_list(c, "ids")};

    if (paging_read(c, &p.paging, e) < 0 || db_read(call_app(c)->db, list_tx, &p, e) < 0) return -1;
    json_t *items = items_of(&p);
    c->out = paging_envelope(c, &p.paging, user_resource.item_type, p.total, items);
    return 0;
}

static const struct route_query list_query[] = {
    {"ids", QUERY_LIST, "only those with these ids"},
    {"filter", QUERY_TEXT, "part of the user name or the shown name"},
    {.name = NULL}};
static const struct route rows[] = {
    {"GET", "/api/users/me", me, PERM_AUTHENTICATED, .out = user_fields, .out_name = "User",
     .doc = "the user who asks"},
    {"GET", "/api/users", list, "UserView", .out = user_fields, .query = list_query,
     .shape = ROUTE_PAGE, .out_name = "User", .doc = "users by name"},
    {"GET", "/api/users/all", all, "UserView", .out = user_fields, .query = list_query,
     .shape = ROUTE_ARRAY, .out_name = "User", .doc = "all users by name"},
    {"GET", "/api/users/{id}", get, PERM_AUTHENTICATED, .out = user_fields, .out_name = "User",
     .doc = "one user"},
    {"POST", "/api/users", users_create, "UserEdit", .in = user_fields, .in_name = "User",
     .out = user_fields, .out_name = "User", .status = 201,
     .doc = "makes a person or a service account"},
    {"PUT", "/api/users/{id}", users_update, PERM_AUTHENTICATED, .in = user_fields,
     .in_name = "User", .out = user_fields, .out_name = "User",
     .doc = "changes a user; everybody may change the own shown name, address and password"},
    {"DELETE", "/api/users/{id}", users_delete, "UserEdit", .flags = ROUTE_OPTIONAL_BODY,
     .doc = "deletes a user with its API keys and sessions"},
};
const struct route_table user_routes = {rows, ARRAY_LEN(rows)};
