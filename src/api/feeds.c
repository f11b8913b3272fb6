/* feeds.c - feeds: the built-in one, first in every list, and external ones. Facts: rest.md 2.16.
 */
#include "api/resource.h"

/* Every space has the built-in feed already. */
static int check_type(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                      struct error *e)
{
    (void)tx, (void)c, (void)stored;
    if (!str_same(text(doc, "FeedType"), "BuiltIn")) return 0;
    return fail_at(e, "FeedType",
                   "FeedType: every space has one BuiltIn feed; choose another type");
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {.before = check_type};

    return resource_create_with(c, &hooks, e);
}

static const struct route_query feed_query[] = {
    QUERY_PLAIN, {"feedType", QUERY_LIST, "only feeds of these types"}, QUERY_END};

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("feeds", "Feed", feed_fields, feed_query, "FeedView"),
    RESOURCE_POST_ROUTE("/api/{space}/feeds", create, "Feed", feed_fields, "FeedEdit",
                        "creates an external feed"),
    RESOURCE_PUT_ROUTE("/api/{space}/feeds/{id}", resource_update, "Feed", feed_fields, "FeedEdit",
                       "replaces a feed"),
    RESOURCE_DELETE_ROUTE("/api/{space}/feeds", "FeedEdit"),
};
const struct route_table feed_routes = {rows, ARRAY_LEN(rows)};
