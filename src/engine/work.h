/* work.h - the `work` threads: a fixed pool that performs whatever is ready. Nothing waits in it
 * for a script, a person or a link; it blocks on the database and the disk only. */
#ifndef ENGINE_WORK_H
#define ENGINE_WORK_H
#include "base/error.h"

struct work;
typedef void work_fn(void *ctx);

/** Starts ${threads} threads named work-0, work-1, ... */
int work_start(size_t threads, struct work **ret, struct error *e) MUST_USE;
/** Queues ${fn}(${ctx}); any thread. After work_stop it is dropped. */
void work_post(struct work *w, work_fn *fn, void *ctx);
/** Finishes what runs, drops what waits, ends the threads and frees. */
void work_stop(struct work *w);
#endif
