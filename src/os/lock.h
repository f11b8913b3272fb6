/* lock.h - open-file-description locks on ranges of a file.
 *
 * Such a lock belongs to the open file, not to the process: it is shared with forked children,
 * stays when another descriptor of the same file is closed, and goes when the last duplicate of
 * this one is. Any thread. */
#ifndef OS_LOCK_H
#define OS_LOCK_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };

/** Takes bytes [${at}, ${at} + ${n}) of ${fd}: 1 = taken, 0 = another open file holds them, -1 =
 * error. */
int lock_try(int fd, enum lock_kind kind, off_t at, off_t n, struct error *e) MUST_USE;
/** Same, waiting for it. */
int lock_wait(int fd, enum lock_kind kind, off_t at, off_t n, struct error *e) MUST_USE;
void lock_release(int fd, off_t at, off_t n);
/** True when another open file holds any of those bytes, exclusively or shared. */
bool lock_is_held(int fd, off_t at, off_t n);
#endif
