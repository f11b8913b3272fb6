/* turn.h - what one turn of a run commits: journal entries, log lines, cursors, output variables,
 * artifacts and the task's row, all in one transaction under the task's epoch. */
#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H
#include "base/arena.h"
#include "base/vec.h"
#include "engine/output.h"
#include "rules/entry.h"
#include "store/artifact.h"
#include "store/log_chunk.h"
#include "store/task.h"
#include "store/task_log.h"

#define TURN_SENTENCE_MAX ((size_t)4 * KiB) /* of an error message */

struct run;
struct turn {
    struct run *run;
    int64_t now_ms;
    struct arena arena;
    VEC(struct entry) entries; /* owned; applied to the state already */
    ARENA_LIST(struct log_row) rows;
    ARENA_LIST(struct log_cursor) cursors;
    ARENA_LIST(struct log_mask) masks;
    ARENA_LIST(struct output_variable) variables;
    ARENA_LIST(struct artifact) artifacts; /* asked for: id and number are given by the commit */
    ARENA_LIST(struct artifact) collected; /* id, content, size, failure */
    struct log_chunk_builder *builder; /* lines of ${node} and ${invocation} that are no row yet */
    const char *node, *invocation;
    int64_t *part;                /* counter of the invocation's chunks */
    int64_t log_lines, log_bytes; /* of the task, with what this turn adds */
    bool has_warnings;
    bool finish; /* the task ends with this turn */
    enum run_status status;
    const char *error;
    bool promotes; /* set by the commit: a release has succeeded somewhere */
};

void turn_begin(struct turn *t, struct run *run);
/** Appends a journal entry (takes it over) and applies it to the run's state. ERR_CORRUPT when it
 * is not legal there. */
int turn_entry(struct turn *t, struct entry entry, struct error *e) MUST_USE;
/** Adds lines of the engine's own, masked, to the node ${key} of the activity tree. */
void turn_say(struct turn *t, const char *key, enum log_category category, const char *fmt, ...)
    PRINTF(4, 5);
/** ${text} as it may be kept and shown outside the log: without secrets, at most TURN_SENTENCE_MAX
 * bytes, in the turn's arena. NULL stays NULL. */
const char *turn_sentence(struct turn *t, const char *text);
/** Adds one line of a script's output, unless the log has reached its limit, which is said once;
 * ${part} counts the invocation's chunks. */
void turn_line(struct turn *t, const char *key, const char *invocation, int64_t *part,
               enum log_category category, int64_t at_ms, struct str text);
/** Makes rows of all lines collected. */
void turn_flush(struct turn *t);
/** Nothing to commit? */
bool turn_empty(const struct turn *t);
/** Commits. ERR_FENCED, ERR_CONFLICT (a cancel that this run has not seen) and what the database
 * says. */
int turn_commit(struct turn *t, struct error *e) MUST_USE;
void turn_done(struct turn *t);
#endif
