/* live.h - who watches which task: wakes the event streams of a task when something of it was
 * committed. */
#ifndef ENGINE_LIVE_H
#define ENGINE_LIVE_H
#include "base/lang.h"

struct live;
struct live_watch;
struct live *live_new(void);
void live_free(struct live *l); /* all watches must be gone */
/** Calls ${wake}(${ctx}) after each commit that concerns ${task_id}, from any thread, until
 * live_unwatch returns.
 *  ${wake} must be short and must not call back into live. */
struct live_watch *live_watch(struct live *l, const char *task_id, void (*wake)(void *ctx),
                              void *ctx);
void live_unwatch(struct live *l, struct live_watch *w);
void live_notify(struct live *l, const char *task_id);

/** Wakes all watchers: other nodes may have committed something. */
void live_notify_all(struct live *l);

/* Changes of task states, for streams that watch all tasks: a ring of the newest ones. */
#define LIVE_EVENTS 4096
#define LIVE_ALL "*" /* watch this instead of a task id to be woken by each event */
struct live_event {
    int64_t number; /* 1, 2, 3, ... since this process started */
    char task_id[40], space_id[40], state[16];
};
/** Notes that a task is in ${state} now (the change is committed) and wakes who watches it or all.
 */
void live_publish(struct live *l, const char *space_id, const char *task_id, const char *state);
/** Copies up to ${max} events after number ${after}; returns how many. The first one's number shows
 * whether the ring has dropped some in between. */
size_t live_events(struct live *l, int64_t after, struct live_event *out, size_t max);
/** Number of the newest event. */
int64_t live_newest(struct live *l);
#endif
