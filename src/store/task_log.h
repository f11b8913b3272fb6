/* task_log.h - the only home of the SQL of tables log_chunk, log_cursor, log_mask and
 * output_variable.
 *
 * Lines are numbered from 1 over the whole task, without gaps; a chunk holds consecutive lines of
 * one tree node. What a chunk's bytes mean is log_chunk.h's affair. */
#ifndef STORE_TASK_LOG_H
#define STORE_TASK_LOG_H
#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"

struct log_row {
    int64_t first_line, lines, part, bytes; /* bytes: of the text, uncompressed */
    const char *node, *invocation;          /* invocation "" = the engine's own lines */
    struct str data;
};
int task_log_append(struct db_tx *tx, const char *task_id, const struct log_row *row,
                    struct error *e) MUST_USE;
/** Chunks that hold lines after ${after_line}, in order, at most ${take}; ${with_data} reads their
 * bytes too. */
int task_log_read(struct db_tx *tx, const char *task_id, int64_t after_line, int64_t take,
                  bool with_data, struct arena *a, struct log_row **ret, size_t *ret_n,
                  struct error *e) MUST_USE;
/** The bytes of the chunk that starts at ${first_line}. */
int task_log_chunk(struct db_tx *tx, const char *task_id, int64_t first_line, struct arena *a,
                   struct str *ret, struct error *e) MUST_USE;

struct log_cursor {
    const char *invocation;
    int64_t next_fragment, part;
    const char *sealed_state;
    int64_t percent;     /* of the progress that the script told last */
    const char *message; /* "" = it told none */
};
int log_cursor_put(struct db_tx *tx, const char *task_id, const struct log_cursor *c,
                   struct error *e) MUST_USE;
/** 1 = *${ret} is filled, 0 = nothing stored yet. */
int log_cursor_get(struct db_tx *tx, const char *task_id, const char *invocation, struct arena *a,
                   struct log_cursor *ret, struct error *e) MUST_USE;
/** Removes the cursors and masks of a task that has ended: they hold sealed secrets. */
int log_cursor_clear(struct db_tx *tx, const char *task_id, struct error *e) MUST_USE;

/** Secrets that a script announced; ${part} numbers the rows of an invocation: 0, 1, ... */
struct log_mask {
    const char *invocation, *sealed;
    int64_t part;
};
int log_mask_add(struct db_tx *tx, const char *task_id, const struct log_mask *m,
                 struct error *e) MUST_USE;
/** Those of all invocations of the task, each one's in order. */
int log_mask_list(struct db_tx *tx, const char *task_id, struct arena *a, struct log_mask **ret,
                  size_t *ret_n, struct error *e) MUST_USE;

struct output_variable {
    const char *action, *name, *value; /* value: sealed text when sensitive */
    bool is_sensitive;
};
/** The last write wins; names are one when they differ by case only. */
int output_variable_put(struct db_tx *tx, const char *task_id, const struct output_variable *v,
                        struct error *e) MUST_USE;
int output_variable_list(struct db_tx *tx, const char *task_id, struct arena *a,
                         struct output_variable **ret, size_t *ret_n, struct error *e) MUST_USE;
#endif
