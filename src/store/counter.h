/* counter.h - numbers for ids: the only home of the SQL of table counter. Inside a transaction of
 * db.h. */
#ifndef STORE_COUNTER_H
#define STORE_COUNTER_H
#include "db/db.h"

/** The next number of ${name}: 1, 2, 3, ...; never given twice once the transaction is committed.
 */
int counter_next(struct db_tx *tx, const char *name, int64_t *ret, struct error *e) MUST_USE;
/** Takes ${count} numbers at once: *${ret_first} .. *${ret_first} + count - 1. */
int counter_take(struct db_tx *tx, const char *name, int64_t count, int64_t *ret_first,
                 struct error *e) MUST_USE;
/** Whoever takes a number of ${name}, or this lock, waits until the transaction has ended. */
int counter_lock(struct db_tx *tx, const char *name, struct error *e) MUST_USE;
/** The last number taken of ${name}; 0 = none yet. */
int counter_last(struct db_tx *tx, const char *name, int64_t *ret, struct error *e) MUST_USE;
#endif
