/* project.c - what is deployed and operated: owns a process, variables, channels, releases and
 * runbooks. See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

const char *const guided_failure_choices[] = {"EnvironmentDefault", "Off", "On", NULL};
const char *const tenancy_choices[] = {"Untenanted", "TenantedOrUntenanted", "Tenanted", NULL};
static const char *const skip_choices[] = {"None", "SkipUnavailableMachines", NULL};
static const char *const persistence_choices[] = {"Database", NULL};

const struct field connectivity_fields[] = {
    {"SkipMachineBehavior", FIELD_STRING, .choices = skip_choices, .fallback = "\"None\"",
     .doc = "what happens with unavailable targets"},
    {"TargetRoles", FIELD_LIST, .item = FIELD_STRING, .doc = "roles that may be skipped"},
    {"AllowDeploymentsToNoTargets", FIELD_BOOL, .doc = "true: no target is no failure"},
    {"ExcludeUnhealthyTargets", FIELD_BOOL, .doc = "true: unhealthy targets are left out"},
    {.name = NULL},
};

static const struct field donor_fields[] = {
    {"DeploymentAction", FIELD_STRING, .doc = "name of the action"},
    {"PackageReference", FIELD_STRING, .doc = "name of its package; empty: the main one"},
    {.name = NULL},
};

#define NEXT_PATCH \
    "\"#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}\""
static const struct field versioning_fields[] = {
    {"Template", FIELD_STRING, FIELD_BLANK_NULL, .fallback = NEXT_PATCH,
     .doc = "makes the next version"},
    {"DonorPackage", FIELD_OBJECT, FIELD_NULLABLE, .fields = donor_fields,
     .doc = "package whose version is used"},
    {"DonorPackageStepId", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the same, for old clients"},
    {.name = NULL},
};

static const struct field release_creation_fields[] = {
    {"ChannelId", FIELD_STRING, FIELD_WEAK, .ref_kind = "Channels",
     .doc = "channel of the release"},
    {"ReleaseCreationPackage", FIELD_OBJECT, FIELD_NULLABLE, .fields = donor_fields,
     .doc = "package that makes a release when it arrives"},
    {"ReleaseCreationPackageStepId", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "the same, for old clients"},
    {.name = NULL},
};

static const struct field persistence_fields[] = {
    {"Type", FIELD_STRING, .choices = persistence_choices, .fallback = "\"Database\"",
     .doc = "where the process is kept"},
    {.name = NULL},
};

const struct field project_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"IsDisabled", FIELD_BOOL, .doc = "true: nothing of it can be deployed or run"},
    {"ProjectGroupId", FIELD_STRING, FIELD_REQUIRED, .ref_kind = "ProjectGroups",
     .doc = "group it is shown in"},
    {"LifecycleId", FIELD_STRING, FIELD_REQUIRED, .ref_kind = "Lifecycles",
     .doc = "lifecycle of channels that have none"},
    {"DeploymentProcessId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its deployment process"},
    {"VariableSetId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its variables"},
    {"ClonedFromProjectId", FIELD_STRING, FIELD_READ_ONLY | FIELD_WEAK, .ref_kind = "Projects",
     .doc = "the project it was copied from"},
    {"PersistenceSettings", FIELD_OBJECT, .fields = persistence_fields, .doc = "where it is kept"},
    {"IsVersionControlled", FIELD_BOOL, FIELD_READ_ONLY, .doc = "always false"},
    {"IncludedLibraryVariableSetIds", FIELD_LIST, .item = FIELD_STRING,
     .ref_kind = "LibraryVariableSets", .doc = "library variable sets it uses"},
    {"DefaultGuidedFailureMode", FIELD_STRING, .choices = guided_failure_choices,
     .fallback = "\"EnvironmentDefault\"", .doc = "whether a failed step asks a person"},
    {"TenantedDeploymentMode", FIELD_STRING, .choices = tenancy_choices,
     .fallback = "\"Untenanted\"", .doc = "whether deployments have tenants"},
    {"DefaultToSkipIfAlreadyInstalled", FIELD_BOOL,
     .doc = "true: packages that are there already are not deployed again"},
    {"DiscreteChannelRelease", FIELD_BOOL, .doc = "true: each channel counts on its own"},
    {"AllowIgnoreChannelRules", FIELD_BOOL, .fallback = "true",
     .doc = "true: a release may break its channel's rules"},
    {"AutoCreateRelease", FIELD_BOOL, .doc = "true: a new package makes a release"},
    {"ReleaseCreationStrategy", FIELD_OBJECT, .fields = release_creation_fields,
     .doc = "how new packages make releases"},
    {"VersioningStrategy", FIELD_OBJECT, .fields = versioning_fields,
     .doc = "how releases get their versions"},
    {"ProjectConnectivityPolicy", FIELD_OBJECT, .fields = connectivity_fields,
     .doc = "what happens with unavailable targets"},
    {"AutoDeployReleaseOverrides", FIELD_LIST, .item = FIELD_ANY,
     .doc = "releases that triggers deploy instead of the latest"},
    {"ReleaseNotesTemplate", FIELD_STRING, .doc = "makes the notes of releases without"},
    {"DeploymentChangesTemplate", FIELD_STRING, .doc = "makes the notes of deployments"},
    {"ForcePackageDownload", FIELD_BOOL, .doc = "true: packages are fetched again each time"},
    {"ProjectTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags"},
    {"Templates", FIELD_LIST, .item = FIELD_ANY, .doc = "variables that tenants give"},
    {"ExtensionSettings", FIELD_LIST, .item = FIELD_OBJECT, .fields = extension_fields,
     .doc = "settings of extensions"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field project_summary_fields[] = {
    {"HasDeploymentProcess", FIELD_BOOL, .doc = "true: its deployment process has steps"},
    {"HasRunbooks", FIELD_BOOL, .doc = "true: it has runbooks"},
    {.name = NULL},
};

const struct field deployment_settings_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the project"},
    {"ConnectivityPolicy", FIELD_OBJECT, .fields = connectivity_fields,
     .doc = "what happens with unavailable targets"},
    {"DefaultGuidedFailureMode", FIELD_STRING, .choices = guided_failure_choices,
     .fallback = "\"EnvironmentDefault\"", .doc = "whether a failed step asks a person"},
    {"DefaultToSkipIfAlreadyInstalled", FIELD_BOOL,
     .doc = "true: packages that are there already are not deployed again"},
    {"VersioningStrategy", FIELD_OBJECT, .fields = versioning_fields,
     .doc = "how versions of releases are made"},
    {"ReleaseNotesTemplate", FIELD_STRING, .doc = "makes the notes of releases without"},
    {"DeploymentChangesTemplate", FIELD_STRING, .doc = "makes the notes of deployments"},
    {"ForcePackageDownload", FIELD_BOOL, .doc = "true: packages are fetched again each time"},
    ROW_LINKS,
    {.name = NULL},
};

static void complete(json_t *doc)
{
    const char *id = jv_str(doc, "Id", "");

    jv_set(doc, "DeploymentProcessId", json_sprintf("deploymentprocess-%s", id));
    jv_set(doc, "VariableSetId", json_sprintf("variableset-%s", id));
}

#define PROJECT "/api/{SpaceId}/projects/{Id}"
static const struct link_template links[] = {
    {"Self", PROJECT},
    {"Releases", PROJECT "/releases{/version}{?skip,take,searchByVersion}"},
    {"Channels", PROJECT "/channels{/id}{?skip,take,partialName}"},
    {"Triggers", PROJECT "/triggers{/id}{?skip,take,partialName,triggerActionType,"
                         "triggerActionCategory,runbooks}"},
    {"Runbooks", PROJECT "/runbooks{/id}{?skip,take,partialName}"},
    {"RunbookSnapshots", PROJECT "/runbookSnapshots{/name}{?skip,take,searchByName}"},
    {"Progression", PROJECT "/progression{?aggregate}"},
    {"DeploymentProcess", PROJECT "/deploymentprocesses"},
    {"DeploymentSettings", PROJECT "/deploymentsettings"},
    {"Variables", "/api/{SpaceId}/variables/{VariableSetId}"},
    {"Logo", PROJECT "/logo"},
    {"Summary", PROJECT "/summary"},
    {"Web", "/app#/{SpaceId}/projects/{Id}"},
    {NULL, NULL},
};

const struct resource project_resource = {
    .kind = "Projects",
    .item_type = "Project",
    .noun = "Project",
    .route = "projects",
    .fields = project_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
};
