/* releases.c - releases: a version of a project with its process and variables as they are now.
 * Facts: rest.md 2.13. */
#include <string.h>

#include "api/executions.h"
#include "api/library.h"
#include "api/promotion.h"
#include "api/release_packages.h"
#include "api/release_version.h"
#include "model/command.h"
#include "store/promotion.h"

/* A release as asked for by a command or by a document. */
struct release {
    struct call *c;
    const char *project, *channel; /* ids, names or slugs; channel "" = the default one */
    const char *project_member, *channel_member, *version_member;
    const char *version; /* "" = the next one */
    bool ignore_existing;
    struct package_wish packages;
    const json_t *asked;   /* other members of the document */
    json_t *made;          /* the release, new or found */
    const char *automatic; /* names of environments that it goes to by itself now; "" = none */
};

static int find_channel(struct db_tx *tx, struct release *x, const json_t *project, json_t **ret,
                        struct error *e)
{
    if (str_blank(x->channel)) return channel_default(tx, x->c, project, ret, e);
    return execution_find(tx, x->c, &channel_resource, text(project, "Id"), x->channel_member,
                          x->channel, ret, e);
}

/* What the release is made of. */
struct parts {
    json_t *project, *channel, *process, *packages; /* packages: SelectedPackages */
    const char *version;
};

static void parts_done(struct parts *p)
{
    json_decref(p->project);
    json_decref(p->channel);
    json_decref(p->process);
    json_decref(p->packages);
}

static int read_parts(struct db_tx *tx, struct release *x, struct parts *p, struct error *e)
{
    struct call *c = x->c;
    struct document d;

    if (execution_find(tx, c, &project_resource, NULL, x->project_member, x->project, &p->project,
                       e) < 0 ||
        execution_check_enabled(p->project, x->project_member, e) < 0 ||
        find_channel(tx, x, p->project, &p->channel, e) < 0 ||
        document_get(tx, deployment_process_resource.kind, text(p->project, "DeploymentProcessId"),
                     c->arena, &d, e) < 0)
        return -1;
    if (x->packages.ignore_rules && !jv_bool(p->project, "AllowIgnoreChannelRules", true))
        return fail_at(e, "IgnoreChannelRules",
                       "IgnoreChannelRules: project '%s' does not let releases break the rules of "
                       "their channel",
                       text(p->project, "Name"));
    return document_json(&d, &p->process, e);
}

/* The version that nobody named: that of the package that names releases, else the next one. */
static int find_version(struct db_tx *tx, struct release *x, struct parts *p, struct error *e)
{
    if (packages_donor(x->c, p->project, p->process, p->packages, x->version_member, &p->version,
                       e) < 0)
        return -1;
    if (p->version) return release_version_check(p->version, x->version_member, e);
    return release_version_next(tx, x->c, p->project, p->channel, &p->version, e);
}

/* 1 = there is a release of that version already. */
static int find_existing(struct db_tx *tx, struct release *x, const char *project_id,
                         const char *version, struct error *e)
{
    struct document_query q = {.kind = release_resource.kind,
                               .space_id = x->c->space_id,
                               .owner_id = project_id,
                               .name = version,
                               .take = 1};
    struct document_page page;

    if (document_list(tx, &q, x->c->arena, &page, e) < 0) return -1;
    if (page.n == 0) return 0;
    if (!x->ignore_existing)
        return fail_at(e, x->version_member, "%s: there is a release '%s' of this project already",
                       x->version_member, version);
    return document_json(&page.items[0], &x->made, e) < 0 ? -1 : 1;
}

static int freeze(struct db_tx *tx, struct call *c, const json_t *project, json_t *doc,
                  struct error *e)
{
    const char *process, *variables;

    if (execution_freeze(tx, c, &deployment_process_resource, text(project, "DeploymentProcessId"),
                         &process, e) < 0 ||
        execution_freeze(tx, c, &variable_set_resource, text(project, "VariableSetId"), &variables,
                         e) < 0)
        return -1;
    jv_set_str(doc, "ProjectDeploymentProcessSnapshotId", process);
    jv_set_str(doc, "ProjectVariableSetSnapshotId", variables);
    return library_freeze(tx, c, project, doc, e);
}

/* Where a release that was just made goes by itself; its lifecycle will see to it. */
static int name_automatic(struct db_tx *tx, struct release *x, const json_t *project,
                          const json_t *release, struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    struct call *c = x->c;

    if (standing_read(tx, c, project, release, &s, e) < 0) return -1;
    struct promotion_ids next = promotion_automatic(&s.p, c->arena);
    for (size_t i = 0; i < next.n; i++) {
        struct document d;
        if (document_get(tx, environment_resource.kind, next.items[i], c->arena, &d, e) < 0)
            return -1;
        x->automatic = arena_fmt(c->arena, "%s%s%s", x->automatic, i ? ", " : "", d.name);
    }
    return next.n ? promotion_mark(tx, text(release, "Id"), clock_now(call_app(c)->clock), e) : 0;
}

