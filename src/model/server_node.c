/* server_node.c - a process of the server, with its task cap. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field server_node_fields[] = {
    ROW_ID,
    {"Name", FIELD_STRING, FIELD_READ_ONLY, .doc = "its name"},
    {"MaxConcurrentTasks", FIELD_INT, FIELD_KEEP, .max = 10000, .fallback = "5",
     .doc = "tasks it runs at once; 0: none"},
    {"IsInMaintenanceMode", FIELD_BOOL, FIELD_KEEP, .doc = "true: takes no new task"},
    {"LastSeen", FIELD_TIME, FIELD_READ_ONLY, .doc = "when it was last alive"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/octopusservernodes/{Id}"},
    {"Details", "/api/octopusservernodes/{Id}/details"},
    {NULL, NULL},
};

const struct resource server_node_resource = {
    .kind = "OctopusServerNodes",
    .item_type = "OctopusServerNode",
    .noun = "Server node",
    .route = "octopusservernodes",
    .system = true,
    .fields = server_node_fields,
    .links = links,
    .name_member = "Name",
    .order = ORDER_BY_NAME,
};
