/* resource.c - see resource.h: the steps and the handlers that write. Reading: resource_query.c.
 *
 * A handler's transaction may run again, so each attempt starts from the body as it was sent. */
#include "api/resource.h"

#include <ctype.h>
#include <string.h>

#include "api/permit.h"
#include "model/difference.h"
#include "store/event.h"

/* How the caller showed itself. */
static const char *identity_of(const struct call *c)
{
    if (c->caller.session == NULL) return c->caller.anonymous ? NULL : "API key";
    return http_request_header(c->req, "Authorization") ? "Access token" : "Session cookie";
}

/* "127.0.0.1" of "127.0.0.1:51234", "::1" of "[::1]:51234". */
static const char *address_of(const struct call *c)
{
    const char *remote = c->req->remote ? c->req->remote : "", *port = strrchr(remote, ':');
    bool v6 = remote[0] == '[' && port && port > remote + 1;

    if (port == NULL) return remote;
    return arena_strndup(c->arena, remote + v6, (size_t)(port - remote) - (v6 ? 2 : 0));
}

struct event_author call_author(const struct call *c)
{
    if (c->req == NULL) return (struct event_author){0}; /* the server itself */
    return (struct event_author){.is_service = c->caller.is_service,
                                 .identity = identity_of(c),
                                 .user_agent = http_request_header(c->req, "User-Agent"),
                                 .ip_address = address_of(c)};
}

struct document_change resource_change(const struct call *c, const struct resource *r)
{
    return (struct document_change){.user_id = c->caller.id,
                                    .username = c->caller.name,
                                    .now_ms = clock_now(call_app(c)->clock),
                                    .noun = r->noun,
                                    .author = call_author(c)};
}

/* What changed, as the details of an event; in the call's arena. */
static const char *details_of(struct call *c, const struct resource *r, const json_t *before,
                              const json_t *after)
{
    json_auto_t *difference = difference_of(r, before, after);
    CLEANUP(freep) char *text = jv_text(difference);

    return arena_strdup(c->arena, text);
}

int resource_audit(struct db_tx *tx, struct call *c, const struct resource *r, const char *space_id,
                   const char *category, const char *verb, const char *id, const char *name,
                   const char *related, struct error *e)
{
    const char *ids[] = {id, related};
    const char *message = arena_fmt(c->arena, "%s %s was %s", r->noun, name, verb);
    struct event ev = {.space_id = space_id,
                       .category = category,
                       .user_id = c->caller.id,
                       .username = c->caller.name,
                       .occurred_at = clock_now(call_app(c)->clock),
                       .author = call_author(c),
                       .message = message,
                       .name = message + strlen(r->noun) + 1,
                       .name_n = strlen(name),
                       .related = ids,
                       .n_related = str_blank(related) ? 1 : 2};

    return event_add(tx, &ev, NULL, e);
}

static char *seal(void *ctx, const char *plain) { return seal_text(ctx, plain, strlen(plain)); }

static void forget_errors(struct call *c)
{
    json_decref(c->errors);
    c->errors = NULL;
}

int resource_decode(struct call *c, const struct resource *r, const json_t *in,
                    const json_t *stored, json_t **ret, struct error *e)
{
    struct problems p = PROBLEMS_INIT(c->arena);
    struct sealer sealer = {seal, (void *)call_app(c)->key};
    json_auto_t *doc = NULL;

    forget_errors(c);
    if (schema_decode(r->fields, in, stored, &sealer, &doc, &p) == 0) resource_check(r, doc, &p);
    if (p.n) {
        c->errors = problems_json(&p);
        return problems_fail(&p, e);
    }
    *ret = TAKE(doc);
    return 0;
}

int resource_command(struct call *c, const struct field *table, json_t **ret, struct error *e)
{
    struct problems p = PROBLEMS_INIT(c->arena);
    struct sealer sealer = {seal, (void *)call_app(c)->key};

    forget_errors(c);
    if (schema_decode(table, c->body, NULL, &sealer, ret, &p) == 0) return 0;
    c->errors = problems_json(&p);
    return problems_fail(&p, e);
}

/* ---- what a document points to ---- */

