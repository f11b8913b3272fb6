/* system_task.h - what the server does for itself, as tasks: with a place in the queue, a log, a
 * cancel, and a cap of their own.
 *
 * A kind is a function that does the whole of it, straight on. It may be run again from its
 * beginning, when the server was killed or another node took the task over: what it changes must
 * bear that. It calls system_task_checkpoint between its pieces. */
#ifndef ENGINE_SYSTEM_TASK_H
#define ENGINE_SYSTEM_TASK_H
#include "base/json.h"
#include "crypt/seal.h"
#include "db/db.h"
#include "store/log_chunk.h"

struct engine;
struct system_task; /* one of them, while it runs */

struct system_task_kind {
    const char *kind;  /* "Retention": Name of the task, exactly as clients write it */
    const char *title; /* its description, for people */
    /** Runs on a thread of its own. 0: it ends as Success; -1: as Failed with that error, or as
     * Canceled when a checkpoint said so. */
    int (*run)(struct system_task *t, struct error *e);
    int64_t every_ms; /* queued by itself when the last one was queued so long ago; 0 = never */
};

/** ${ctx} of struct engine_options: struct app. */
void *system_task_app(const struct system_task *t);
struct db *system_task_db(const struct system_task *t);
const char *system_task_id(const struct system_task *t);
/** Arguments as they were given, and what lives as long as the task runs. */
const json_t *system_task_arguments(const struct system_task *t);
struct arena *system_task_arena(struct system_task *t);
int64_t system_task_now(const struct system_task *t); /* UTC ms */
/** Adds a line to its log; a warning or error makes the task one with warnings. */
void system_task_say(struct system_task *t, enum log_category category, const char *fmt, ...)
    PRINTF(3, 4);
/** Stores the lines so far. -1 when the task must end here: ERR_CANCELLED someone asked it to stop,
 * ERR_FENCED another node has it, ERR_BUSY the server stops and goes on at its next start. */
int system_task_checkpoint(struct system_task *t, struct error *e) MUST_USE;

/** Queues a task of that kind for ${by} (a user name), inside the transaction; *${ret_id} in ${a}.
 * ${arguments}: JSON object, NULL = none. ERR_INVALID names the kinds there are. After the commit:
 * engine_kick. */
int system_task_queue(struct db_tx *tx, struct engine *g, const char *kind, const json_t *arguments,
                      struct arena *a, const char **ret_id, struct error *e) MUST_USE;
/** The kinds of this server; a row without kind ends them. */
const struct system_task_kind *system_task_kinds(const struct engine *g);
const struct system_task_kind *system_task_kind_named(const struct engine *g, const char *kind);
#endif
