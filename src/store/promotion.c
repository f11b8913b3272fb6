/* promotion.c - see promotion.h. A mark that is there already is written again, so that whoever
 * takes it at the same time waits for this transaction, or this one for theirs. */
#include "store/promotion.h"

static const char SQL_MARK[] = "insert into promotion_due (release_id, at_ms) values ($1, $2) "
                               "on conflict (release_id) do update set at_ms = excluded.at_ms";

int promotion_mark(struct db_tx *tx, const char *release_id, int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_MARK, ARGS(TEXT(release_id), I64(now_ms)), e) < 0 ? -1 : 0;
}

/* Most lifecycles name nothing as automatic; then there is nothing to look at. Those of the channel
 * and of the project are asked, by what they point to. */
static const char SQL_RELEASE[] =
    "select r.to_id from task t join reference r on r.from_id = t.subject_id and r.member = "
    "'ReleaseId' where t.id = $1 and t.kind = 'Deploy' and exists (select 1 from reference ch "
    "join reference lc on lc.from_id in (ch.to_id, t.project_id) and lc.member = 'LifecycleId' "
    "join reference a on a.from_id = lc.to_id and a.member = 'Phases.AutomaticDeploymentTargets' "
    "where ch.from_id = r.to_id and ch.member = 'ChannelId')";

int promotion_mark_of_task(struct db_tx *tx, const char *task_id, int64_t now_ms, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    if (db_query(tx, SQL_RELEASE, ARGS(TEXT(task_id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r <= 0) return r;
    return promotion_mark(tx, arena_strdup(&a, db_text(rows, 0)), now_ms, e) < 0 ? -1 : 1;
}

int promotion_waits(struct db_tx *tx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, "select 1 from promotion_due limit 1", NO_ARGS, &rows, e) < 0) return -1;
    return db_next(rows, e);
}

static const char SQL_TAKE[] =
    "delete from promotion_due where release_id = (select release_id from promotion_due "
    "order by at_ms, release_id limit 1) returning release_id";

int promotion_take(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_TAKE, NO_ARGS, &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r > 0) *ret = arena_strdup(a, db_text(rows, 0));
    return r;
}

int promotion_forget(struct db_tx *tx, const char *release_id, struct error *e)
{
    return db_exec(tx, "delete from promotion_due where release_id = $1", ARGS(TEXT(release_id)),
                   e) < 0
               ? -1
               : 0;
}

static const char SQL_ONCE[] =
    "insert into automatic_deployment (release_id, environment_id, at_ms) values ($1, $2, $3) "
    "on conflict (release_id, environment_id) do nothing";

int promotion_once(struct db_tx *tx, const char *release_id, const char *environment_id,
                   int64_t now_ms, struct error *e)
{
    return db_exec(tx, SQL_ONCE, ARGS(TEXT(release_id), TEXT(environment_id), I64(now_ms)), e);
}
