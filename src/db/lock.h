/* lock.h - one process per SQLite file; for src/db only. */
#ifndef DB_LOCK_H
#define DB_LOCK_H
#include "base/error.h"

/** Locks "${path}.lock" and writes this process's id into it; returns the descriptor that holds the
 * lock, which the kernel lets go when the process ends in any way. ERR_CONFLICT names the process
 * that has it. */
int lock_take(const char *path, struct error *e) MUST_USE;
#endif
