/* dashboard.c - see dashboard.h. The newest task of a project in an environment is the last one of
 * its range in the index task_latest: one look for each pair that is shown. */
#include "store/dashboard.h"

#include "db/query.h"

static const char SQL_ROWS[] =
    "select t.id, t.subject_id, t.project_id, t.environment_id, rel.to_id, d.name, t.state, "
    "t.error, ch.to_id, dep.created_at, t.queued_at, t.started_at, t.completed_at, t.has_warnings "
    "from task t join document dep on dep.id = t.subject_id "
    "join reference rel on rel.from_id = t.subject_id and rel.member = 'ReleaseId' "
    "join document d on d.id = rel.to_id "
    "left join reference ch on ch.from_id = t.subject_id and ch.member = 'ChannelId' "
    "where t.rank in (";
static const char SQL_ORDER[] = ") order by t.rank desc";

static void read_row(struct db_rows *r, struct arena *a, struct dashboard_row *x)
{
    x->task_id = arena_strdup(a, db_text(r, 0));
    x->deployment_id = arena_strdup(a, db_text(r, 1));
    x->project_id = arena_strdup(a, db_text(r, 2));
    x->environment_id = arena_strdup(a, db_text(r, 3));
    x->release_id = arena_strdup(a, db_text(r, 4));
    x->release_version = arena_strdup(a, db_text(r, 5));
    x->state = arena_strdup(a, db_text(r, 6));
    x->error = arena_strdup(a, db_text(r, 7));
    x->channel_id = arena_strdup(a, db_text(r, 8));
    x->created_at = db_i64(r, 9);
    x->queued_at = db_i64(r, 10);
    x->started_at = db_i64(r, 11);
    x->completed_at = db_i64(r, 12);
    x->has_warnings = db_i64(r, 13) != 0;
}

static int read_rows(struct db_tx *tx, struct query *q, struct arena *a, struct dashboard_rows *ret,
                     struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct dashboard_row) list = {0};
    int r;

    query_add(q, SQL_ORDER);
    if (query_rows(tx, q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_row(rows, a, ARENA_ADD(a, &list));
    *ret = (struct dashboard_rows){list.items, list.n};
    return r;
}

int dashboard_of_release(struct db_tx *tx, const char *release_id, struct arena *a,
                         struct dashboard_rows *ret, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;

    query_add(&q, SQL_ROWS);
    query_add1(&q,
               "select max(x.rank) from reference r join task x on x.subject_id = r.from_id where "
               "r.to_id = ? and r.member = 'ReleaseId' group by x.environment_id",
               TEXT(release_id));
    return read_rows(tx, &q, a, ret, e);
}

#define NEWEST(name)                                                                           \
    "(select max(" name ".rank) from task " name " where " name ".project_id = p.id and " name \
    ".environment_id = e.id and " name ".kind = 'Deploy'"
static const char SQL_NEWEST[] = "select " NEWEST("x") ")";
static const char SQL_PREVIOUS[] =
    "select " NEWEST("x") " and x.state = 'Success' and x.rank < " NEWEST("y") "))";

static int of_pairs(struct db_tx *tx, const char *rank, const struct dashboard_query *w,
                    struct arena *a, struct dashboard_rows *ret, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;

    query_add(&q, SQL_ROWS);
    query_add(&q, rank);
    query_add(&q, " from document p, document e where p.kind = 'Projects' and e.kind = "
                  "'Environments'");
    query_add1(&q, " and p.space_id = ?", TEXT(w->space_id));
    query_add1(&q, " and e.space_id = ?", TEXT(w->space_id));
    if (w->projects) query_add_in(&q, " and p.id in", w->projects, w->n_projects);
    if (w->environments) query_add_in(&q, " and e.id in", w->environments, w->n_environments);
    return read_rows(tx, &q, a, ret, e);
}

int dashboard_newest(struct db_tx *tx, const struct dashboard_query *q, struct arena *a,
                     struct dashboard_rows *ret, struct error *e)
{
    return of_pairs(tx, SQL_NEWEST, q, a, ret, e);
}

int dashboard_previous(struct db_tx *tx, const struct dashboard_query *q, struct arena *a,
                       struct dashboard_rows *ret, struct error *e)
{
    return of_pairs(tx, SQL_PREVIOUS, q, a, ret, e);
}
