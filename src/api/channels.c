/* channels.c - channels of projects. A project has one default channel at any time. Facts:
 * rest.md 2.11. */
#include <string.h>

#include "api/executions.h"

int channel_default(struct db_tx *tx, struct call *c, const json_t *project, json_t **ret,
                    struct error *e)
{
    struct document_query q = {.kind = channel_resource.kind,
                               .owner_id = text(project, "Id"),
                               .order = DOCUMENT_BY_ID,
                               .take = -1};
    json_auto_t *list = NULL;
    json_t *one;
    size_t i;

    if (resource_documents(tx, c, &q, &list, e) < 0) return -1;
    json_array_foreach (list, i, one) {
        if (!jv_bool(one, "IsDefault", false)) continue;
        *ret = json_incref(one);
        return 0;
    }
    return fail(e, ERR_INVALID, "project '%s' has no default channel; name one",
                text(project, "Name"));
}

static int keep_a_default(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                          struct error *e)
{
    (void)tx, (void)c;
    if (!jv_bool(stored, "IsDefault", false) || jv_bool(doc, "IsDefault", false)) return 0;
    return fail_at(
        e, "IsDefault",
        "IsDefault: '%s' is the default channel of its project; make another one the default",
        text(stored, "Name"));
}

/* The new default takes the place of the old one. */
static int unset_others(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                        struct error *e)
{
    struct document_query q = {
        .kind = channel_resource.kind, .owner_id = text(doc, "ProjectId"), .take = -1};
    json_auto_t *list = NULL;
    json_t *one;
    size_t i;

    (void)stored;
    if (!jv_bool(doc, "IsDefault", false)) return 0;
    if (resource_documents(tx, c, &q, &list, e) < 0) return -1;
    json_array_foreach (list, i, one) {
        if (!jv_bool(one, "IsDefault", false) || strcmp(text(one, "Id"), text(doc, "Id")) == 0)
            continue;
        jv_set_bool(one, "IsDefault", false);
        if (resource_replace(tx, c, &channel_resource, one, -1, e) < 0) return -1;
    }
    return 0;
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.after = unset_others};

    return resource_create_with(c, &hooks, e);
}

static int update(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {keep_a_default, unset_others};

    return resource_update_with(c, &hooks, e);
}

#define CHANNEL_ROUTES(path)                                                               \
    RESOURCE_LIST_ROUTE(path, resource_list, "Channel", channel_fields, resource_query,    \
                        "ProcessView", "channels by name"),                                \
        RESOURCE_POST_ROUTE(path, create, "Channel", channel_fields, "ProcessEdit",        \
                            "creates a channel"),                                          \
        RESOURCE_GET_ROUTE(path, "Channel", channel_fields, "ProcessView"),                \
        RESOURCE_PUT_ROUTE(path "/{id}", update, "Channel", channel_fields, "ProcessEdit", \
                           "replaces a channel"),                                          \
        RESOURCE_DELETE_ROUTE(path, "ProcessEdit")
static const struct route rows[] = {
    CHANNEL_ROUTES("/api/{space}/channels"),
    CHANNEL_ROUTES("/api/{space}/projects/{project}/channels"),
    {"GET", "/api/{space}/channels/all", resource_all, "ProcessView", .out = channel_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Channel", .doc = "all channels"},
};
const struct route_table channel_routes = {rows, ARRAY_LEN(rows)};
