/* releases.c - releases: a version of a project with its process and variables as they are now.
 * Facts: rest.md 2.13. */
#include <string.h>

#include "api/executions.h"
#include "api/library.h"
#include "api/promotion.h"
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

static int choose_version(struct db_tx *tx, struct release *x, const json_t *project,
                          const json_t *channel, const char **ret, struct error *e)
{
    if (str_blank(x->version)) return release_version_next(tx, x->c, project, channel, ret, e);
    *ret = x->version;
    return release_version_check(x->version, x->version_member, e);
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

    x->automatic = "";
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

static int create_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct release *x = ctx;
    struct call *c = x->c;
    json_auto_t *project = NULL, *channel = NULL, *in = json_copy((json_t *)x->asked), *doc = NULL;
    const char *version;

    json_decref(x->made);
    x->made = NULL;
    if (execution_find(tx, c, &project_resource, NULL, x->project_member, x->project, &project, e) <
            0 ||
        execution_check_enabled(project, x->project_member, e) < 0 ||
        find_channel(tx, x, project, &channel, e) < 0 ||
        choose_version(tx, x, project, channel, &version, e) < 0)
        return -1;
    int found = find_existing(tx, x, text(project, "Id"), version, e);
    if (found) return found < 0 ? -1 : 0;
    jv_set_str(in, "ProjectId", text(project, "Id"));
    jv_set_str(in, "ChannelId", text(channel, "Id"));
    jv_set_str(in, "Version", version);
    if (resource_decode(c, &release_resource, in, NULL, &doc, e) < 0) return -1;
    jv_set_time(doc, "Assembled", clock_now(call_app(c)->clock));
    if (freeze(tx, c, project, doc, e) < 0 ||
        resource_insert(tx, c, &release_resource, doc, e) < 0 ||
        name_automatic(tx, x, project, doc, e) < 0)
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
    static const char *const same[] = {"ReleaseNotes", "IgnoreChannelRules", "CustomFields"};

    if (execution_command(c, create_release_fields, &command, e) < 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        json_object_set(asked, same[i], json_object_get(command, same[i]));
    struct release x = {.c = c,
                        .project = text(command, "ProjectName"),
                        .project_member = "projectName",
                        .channel = jv_str(command, "ChannelName", text(command, "ChannelIdOrName")),
                        .channel_member = "channelName",
                        .version = text(command, "ReleaseVersion"),
                        .version_member = "releaseVersion",
                        .ignore_existing = jv_bool(command, "IgnoreIfAlreadyExists", false),
                        .asked = asked};
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
                        .asked = c->body};

    if (call_text_required(c, "ProjectId", &x.project, e) < 0 ||
        call_text(c, "Version", "", &x.version, e) < 0 ||
        call_text(c, "ChannelId", "", &x.channel, e) < 0 || create(&x, e) < 0)
        return -1;
    resource_reply(c, &release_resource, x.made);
    json_decref(x.made);
    return 0;
}

static int check_changed(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    (void)tx, (void)c, (void)stored;
    return release_version_check(text(doc, "Version"), "Version", e);
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

static const struct route rows[] = {
    {"POST", "/api/{space}/releases/create/v1", create_v1, "ReleaseCreate",
     .in = create_release_fields, .out = create_release_answer_fields, .status = 201,
     .in_name = "CreateReleaseCommandV1", .out_name = "CreateReleaseResponseV1",
     .doc = "creates a release of a project named by id or name"},
    RESOURCE_READ_ROUTES("releases", "Release", release_fields, release_query, "ReleaseView"),
    RESOURCE_POST_ROUTE("/api/{space}/releases", create_classic, "Release", release_fields,
                        "ReleaseCreate", "creates a release from its document"),
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
