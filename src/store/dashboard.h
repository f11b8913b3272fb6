/* dashboard.h - which deployments stand where: reads tables task, reference and document by their
 * indexes, so that the cost grows with what is shown and not with what was ever deployed. Inside a
 * transaction of db.h; texts live in the arena given. */
#ifndef STORE_DASHBOARD_H
#define STORE_DASHBOARD_H
#include "base/arena.h"
#include "db/db.h"

struct dashboard_row {
    const char *task_id, *deployment_id, *project_id, *environment_id, *release_id,
        *release_version, *state, *error;
    const char *channel_id;                                  /* NULL when it is gone */
    int64_t created_at, queued_at, started_at, completed_at; /* UTC ms, 0 = not yet */
    bool has_warnings;
};
struct dashboard_rows {
    struct dashboard_row *items;
    size_t n;
};

/** The newest deployment of a release in each environment. */
int dashboard_of_release(struct db_tx *tx, const char *release_id, struct arena *a,
                         struct dashboard_rows *ret, struct error *e) MUST_USE;

struct dashboard_query {
    const char *space_id;
    const char *const *projects, *const *environments; /* ids; NULL = all of the space */
    size_t n_projects, n_environments;
};
/** The newest deployment of each project in each environment. */
int dashboard_newest(struct db_tx *tx, const struct dashboard_query *q, struct arena *a,
                     struct dashboard_rows *ret, struct error *e) MUST_USE;
/** The newest one before that which succeeded. */
int dashboard_previous(struct db_tx *tx, const struct dashboard_query *q, struct arena *a,
                       struct dashboard_rows *ret, struct error *e) MUST_USE;
#endif
