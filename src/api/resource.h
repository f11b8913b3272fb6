/* resource.h - the generic handlers of configuration resources: list, all, read, create, change,
 * delete, driven by their descriptors (model/resource.h).
 *
 * A route's path says what is meant: its last part that is the route of a resource, followed by its
 * id, slug or name. The resources before that one hold it: /projects/{project}/runbooks/{id} is a
 * runbook of that project, and /projects/{project}/runbooks lists those of that project only.
 *
 * A resource with more to do (a project brings a channel, a process and a variable set) gives
 * hooks, or calls the steps below itself. */
#ifndef API_RESOURCE_H
#define API_RESOURCE_H
#include "api/app.h"
#include "api/routes.h"
#include "model/resource.h"
#include "store/document.h"

/* Route handlers. A list takes ids, name, partialName, skip, take, the ids of what its items
 * point to, and the state of the task of deployments and runs. */
int resource_list(struct call *c, struct error *e);
int resource_all(struct call *c, struct error *e);
int resource_get(struct call *c, struct error *e);
int resource_create(struct call *c, struct error *e);
int resource_update(struct call *c, struct error *e);
int resource_delete(struct call *c, struct error *e);
/** Puts them into the order of the ids of the body; those not named keep their place number.
 * Answers as resource_all. */
int resource_sort(struct call *c, struct error *e);

/** A text of a document; "" when absent or null. */
static inline const char *text(const json_t *doc, const char *name)
{
    return jv_str(doc, name, "");
}

/** What else belongs to a write, inside its transaction; may be NULL. ${doc} is what is written,
 * ${stored} what it replaces (NULL: new). They may run again. */
typedef int resource_hook(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                          struct error *e);
struct resource_hooks {
    resource_hook *before; /* decoded and checked, not stored: may change ${doc} */
    resource_hook *after;  /* stored */
};
int resource_create_with(struct call *c, const struct resource_hooks *h, struct error *e);
int resource_update_with(struct call *c, const struct resource_hooks *h, struct error *e);
/** The same under a lock that is taken before anything is read, as a db_write_hot. */
typedef int resource_lock(struct db_tx *tx, struct error *e);
int resource_create_locked(struct call *c, const struct resource_hooks *h, resource_lock *lock,
                           struct error *e);
int resource_update_locked(struct call *c, const struct resource_hooks *h, resource_lock *lock,
                           struct error *e);
/** ${before} may refuse; its ${doc} is what is deleted. */
int resource_delete_with(struct call *c, resource_hook *before, struct error *e);

/* Steps, inside a transaction. Documents are new references for the caller. */

/** "Worker pool" as it stands within a sentence. In the arena. */
const char *resource_noun(struct arena *a, const struct resource *r);

/** What the route's path means. The texts live in the call's arena. */
struct resource_container {
    const struct resource *r;
    const char *member, *id; /* what is inside has this id in that member */
};
struct resource_target {
    const struct resource *r;
    const char *wanted; /* id, slug or name of the path; NULL: the path ends before it */
    struct resource_container in[3];
    size_t n;
};
/** Reads the path and finds the containers; ERR_NOT_FOUND names the one that is not there. */
int resource_target_of(struct db_tx *tx, struct call *c, struct resource_target *ret,
                       struct error *e) MUST_USE;
/** Finds ${t}->wanted within its containers; the caller may do with it what the route is for.
 * ERR_NOT_FOUND as clients expect it, ERR_DENIED. */
int resource_locate(struct db_tx *tx, struct call *c, const struct resource_target *t,
                    struct document *ret, struct error *e) MUST_USE;
/** Both, and the document. ${ret_row} may be NULL. */
int resource_find(struct db_tx *tx, struct call *c, struct document *ret_row, json_t **ret,
                  struct error *e) MUST_USE;

/** The row of ${doc}: its key columns taken out of it, with ${refs}. In the arena of ${refs}; the
 * texts of ${doc} are borrowed. */
