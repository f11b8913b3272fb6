/* task.c - something the server does or will do: only the shape of answers, rows are in
 * store/task.h. See resource.h. */
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const states[] = {"Queued",   "Executing", "Failed",     "Canceled",
                                     "TimedOut", "Success",   "Cancelling", NULL};

#define FLAG(member, text)                               \
    {                                                    \
        member, FIELD_BOOL, FIELD_READ_ONLY, .doc = text \
    }
#define WHEN(member, text)                               \
    {                                                    \
        member, FIELD_TIME, FIELD_READ_ONLY, .doc = text \
    }

static const struct field waiting_fields[] = {
    {"Reason", FIELD_STRING, FIELD_REQUIRED,
     .doc = "SpaceStopped, ConcurrencyTag, TaskCap, Drained, Queue or Trouble"},
    {"Description", FIELD_STRING, .doc = "the same, in words"},
    {"Place", FIELD_INT, .fallback = "0", .doc = "queued tasks before it"},
    {"Tasks", FIELD_LIST, .item = FIELD_STRING, .doc = "tasks it waits for"},
    {.name = NULL},
};

const struct field task_fields[] = {
    ROW_ID,
    ROW_SPACE,
    {"Name", FIELD_STRING, FIELD_READ_ONLY | FIELD_REQUIRED,
     .doc = "kind: Deploy, RunbookRun, ..."},
    {"Description", FIELD_STRING, FIELD_READ_ONLY, .doc = "what it does, in words"},
    {"Arguments", FIELD_MAP, FIELD_READ_ONLY, .item = FIELD_ANY, .doc = "what it is about"},
    {"State", FIELD_STRING, FIELD_READ_ONLY | FIELD_REQUIRED, .choices = states,
     .fallback = "\"Queued\"", .doc = "where it stands"},
    {"Completed", FIELD_STRING, FIELD_READ_ONLY,
     .doc = "Queued..., Executing... or the state it ended in"},
    WHEN("QueueTime", "when it was queued"),
    WHEN("QueueTimeExpiry", "it does not start after this time"),
    WHEN("StartTime", "when it started"),
    WHEN("LastUpdatedTime", "when it last changed"),
    WHEN("CompletedTime", "when it ended"),
    {"ServerNode", FIELD_STRING, FIELD_READ_ONLY, .doc = "the node that runs it"},
    {"Duration", FIELD_STRING, FIELD_READ_ONLY, .doc = "how long it took so far, in words"},
    {"ErrorMessage", FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"\"", .doc = "why it failed"},
    FLAG("HasBeenPickedUpByProcessor", "true: a node has it"),
    FLAG("IsCompleted", "true: it has ended"),
    FLAG("FinishedSuccessfully", "true: it has ended well"),
    FLAG("HasPendingInterruptions", "true: it waits for a person"),
    {"PendingInterruptionTypes", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "what it waits for"},
    FLAG("CanRerun", "true: it can be started again"),
    FLAG("HasWarningsOrErrors", "true: its log has warnings or errors"),
    {"EstimatedRemainingQueueDurationSeconds", FIELD_INT, FIELD_READ_ONLY, .fallback = "0",
     .doc = "seconds until it starts, as far as known"},
    {"WaitingFor", FIELD_OBJECT, FIELD_READ_ONLY | FIELD_NULLABLE | FIELD_OMIT_NULL,
     .fields = waiting_fields, .doc = "why it does not go on"},
    {"ConcurrencyTag", FIELD_STRING, FIELD_READ_ONLY,
     .doc = "of the tasks with one tag one runs at a time"},
    {"ProjectId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its project"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field task_command_fields[] = {
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "kind: one of taskTypes that are the server's"},
    {"Description", FIELD_STRING, .doc = "kept for clients; the kind says it"},
    {"SpaceId", FIELD_STRING, .doc = "not needed: such tasks belong to no space"},
    {"Arguments", FIELD_ANY, .doc = "object; its members depend on the kind"},
    {.name = NULL},
};

#define TASK "/api/tasks/{Id}"
static const struct link_template links[] = {
    {"Self", TASK},
    {"Details", TASK "/details{?verbose,tail}"},
    {"Raw", TASK "/raw"},
    {"LogStream", TASK "/log/stream{?after}"},
    {"Cancel", TASK "/cancel"},
    {"Rerun", "/api/tasks/rerun/{Id}"},
    {"State", TASK "/state"},
    {"Prioritize", TASK "/prioritize"},
    {"QueuedBehind", TASK "/queued-behind{?skip}"},
    {"Artifacts", "/api/{SpaceId}/artifacts?regarding={Id}"},
    {"Interruptions", "/api/{SpaceId}/interruptions?regarding={Id}"},
    {"Web", "/app#/{SpaceId}/tasks/{Id}"},
    {NULL, NULL},
};

const struct resource task_resource = {
    .kind = "ServerTasks",
    .item_type = "Task",
    .noun = "Task",
    .route = "tasks",
    .system = true,
    .fields = task_fields,
    .links = links,
    .name_member = "Name",
    .order = ORDER_NEWEST,
};

static const struct field line_fields[] = {
    {"Category", FIELD_STRING, FIELD_REQUIRED, .doc = "Verbose, Info, Warning, Error, ..."},
    {"OccurredAt", FIELD_TIME, .doc = "when"},
    {"MessageText", FIELD_STRING, .doc = "the line"},
    {"Detail", FIELD_STRING, .doc = "more of it"},
    {"Number", FIELD_INT, .doc = "its number in the log of the task"},
    {.name = NULL},
};

static const struct field node_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier in this log"},
    {"Name", FIELD_STRING, .doc = "what is done here"},
    {"Started", FIELD_TIME, .doc = "when it began"},
    {"Ended", FIELD_TIME, .doc = "when it ended"},
    {"Status", FIELD_STRING, FIELD_REQUIRED,
     .doc = "Pending, Running, Success, SuccessWithWarning, Failed, Skipped or Canceled"},
    {"Children", FIELD_LIST, .item = FIELD_ANY, .doc = "nodes below this one"},
    {"ShowAtSummaryLevel", FIELD_BOOL, .doc = "true: belongs into a summary"},
    {"LogElements", FIELD_LIST, .item = FIELD_OBJECT, .fields = line_fields, .doc = "its lines"},
    {"ProgressPercentage", FIELD_INT, .fallback = "0", .doc = "how far it is"},
    {"ProgressMessage", FIELD_STRING, .fallback = "\"\"", .doc = "the same, in words"},
    {.name = NULL},
};

