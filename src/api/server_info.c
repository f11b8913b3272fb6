/* server_info.c - the server about itself: root documents, status, capabilities, OpenAPI.
 * Facts: rest.md 1.3, 1.5, 2.8. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "api/app.h"
#include "api/openapi.h"
#include "api/paging.h"
#include "api/resource.h"
#include "api/routes.h"
#include "api/server_counts.h"
#include "base/time.h"
#include "model/command.h"
#include "model/root.h"
#include "store/space.h"

static int default_space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    return space_default_get(tx, c->arena, &c->space_id, e);
}

static int root(struct call *c, struct error *e)
{
    struct app *app = call_app(c);

    if (db_read(app->db, default_space_tx, c, e) < 0) return -1;
    c->out = json_object();
    jv_set_str(c->out, "Application", "Bobtail");
    jv_set_str(c->out, "Version", app->version);
    jv_set_str(c->out, "ApiVersion", "3.0.0");
    jv_set_str(c->out, "InstallationId", app->installation_id);
    jv_set_bool(c->out, "IsEarlyAccessProgram", false);
    jv_set_bool(c->out, "HasLongTermSupport", true);
    jv_set(c->out, "Links", root_links(c->space_id));
    return 0;
}

static int space_root(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_str(c->out, "Id", c->space_id);
    jv_set(c->out, "Links", space_links(c->space_id));
    return 0;
}

/* The commands by the names of their bodies, and those that clients ask for by name. */
static int capabilities(struct call *c, struct error *e)
{
    json_t *list = json_array();

    (void)e;
    jv_push(list, jv_string("GetAllSpacesRequest"));
    for (const struct named_table *t = command_tables; t->name; t++)
        if (strstr(t->name, "CommandV1")) jv_push(list, jv_string(t->name));
    c->out = json_object();
    jv_set(c->out, "Capabilities", list);
    return 0;
}

/* There are no toggles: everything that is there is on. */
static int feature_toggles(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set(c->out, "FeatureToggles", json_array());
    return 0;
}

static int status(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_object();
    jv_set_bool(c->out, "IsDatabaseEncrypted", true);
    jv_set_bool(c->out, "IsMajorMinorUpgrade", false);
    jv_set_bool(c->out, "IsInMaintenanceMode", engine_load(call_app(c)->engine).in_maintenance);
    jv_set_bool(c->out, "IsPotentialClone", false);
    jv_set_bool(c->out, "IsUpgradeAvailable", false);
    jv_set(c->out, "MaintenanceExpires", json_null());
    jv_set_str(c->out, "MaximumAvailableVersion", call_app(c)->version);
    jv_set_str(c->out, "MaximumAvailableVersionCoveredByLicense", call_app(c)->version);
    json_t *links = json_object();
    jv_set_str(links, "Self", "/api/serverstatus");
    jv_set_str(links, "SystemInfo", "/api/serverstatus/system-info");
    jv_set(c->out, "Links", links);
    return 0;
}

/* Nothing is added to this program from outside. */
static int extensions(struct call *c, struct error *e)
{
    (void)e;
    c->out = json_array();
    return 0;
}

static int system_info(struct call *c, struct error *e)
{
    char up[TIME_TEXT_SIZE];
    struct utsname os;

    (void)e;
    uname(&os);
    c->out = json_object();
    jv_set_str(c->out, "Version", call_app(c)->version);
    jv_set_str(c->out, "OSVersion",
               arena_fmt(c->arena, "%s %s %s", os.sysname, os.release, os.machine));
    jv_set_str(c->out, "ClrVersion", "none");
    jv_set_str(c->out, "Uptime",
               time_span(clock_now(call_app(c)->clock) - call_app(c)->started_at + 1, up));
    jv_set_i64(c->out, "WorkingSetBytes", process_number("VmRSS:") * 1024);
    jv_set_i64(c->out, "ThreadCount", process_number("Threads:"));
    jv_set_i64(c->out, "MinThreadPoolCount", 1);
    return 0;
}

static int openapi(struct call *c, struct error *e)
{
    (void)e;
    struct openapi_options o = {.tables = api_tables,
                                .n_tables = api_tables_n,
                                .title = "Bobtail",
                                .version = call_app(c)->version,
                                .schema_of = schema_describe};
    c->out = openapi_document(&o);
    return 0;
}

static const struct route_query toggle_query[] = {{"Name", QUERY_TEXT, "name of one toggle"},
                                                  {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api", root, PERM_ANONYMOUS, .out = root_fields, .out_name = "Root",
     .doc = "the root document: version and links"},
    {"GET", "/api/{space}", space_root, PERM_AUTHENTICATED, .out = space_root_fields,
     .out_name = "SpaceRoot", .doc = "links of a space"},
    {"GET", "/api/capabilities", capabilities, PERM_AUTHENTICATED, .out = capabilities_fields,
     .out_name = "Capabilities", .doc = "requests that this server knows"},
    {"GET", "/api/configuration/feature-toggles", feature_toggles, PERM_AUTHENTICATED,
     .out = feature_toggles_fields, .out_name = "FeatureToggles", .query = toggle_query,
     .doc = "feature toggles that are on"},
    {"GET", "/api/serverstatus", status, PERM_AUTHENTICATED, .out = server_status_fields,
     .out_name = "ServerStatus", .doc = "state of the installation"},
    {"GET", "/api/serverstatus/timezones", server_time_zones, PERM_AUTHENTICATED,
     .out = time_zone_fields, .out_name = "TimeZone", .shape = ROUTE_ARRAY,
     .doc = "time zones known to the server"},
    {"GET", "/api/serverstatus/counts", server_counts, PERM_AUTHENTICATED,
     .out = server_counts_fields, .out_name = "ServerCounts", .doc = "how much of what there is"},
    {"GET", "/api/serverstatus/extensions", extensions, PERM_AUTHENTICATED, .out = NULL,
     .shape = ROUTE_ARRAY, .doc = "extensions of the server: there are none"},
    {"GET", "/api/serverstatus/system-info", system_info, "AdministerSystem",
     .out = system_info_fields, .out_name = "SystemInfo", .doc = "process and machine"},
    {"GET", "/api/openapi.json", openapi, PERM_ANONYMOUS, .doc = "this description of the API"},
};
const struct route_table server_routes = {rows, ARRAY_LEN(rows)};