const char *resource_noun(struct arena *a, const struct resource *r)
{
    char *noun = arena_strdup(a, r->noun);

    noun[0] = (char)tolower((unsigned char)noun[0]);
    return noun;
}

/* 1 = it is there, 0 = it is not. A channel of another project is none. */
static int is_there(struct db_tx *tx, struct call *c, const struct reference *to, const json_t *doc,
                    struct error *e)
{
    struct error why = {0};
    struct document d;

    if (document_get(tx, to->kind, to->id, c->arena, &d, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return 0;
        *e = why;
        return -1;
    }
    if (d.space_id[0] && c->space_id && strcmp(d.space_id, c->space_id) != 0) return 0;
    const char *project = jv_str(doc, "ProjectId", NULL);
    return strcmp(to->kind, channel_resource.kind) != 0 || project == NULL ||
           strcmp(d.owner_id, project) == 0;
}

static int check_references(struct db_tx *tx, struct call *c, const json_t *doc,
                            const struct references *refs, struct error *e)
{
    forget_errors(c);
    for (size_t i = 0; i < refs->n; i++) {
        const struct reference *to = &refs->items[i];
        if (!to->restricts) continue;
        int found = is_there(tx, c, to, doc, e);
        if (found < 0) return -1;
        const struct resource *kind = resource_by_kind(to->kind);
        if (!found)
            call_problem(c, "%s: there is no %s '%s'", to->pointer,
                         kind ? resource_noun(c->arena, kind) : to->kind, to->id);
    }
    return call_problems(c, e);
}

/* ---- storing ---- */

struct document_write resource_row(const struct resource *r, const json_t *doc,
                                   const struct references *refs)
{
    struct arena *a = refs->arena;
    struct buf body = BUF_INIT(BUF_UNBOUNDED);
    struct document_reference *list = ARENA_NEW(a, struct document_reference, refs->n + 1);

    for (size_t i = 0; i < refs->n; i++)
        list[i] = (struct document_reference){refs->items[i].member, refs->items[i].id,
                                              refs->items[i].restricts};
    jv_print(&body, doc);
    struct document_write w = {.id = jv_str(doc, "Id", ""),
                               .kind = r->kind,
                               .space_id = jv_str(doc, "SpaceId", NULL),
                               .owner_id =
                                   r->owner_member ? jv_str(doc, r->owner_member, NULL) : NULL,
                               .name_member = r->name_member,
                               .name = r->name_member ? jv_str(doc, r->name_member, NULL) : NULL,
                               .slug = r->has_slug ? jv_str(doc, "Slug", NULL) : NULL,
                               .sort = jv_i64(doc, "SortOrder", 0),
                               .unique = (r->unique_names ? DOCUMENT_UNIQUE_NAME : 0) |
                                         (r->has_slug ? DOCUMENT_UNIQUE_SLUG : 0) |
                                         (r->owner_member ? DOCUMENT_UNIQUE_IN_OWNER : 0),
                               .body = arena_strndup(a, body.p, body.n),
                               .references = list,
                               .n_references = refs->n};
    buf_done(&body);
    return w;
}

static int give_identity(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                         struct error *e)
{
    const char *id = jv_str(doc, "Id", ""),
               *name = r->name_member ? jv_str(doc, r->name_member, "") : "", *slug;
    const char *owner = r->owner_member ? jv_str(doc, r->owner_member, NULL) : NULL;

    if (*id == '\0') {
        if (document_next_id(tx, r->kind, c->arena, &id, e) < 0) return -1;
        jv_set_str(doc, "Id", id);
    }
    if (!r->system) jv_set_str(doc, "SpaceId", c->space_id);
    if (r->has_slug && str_blank(jv_str(doc, "Slug", ""))) {
        if (document_free_slug(tx, r->kind, r->system ? NULL : c->space_id, owner, name, c->arena,
                               &slug, e) < 0)
            return -1;
        jv_set_str(doc, "Slug", slug);
    }
    return 0;
}

/* What is stored of ${doc}, with all that is still missing in it. */
static int make_row(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                    bool check, struct document_write *ret, struct error *e)
{
    struct references refs = REFERENCES_INIT(c->arena);

    if (give_identity(tx, c, r, doc, e) < 0) return -1;
    resource_complete(r, doc);
    resource_references(r, doc, &refs);
    if (check && check_references(tx, c, doc, &refs, e) < 0) return -1;
    *ret = resource_row(r, doc, &refs);
    return 0;
}

static int insert(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                  bool check, struct error *e)
{
    struct document_change by = resource_change(c, r);
    struct document_write w;
    struct document stored;

    if (make_row(tx, c, r, doc, check, &w, e) < 0) return -1;
    if (check && permit_new(tx, c, NULL, r, doc, e) < 0) return -1;
    return document_insert(tx, &w, &by, c->arena, &stored, e);
}

int resource_insert(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                    struct error *e)
{
    return insert(tx, c, r, doc, true, e);
}

int resource_insert_made(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                         struct error *e)
{
    return insert(tx, c, r, doc, false, e);
}

int resource_replace(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                     int64_t expected, struct error *e)
{
    struct document_change by = resource_change(c, r);
    struct document_write w;
    struct document stored;
    json_auto_t *before = NULL;

    if (make_row(tx, c, r, doc, true, &w, e) < 0 || permit_new(tx, c, NULL, r, doc, e) < 0)
        return -1;
    if (document_get(tx, r->kind, w.id, c->arena, &stored, e) < 0 ||
        document_json(&stored, &before, e) < 0)
        return -1;
    by.details = details_of(c, r, before, doc);
    return document_update(tx, &w, expected, &by, c->arena, &stored, e);
}

bool resource_is_frozen(const char *id) { return strstr(id, RESOURCE_FROZEN) != NULL; }

const char *resource_frozen_id(struct call *c, const json_t *doc)
{
    return arena_fmt(c->arena, "%s" RESOURCE_FROZEN "%lld", jv_str(doc, "Id", ""),
                     (long long)jv_i64(doc, "Version", 0));
}

int resource_freeze(struct db_tx *tx, struct call *c, const struct resource *r, const json_t *doc,
                    const char **ret_id, struct error *e)
{
    *ret_id = resource_frozen_id(c, doc);
    return resource_freeze_as(tx, c, r, doc, *ret_id, e);
}

int resource_freeze_as(struct db_tx *tx, struct call *c, const struct resource *r,
                       const json_t *doc, const char *id, struct error *e)
{
    struct document_change by = resource_change(c, r);
    /* what a frozen process names may be deleted: planning a run says so then */
    struct references none = REFERENCES_INIT(c->arena);
    struct document stored;
    struct error missing = {0};

    if (document_get(tx, r->kind, id, c->arena, &stored, &missing) == 0) return 0;
    if (missing.kind != ERR_NOT_FOUND) {
        *e = missing;
        return -1;
    }
    json_auto_t *copy = json_deep_copy(doc);
    jv_set_str(copy, "Id", id);
    jv_set_str(copy, "SnapshotOf", jv_str(doc, "Id", ""));
    struct document_write w = resource_row(r, copy, &none);
    w.unique = 0;
    return document_insert(tx, &w, &by, c->arena, &stored, e);
}

/* ---- handlers ---- */

void resource_reply(struct call *c, const struct resource *r, const json_t *doc)
{
    json_auto_t *shown = json_copy((json_t *)doc);

    if (r->present) r->present(shown, clock_now(call_app(c)->clock));
    json_decref(c->out);
    c->out = resource_answer(r, shown);
}

struct change {
    struct call *c;
    const struct resource_hooks *hooks;
    resource_lock *lock; /* NULL: none */
};

static int hook(resource_hook *fn, struct db_tx *tx, struct call *c, json_t *doc,
                const json_t *stored, struct error *e)
{
    return fn ? fn(tx, c, doc, stored, e) : 0;
}

static int take_lock(const struct change *x, struct db_tx *tx, struct error *e)
{
    return x->lock ? x->lock(tx, e) : 0;
}

static int write_change(struct change *x, db_fn *fn, struct error *e)
{
    struct db *db = call_app(x->c)->db;

    return (x->lock ? db_write_hot(db, fn, x, e) : db_write(db, fn, x, e)) < 0 ? -1 : 0;
}

/* What was sent, with the ids of what holds it by the path. New reference. */
static json_t *sent_into(const struct call *c, const struct resource_target *t)
{
    json_t *in = json_is_object(c->body) ? json_copy(c->body) : json_incref(c->body);

    for (size_t i = 0; i < t->n && json_is_object(in); i++)
        jv_set_str(in, t->in[i].member, t->in[i].id);
    return in;
}

static int create_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct resource_target t;
    json_auto_t *in = NULL, *doc = NULL;