struct document_write resource_row(const struct resource *r, const json_t *doc,
                                   const struct references *refs);
/** Decodes ${in} against ${stored} (NULL: new) and runs the pure rules. */
int resource_decode(struct call *c, const struct resource *r, const json_t *in,
                    const json_t *stored, json_t **ret, struct error *e) MUST_USE;
/** The body of a command, which is no resource, by its table. */
int resource_command(struct call *c, const struct field *table, json_t **ret,
                     struct error *e) MUST_USE;
/** Gives ${doc} its Id (unless it has one), SpaceId and Slug, completes it and stores it with its
 * references. ERR_DENIED: not what the caller may do by the route. What it points to must be there,
 * of the right kind, in the same space; a channel in the same project. ERR_INVALID with all that is
 * missing in the call's errors. */
int resource_insert(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                    struct error *e) MUST_USE;
/** The same for a document that the server itself makes: nothing is asked. */
int resource_insert_made(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                         struct error *e) MUST_USE;
/** Stores ${doc} over ${expected} (row version, -1 = any). */
int resource_replace(struct db_tx *tx, struct call *c, const struct resource *r, json_t *doc,
                     int64_t expected, struct error *e) MUST_USE;
/** Reads by id, slug or name in the call's space (and ${owner_id}, NULL = any). ERR_NOT_FOUND as
 * clients expect it. */
int resource_read(struct db_tx *tx, struct call *c, const struct resource *r, const char *owner_id,
                  const char *id_slug_or_name, json_t **ret, struct error *e) MUST_USE;
/** Puts the answer for the stored ${doc} into c->out. */
void resource_reply(struct call *c, const struct resource *r, const json_t *doc);
struct document_change resource_change(const struct call *c, const struct resource *r);
/** How and from where the caller came, for the audit; texts live as long as the call. */
struct event_author call_author(const struct call *c);
/** Writes the audit event of a change to something that is no document, in the transaction of the
 * change: "<noun> <name> was <verb>". ${related}: another id that it is about, NULL or "": none. */
int resource_audit(struct db_tx *tx, struct call *c, const struct resource *r, const char *space_id,
                   const char *category, const char *verb, const char *id, const char *name,
                   const char *related, struct error *e) MUST_USE;
/** The documents that ${q} finds, as an array of the stored ones. */
int resource_documents(struct db_tx *tx, struct call *c, const struct document_query *q,
                       json_t **ret, struct error *e) MUST_USE;

/** What stands in the ids of frozen documents only. */
#define RESOURCE_FROZEN "-s-"
/** Copies ${doc} under a frozen id "<Id>-s-<Version>"; the same version is frozen once. *${ret_id}
 * in the call's arena. */
int resource_freeze(struct db_tx *tx, struct call *c, const struct resource *r, const json_t *doc,
                    const char **ret_id, struct error *e) MUST_USE;
/** That id. In the call's arena. */
const char *resource_frozen_id(struct call *c, const json_t *doc);
/** Copies ${doc} under ${id}, which has RESOURCE_FROZEN in it, unless that is there. */
int resource_freeze_as(struct db_tx *tx, struct call *c, const struct resource *r,
                       const json_t *doc, const char *id, struct error *e) MUST_USE;
/** True for the ids that resource_freeze makes. */
bool resource_is_frozen(const char *id);

/** Adds the filters of the route's table (route_query.member) that the call asks for. */
int resource_filters(struct call *c, struct document_query *q, struct error *e) MUST_USE;

/** One document of a kind is the default of its space (member IsDefault). The default stays one
 * until another takes its place: ERR_INVALID otherwise. ${doc} is what is written, ${stored} what
 * it replaces. */
int default_keep(struct call *c, const struct resource *r, const json_t *doc, const json_t *stored,
                 struct error *e) MUST_USE;
