/* maintenance.c - whether the installation is in maintenance. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

const struct field maintenance_fields[] = {
    {"Id", FIELD_STRING, FIELD_READ_ONLY, .doc = "always maintenance"},
    {"IsInMaintenanceMode", FIELD_BOOL, FIELD_KEEP,
     .doc = "true: only administrators change something, and no node takes new tasks"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/maintenanceconfiguration"},
    {NULL, NULL},
};

const struct resource maintenance_resource = {
    .kind = "MaintenanceConfigurations",
    .item_type = "MaintenanceConfiguration",
    .noun = "Maintenance mode",
    .route = "maintenanceconfiguration",
    .system = true,
    .fields = maintenance_fields,
    .links = links,
};