static const struct field progress_fields[] = {
    {"ProgressPercentage", FIELD_INT, .fallback = "0", .doc = "how far it is"},
    {"EstimatedTimeRemaining", FIELD_STRING, .fallback = "\"\"", .doc = "in words"},
    {.name = NULL},
};

const struct field task_details_fields[] = {
    {"Task", FIELD_OBJECT, .fields = task_fields, .doc = "the task"},
    {"ActivityLogs", FIELD_LIST, .item = FIELD_OBJECT, .fields = node_fields,
     .doc = "its log as a tree"},
    {"PhysicalLogSize", FIELD_INT, .fallback = "0", .doc = "bytes of the whole log"},
    {"Progress", FIELD_OBJECT, .fields = progress_fields, .doc = "how far it is"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field task_type_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "kind, as tasks have it as Name"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .doc = "the same, for people"},
    {.name = NULL},
};

const struct field task_state_fields[] = {
    {"State", FIELD_STRING, FIELD_REQUIRED, .doc = "Success, Failed, Canceled or TimedOut"},
    {"Reason", FIELD_STRING, FIELD_REQUIRED, .max = 1000, .doc = "why, for the audit"},
    {.name = NULL},
};

#define COUNT(state)                                                                 \
    {                                                                                \
        state, FIELD_INT, .fallback = "0", .doc = "how many there are in that state" \
    }
static const struct field counts_fields[] = {
    COUNT("Queued"), COUNT("Executing"), COUNT("Cancelling"), COUNT("Success"),
    COUNT("Failed"), COUNT("Canceled"),  COUNT("TimedOut"),   {.name = NULL},
};

const struct field task_page_fields[] = {
    {"TotalCounts", FIELD_OBJECT, .fields = counts_fields,
     .doc = "all tasks of the space by state; not in a list by ids"},
    {"TotalCountsInOtherSpaces", FIELD_OBJECT, .fields = counts_fields,
     .doc = "those of other spaces"},
    {.name = NULL},
};
