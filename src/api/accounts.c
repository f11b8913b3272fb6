/* accounts.c - accounts and proxies: plain resources with secrets. Facts: rest.md 2.5, 2.17. */
#include "api/resource.h"
#include "api/usages.h"
#include "model/command.h"

static const struct route_query account_query[] = {
    QUERY_PLAIN, {"accountType", QUERY_LIST, "only accounts of these types"}, QUERY_END};

static const struct route rows[] = {
    RESOURCE_READ_ROUTES("accounts", "Account", account_fields, account_query, "AccountView"),
    RESOURCE_WRITE_ROUTES("accounts", "Account", account_fields, "AccountCreate", "AccountEdit",
                          "AccountDelete"),
    {"GET", "/api/{space}/accounts/{id}/usages", usages, "AccountView", .out = account_usage_fields,
     .out_name = "AccountUsage", .doc = "what uses an account"},
    RESOURCE_READ_ROUTES("proxies", "Proxy", proxy_fields, resource_query, "ProxyView"),
    RESOURCE_WRITE_ROUTES("proxies", "Proxy", proxy_fields, "ProxyCreate", "ProxyEdit",
                          "ProxyDelete"),
};
const struct route_table account_routes = {rows, ARRAY_LEN(rows)};
