/* channel.c - a lane of a project's releases with its own lifecycle and version rules. See
 * resource.h. */
#include "base/id.h"
#include "base/str.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"Lifecycle", "EphemeralEnvironment", NULL};

static const struct field rule_package_fields[] = {
    {"DeploymentAction", FIELD_STRING, .doc = "name of the action"},
    {"PackageReference", FIELD_STRING, .doc = "name of its package; empty: the main one"},
    {.name = NULL},
};

static const struct field rule_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"VersionRange", FIELD_STRING, .doc = "versions that are allowed, in NuGet's notation"},
    {"Tag", FIELD_STRING, .doc = "expression that the pre-release tag must match"},
    {"ActionPackages", FIELD_LIST, .item = FIELD_OBJECT, .fields = rule_package_fields,
     .doc = "packages it is about"},
    {"Actions", FIELD_LIST, .item = FIELD_STRING, .doc = "the same, for old clients"},
    {.name = NULL},
};

static const struct field git_rule_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"GitDependencyActions", FIELD_LIST, .item = FIELD_ANY, .doc = "actions it is about"},
    {"Rules", FIELD_LIST, .item = FIELD_STRING, .doc = "branches and tags that are allowed"},
    {.name = NULL},
};

static const struct field custom_fields[] = {
    {"FieldName", FIELD_STRING, FIELD_REQUIRED, .doc = "name"},
    {"Description", FIELD_STRING, .doc = "what to fill in"},
    {.name = NULL},
};

const struct field channel_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its project"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    ROW_PROJECT,
    {"LifecycleId", FIELD_STRING, .ref_kind = "Lifecycles",
     .doc = "its lifecycle; null: the project's"},
    {"IsDefault", FIELD_BOOL, .doc = "true: releases that name no channel go here"},
    {"Type", FIELD_STRING, .choices = types, .fallback = "\"Lifecycle\"", .doc = "kind of channel"},
    {"Rules", FIELD_LIST, .item = FIELD_OBJECT, .fields = rule_fields,
     .doc = "versions that releases may use"},
    {"GitReferenceRules", FIELD_LIST, .item = FIELD_STRING, .doc = "branches of the project"},
    {"GitResourceRules", FIELD_LIST, .item = FIELD_OBJECT, .fields = git_rule_fields,
     .doc = "branches of scripts"},
    {"TenantTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags of tenants it is for"},
    {"CustomFieldDefinitions", FIELD_LIST, .item = FIELD_OBJECT, .fields = custom_fields,
     .doc = "fields that releases fill in"},
    {"ParentEnvironmentId", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "parent of the environments it makes"},
    {"EphemeralEnvironmentNameTemplate", FIELD_STRING, .doc = "names the environments it makes"},
    {"AutomaticEphemeralEnvironmentDeployments", FIELD_BOOL,
     .doc = "true: deploys to the environments it makes"},
    ROW_LINKS,
    {.name = NULL},
};

static void give_ids(json_t *rules)
{
    json_t *rule;
    size_t i;
    char id[UUID_SIZE];

    json_array_foreach (rules, i, rule)
        if (str_blank(jv_str(rule, "Id", NULL))) jv_set_str(rule, "Id", id_uuid(id));
}

static void complete(json_t *doc)
{
    give_ids(jv_get(doc, "Rules"));
    give_ids(jv_get(doc, "GitResourceRules"));
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/channels/{Id}"},
    {"Releases", "/api/{SpaceId}/projects/{ProjectId}/channels/{Id}/releases{?skip,take,"
                 "searchByVersion}"},
    {"Project", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Projects", "/api/{SpaceId}/projects/{ProjectId}"},
    {"Lifecycle", "/api/{SpaceId}/lifecycles/{LifecycleId}"},
    {NULL, NULL},
};

const struct resource channel_resource = {
    .kind = "Channels",
    .item_type = "Channel",
    .noun = "Channel",
    .route = "channels",
    .fields = channel_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .owner_member = "ProjectId",
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
};
