/* watch.h - asks the database how it is, on a thread of its own, so that /healthz and /metrics have
 * an answer within a second while the database stands still. Any thread. */
#ifndef API_WATCH_H
#define API_WATCH_H
#include "base/buf.h"
#include "db/db.h"

#define WATCH_LIMIT_MS 800

struct watch;
int watch_start(struct db *db, const char *node_id, bool shared, struct watch **ret,
                struct error *e) MUST_USE;
/** Waits for a look that has begun; NULL is fine. */
void watch_stop(struct watch *w);
/** Looks at the database now; waits for that for WATCH_LIMIT_MS at most, and not at all when an
 * earlier look has taken longer already. 0, or -1 and why it is not well. */
int watch_ask(struct watch *w, struct error *e) MUST_USE;
/** Does the same, and adds what was seen in the Prometheus text format: without the figures of the
 * database when it is not well. */
void watch_print(struct watch *w, struct buf *out);
#endif
