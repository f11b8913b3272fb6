/* resources.c - all resources and all other tables, and the self-check that runs at start. */
#include <string.h>

#include "base/str.h"
#include "model/command.h"
#include "model/event_kinds.h"
#include "model/permission.h"
#include "model/resource.h"

const struct resource *const resources[] = {
    &space_resource,
    &user_resource,
    &user_role_resource,
    &team_resource,
    &scoped_user_role_resource,
    &environment_resource,
    &project_group_resource,
    &lifecycle_resource,
    &project_resource,
    &channel_resource,
    &deployment_process_resource,
    &variable_set_resource,
    &release_resource,
    &deployment_resource,
    &runbook_resource,
    &runbook_process_resource,
    &runbook_snapshot_resource,
    &runbook_run_resource,
    &worker_pool_resource,
    &worker_resource,
    &machine_resource,
    &account_resource,
    &proxy_resource,
    &library_variable_set_resource,
    &tag_set_resource,
    &certificate_resource,
    &machine_policy_resource,
    &task_resource,
    &artifact_resource,
    &event_resource,
    &interruption_resource,
    &feed_resource,
    &package_resource,
    &build_information_resource,
    &server_node_resource,
    &project_trigger_resource,
    &maintenance_resource,
    &defect_resource,
    &server_certificate_resource,
    NULL,
};

const struct named_table command_tables[] = {
    {"CreateReleaseCommandV1", create_release_fields},
    {"CreateReleaseResponseV1", create_release_answer_fields},
    {"CreateDeploymentUntenantedCommandV1", create_deployment_fields},
    {"CreateDeploymentUntenantedResponseV1", create_deployment_answer_fields},
    {"RunRunbookCommandV1", create_runbook_run_fields},
    {"RunRunbookResponseV1", create_runbook_run_answer_fields},
    {"TaskDetails", task_details_fields},
    {"TaskType", task_type_fields},
    {"CreateTask", task_command_fields},
    {"SpaceDefaultRetentionPolicy", retention_policy_fields},
    {"TaskPage", task_page_fields},
    {"SearchResult", search_result_fields},
    {"TaskState", task_state_fields},
    {"EventKind", event_kind_fields},
    {"EventGroup", event_group_fields},
    {"Root", root_fields},
    {"SpaceRoot", space_root_fields},
    {"Capabilities", capabilities_fields},
    {"FeatureToggles", feature_toggles_fields},
    {"ServerStatus", server_status_fields},
    {"ServerHealth", server_health_fields},
    {"TimeZone", time_zone_fields},
    {"ServerCounts", server_counts_fields},
    {"SystemInfo", system_info_fields},
    {"OctopusServerNodeDetails", node_details_fields},
    {"ServerLogLine", server_log_fields},
    {"OctopusServerClusterSummary", cluster_summary_fields},
    {"PackageDescription", package_description_fields},
    {"PackageNotes", package_notes_fields},
    {"PackageNotesList", package_notes_list_fields},
    {"BuildInformationCommand", build_information_command_fields},
    {"DeploymentSettings", deployment_settings_fields},
    {"ProjectSummary", project_summary_fields},
    {"ReleaseTemplate", release_template_fields},
    {"DeploymentTemplate", deployment_template_fields},
    {"LifecycleProgression", lifecycle_progression_fields},
    {"Progression", progression_fields},
    {"Dashboard", dashboard_fields},
    {"DeploymentPreview", deployment_preview_fields},
    {"DeploymentPreviews", deployment_previews_fields},
    {"MissingPackages", missing_packages_fields},
    {"ChannelRuleTest", channel_rule_test_fields},
    {"RunbookSnapshotTemplate", snapshot_template_fields},
    {"RunbookRunTemplate", runbook_run_template_fields},
    {"EnvironmentsSummary", environments_summary_fields},
    {"AccountUsage", account_usage_fields},
    {"LibraryVariableSetUsage", library_usage_fields},
    {"CertificateUsage", certificate_usage_fields},
    {"ReplaceCertificate", replace_certificate_fields},
    {"MachineConnection", machine_connection_fields},
    {"WorkerPoolsSummary", worker_pools_summary_fields},
    {"DynamicWorkerTypes", dynamic_worker_types_fields},
    {"SupportedWorkerPoolTypes", supported_pool_types_fields},
    {"LoginCommand", login_fields},
    {"AccessToken", access_token_fields},
    {"UserAuthentication", user_authentication_fields},
    {"UserIdentityMetadata", identity_metadata_fields},
    {"CreateApiKey", create_api_key_fields},
    {"ApiKeyCreated", created_api_key_fields},
    {"ApiKey", api_key_fields},
    {"ApiKeySettings", api_key_settings_fields},
    {"Invitation", invitation_fields},
    {"RegisterCommand", register_fields},
    {"PermissionDescription", permission_fields},
    {"UserPermissionSet", user_permissions_fields},
    {"TeamMembership", team_membership_fields},
    {NULL, NULL},
};

const struct resource *resource_by_kind(const char *kind)
{
    for (size_t i = 0; resources[i]; i++)
        if (strcmp(resources[i]->kind, kind) == 0) return resources[i];
    return NULL;
}

const struct resource *resource_by_route(const char *route)
{
    for (size_t i = 0; resources[i]; i++)
        if (str_same(resources[i]->route, route) ||
            (resources[i]->route_alias && str_same(resources[i]->route_alias, route)))
            return resources[i];
    return NULL;
}

static int wrong(const struct resource *r, const char *why, const char *what, struct error *e)
{
    return fail(e, ERR_INTERNAL, "resource %s: %s \"%s\"", r->kind, why, what);
}

/* Placeholders name members of the table, and no name is given twice. */
static int check_links(const struct resource *r, struct error *e)
{
    if (r->links == NULL || strcmp(r->links[0].name, "Self") != 0)
        return wrong(r, "the first link must be", "Self", e);
    for (const struct link_template *row = r->links; row->name; row++) {
        for (const struct link_template *other = r->links; other != row; other++)
            if (str_same(other->name, row->name)) return wrong(r, "has twice link", row->name, e);
        for (const char *at = row->path; (at = strchr(at, '{')); at++) {
            if (at[1] < 'A' || at[1] > 'Z') continue;
            CLEANUP(freep) char *name = xstrndup(at + 1, strcspn(at + 1, "}"));
            if (field_find(r->fields, name) == NULL)
                return wrong(r, "no member for the link's", name, e);
        }
    }
    return 0;
}

static int check_resource(const struct resource *r, struct error *e)
{
    const char *const members[] = {r->name_member, r->owner_member, r->has_slug ? "Slug" : NULL,
                                   "Id",           "Links",         r->system ? NULL : "SpaceId"};

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i] && field_find(r->fields, members[i]) == NULL)
            return wrong(r, "has no member", members[i], e);
    if (resource_by_kind(r->kind) != r) return wrong(r, "is there twice as", r->kind, e);
    if (resource_by_route(r->route) != r) return wrong(r, "is there twice as", r->route, e);
    if (check_links(r, e) < 0) return -1;
    return field_check(r->item_type, r->fields, e);
}

int resources_check(struct error *e)
{
    if (permissions_check(e) < 0) return -1;
    for (size_t i = 0; resources[i]; i++)
        if (check_resource(resources[i], e) < 0) return -1;
    for (const struct named_table *t = command_tables; t->name; t++)
        if (field_check(t->name, t->fields, e) < 0) return -1;
    return 0;
}
