/* event_kinds.c - see event_kinds.h. Names are those of Octopus; a feature that records events of a
 * new kind adds it here. */
#include "model/event_kinds.h"

#include "base/str.h"

const struct event_category event_categories[] = {
    {"Created", "Document created"},
    {"Modified", "Document modified"},
    {"Deleted", "Document deleted"},
    {"TaskCanceled", "Task canceled"},
    {"TaskStateModified", "State of a task set by a person"},
    {"TaskPrioritized", "Task put first in the queue"},
    {"InterruptionSubmitted", "Interruption answered"},
    {"InterruptionResponsibility", "Responsibility for an interruption taken"},
    {"LoginFailed", "Login failed"},
    {"ApiKeyExpiry20Days", "API key expires in less than 20 days"},
    {"ApiKeyExpiry10Days", "API key expires in less than 10 days"},
    {"ApiKeyExpired", "API key expired"},
    {"DeploymentSucceeded", "Deployment succeeded"},
    {"DeploymentFailed", "Deployment failed"},
    {"RunbookRunSucceeded", "Runbook run succeeded"},
    {"RunbookRunFailed", "Runbook run failed"},
    {"TriggerActionFailed", "Trigger did not act"},
    {"TaskQueued", "Task of the server queued"},
    {"LoginSucceeded", "Login succeeded"},
    {NULL, NULL},
};

const struct event_group event_groups[] = {
    {"Document", "Document events", {"Created", "Modified", "Deleted"}},
    {"Task", "Task events", {"TaskQueued", "TaskCanceled", "TaskStateModified", "TaskPrioritized"}},
    {"Interruption",
     "Interruption events",
     {"InterruptionSubmitted", "InterruptionResponsibility"}},
    {"Login", "Login events", {"LoginSucceeded", "LoginFailed"}},
    {"ApiKey", "API key events", {"ApiKeyExpiry20Days", "ApiKeyExpiry10Days", "ApiKeyExpired"}},
    {"Deployment", "Deployment events", {"DeploymentSucceeded", "DeploymentFailed"}},
    {"RunbookRun", "Runbook run events", {"RunbookRunSucceeded", "RunbookRunFailed"}},
    {"Trigger", "Trigger events", {"TriggerActionFailed"}},
    {NULL, NULL, {NULL}},
};

const struct event_group *event_group_named(const char *id)
{
    for (const struct event_group *g = event_groups; g->id; g++)
        if (str_same(g->id, id)) return g;
    return NULL;
}

const struct field event_kind_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "as filters of events name it"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "the same, for people"},
    {.name = NULL},
};

const struct field event_group_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "as filters of events name it"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "the same, for people"},
    {"EventCategories", FIELD_LIST, .item = FIELD_STRING, .doc = "categories in it"},
    {.name = NULL},
};
