/* run_rows.h - rows that a deployment and a runbook run have in common, and those of the commands
 * that start them. For the files of this folder. */
#ifndef MODEL_RUN_ROWS_H
#define MODEL_RUN_ROWS_H
#include "model/shape.h"

/* clang-format off */
#define ROWS_OF_RUN                                                                                \
    {"EnvironmentId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY | FIELD_WEAK,               \
     .ref_kind = "Environments", .doc = "where it runs"},                                          \
    {"TenantId", FIELD_STRING, FIELD_BLANK_NULL | FIELD_CREATE_ONLY, .doc = "tenant it is for"},   \
    {"TaskId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the task that does it"},                     \
    {"Name", FIELD_STRING, FIELD_READ_ONLY, .doc = "what it is called"},                           \
    {"Created", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was asked for"},                      \
    {"DeployedBy", FIELD_STRING, FIELD_READ_ONLY, .doc = "name of the user who asked for it"},     \
    {"DeployedById", FIELD_STRING, FIELD_READ_ONLY, .doc = "id of that user"},                     \
    {"DeployedToMachineIds", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,                    \
     .doc = "targets it reached"},                                                                 \
    {"FailureEncountered", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: its task has failed"},       \
    {"ManifestVariableSetId", FIELD_STRING, FIELD_READ_ONLY, .doc = "variables it ran with"},      \
    {"Comments", FIELD_STRING, FIELD_CREATE_ONLY, .doc = "for people"},                            \
    {"FormValues", FIELD_MAP, FIELD_CREATE_ONLY, .item = FIELD_STRING,                             \
     .doc = "values of prompted variables"},                                                       \
    {"QueueTime", FIELD_TIME, FIELD_CREATE_ONLY, .doc = "it starts then, not before"},             \
    {"QueueTimeExpiry", FIELD_TIME, FIELD_CREATE_ONLY,                                             \
     .doc = "when it has not started by then, it ends as TimedOut"},                               \
    {"UseGuidedFailure", FIELD_BOOL, FIELD_CREATE_ONLY, .doc = "true: a failed step asks a person"},\
    {"SkipActions", FIELD_LIST, FIELD_CREATE_ONLY, .item = FIELD_STRING,                           \
     .doc = "ids of actions that do not run"},                                                     \
    {"SpecificMachineIds", FIELD_LIST, FIELD_CREATE_ONLY, .item = FIELD_STRING,                    \
     .doc = "only these targets; empty: all"},                                                     \
    {"ExcludedMachineIds", FIELD_LIST, FIELD_CREATE_ONLY, .item = FIELD_STRING,                    \
     .doc = "not these targets"},                                                                  \
    {"SpecificTargetTagIds", FIELD_LIST, FIELD_CREATE_ONLY, .item = FIELD_STRING,                  \
     .doc = "only targets with these tags; empty: all"},                                           \
    {"ExcludedTargetTagIds", FIELD_LIST, FIELD_CREATE_ONLY, .item = FIELD_STRING,                  \
     .doc = "not targets with these tags"},                                                        \
    {"ForcePackageDownload", FIELD_BOOL, FIELD_CREATE_ONLY, .doc = "true: packages are fetched again"},\
    {"FailTargetDiscovery", FIELD_BOOL, FIELD_CREATE_ONLY, .doc = "true: finding no target fails"},\
    {"DebugMode", FIELD_STRING, FIELD_BLANK_NULL | FIELD_CREATE_ONLY, .doc = "how much is logged"},\
    {"Priority", FIELD_STRING, FIELD_BLANK_NULL | FIELD_CREATE_ONLY, .doc = "place in the queue"}, \
    {"TentacleRetentionPeriod", FIELD_OBJECT, FIELD_NULLABLE | FIELD_READ_ONLY,                    \
     .fields = retention_fields, .doc = "files to keep on targets"}

#define ROWS_OF_COMMAND                                                                            \
    {"SpaceId", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the space, as in the address"},            \
    {"SpaceIdOrName", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the same"},                          \
    {"SpaceName", FIELD_STRING, FIELD_BLANK_NULL, .doc = "the same"},                              \
    {"ProjectName", FIELD_STRING, FIELD_REQUIRED, .doc = "name, id or slug of the project"}

#define ROWS_OF_EXECUTION                                                                          \
    {"ForcePackageDownload", FIELD_BOOL, .doc = "true: packages are fetched again"},               \
    {"SpecificMachineNames", FIELD_LIST, .item = FIELD_STRING, .doc = "only these targets"},       \
    {"ExcludedMachineNames", FIELD_LIST, .item = FIELD_STRING, .doc = "not these targets"},        \
    {"SpecificTargetTagNames", FIELD_LIST, .item = FIELD_STRING, .doc = "only targets with these tags"},\
    {"ExcludedTargetTagNames", FIELD_LIST, .item = FIELD_STRING, .doc = "not targets with these tags"},\
    {"SkipStepNames", FIELD_LIST, .item = FIELD_STRING, .doc = "names of steps that do not run"},  \
    {"UseGuidedFailure", FIELD_BOOL, FIELD_NULLABLE,                                               \
     .doc = "whether a failed step asks a person; null: as project and environment say"},          \
    {"Priority", FIELD_STRING, FIELD_BLANK_NULL, .doc = "place in the queue"},                     \
    {"RunAt", FIELD_TIME, .doc = "it starts then, not before"},                                    \
    {"NoRunAfter", FIELD_TIME, .doc = "when it has not started by then, it ends as TimedOut"},     \
    {"Variables", FIELD_MAP, .item = FIELD_STRING, .doc = "values of prompted variables"},         \
    {"Comments", FIELD_STRING, .doc = "for people"}
/* clang-format on */
#endif
