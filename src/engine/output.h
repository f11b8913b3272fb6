/* output.h - a script's output on its way into the task log: fragments in, masked lines and service
 * messages out.
 *
 * One object per invocation. What it must remember between two fragments (modes, partial lines, a
 * half message, masks announced) is its cursor: saved with the lines it produced and loaded after a
 * restart, the same fragments give the same lines and messages, each exactly once. However the same
 * bytes are cut into fragments, the result is the same. One thread at a time; objects that share a
 * masker may be used by different threads. No clock, no I/O. */
#ifndef ENGINE_OUTPUT_H
#define ENGINE_OUTPUT_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "engine/masker.h"
#include "engine/service_message.h"
#include "store/log_chunk.h" /* enum log_category, LOG_LINE_MAX */

enum output_source {
    OUTPUT_STDOUT,
    OUTPUT_STDERR,
    OUTPUT_SYSTEM, /* what the worker itself says about the script: Info lines, no service messages
                    */
    OUTPUT_SOURCES,
};

struct output_sink {
    /** A masked line: UTF-8 without line end, at most LOG_LINE_MAX bytes, valid during the call
     * only. */
    void (*line)(void *ctx, enum log_category category, int64_t at_ms, struct str text);
    /** A well-formed message, also of unknown name. Stream modes and `mask` have taken effect
     * already and are not passed on; a sensitive setVariable is masked already and is passed on.
     * Valid during the call only. */
    void (*message)(void *ctx, const struct service_message *msg, int64_t at_ms);
    void *ctx;
};

struct output;
/** ${m}: the secrets of the task, borrowed for the object's life; announced ones are added to it.
 */
struct output *output_new(struct masker *m);
void output_free(struct output *o);
void output_freep(struct output **o);
/** Takes over a saved cursor (into a new object). ERR_CORRUPT when ${saved} is not what output_save
 * makes; ${o} can only be freed then. */
int output_load(struct output *o, const json_t *saved, struct error *e) MUST_USE;
/** Appends the cursor as compact JSON. It may hold secrets: seal it before it is stored. */
void output_save(const struct output *o, struct buf *out);
/** Appends the masks announced from number *${at} on as a JSON array and moves *${at} behind them;
 * false when there are none. They are kept apart from the cursor, so that what has been written
 * once need not be written with each. */
bool output_save_masks(const struct output *o, size_t *at, struct buf *out);
/** Announces again what output_save_masks wrote. ERR_CORRUPT. */
int output_load_masks(struct output *o, struct str saved, struct error *e) MUST_USE;
/** Takes one fragment. ${continues}: more of its last line may follow; false: a last line without
 * newline ends here, so that an empty fragment ends the partial line that is held back, or is an
 * empty line when there is none. A line has the time ${at_ms} of the fragment that completes it. */
void output_feed(struct output *o, enum output_source source, struct str data, bool continues,
                 int64_t at_ms, const struct output_sink *sink);
/** The script has ended: passes on what is held back. Feeding again starts new lines. */
void output_finish(struct output *o, int64_t at_ms, const struct output_sink *sink);
/** Some non-blank line of stderr did not start with ##octopus
 * (Octopus.Action.FailScriptOnErrorOutput). Partial lines count once they are passed on. */
bool output_stderr_seen(const struct output *o);
/** Masks announced so far. */
size_t output_masks(const struct output *o);
/** The value was not masked because the masker's limits are passed, at least once. */
bool output_masks_lost(const struct output *o);
#endif
