/* execution_command.c - requests that make a release, deploy it, or run a runbook, by names; and
 * their answers. Every name may also be an id. See command.h. */
#include "model/command.h"
#include "model/run_rows.h"

const struct field create_release_fields[] = {
    ROWS_OF_COMMAND,
    {"PackageVersion", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "version of all packages that nothing else names; null: the newest"},
    {"GitCommit", FIELD_STRING, FIELD_BLANK_NULL, .doc = "refused: projects are not kept in Git"},
    {"GitRef", FIELD_STRING, FIELD_BLANK_NULL, .doc = "refused: projects are not kept in Git"},
    {"ReleaseVersion", FIELD_STRING, FIELD_BLANK_NULL, .max = NAME_MAX_CHARACTERS,
     .doc = "version; null: the next one"},
    {"ChannelName", FIELD_STRING, FIELD_BLANK_NULL, .doc = "channel; null: the default one"},
    {"ChannelIdOrName", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the same"},
    {"Packages", FIELD_LIST, .item = FIELD_STRING,
     .doc = "versions, as Package:1.0, Step:1.0, Step:Package:1.0 or *:1.0"},
    {"GitResources", FIELD_LIST, .item = FIELD_STRING,
     .doc = "empty: releases have no repositories"},
    {"ReleaseNotes", FIELD_STRING, .doc = "notes, in Markdown"},
    {"IgnoreIfAlreadyExists", FIELD_BOOL, .doc = "true: a release of that version is no error"},
    {"IgnoreChannelRules", FIELD_BOOL, .doc = "true: it may break the channel's rules"},
    {"PackagePrerelease", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "pre-release label that the newest versions must have"},
    {"CustomFields", FIELD_MAP, .item = FIELD_STRING, .doc = "fields that the channel asks for"},
    {.name = NULL},
};

const struct field create_release_answer_fields[] = {
    {"ReleaseId", FIELD_STRING, FIELD_REQUIRED, .doc = "the release"},
    {"ReleaseVersion", FIELD_STRING, FIELD_REQUIRED, .doc = "its version"},
    {"AutomaticallyDeployedEnvironments", FIELD_STRING, FIELD_OMIT_NULL,
     .doc = "names of the environments it goes to by itself now"},
    {.name = NULL},
};

const struct field create_deployment_fields[] = {
    ROWS_OF_COMMAND,
    {"ReleaseVersion", FIELD_STRING, FIELD_REQUIRED, .doc = "version of the release"},
    {"EnvironmentNames", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_STRING,
     .doc = "where to; one deployment each"},
    {"ForcePackageRedeployment", FIELD_BOOL,
     .doc = "true: packages that are there already are deployed again"},
    {"UpdateVariableSnapshot", FIELD_BOOL,
     .doc = "true: the release takes the project's variables as they are now"},
    ROWS_OF_EXECUTION,
    {"DeploymentFreezeNames", FIELD_LIST, .item = FIELD_STRING,
     .doc = "empty: there are no freezes"},
    {"DeploymentFreezeOverrideReason", FIELD_STRING, .doc = "why"},
    {.name = NULL},
};

static const struct field deployment_task_fields[] = {
    {"DeploymentId", FIELD_STRING, FIELD_REQUIRED, .doc = "the deployment"},
    {"ServerTaskId", FIELD_STRING, FIELD_REQUIRED, .doc = "its task"},
    {.name = NULL},
};
const struct field create_deployment_answer_fields[] = {
    {"DeploymentServerTasks", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_OBJECT,
     .fields = deployment_task_fields, .doc = "one for each environment"},
    {.name = NULL},
};

const struct field create_runbook_run_fields[] = {
    ROWS_OF_COMMAND,
    {"RunbookName", FIELD_STRING, FIELD_REQUIRED, .doc = "name, id or slug of the runbook"},
    {"EnvironmentNames", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_STRING,
     .doc = "where; one run each"},
    {"Tenants", FIELD_LIST, .item = FIELD_STRING, .doc = "tenants it is for"},
    {"TenantTags", FIELD_LIST, .item = FIELD_STRING, .doc = "tags of tenants it is for"},
    {"Snapshot", FIELD_STRING, FIELD_BLANK_NULL,
     .doc = "name or id of a snapshot; null: the published one"},
    ROWS_OF_EXECUTION,
    {.name = NULL},
};

static const struct field runbook_run_task_fields[] = {
    {"RunbookRunId", FIELD_STRING, FIELD_REQUIRED, .doc = "the run"},
    {"ServerTaskId", FIELD_STRING, FIELD_REQUIRED, .doc = "its task"},
    {.name = NULL},
};
const struct field create_runbook_run_answer_fields[] = {
    {"RunbookRunServerTasks", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_OBJECT,
     .fields = runbook_run_task_fields, .doc = "one for each environment"},
    {.name = NULL},
};
