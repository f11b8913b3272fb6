/* worker_pool.c - a group of workers; steps name a pool, not a worker. One pool of a space is its
 * default. See resource.h. */
#include <string.h>

#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"StaticWorkerPool", "DynamicWorkerPool", NULL};

const struct field worker_pool_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_SLUG,
    ROW_DESCRIPTION,
    {"SortOrder", FIELD_INT, FIELD_KEEP, .fallback = "0", .doc = "place in lists"},
    {"IsDefault", FIELD_BOOL, FIELD_KEEP | FIELD_FILTER,
     .doc = "true: for steps that name no pool"},
    {"CanAddWorkers", FIELD_BOOL, FIELD_READ_ONLY, .fallback = "true",
     .doc = "false: a provider makes its workers"},
    {"WorkerPoolType", FIELD_STRING, FIELD_CREATE_ONLY, .choices = types,
     .fallback = "\"StaticWorkerPool\"", .doc = "who makes its workers"},
    {"WorkerType", FIELD_STRING, FIELD_BLANK_NULL | FIELD_OMIT_NULL,
     .doc = "kind of machine of a dynamic pool"},
    ROW_LINKS,
    {.name = NULL},
};

static bool dynamic(const json_t *doc)
{
    return strcmp(jv_str(doc, "WorkerPoolType", ""), "DynamicWorkerPool") == 0;
}

static void complete(json_t *doc) { jv_set_bool(doc, "CanAddWorkers", !dynamic(doc)); }

static void check(const json_t *doc, struct problems *p)
{
    if (dynamic(doc) && jv_str(doc, "WorkerType", NULL) == NULL)
        problems_add(p, "/WorkerType", "is required for a dynamic worker pool");
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/workerpools/{Id}"},
    {"Workers", "/api/{SpaceId}/workerpools/{Id}/workers{?skip,take,partialName,isDisabled,"
                "healthStatuses,commStyles,shellNames}"},
    {NULL, NULL},
};

const struct resource worker_pool_resource = {
    .kind = "WorkerPools",
    .item_type = "WorkerPool",
    .noun = "Worker pool",
    .route = "workerpools",
    .fields = worker_pool_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .has_slug = true,
    .order = ORDER_BY_SORT,
    .complete = complete,
    .check = check,
};
