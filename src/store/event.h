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

struct event {
    int64_t number;       /* set by event_add */
    const char *id;       /* "Events-<number>", set by event_list */
    const char *space_id; /* "" = of no space */
    const char *category; /* "Created", "Modified", "Deleted", "DeploymentQueued", ... */
    const char *user_id, *username;
    int64_t occurred_at; /* UTC ms */
    const char *message;
    const char *const *related; /* ids of the documents and tasks it is about */
    size_t n_related;
    const char *details; /* JSON text or NULL */
};
/** Stores it; *${ret_number} (may be NULL) is its number. */
int event_add(struct db_tx *tx, const struct event *ev, int64_t *ret_number,
              struct error *e) MUST_USE;

struct event_query {
    const char *space_id;                         /* NULL = all */
    int64_t number;                               /* 0 = any */
    const char *const *related;                   /* about one of these; NULL = any */
    const char *const *categories, *const *users; /* NULL = any; users are ids */
    size_t n_related, n_categories, n_users;
    int64_t from_ms, to_ms; /* 0 = open */
    int64_t skip, take;     /* take < 0 = all, 0 = only count */
};
/** Newest first. */
int event_list(struct db_tx *tx, const struct event_query *q, struct arena *a, struct event **ret,
               size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
#endif
