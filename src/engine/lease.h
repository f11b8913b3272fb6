/* lease.h - the `lease` thread: renews this node's lease on a database that nodes share.
 *
 * It has a thread of its own, so that nothing that blocks the work threads (a large artifact, a
 * slow launcher) makes other nodes take this one for dead. */
#ifndef ENGINE_LEASE_H
#define ENGINE_LEASE_H
#include "base/error.h"

struct engine;
struct lease;
/** The lease has just been taken with the node's row, not before ${confirmed_mono}. Renews it until
 * lease_stop; the caller frees. */
int lease_start(struct engine *g, int64_t confirmed_mono, struct lease **ret,
                struct error *e) MUST_USE;
/** Ends the thread; lease_end still answers. Accepts NULL. */
void lease_stop(struct lease *l);
/** Of one that was stopped; accepts NULL. */
void lease_free(struct lease *l);
/** Monotonic ms at which this node may not act on a worker any more: the last third of the lease.
 */
int64_t lease_end(struct lease *l);
#endif
