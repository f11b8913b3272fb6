/* setting.h - one text per key: installation id, incarnation, server settings. The only home of the
 * SQL of table setting. Inside a transaction of db.h. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H
#include "base/arena.h"
#include "db/db.h"

/** *${ret} = the value, NULL when there is none. */
int setting_get(struct db_tx *tx, const char *key, struct arena *a, const char **ret,
                struct error *e) MUST_USE;
int setting_put(struct db_tx *tx, const char *key, const char *value, struct error *e) MUST_USE;
/** Stores ${value} unless the key has one; *${ret} = what stands there now. 1 = it was stored, 0 =
 * it was there. */
int setting_once(struct db_tx *tx, const char *key, const char *value, struct arena *a,
                 const char **ret, struct error *e) MUST_USE;
/** 1 = it was there, 0 = not. */
int setting_remove(struct db_tx *tx, const char *key, struct error *e) MUST_USE;
#endif