/* Version and packages: 1 = there is such a release already. */
static int choose(struct db_tx *tx, struct release *x, struct parts *p, struct error *e)
{
    const char *project = text(p->project, "Id");
    bool named = !str_blank(x->version);

    p->version = x->version;
    if (named) {
        if (release_version_check(p->version, x->version_member, e) < 0) return -1;
        int found = find_existing(tx, x, project, p->version, e);
        if (found) return found;
    }
    if (packages_choose(tx, x->c, p->process, p->channel, &x->packages, &p->packages, e) < 0)
        return -1;
    if (named) return 0;
    return find_version(tx, x, p, e) < 0 ? -1 : find_existing(tx, x, project, p->version, e);
}

/* The document, decoded, with what it freezes. */
static int make(struct db_tx *tx, struct release *x, struct parts *p, json_t **ret, struct error *e)
{
    struct call *c = x->c;
    json_auto_t *in = json_copy((json_t *)x->asked), *doc = NULL;

    jv_set_str(in, "ProjectId", text(p->project, "Id"));
    jv_set_str(in, "ChannelId", text(p->channel, "Id"));
    jv_set_str(in, "Version", p->version);
    jv_set_bool(in, "IgnoreChannelRules", x->packages.ignore_rules);
    json_object_set(in, "SelectedPackages", p->packages);
    if (resource_decode(c, &release_resource, in, NULL, &doc, e) < 0) return -1;
    jv_set_time(doc, "Assembled", clock_now(call_app(c)->clock));
    if (freeze(tx, c, p->project, doc, e) < 0) return -1;
    *ret = TAKE(doc);
    return 0;
}

static int create_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(parts_done) struct parts p = {0};
    struct release *x = ctx;
    struct call *c = x->c;
    json_auto_t *doc = NULL;

    json_decref(x->made);
    x->made = NULL;
    x->automatic = "";
    if (read_parts(tx, x, &p, e) < 0) return -1;
    int found = choose(tx, x, &p, e);
    if (found) return found < 0 ? -1 : 0;
    if (make(tx, x, &p, &doc, e) < 0 || resource_insert(tx, c, &release_resource, doc, e) < 0 ||
        name_automatic(tx, x, p.project, doc, e) < 0)
        return -1;
    x->made = TAKE(doc);
    return 0;
}

int release_make(struct db_tx *tx, struct call *c, const char *project_id, const char *channel_id,
                 const char *notes, json_t **ret, struct error *e)
{
    json_auto_t *asked = json_object();
    struct release x = {.c = c,
                        .project = project_id,
                        .project_member = "ProjectId",
                        .channel = channel_id,
                        .channel_member = "ChannelId",
                        .version = "",
                        .version_member = "Version",
                        .asked = asked};

    jv_set_str(asked, "ReleaseNotes", notes);
    if (create_tx(tx, &x, e) < 0) return -1;
    *ret = x.made;
    return 0;
}

static int create(struct release *x, struct error *e)
{
    if (execution_prepare(x->c, create_tx, x, e) < 0) {
        json_decref(x->made);
        return -1;
    }
    if (!str_blank(x->automatic)) engine_promote(call_app(x->c)->engine);
    return 0;
}

