/* dashboard_item.h - a deployment as dashboards and progressions show it. */
#ifndef API_DASHBOARD_ITEM_H
#define API_DASHBOARD_ITEM_H
#include "api/app.h"
#include "store/dashboard.h"

/** A new reference. ${previous}: it stands for the last success, not for what is newest. */
json_t *dashboard_item(const struct app *app, const struct dashboard_row *row, bool previous);
/** Takes out the deployments that the caller may not view: it may view their projects and their
 * environments, and still not what is of both. */
int dashboard_permit(struct db_tx *tx, const struct call *c, struct dashboard_rows *rows,
                     struct error *e) MUST_USE;
/** What it says, id and name, of something in a list of choices. New reference. */
json_t *reference_item(const char *id, const char *name);
#endif
