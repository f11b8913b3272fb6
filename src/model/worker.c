/* worker.c - a machine that runs scripts for the server. See resource.h. */
#include "model/endpoint.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field worker_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    {"IsDisabled", FIELD_BOOL, FIELD_FILTER, .doc = "true: gets no work"},
    {"MachinePolicyId", FIELD_STRING, .ref_kind = "MachinePolicies",
     .doc = "its policy; the default one when it is not given"},
    {"WorkerPoolIds", FIELD_LIST, FIELD_REQUIRED, .item = FIELD_STRING, .ref_kind = "WorkerPools",
     .doc = "pools it is in, at least one"},
    ROWS_FOUND_OUT("worker"),
    {"SkipInitialHealthCheck", FIELD_BOOL, .doc = "true: it is not checked when it is added"},
    {"Endpoint", FIELD_ANY, FIELD_REQUIRED,
     .doc = "how it is reached; members depend on CommunicationStyle"},
    ROW_LINKS,
    {.name = NULL},
};

static void check(const json_t *doc, struct problems *p) { endpoint_check(doc, true, p); }

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/workers/{Id}"},
    {"Connection", "/api/{SpaceId}/workers/{Id}/connection"},
    {NULL, NULL},
};

const struct resource worker_resource = {
    .kind = "Workers",
    .item_type = "Worker",
    .noun = "Worker",
    .route = "workers",
    .fields = worker_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_NAME,
    .complete = endpoint_complete,
    .check = check,
    .refer = endpoint_refer,
};
