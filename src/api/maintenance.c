/* maintenance.c - maintenance mode: who does not administer the system reads only, and no node
 * takes new tasks. Facts: MaintenanceConfiguration of the public clients. */
#include "api/app.h"
#include "api/resource.h"
#include "api/routes.h"
#include "store/setting.h"

static json_t *document(bool on)
{
    json_auto_t *o = json_object();

    jv_set_str(o, "Id", "maintenance");
    jv_set_bool(o, "IsInMaintenanceMode", on);
    return resource_answer(&maintenance_resource, o);
}

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    const char *value;

    if (setting_get(tx, ENGINE_MAINTENANCE, c->arena, &value, e) < 0) return -1;
    json_decref(c->out);
    c->out = document(value != NULL);
    return 0;
}

static int get(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, get_tx, c, e) < 0 ? -1 : 0;
}

static int set_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    bool on = jv_bool(c->body, "IsInMaintenanceMode", false);

    int r = on ? setting_put(tx, ENGINE_MAINTENANCE, "1", e)
               : setting_remove(tx, ENGINE_MAINTENANCE, e);
    if (r < 0) return -1;
    return resource_audit(tx, c, &maintenance_resource, "", "Modified",
                          on ? "switched on" : "switched off", "maintenance", "of all nodes", NULL,
                          e);
}

static int set(struct call *c, struct error *e)
{
    json_auto_t *doc = NULL;

    if (resource_decode(c, &maintenance_resource, c->body, NULL, &doc, e) < 0) return -1;
    if (db_write(call_app(c)->db, set_tx, c, e) < 0) return -1;
    if (engine_reload(call_app(c)->engine, e) < 0) return -1;
    c->out = document(jv_bool(doc, "IsInMaintenanceMode", false));
    return 0;
}

#define PATH "/api/maintenanceconfiguration"
static const struct route rows[] = {
    {"GET", PATH, get, "AdministerSystem", .out = maintenance_fields,
     .out_name = "MaintenanceConfiguration", .doc = "whether maintenance mode is on"},
    {"PUT", PATH, set, "AdministerSystem", .in = maintenance_fields, .out = maintenance_fields,
     .in_name = "MaintenanceConfiguration", .out_name = "MaintenanceConfiguration",
     .doc = "switches maintenance mode on or off, on all nodes"},
};
const struct route_table maintenance_routes = {rows, ARRAY_LEN(rows)};
