/* document.h - configuration resources: the only home of the SQL of tables document and reference.
 *
 * A resource is one row: key columns that are queried, and its JSON text. What it points to stands
 * in `reference`, kept in the same transaction; deletion rules, "used by" and list filters read
 * that. Every change writes its audit event (event.h) in the same transaction.
 *
 * All functions run inside a transaction of db.h; texts live in the arena given. Names are compared
 * trimmed and without case. "" as space or owner means none. */
#ifndef STORE_DOCUMENT_H
#define STORE_DOCUMENT_H
#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"
#include "store/event.h"
#include "store/visible.h"

struct document {
    const char *id, *kind, *space_id, *owner_id, *name, *slug; /* never NULL */
    int64_t sort;                   /* place among its siblings, given by the caller */
    int64_t row_version;            /* 1, raised by each update */
    int64_t created_at, updated_at; /* UTC ms */
    const char *body;               /* JSON text; NULL when not asked for */
    size_t body_n;
};
/** The parsed body; a new reference. ERR_CORRUPT names the document. */
int document_json(const struct document *d, json_t **ret, struct error *e) MUST_USE;

enum document_unique {
    DOCUMENT_UNIQUE_NAME = 1,     /* no other of its kind and space has that name */
    DOCUMENT_UNIQUE_SLUG = 2,     /* likewise */
    DOCUMENT_UNIQUE_IN_OWNER = 4, /* both: among those of the same owner only */
};

/** ${from} points to ${to_id} by its member ${member}. */
struct document_reference {
    const char *member, *to_id;
    bool restricts; /* ${to_id} is a document that must exist and cannot be deleted while this
                       stands */
};

/** What a caller stores. */
struct document_write {
    const char *id, *kind;           /* as document_next_id made it, or fixed */
    const char *space_id, *owner_id; /* NULL = "" */
    const char *name;                /* NULL = "": has no name */
    const char *name_member;         /* what a message calls it; NULL = "Name" */
    const char *slug;                /* NULL = "": has none; kept and compared as names are */
    int64_t sort;
    unsigned unique;  /* enum document_unique */
    const char *body; /* JSON text */
    const struct document_reference *references;
    size_t n_references; /* the same (member, to) twice counts once */
};

/** Who changes something, for the audit. */
struct document_change {
    const char *user_id, *username;
    int64_t now_ms;
    const char *noun;    /* what people call it, "Worker pool"; NULL = its kind */
    const char *message; /* NULL = "<noun> <name> was created" (changed, deleted) */
    const char *details; /* JSON text or NULL */
    struct event_author author;
};

/** "${kind}-12" from the counter of ${kind}. */
int document_next_id(struct db_tx *tx, const char *kind, struct arena *a, const char **ret,
                     struct error *e) MUST_USE;
/** A slug made of ${name} that is free among ${kind} in space (and owner, NULL = any): "my-app",
 * "my-app-1", ... */
int document_free_slug(struct db_tx *tx, const char *kind, const char *space_id,
                       const char *owner_id, const char *name, struct arena *a, const char **ret,
                       struct error *e) MUST_USE;

/** Stores a new one; event category Created. ERR_INVALID with where = name_member or "Slug": taken,
 * the message names it; where = member: a restricting reference to what is not there. ERR_CONFLICT:
 * the id exists. */
int document_insert(struct db_tx *tx, const struct document_write *w,
                    const struct document_change *by, struct arena *a, struct document *ret,
                    struct error *e) MUST_USE;
/** Replaces everything but kind and creation time, and its references; event category Modified.
 * ${expected}: the row version the caller has seen, -1 = any. ERR_CONFLICT names both versions;
 * ERR_NOT_FOUND; otherwise as insert. */
int document_update(struct db_tx *tx, const struct document_write *w, int64_t expected,
                    const struct document_change *by, struct arena *a, struct document *ret,
                    struct error *e) MUST_USE;
/** Deletes it, what it owns (at any depth) and their references; event category Deleted.
 * ERR_INVALID "<name> is used by <name> (<id>), ..." while a restricting reference from elsewhere
 * points at any of them; ERR_NOT_FOUND. */
int document_delete(struct db_tx *tx, const char *kind, const char *id,
                    const struct document_change *by, struct error *e) MUST_USE;

/** ERR_NOT_FOUND names kind and id. */
int document_get(struct db_tx *tx, const char *kind, const char *id, struct arena *a,
                 struct document *ret, struct error *e) MUST_USE;
/** By id, else by name, else by slug; ${space_id}, ${owner_id}: NULL = any. ERR_NOT_FOUND. */
int document_find(struct db_tx *tx, const char *kind, const char *space_id, const char *owner_id,
                  const char *id_name_or_slug, struct arena *a, struct document *ret,
                  struct error *e) MUST_USE;

enum document_order {
    DOCUMENT_BY_NAME,    /* folded name, then id */
    DOCUMENT_BY_SORT,    /* sort, then folded name */
    DOCUMENT_BY_ID,      /* number of the id, oldest first */
    DOCUMENT_BY_ID_DESC, /* newest first */
};
/** Only documents whose reference ${member} (NULL = any member) points to one of ${to_ids}. */
struct document_filter {
    const char *member;
    const char *const *to_ids;
    size_t n_to_ids;
};
struct document_query {
    const char *kind;
    const char *space_id, *owner_id; /* NULL = any */
    const char *const *ids;          /* NULL = any; n_ids = 0 with a list that is not NULL = none */
    size_t n_ids;                    /* at most 5000 */
    const char *name, *slug, *partial_name; /* NULL or "" = any */
    const char *id_without;                 /* only ids in which this does not stand; NULL = any */
    const struct document_filter *filters;  /* all must hold */
    size_t n_filters;
    const char *const *among; /* the id is one of these too; NULL = any */
    size_t n_among;
    const char *const *spaces; /* in one of these, "" = in none; NULL = any */
    size_t n_spaces;
    struct visible_parts visible;
    const char *const
        *task_states; /* only what a task in one of these states is about; NULL = any */
    size_t n_task_states;
    enum document_order order;
    int64_t skip, take; /* take < 0 = all, 0 = only count */
    bool without_body;
};
struct document_page {
    struct document *items;
    size_t n;
    int64_t total; /* that match, without skip and take */
};
int document_list(struct db_tx *tx, const struct document_query *q, struct arena *a,
                  struct document_page *ret, struct error *e) MUST_USE;

/** Up to a hundred documents of the space with ${part} in their name, by name, without bodies and
 * without frozen ones. */
int document_search(struct db_tx *tx, const char *space_id, const char *part, struct arena *a,
                    struct document **ret, size_t *ret_n, struct error *e) MUST_USE;
/** How many of the documents that ${q} finds (its order, skip and take do not count) hold the same
 * values in their references ${members} (1 to 4): a row for each combination; a document that has
 * several in a member counts for each. In order of the values. */
struct document_count {
    const char *values[4];
    int64_t n;
};
int document_count_by(struct db_tx *tx, const struct document_query *q, const char *const *members,
                      size_t n_members, struct arena *a, struct document_count **ret, size_t *ret_n,
                      struct error *e) MUST_USE;

/** What points to ${id} (a row per member), ordered by name; ${restricting}: only what forbids
 * deleting it. */
struct document_use {
    const char *id, *kind, *name, *member, *owner_id;
    bool restricts;
};
int document_used_by(struct db_tx *tx, const char *id, bool restricting, struct arena *a,
                     struct document_use **ret, size_t *ret_n, struct error *e) MUST_USE;
#endif