    if (take_lock(x, tx, e) < 0 || resource_target_of(tx, x->c, &t, e) < 0) return -1;
    in = sent_into(x->c, &t);
    if (resource_decode(x->c, t.r, in, NULL, &doc, e) < 0) return -1;
    if (hook(x->hooks->before, tx, x->c, doc, NULL, e) < 0) return -1;
    if (resource_insert(tx, x->c, t.r, doc, e) < 0) return -1;
    if (hook(x->hooks->after, tx, x->c, doc, NULL, e) < 0) return -1;
    resource_reply(x->c, t.r, doc);
    return 0;
}

int resource_create_locked(struct call *c, const struct resource_hooks *h, resource_lock *lock,
                           struct error *e)
{
    struct change x = {c, h, lock};

    if (call_query(c, "clone"))
        return fail_at(e, "clone", "clone: '%s': only projects and runbooks can be copied",
                       call_query(c, "clone"));
    return write_change(&x, create_tx, e);
}

int resource_create_with(struct call *c, const struct resource_hooks *h, struct error *e)
{
    return resource_create_locked(c, h, NULL, e);
}

static int update_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct resource_target t;
    json_auto_t *stored = NULL, *doc = NULL;
    struct document d;

    if (take_lock(x, tx, e) < 0 || resource_target_of(tx, x->c, &t, e) < 0 ||
        resource_locate(tx, x->c, &t, &d, e) < 0 || document_json(&d, &stored, e) < 0)
        return -1;
    if (resource_decode(x->c, t.r, x->c->body, stored, &doc, e) < 0) return -1;
    jv_set_str(doc, "Id", d.id);
    if (hook(x->hooks->before, tx, x->c, doc, stored, e) < 0) return -1;
    if (resource_replace(tx, x->c, t.r, doc, d.row_version, e) < 0) return -1;
    if (hook(x->hooks->after, tx, x->c, doc, stored, e) < 0) return -1;
    resource_reply(x->c, t.r, doc);
    return 0;
}

