/* preview.c - what clients show before a release, a snapshot, a deployment or a run is made. See
 * command.h. */
#include "model/command.h"
#include "model/shape.h"

static const struct field target_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "the environment"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "its name"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct field template_package_fields[] = {
    {"ActionName", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the action"},
    {"StepName", FIELD_STRING, FIELD_REQUIRED, .doc = "name of its step"},
    {"PackageReferenceName", FIELD_STRING, .doc = "name of the package; empty: the main one"},
    {"PackageId", FIELD_STRING, .doc = "id in the feed"},
    {"NuGetPackageId", FIELD_STRING, .doc = "the same, for old clients"},
    {"FeedId", FIELD_STRING, .doc = "the feed"},
    {"NuGetFeedId", FIELD_STRING, .doc = "the same, for old clients"},
    {"FeedName", FIELD_STRING, .doc = "its name"},
    {"NuGetFeedName", FIELD_STRING, .doc = "the same, for old clients"},
    {"FixedVersion", FIELD_STRING, .doc = "version that the process itself names"},
    {"VersionSelectedLastRelease", FIELD_STRING, .doc = "version that the newest one has"},
    {"IsResolvable", FIELD_BOOL, .doc = "true: its versions can be looked up"},
    {.name = NULL},
};

#define ROWS_OF_PACKAGES                                                                         \
    {"Packages", FIELD_LIST, .item = FIELD_OBJECT, .fields = template_package_fields,            \
     .doc = "packages to choose versions of"},                                                   \
    {                                                                                            \
        "GitResources", FIELD_LIST, .item = FIELD_ANY, .doc = "repositories to choose; none yet" \
    }
#define ROWS_OF_TARGETS                                                                        \
    {"PromoteTo", FIELD_LIST, .item = FIELD_OBJECT, .fields = target_fields,                   \
     .doc = "environments where it may go now"},                                               \
    {                                                                                          \
        "TenantPromotions", FIELD_LIST, .item = FIELD_ANY, .doc = "the same for tenants; none" \
    }

const struct field release_template_fields[] = {
    {"DeploymentProcessId", FIELD_STRING, FIELD_REQUIRED, .doc = "the process"},
    {"ChannelId", FIELD_STRING, FIELD_REQUIRED, .doc = "the channel"},
    {"LastReleaseVersion", FIELD_STRING, .doc = "version of the newest release"},
    {"NextVersionIncrement", FIELD_STRING, .doc = "version of the next one"},
    {"VersioningPackageStepName", FIELD_STRING, .doc = "step whose package gives the version"},
    {"VersioningPackageReferenceName", FIELD_STRING, .doc = "name of that package"},
    ROWS_OF_PACKAGES,
    {.name = NULL},
};

const struct field snapshot_template_fields[] = {
    {"RunbookId", FIELD_STRING, FIELD_REQUIRED, .doc = "the runbook"},
    {"NextNameIncrement", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the next snapshot"},
    ROWS_OF_PACKAGES,
    {.name = NULL},
};

const struct field deployment_template_fields[] = {
    {"IsDeploymentProcessModified", FIELD_BOOL, .doc = "true: changed since the release"},
    {"IsVariableSetModified", FIELD_BOOL, .doc = "true: changed since the release"},
    {"IsLibraryVariableSetModified", FIELD_BOOL, .doc = "true: changed since the release"},
    {"DeploymentNotes", FIELD_STRING, .doc = "notes of the release"},
    ROWS_OF_TARGETS,
    {.name = NULL},
};

const struct field runbook_run_template_fields[] = {
    {"RunbookId", FIELD_STRING, FIELD_REQUIRED, .doc = "the runbook"},
    {"IsRunbookProcessModified", FIELD_BOOL, .doc = "true: changed since the snapshot"},
    ROWS_OF_TARGETS,
    {.name = NULL},
};

static const struct field control_fields[] = {
    {"Type", FIELD_STRING, FIELD_REQUIRED, .doc = "always VariableValue"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the variable"},
    {"Label", FIELD_STRING, .doc = "what to ask"},
    {"Description", FIELD_STRING, .doc = "more about it"},
    {"Required", FIELD_BOOL, .doc = "true: a value is needed"},
    {"DisplaySettings", FIELD_MAP, .item = FIELD_ANY, .doc = "how to ask"},
    {.name = NULL},
};
static const struct field element_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "id of the variable, the name in FormValues"},
    {"Control", FIELD_OBJECT, FIELD_REQUIRED, .fields = control_fields, .doc = "what to ask"},
    {"IsValueRequired", FIELD_BOOL, .doc = "true: a value is needed"},
    {.name = NULL},
};
static const struct field form_fields[] = {
    {"Values", FIELD_MAP, .item = FIELD_STRING, .doc = "values as they are, by element"},
    {"Elements", FIELD_LIST, .item = FIELD_OBJECT, .fields = element_fields, .doc = "questions"},
    {.name = NULL},
};
static const struct field action_fields[] = {
    {"ActionId", FIELD_STRING, FIELD_REQUIRED, .doc = "the action"},
    {"ActionName", FIELD_STRING, FIELD_REQUIRED, .doc = "its name"},
    {"ActionNumber", FIELD_STRING, FIELD_REQUIRED, .doc = "its place, like 2 or 2.1"},
    {"Roles", FIELD_LIST, .item = FIELD_STRING, .doc = "roles of targets"},
    {"MachineNames", FIELD_LIST, .item = FIELD_STRING, .doc = "names of targets"},
    {"Machines", FIELD_LIST, .item = FIELD_ANY, .doc = "targets"},
    {"UnavailableMachines", FIELD_LIST, .item = FIELD_ANY, .doc = "targets that are away"},
    {"ExcludedMachines", FIELD_LIST, .item = FIELD_ANY, .doc = "targets that are left out"},
    {"CanBeSkipped", FIELD_BOOL, .doc = "true: a person may skip it"},
    {"IsDisabled", FIELD_BOOL, .doc = "true: it does not run"},
    {"HasNoApplicableMachines", FIELD_BOOL, .doc = "true: no target is left"},
    {.name = NULL},
};
const struct field deployment_preview_fields[] = {
    {"Form", FIELD_OBJECT, .fields = form_fields, .doc = "values to ask for"},
    {"StepsToExecute", FIELD_LIST, .item = FIELD_OBJECT, .fields = action_fields,
     .doc = "actions that would run"},
    {"UseGuidedFailureModeByDefault", FIELD_BOOL, .doc = "true: a failed step asks a person"},
    {.name = NULL},
};

static const struct field previewed_fields[] = {
    {"EnvironmentId", FIELD_STRING, FIELD_REQUIRED, .doc = "where"},
    {.name = NULL},
};
const struct field deployment_previews_fields[] = {
    {"DeploymentPreviews", FIELD_LIST, .item = FIELD_OBJECT, .fields = previewed_fields,
     .doc = "what to preview"},
    {"IncludeDisabledSteps", FIELD_BOOL, .doc = "true: disabled steps too"},
    {.name = NULL},
};

static const struct field missing_package_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "id of the package"},
    {"Version", FIELD_STRING, FIELD_REQUIRED, .doc = "its version"},
    {.name = NULL},
};
const struct field channel_rule_test_fields[] = {
    {"SatisfiesVersionRange", FIELD_BOOL, .doc = "true: the version is in the range"},
    {"SatisfiesPreReleaseTag", FIELD_BOOL, .doc = "true: its pre-release tag matches"},
    {"IsSatisfied", FIELD_BOOL, .doc = "true: both"},
    {"Errors", FIELD_LIST, .item = FIELD_STRING, .doc = "what is wrong with version or rule"},
    {.name = NULL},
};

const struct field missing_packages_fields[] = {
    {"Packages", FIELD_LIST, .item = FIELD_OBJECT, .fields = missing_package_fields,
     .doc = "packages that are not in the built-in feed"},
    {.name = NULL},
};
