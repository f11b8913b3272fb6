/* masker.h - the secret values of a task, replaced by ******** wherever they occur in text.
 *
 * A value is masked line by line: each of its lines, without white space around, is a secret of its
 * own when it has three characters or more. All occurrences of all secrets are found; those that
 * overlap become one replacement. Any thread: readers and masker_add may run at the same time (a
 * reader-writer lock inside, held per call). */
#ifndef ENGINE_MASKER_H
#define ENGINE_MASKER_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define MASKER_TEXT "********"
#define MASKER_CHARACTERS_MIN 3 /* shorter secrets are not masked */
#define MASKER_PIECE_MAX \
    (8 * KiB) /* longest text looked for; longer secrets are masked in overlapping pieces */
#define MASKER_BYTES_MAX (16 * MiB) /* all secrets of a task together */
#define MASKER_SECRETS_MAX 20000    /* lines of secrets of a task */

struct masker;
struct masker *masker_new(void);
void masker_free(struct masker *m);
void masker_freep(struct masker **m);
/** Adds a secret value; it is copied and wiped at the end. What it holds already, blank and short
 * lines are skipped. False when a limit above is passed: that value is not masked, or not all of
 * it. */
bool masker_add(struct masker *m, struct str value) MUST_USE;
/** True when a line of ${value} is long enough to be masked. */
bool masker_can(struct str value);
/** Number that rises with each secret added; equal numbers mean equal behaviour. */
unsigned masker_generation(const struct masker *m);
/** Length in bytes of the longest text looked for; 0 when there is none. */
size_t masker_longest(const struct masker *m);

/** Bytes [from, to) of a text. */
struct mask_range {
    size_t from, to;
};
/** Finds the first secret that begins at or after ${from} in ${text}: its whole run, joined with
 * the occurrences that overlap it. False when there is none. */
bool masker_find(const struct masker *m, struct str text, size_t from, struct mask_range *ret);
/** Appends ${text} with its secrets replaced. */
void masker_apply(const struct masker *m, struct str text, struct buf *out);
#endif
