/* projects.c - project groups, lifecycles and projects. A new project comes with its default
 * channel, an empty process and an empty variable set. Facts: rest.md 2.11, 2.12. */
#include "api/copy.h"
#include "model/command.h"

#include <string.h>

/* A document from its table's defaults and a few members. Takes ${members} over. */
static int add(struct db_tx *tx, struct call *c, const struct resource *r, json_t *members,
               struct error *e)
{
    json_auto_t *in = members, *doc = NULL;
    const char *name;
    json_t *value;

    if (resource_decode(c, r, in, NULL, &doc, e) < 0) return -1;
    json_object_foreach (in, name, value)
        json_object_set(doc, name, value); /* read-only ones too */
    return resource_insert_made(tx, c, r, doc, e);
}

static int add_belongings(struct db_tx *tx, struct call *c, json_t *project, const json_t *stored,
                          struct error *e)
{
    const char *id = text(project, "Id");

    (void)stored;
    if (add(tx, c, &channel_resource,
            json_pack("{ss ss sb}", "Name", "Default", "ProjectId", id, "IsDefault", 1), e) < 0)
        return -1;
    if (add(tx, c, &deployment_process_resource,
            json_pack("{ss ss si s[]}", "Id", text(project, "DeploymentProcessId"), "ProjectId", id,
                      "Version", 0, "Steps"),
            e) < 0)
        return -1;
    return add(tx, c, &variable_set_resource,
               json_pack("{ss ss si s[]}", "Id", text(project, "VariableSetId"), "OwnerId", id,
                         "Version", 0, "Variables"),
               e);
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.after = add_belongings};

    return call_query(c, "clone") ? copy_project(c, e) : resource_create_with(c, &hooks, e);
}

/* ---- deployment settings: a part of the project that has an address of its own ---- */

static const char *const settings[] = {
    "ProjectConnectivityPolicy", "DefaultGuidedFailureMode", "DefaultToSkipIfAlreadyInstalled",
    "VersioningStrategy",        "ReleaseNotesTemplate",     "DeploymentChangesTemplate",
    "ForcePackageDownload"};

/* What a setting is called in the settings document. */
static const char *setting_name(size_t i) { return i == 0 ? "ConnectivityPolicy" : settings[i]; }

static void reply_settings(struct call *c, const json_t *project)
{
    json_auto_t *whole = resource_answer(&project_resource, project);
    const char *id = text(project, "Id");
    json_t *o = json_object(), *links = json_object();

    jv_set(o, "Id", json_sprintf("deploymentsettings-%s", id));
    jv_set_str(o, "SpaceId", text(project, "SpaceId"));
    jv_set_str(o, "ProjectId", id);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        json_object_set(o, setting_name(i), json_object_get(whole, settings[i]));
    jv_set(links, "Self",
           json_sprintf("/api/%s/projects/%s/deploymentsettings", text(project, "SpaceId"), id));
    jv_set(links, "Project", json_sprintf("/api/%s/projects/%s", text(project, "SpaceId"), id));
    jv_set(o, "Links", links);
    json_decref(c->out);
    c->out = o;
}

static int get_settings_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    json_auto_t *project = NULL;

    if (resource_find(tx, ctx, NULL, &project, e) < 0) return -1;
    reply_settings(ctx, project);
    return 0;
}

static int get_settings(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, get_settings_tx, c, e);
}

static int put_settings_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *stored = NULL, *in = NULL, *doc = NULL;
    struct document d;

    if (resource_find(tx, c, &d, &stored, e) < 0) return -1;
    in = json_copy(stored);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        json_t *v = jv_get(c->body, setting_name(i));
        if (v) json_object_set(in, settings[i], v);
    }
    if (resource_decode(c, &project_resource, in, stored, &doc, e) < 0) return -1;
    jv_set_str(doc, "Id", d.id);
    if (resource_replace(tx, c, &project_resource, doc, d.row_version, e) < 0) return -1;
    reply_settings(c, doc);
    return 0;
}

static int put_settings(struct call *c, struct error *e)
{
    return db_write(call_app(c)->db, put_settings_tx, c, e) < 0 ? -1 : 0;
}

