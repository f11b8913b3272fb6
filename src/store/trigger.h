/* trigger.h - the only home of the SQL of table trigger_due: when scheduled triggers are due. All
 * functions run inside a transaction of db.h. */
#ifndef STORE_TRIGGER_H
#define STORE_TRIGGER_H
#include "base/arena.h"
#include "db/db.h"

/** Trigger ${id} is due at ${due_ms} (UTC ms); 0 = never. */
int trigger_set_due(struct db_tx *tx, const char *id, int64_t due_ms, struct error *e) MUST_USE;
/** The trigger that is due first: 1 with its id and time, 0 = there is none. */
int trigger_first_due(struct db_tx *tx, struct arena *a, const char **ret_id, int64_t *ret_due_ms,
                      struct error *e) MUST_USE;
/** Moves trigger ${id} from ${from_ms} on to ${to_ms} (0 = never): 1, or 0 when somebody else has
 * moved it. */
int trigger_move_due(struct db_tx *tx, const char *id, int64_t from_ms, int64_t to_ms,
                     struct error *e) MUST_USE;
#endif
