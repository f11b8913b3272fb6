/* dashboard_item.h - a deployment as dashboards and progressions show it. */
#ifndef API_DASHBOARD_ITEM_H
#define API_DASHBOARD_ITEM_H
#include "api/app.h"
#include "store/dashboard.h"

/** A new reference. ${previous}: it stands for the last success, not for what is newest. */
json_t *dashboard_item(const struct app *app, const struct dashboard_row *row, bool previous);
/** What it says, id and name, of something in a list of choices. New reference. */
json_t *reference_item(const char *id, const char *name);
#endif
