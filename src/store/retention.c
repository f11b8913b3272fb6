/* retention.c - see retention.h. */
#include "store/retention.h"

#include <string.h>

#include "store/setting.h"
#include "store/task.h"

static const char SQL_DEPLOYMENTS[] =
    "select t.subject_id, r.to_id, t.environment_id, t.state, t.completed_at, t.queued_at "
    "from task t join reference r on r.from_id = t.subject_id and r.member = 'ReleaseId' "
    "where t.project_id = $1 and t.kind = 'Deploy' order by t.rank desc";
static const char SQL_RUNS[] =
    "select t.subject_id, t.runbook_id, t.environment_id, t.state, t.completed_at, t.queued_at "
    "from task t join document d on d.id = t.subject_id "
    "where t.project_id = $1 and t.kind = 'RunbookRun' and t.runbook_id = $2 order by t.rank desc";

static int read_rows(struct db_rows *rows_in, struct arena *a, struct retention_row **ret,
                     size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = rows_in;
    ARENA_LIST(struct retention_row) list = {0};
    int r;

    while ((r = db_next(rows, e)) > 0) {
        struct retention_row *x = ARENA_ADD(a, &list);
        x->subject_id = arena_strdup(a, db_text(rows, 0));
        x->owner_id = arena_strdup(a, db_text(rows, 1));
        x->environment_id = arena_strdup(a, db_text(rows, 2));
        x->state = arena_strdup(a, db_text(rows, 3));
        x->at_ms = db_i64(rows, 4) ? db_i64(rows, 4) : db_i64(rows, 5);
    }
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int retention_deployments(struct db_tx *tx, const char *project_id, struct arena *a,
                          struct retention_row **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_DEPLOYMENTS, ARGS(TEXT(project_id)), &rows, e) < 0) return -1;
    return read_rows(rows, a, ret, ret_n, e);
}

int retention_runs(struct db_tx *tx, const char *project_id, const char *runbook_id,
                   struct arena *a, struct retention_row **ret, size_t *ret_n, struct error *e)
{
    struct db_rows *rows = NULL;

    if (db_query(tx, SQL_RUNS, ARGS(TEXT(project_id), TEXT(runbook_id)), &rows, e) < 0) return -1;
    return read_rows(rows, a, ret, ret_n, e);
}

static const char SQL_TASKS[] =
    "select t.id, t.state, t.cleanup from task t where t.subject_id = $1 or t.subject_id in "
    "(select from_id from reference where to_id = $1 and member = 'ReleaseId') order by t.rank";

/* The next one, 0 = there is none. */
static int next_task(struct db_tx *tx, const char *subject_id, struct arena *a, const char **ret,
                     struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_TASKS, ARGS(TEXT(subject_id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r <= 0) return r;
    *ret = arena_strdup(a, db_text(rows, 0));
    if (task_state_ended(db_text(rows, 1)) && db_i64(rows, 2) == 0) return 1;
    return fail(e, ERR_CONFLICT, "%s is still at work", *ret);
}

int retention_delete_tasks(struct db_tx *tx, const char *subject_id, int64_t *left, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *id;
    int r = 1;

    while (*left > 0 && (r = next_task(tx, subject_id, &a, &id, e)) > 0)
        if (task_delete(tx, id, left, e) < 0) return -1;
    return r < 0 ? -1 : r == 0;
}

static const char *default_key(struct arena *a, const char *space_id, const char *type)
{
    return arena_fmt(a, "retention/%s/%s", space_id, type);
}

int retention_default_get(struct db_tx *tx, const char *space_id, const char *type, struct arena *a,
                          json_t **ret, struct error *e)
{
    const char *kept;

    if (setting_get(tx, default_key(a, space_id, type), a, &kept, e) < 0) return -1;
    if (kept == NULL && strcmp(type, "RunbookRetention") == 0)
        kept = "{\"Strategy\":\"Count\",\"Unit\":\"Items\",\"QuantityToKeep\":100}";
    if (kept == NULL) kept = "{\"Strategy\":\"Forever\",\"Unit\":\"Items\",\"QuantityToKeep\":0}";
    return jv_parse(kept, strlen(kept), ret, e);
}

int retention_default_put(struct db_tx *tx, const char *space_id, const char *type,
                          const json_t *doc, struct error *e)
{
    static const char *const members[] = {"Strategy", "Unit", "QuantityToKeep"};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *kept = json_object();

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        json_object_set(kept, members[i], jv_get(doc, members[i]));
    CLEANUP(freep) char *text = jv_text(kept);
    return setting_put(tx, default_key(&a, space_id, type), text, e);
}
