/* event.h - the audit: who changed what and when. The only home of the SQL of tables event and
 * event_related.
 *
 * Rows are only added. An event's number grows with time; it comes from the clock, not from a
 * counter, so that writers do not wait for each other. Inside a transaction of db.h; texts live in
 * the arena given. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H
#include "base/arena.h"
#include "db/db.h"
#include "store/visible.h"

/** Who did it, and how; what is NULL is not known. */
struct event_author {
    const char *identity;   /* "API key", "Session cookie", ... */
    const char *user_agent; /* as the client sent it; 200 bytes are kept */
    const char *ip_address;
    bool is_service;
};

struct event {
    int64_t number;       /* set by event_add */
    const char *id;       /* "Events-<number>", set by event_list */
    const char *space_id; /* "" = of no space */
    const char *category; /* "Created", "Modified", "Deleted", "DeploymentQueued", ... */
    const char *user_id, *username;
    struct event_author author;
    int64_t occurred_at; /* UTC ms */
    const char *message;
    const char *name; /* where the message names the subject: within ${message}, or NULL */
    size_t name_n;    /* bytes */
    const char *const
        *related; /* ids of the documents and tasks it is about; the first is the subject */
    size_t n_related;
    const char *details; /* JSON text or NULL */

    /* set by event_list */
    const char *agent, *subject_id, *document_type;
    int64_t name_at, name_length; /* in UTF-16 units; 0 long: it names nothing */
};
/** Stores it; *${ret_number} (may be NULL) is its number. */
int event_add(struct db_tx *tx, const struct event *ev, int64_t *ret_number,
              struct error *e) MUST_USE;

/** The kinds of clients, NULL at the end; the kind of ${user_agent}, NULL = the server itself. */
extern const char *const event_agents[];
const char *event_agent(const char *user_agent);

struct event_texts { /* NULL = any */
    const char *const *items;
    size_t n;
};
#define EVENT_RELATED_MAX 60
struct event_query {
    struct event_texts spaces; /* "" is what belongs to no space */
    bool without_system;       /* nothing that belongs to no space */
    const int64_t *numbers;    /* NULL = any */
    size_t n_numbers;
    struct event_texts categories, users, agents, types;
    /** About one of each of these. */
    struct event_texts related[EVENT_RELATED_MAX];
    size_t n_related;
    struct event_texts groups; /* project groups: about one of them, or a project in it */
    int64_t from_ms, to_ms;    /* 0 = open */
    int64_t from_number, to_number;
    struct visible_parts visible;
    int64_t skip, take; /* take < 0 = all, 0 = only count */
};
/** How many events beyond those skipped are counted at most. */
#define EVENT_COUNT_MAX 100000
/** Newest first. ${ret_total} counts no further than EVENT_COUNT_MAX beyond ${q}->skip. */
int event_list(struct db_tx *tx, const struct event_query *q, struct arena *a, struct event **ret,
               size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
#endif