static int summary_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct document_query runbooks = {.kind = runbook_resource.kind, .take = 0};
    json_auto_t *project = NULL, *process = NULL;
    struct document_page page;
    struct document d;

    if (resource_find(tx, c, NULL, &project, e) < 0 ||
        document_get(tx, deployment_process_resource.kind, text(project, "DeploymentProcessId"),
                     c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0)
        return -1;
    runbooks.owner_id = text(project, "Id");
    if (document_list(tx, &runbooks, c->arena, &page, e) < 0) return -1;
    json_decref(c->out);
    c->out = json_object();
    jv_set_bool(c->out, "HasDeploymentProcess", json_array_size(jv_get(process, "Steps")) > 0);
    jv_set_bool(c->out, "HasRunbooks", page.total > 0);
    return 0;
}

static int summary(struct call *c, struct error *e)
{
    return db_read(call_app(c)->db, summary_tx, c, e);
}

/* No project has a picture of its own; the colour tells them apart. */
static int logo(struct call *c, struct error *e)
{
    if (resource_get(c, e) < 0) return -1;
    unsigned hue = 0;
    for (const char *at = text(c->out, "Id"); *at; at++)
        hue = (hue * 31 + (unsigned char)*at) % 360;
    const char *svg = arena_fmt(c->arena,
                                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\" "
                                "width=\"64\" height=\"64\"><rect width=\"16\" height=\"16\" "
                                "rx=\"3\" fill=\"hsl(%u,40%%,40%%)\"/></svg>\n",
                                hue);
    json_decref(c->out);
    c->out = NULL;
    http_reply(c->res, 200, "image/svg+xml", svg, strlen(svg));
    return 0;
}

#define CRUD(segment, res, table, noun)                                     \
    RESOURCE_READ_ROUTES(segment, res, table, resource_query, noun "View"), \
        RESOURCE_WRITE_ROUTES(segment, res, table, noun "Create", noun "Edit", noun "Delete")
static const struct route_query clone_query[] = {
    {"clone", QUERY_TEXT, "a project: all of it but releases and runs is copied"}, {NULL, 0, NULL}};
static const struct route rows[] = {
    CRUD("projectgroups", "ProjectGroup", project_group_fields, "ProjectGroup"),
    RESOURCE_LIST_ROUTE("/api/{space}/projectgroups/{group}/projects", resource_list, "Project",
                        project_fields, resource_query, "ProjectView", "projects of a group"),
    CRUD("lifecycles", "Lifecycle", lifecycle_fields, "Lifecycle"),
    {"GET", "/api/{space}/lifecycles/{lifecycle}/projects", resource_all, "ProjectView",
     .out = project_fields, .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Project",
     .doc = "projects that use a lifecycle"},
    RESOURCE_READ_ROUTES("projects", "Project", project_fields, project_query, "ProjectView"),
    {"POST", "/api/{space}/projects", create, "ProjectCreate", .in = project_fields,
     .out = project_fields, .query = clone_query, .status = 201, .in_name = "Project",
     .out_name = "Project",
     .doc = "creates a project with its channel, process and variable set, or copies one"},
    {"GET", "/api/{space}/projects/{id}/summary", summary, "ProjectView",
     .out = project_summary_fields, .out_name = "ProjectSummary", .doc = "what a project has"},
    {"GET", "/api/{space}/projects/{id}/logo", logo, "ProjectView", .shape = ROUTE_BYTES,
     .doc = "the picture of a project"},
    RESOURCE_PUT_ROUTE("/api/{space}/projects/{id}", resource_update, "Project", project_fields,
                       "ProjectEdit", "replaces a project"),
    RESOURCE_DELETE_ROUTE("/api/{space}/projects", "ProjectDelete"),
    {"GET", "/api/{space}/projects/{id}/deploymentsettings", get_settings, "ProjectView",
     .out = deployment_settings_fields, .out_name = "DeploymentSettings",
     .doc = "how a project is deployed: versions, guided failure, unavailable targets"},
    {"PUT", "/api/{space}/projects/{id}/deploymentsettings", put_settings, "ProjectEdit",
     .in = deployment_settings_fields, .in_name = "DeploymentSettings",
     .out = deployment_settings_fields, .out_name = "DeploymentSettings",
     .doc = "changes how a project is deployed"},
};
const struct route_table project_routes = {rows, ARRAY_LEN(rows)};
