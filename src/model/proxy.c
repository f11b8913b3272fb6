/* proxy.c - a web proxy through which agents are reached. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"HTTP", NULL};

const struct field proxy_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    {"ProxyType", FIELD_STRING, .choices = types, .fallback = "\"HTTP\"", .doc = "its protocol"},
    {"Host", FIELD_STRING, FIELD_REQUIRED, .max = 255, .doc = "name or address of its host"},
    {"Port", FIELD_INT, .min = 1, .max = 65535, .fallback = "80", .doc = "its port"},
    {"Username", FIELD_STRING, .doc = "user name"},
    {"Password", FIELD_SENSITIVE, .doc = "password"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/proxies/{Id}"},
    {NULL, NULL},
};

const struct resource proxy_resource = {
    .kind = "Proxies",
    .item_type = "Proxy",
    .noun = "Proxy",
    .route = "proxies",
    .fields = proxy_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .order = ORDER_BY_NAME,
};