int resource_update_locked(struct call *c, const struct resource_hooks *h, resource_lock *lock,
                           struct error *e)
{
    struct change x = {c, h, lock};

    return write_change(&x, update_tx, e);
}

int resource_update_with(struct call *c, const struct resource_hooks *h, struct error *e)
{
    return resource_update_locked(c, h, NULL, e);
}

static const struct resource_hooks no_hooks;
int resource_create(struct call *c, struct error *e)
{
    return resource_create_with(c, &no_hooks, e);
}
int resource_update(struct call *c, struct error *e)
{
    return resource_update_with(c, &no_hooks, e);
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct change *x = ctx;
    struct resource_target t;
    struct document d;
    json_auto_t *doc = NULL;

    if (resource_target_of(tx, x->c, &t, e) < 0 || resource_locate(tx, x->c, &t, &d, e) < 0 ||
        document_json(&d, &doc, e) < 0)
        return -1;
    struct document_change by = resource_change(x->c, t.r);
    if (hook(x->hooks->before, tx, x->c, doc, NULL, e) < 0) return -1;
    if (deletion_check(tx, x->c, t.r, &d, e) < 0) return -1;
    by.details = details_of(x->c, t.r, doc, NULL);
    return document_delete(tx, t.r->kind, d.id, &by, e);
}

int resource_delete_with(struct call *c, resource_hook *before, struct error *e)
{
    const struct resource_hooks hooks = {.before = before};
    struct change x = {.c = c, .hooks = &hooks};

    if (db_write(call_app(c)->db, delete_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

int resource_delete(struct call *c, struct error *e) { return resource_delete_with(c, NULL, e); }
