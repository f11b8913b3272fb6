/* paging.h - the list envelope: skip and take in, Items and Page links out. One thread: the
 * handler's. */
#ifndef API_PAGING_H
#define API_PAGING_H
#include "api/call.h"

#define PAGING_TAKE 30
#define PAGING_MAX 2147483647
struct paging {
    int64_t skip; /* 0..2147483647, default 0 */
    int64_t take; /* 0..2147483647, default 30 */
};

/** Reads skip and take of the query; ERR_INVALID names the parameter and its value. */
int paging_read(const struct call *c, struct paging *ret, struct error *e) MUST_USE;
/** The envelope: ${items} (array, taken over) are those of the page, ${total} counts all that
 * match, ${item_type} is the resource's name ("Project"). Links keep every filter of the request.
 * New reference, for c->out. */
json_t *paging_envelope(const struct call *c, const struct paging *p, const char *item_type,
                        int64_t total, json_t *items);
/** Cuts the page out of a whole ${list} (array, taken over) and makes the envelope: for short lists
 * made in memory. */
json_t *paging_slice(const struct call *c, const struct paging *p, const char *item_type,
                     json_t *list);
/** Path of the call as its template says, with the space's id: "/api/Spaces-1/projects". In the
 * arena. */
const char *paging_path(const struct call *c);
#endif