static int create_v1(struct call *c, struct error *e)
{
    json_auto_t *command = NULL, *asked = json_object();
    static const char *const same[] = {"ReleaseNotes", "CustomFields"};

    if (execution_command(c, create_release_fields, &command, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        json_object_set(asked, same[i], json_object_get(command, same[i]));
    struct release x = {
        .c = c,
        .project = text(command, "ProjectName"),
        .project_member = "projectName",
        .channel = jv_str(command, "ChannelName", text(command, "ChannelIdOrName")),
        .channel_member = "channelName",
        .version = text(command, "ReleaseVersion"),
        .version_member = "releaseVersion",
        .ignore_existing = jv_bool(command, "IgnoreIfAlreadyExists", false),
        .asked = asked,
        .packages = {.texts = jv_get(command, "Packages"),
                     .version = text(command, "PackageVersion"),
                     .prerelease = text(command, "PackagePrerelease"),
                     .ignore_rules = jv_bool(command, "IgnoreChannelRules", false)}};
    if (create(&x, e) < 0) return -1;
    c->out = json_object();
    jv_set_str(c->out, "ReleaseId", text(x.made, "Id"));
    jv_set_str(c->out, "ReleaseVersion", text(x.made, "Version"));
    if (!str_blank(x.automatic))
        jv_set_str(c->out, "AutomaticallyDeployedEnvironments", x.automatic);
    json_decref(x.made);
    return 0;
}

/* The classic form: a Release document. */
static int create_classic(struct call *c, struct error *e)
{
    struct release x = {.c = c,
                        .project_member = "ProjectId",
                        .channel_member = "ChannelId",
                        .version_member = "Version",
                        .asked = c->body,
                        .packages = {.selected = jv_get(c->body, "SelectedPackages")}};
    bool by_query;

    if (call_query_flag(c, "ignoreChannelRules", false, &by_query, e) < 0 ||
        call_flag(c, "IgnoreChannelRules", by_query, &x.packages.ignore_rules, e) < 0)
        return -1;
    x.packages.ignore_rules |= by_query;
    if (call_text_required(c, "ProjectId", &x.project, e) < 0 ||
        call_text(c, "Version", "", &x.version, e) < 0 ||
        call_text(c, "ChannelId", "", &x.channel, e) < 0 || create(&x, e) < 0)
        return -1;
    resource_reply(c, &release_resource, x.made);
    json_decref(x.made);
    return 0;
}

/* Other packages or another channel: what was frozen decides what is wanted. */
static int choose_again(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                        struct error *e)
{
    struct package_wish wish = {.selected = jv_get(doc, "SelectedPackages"),
                                .ignore_rules = jv_bool(doc, "IgnoreChannelRules", false)};
    json_auto_t *channel = NULL, *process = NULL, *chosen = NULL;
    struct document d;

    if (execution_find(tx, c, &channel_resource, text(stored, "ProjectId"), "ChannelId",
                       text(doc, "ChannelId"), &channel, e) < 0 ||
        document_get(tx, deployment_process_resource.kind,
                     text(stored, "ProjectDeploymentProcessSnapshotId"), c->arena, &d, e) < 0 ||
        document_json(&d, &process, e) < 0 ||
        packages_choose(tx, c, process, channel, &wish, &chosen, e) < 0)
        return -1;
    json_object_set(doc, "SelectedPackages", chosen);
    return 0;
}

static int check_changed(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    if (release_version_check(text(doc, "Version"), "Version", e) < 0) return -1;
    if (json_equal(jv_get(doc, "SelectedPackages"), jv_get(stored, "SelectedPackages")) &&
        strcmp(text(doc, "ChannelId"), text(stored, "ChannelId")) == 0)
        return 0;
    return choose_again(tx, c, doc, stored, e);
}

static int update(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.before = check_changed};

    return resource_update_with(c, &hooks, e);
}

int release_update_variables(struct db_tx *tx, struct call *c, const json_t *project,
                             json_t *release, int64_t expected, struct error *e)
{
    const char *variables;

    if (execution_freeze(tx, c, &variable_set_resource, text(project, "VariableSetId"), &variables,
                         e) < 0)
        return -1;
    jv_set_str(release, "ProjectVariableSetSnapshotId", variables);
    if (library_freeze(tx, c, project, release, e) < 0) return -1;
    return resource_replace(tx, c, &release_resource, release, expected, e);
}

static int snapshot_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    json_auto_t *release = NULL, *project = NULL;
    struct document d;

    if (resource_find(tx, c, &d, &release, e) < 0 ||
        resource_read(tx, c, &project_resource, NULL, text(release, "ProjectId"), &project, e) <
            0 ||
        release_update_variables(tx, c, project, release, d.row_version, e) < 0)
        return -1;
    resource_reply(c, &release_resource, release);
    return 0;
}

static int snapshot_variables(struct call *c, struct error *e)
{
    return execution_prepare(c, snapshot_tx, c, e);
}

static const struct route_query rules_query[] = {
    {"ignoreChannelRules", QUERY_FLAG, "it may break the rules of its channel"}, {NULL, 0, NULL}};
static const struct route rows[] = {
    {"POST", "/api/{space}/releases/create/v1", create_v1, "ReleaseCreate",
     .in = create_release_fields, .out = create_release_answer_fields, .status = 201,
     .in_name = "CreateReleaseCommandV1", .out_name = "CreateReleaseResponseV1",
     .doc = "creates a release of a project named by id or name"},
    RESOURCE_READ_ROUTES("releases", "Release", release_fields, release_query, "ReleaseView"),
    {"POST", "/api/{space}/releases", create_classic, "ReleaseCreate", .in = release_fields,
     .out = release_fields, .query = rules_query, .status = 201, .in_name = "Release",
     .out_name = "Release", .doc = "creates a release from its document"},
    RESOURCE_PUT_ROUTE("/api/{space}/releases/{id}", update, "Release", release_fields,
                       "ReleaseEdit", "changes version, channel and notes"),
    RESOURCE_DELETE_ROUTE("/api/{space}/releases", "ReleaseDelete"),
    {"POST", "/api/{space}/releases/{id}/snapshot-variables", snapshot_variables, "ReleaseEdit",
     .flags = ROUTE_OPTIONAL_BODY, .out = release_fields, .out_name = "Release",
     .doc = "gives the release the project's variables as they are now"},
    RESOURCE_LIST_ROUTE("/api/{space}/projects/{project}/releases", resource_list, "Release",
                        release_fields, release_query, "ReleaseView",
                        "releases of a project, newest first"),
    RESOURCE_GET_ROUTE("/api/{space}/projects/{project}/releases", "Release", release_fields,
                       "ReleaseView"),
    RESOURCE_LIST_ROUTE("/api/{space}/channels/{channel}/releases", resource_list, "Release",
                        release_fields, release_query, "ReleaseView",
                        "releases of a channel, newest first"),
    RESOURCE_LIST_ROUTE("/api/{space}/projects/{project}/channels/{channel}/releases",
                        resource_list, "Release", release_fields, release_query, "ReleaseView",
                        "releases of a channel, newest first"),
};
const struct route_table release_routes = {rows, ARRAY_LEN(rows)};
