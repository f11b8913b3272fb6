/* promotion.h - the only home of the SQL of tables promotion_due and automatic_deployment: releases
 * that their lifecycle must look at, and where it has sent them. All functions run inside a
 * transaction of db.h. */
#ifndef STORE_PROMOTION_H
#define STORE_PROMOTION_H
#include "base/arena.h"
#include "db/db.h"

/** Release ${release_id} must be looked at. */
int promotion_mark(struct db_tx *tx, const char *release_id, int64_t now_ms,
                   struct error *e) MUST_USE;
/** The same for the release that task ${task_id} deploys: 1 = marked, 0 = it is about something
 * else, or no lifecycle of the release deploys anything by itself. */
int promotion_mark_of_task(struct db_tx *tx, const char *task_id, int64_t now_ms,
                           struct error *e) MUST_USE;
/** 1 = a release is on the list, 0 = none. */
int promotion_waits(struct db_tx *tx, struct error *e) MUST_USE;
/** Takes the release that waits longest off the list: 1 with its id, 0 = none waits. What is marked
 * before the commit of this transaction is seen by it, or stays marked. */
int promotion_take(struct db_tx *tx, struct arena *a, const char **ret, struct error *e) MUST_USE;
/** Takes this release off the list. */
int promotion_forget(struct db_tx *tx, const char *release_id, struct error *e) MUST_USE;
/** Notes that the lifecycle sends the release there: 1 = for the first time, 0 = it has before. */
int promotion_once(struct db_tx *tx, const char *release_id, const char *environment_id,
                   int64_t now_ms, struct error *e) MUST_USE;
#endif