/** When ${doc} is the default: the one before is none any more. */
int default_move(struct db_tx *tx, struct call *c, const struct resource *r, const json_t *doc,
                 struct error *e) MUST_USE;
/** The id of the default, in the call's arena. ERR_INTERNAL when there is none. */
int default_id(struct db_tx *tx, struct call *c, const struct resource *r, const char **ret,
               struct error *e) MUST_USE;

/** ERR_INVALID while a task that has not ended needs the document, or it must not go for another
 * reason (deletion.c). */
int deletion_check(struct db_tx *tx, struct call *c, const struct resource *r,
                   const struct document *d, struct error *e) MUST_USE;

/** The filters of lists: what a route's table does not name is no filter there. */
extern const struct route_query resource_query[], project_query[], release_query[],
    deployment_query[], runbook_query[], snapshot_query[], runbook_run_query[];
/** Rows that every list of resources has, and the last one. */
#define QUERY_PLAIN                                                \
    {"ids", QUERY_LIST, "only those with these ids"},              \
        {"name", QUERY_TEXT, "exact name, in any case"},           \
    {                                                              \
        "partialName", QUERY_TEXT, "part of the name, in any case" \
    }
#define QUERY_END    \
    {                \
        .name = NULL \
    }
#define RESOURCE_LIST_ROUTE(path, handler, res, table, filters, view, text)              \
    {                                                                                    \
        "GET", path, handler, view, .out = table, .query = filters, .shape = ROUTE_PAGE, \
                                    .out_name = res, .doc = text                         \
    }
#define RESOURCE_GET_ROUTE(path, res, table, view)                                         \
    {                                                                                      \
        "GET", path "/{id}", resource_get, view, .out = table, .out_name = res,            \
                                                 .doc = "one of them, by id, slug or name" \
    }
/** The routes of a space-scoped resource with plain names. */
#define RESOURCE_READ_ROUTES(segment, res, table, filters, view)                           \
    RESOURCE_LIST_ROUTE("/api/{space}/" segment, resource_list, res, table, filters, view, \
                        "lists them, page by page"),                                       \
        {"GET",                                                                            \
         "/api/{space}/" segment "/all",                                                   \
         resource_all,                                                                     \
         view,                                                                             \
         .out = table,                                                                     \
         .query = filters,                                                                 \
         .shape = ROUTE_ARRAY,                                                             \
         .out_name = res,                                                                  \
         .doc = "all of them"},                                                            \
        RESOURCE_GET_ROUTE("/api/{space}/" segment, res, table, view)
#define RESOURCE_POST_ROUTE(path, handler, res, table, can_create, text)                \
    {                                                                                   \
        "POST", path, handler, can_create, .in = table, .out = table, .status = 201,    \
                                           .in_name = res, .out_name = res, .doc = text \
    }
#define RESOURCE_PUT_ROUTE(path, handler, res, table, can_edit, text)              \
    {                                                                              \
        "PUT", path, handler, can_edit, .in = table, .out = table, .in_name = res, \
                                        .out_name = res, .doc = text               \
    }
#define RESOURCE_DELETE_ROUTE(path, can_delete)                             \
    {                                                                       \
        "DELETE", path "/{id}", resource_delete, can_delete,                \
            .flags = ROUTE_OPTIONAL_BODY,                                   \
            .doc = "deletes one that nothing uses, with what belongs to it" \
    }
#define RESOURCE_WRITE_ROUTES(segment, res, table, can_create, can_edit, can_delete)               \
    RESOURCE_POST_ROUTE("/api/{space}/" segment, resource_create, res, table, can_create,          \
                        "creates one"),                                                            \
        RESOURCE_PUT_ROUTE("/api/{space}/" segment "/{id}", resource_update, res, table, can_edit, \
                           "replaces one"),                                                        \
        RESOURCE_DELETE_ROUTE("/api/{space}/" segment, can_delete)
#endif
