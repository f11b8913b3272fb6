/* The rules of the router: which path means what, who may pass, how failures look; through real
 * sockets. */
#include "api/openapi.h"
#include "api/paging.h"
#include "api/router.h"
#include "tests/unit/http/client.h"

/* Answers which row ran with which space and parameters. */
static int show(struct call *c, struct error *e)
{
    c->out = json_object();
    jv_set_str(c->out, "Route", c->route->path);
    jv_set_str(c->out, "Method", c->route->method);
    jv_set_str(c->out, "Space", c->space_id);
    jv_set_str(c->out, "User", c->caller.name);
    if (strstr(c->route->path, "{id}")) jv_set_str(c->out, "Param", call_param(c, "id"));
    return 0;
}

static int list(struct call *c, struct error *e)
{
    struct paging p;
    int64_t total;
    struct http_strings ids = call_query_list(c, "ids");

    if (paging_read(c, &p, e) < 0 || call_query_number(c, "total", 0, 1000, 70, &total, e) < 0)
        return -1;
    json_t *items = json_array();
    for (int64_t i = 0; ids.n == 0 && i < total; i++) jv_push(items, json_integer(i));
    for (size_t i = 0; i < ids.n; i++) jv_push(items, jv_string(ids.items[i]));
    c->out = paging_slice(c, &p, "Thing", items);
    return 0;
}

static int create(struct call *c, struct error *e)
{
    struct http_strings names;
    const char *name, *space;
    int64_t number;
    bool flag;

    if (call_text_required(c, "ProjectName", &name, e) < 0 ||
        call_text(c, "SpaceName", "-", &space, e) < 0)
        return -1;
    if (call_texts(c, "EnvironmentNames", &names, e) < 0 ||
        call_number(c, "Number", 7, &number, e) < 0)
        return -1;
    if (call_flag(c, "Flag", false, &flag, e) < 0) return -1;
    c->out = json_object();
    jv_set_str(
        c->out, "Got",
        arena_fmt(c->arena, "%s|%s|%zu|%lld|%d", name, space, names.n, (long long)number, flag));
    return 0;
}

static int fails(struct call *c, struct error *e)
{
    const char *how = call_param(c, "id");

    if (strcmp(how, "missing") == 0) return fail(e, ERR_NOT_FOUND, "release %s", "Releases-9");
    if (strcmp(how, "taken") == 0) return fail_at(e, "Name", "the name \"x\" is taken");
    if (strcmp(how, "stale") == 0)
        return fail(e, ERR_CONFLICT, "version 3 is not the stored version 4");
    if (strcmp(how, "secret") == 0) return fail(e, ERR_INTERNAL, "select * from password");
    if (strcmp(how, "full") == 0) return fail(e, ERR_NO_SPACE, "disk full");
    if (strcmp(how, "busy") == 0) return fail(e, ERR_BUSY, "database is locked");
    call_problem(c, "first \"%s\"", how);
    call_problem(c, "second");
    return call_problems(c, e);
}

static int nothing(struct call *c, struct error *e) { return 0; }

static int echo_raw(struct call *c, struct error *e)
{
    http_reply(c->res, 200, HTTP_TEXT, c->req->body.p, c->req->body.n);
    return 0;
}

static int echo_json(struct call *c, struct error *e)
{
    c->out = c->body ? json_incref(c->body) : json_string("none");
    return 0;
}

static const struct field *const some_table = (const struct field *)"a table",
                                 *const beside = (const struct field *)"beside";
static const struct route_query thing_query[] = {{"ids", QUERY_LIST, "only these"},
                                                 {"partialName", QUERY_TEXT, "part of the name"},
                                                 {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api", show, PERM_ANONYMOUS, .doc = "root"},
    {"GET", "/api/users/me", show, PERM_AUTHENTICATED, .doc = "me"},
    {"GET", "/api/users/{id}", show, "UserView", .doc = "a user"},
    {"GET", "/api/spaces/{id}", show, PERM_AUTHENTICATED, .doc = "a space"},
    {"GET", "/api/spaces/all", show, PERM_AUTHENTICATED, .doc = "all spaces"},
    {"GET", "/api/tasks/{id}", show, "TaskView", .doc = "a task of any space"},
    {"POST", "/api/users/login", echo_json, PERM_ANONYMOUS, .doc = "log in"},
    {"GET", "/healthz", nothing, PERM_ANONYMOUS, .doc = "alive"},
    {"GET", "/api/{space}", show, PERM_AUTHENTICATED, .doc = "space root"},
    {"GET", "/api/{space}/things", list, "ProjectView", .shape = ROUTE_PAGE, .query = thing_query,
     .doc = "things", .out = some_table, .out_name = "Thing", .page = beside},
    {"POST", "/api/{space}/things", create, "ProjectEdit", .in = some_table, .in_name = "Thing",
     .status = 201, .doc = "makes one", .max_body = 2000},
    {"GET", "/api/{space}/things/all", show, "ProjectView", .shape = ROUTE_ARRAY,
     .doc = "all things"},
    {"GET", "/api/{space}/things/{id}", show, "ProjectView", .doc = "a thing"},
    {"PUT", "/api/{space}/things/{id}", show, "ProjectEdit", .doc = "changes one"},
    {"DELETE", "/api/{space}/things/{id}", nothing, "ProjectEdit", .doc = "removes one"},
    {"POST", "/api/{space}/tasks/{id}/cancel", show, "TaskEdit", .doc = "cancels"},
    {"POST", "/api/{space}/fails/{id}", fails, "ProjectView", .doc = "fails"},
    {"POST", "/api/{space}/raw", echo_raw, "ProjectView", .flags = ROUTE_RAW_BODY, .doc = "raw"},
    {"POST", "/api/{space}/json", echo_json, "ProjectView", .doc = "any json"},
    {"POST", "/api/{space}/maybe", echo_json, "ProjectView", .in = some_table,
     .flags = ROUTE_OPTIONAL_BODY, .doc = "m"},
};
static const struct route_table table = {rows, ARRAY_LEN(rows)};
static const struct route_table *const tables[] = {&table};

static int authenticate(void *app, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e)
{
    if (who->cookie && !who->api_key && !who->bearer) {
        if (strstr(who->cookie, "stale")) return fail(e, ERR_UNAUTHENTICATED, "session ended");
        if (strstr(who->cookie, "session") && who->unsafe && who->csrf == NULL)
            return fail(e, ERR_DENIED, "no csrf token");
        if (strstr(who->cookie, "session"))
            *ret = (struct caller){.id = "Users-1", .name = "ADMIN"};
        return 0; /* a cookie of someone else */
    }
    const char *key = who->api_key ? who->api_key : who->bearer;
    if (strcmp(key, "API-ADMIN") != 0 && strcmp(key, "API-VIEW") != 0)
        return fail(e, ERR_UNAUTHENTICATED, "the API key is not known");
    *ret = (struct caller){.id = "Users-1", .name = key + 4};
    return 0;
}

static int permit(void *app, struct call *c, const char *permission, struct error *e)
{
    if (strcmp(c->caller.name, "ADMIN") == 0 || permission[0] == '*' ||
        str_ends(permission, "View"))
        return 0;
    return fail(e, ERR_DENIED, "%s needs %s", c->caller.name, permission);
}

static int space(void *app, const char *name, struct arena *a, const char **ret, struct error *e)
{
    if (name == NULL || str_same(name, "Spaces-1") || str_same(name, "default")) *ret = "Spaces-1";
    else if (str_same(name, "Spaces-2") || str_same(name, "second one")) *ret = "Spaces-2";
    else return fail(e, ERR_NOT_FOUND, "space %s", name);
    return 0;
}

static bool maintenance;
static bool in_maintenance(void *app, const struct call *c)
{
    return maintenance && strcmp(c->caller.name, "ADMIN") != 0;
}

static struct router *router;
static struct http_server *server;
static int fd;
#define ADMIN "X-Octopus-ApiKey: API-ADMIN\r\n"

static void stop(void)
{
    close(fd);
    http_server_stop(server);
    router_free(router);
}

static void start(void)
{
    struct router_options ro = {tables, 1,    NULL,  authenticate,
                                permit, NULL, space, .in_maintenance = in_maintenance};
    struct error err = {0};

    EXPECT_OK(router_new(&ro, &router, &err));
    struct http_options ho = {.listen = "127.0.0.1:0",
                              .handle = router_handle,
                              .body_limit = router_body_limit,
                              .ctx = router};
    EXPECT_OK(http_server_start(&ho, &server, &err));
    fd = client_open(http_server_port(server));
    atexit(stop);
}

/* The JSON answer, which must have this status. Caller frees. */
static json_t *call(const char *method, const char *target, const char *headers, const char *body,
                    int status)
{
    struct answer a = client_call(fd, method, target, headers, body);
    struct error err = {0};
    json_t *doc;

    if (a.status != status) fprintf(stderr, "# %s %s: %s\n", method, target, buf_str(&a.body));
    EXPECT_INT(a.status, status);
    EXPECT(a.has_length);
    EXPECT_STR(answer_header(&a, "Content-Type"), "application/json; charset=utf-8");
    EXPECT_OK(jv_parse(buf_str(&a.body), a.body.n, &doc, &err));
    answer_done(&a);
    return doc;
}

static void expect_member(const char *method, const char *target, const char *headers,
                          const char *body, int status, const char *member, const char *wanted)
{
    json_t *doc = call(method, target, headers, body, status);

    EXPECT_STR(jv_str(doc, member, "(null)"), wanted);
    json_decref(doc);
}

static void expect_route(const char *method, const char *target, const char *route,
                         const char *in_space, const char *param)
{
    json_t *doc = call(method, target, ADMIN, strcmp(method, "GET") == 0 ? NULL : "{}", 200);

    EXPECT_STR(jv_str(doc, "Route", ""), route);
    EXPECT_STR(jv_str(doc, "Space", ""), in_space);
    EXPECT_STR(jv_str(doc, "Param", ""), param);
    json_decref(doc);
}

/* A failure whose ErrorMessage and Errors together contain ${part}. */
static void expect_failure(const char *method, const char *target, const char *headers,
                           const char *body, int status, const char *part)
{
    json_t *doc = call(method, target, headers, body, status);
    CLEANUP(freep) char *text = jv_text(doc);

    EXPECT(jv_str(doc, "ErrorMessage", "")[0] && json_is_array(jv_get(doc, "Errors")));
    if (strstr(text, part) == NULL) EXPECT_STR(text, part);
    json_decref(doc);
}

TEST(paths_are_read_as_clients_write_them)
{
    start();
    expect_route("GET", "/api", "/api", "", "");
    expect_route("GET", "/api/", "/api", "", "");
    expect_route("GET", "/API/Users/ME", "/api/users/me", "", "");
    expect_route("GET", "/api/users/Users-1", "/api/users/{id}", "", "Users-1");
    expect_route("GET", "/api/Spaces-2", "/api/{space}", "Spaces-2", "");
    expect_route("GET", "/api/default/", "/api/{space}", "Spaces-1", "");
    expect_route("GET", "/api/second%20one/things/a%2Fb", "/api/{space}/things/{id}", "Spaces-2",
                 "a/b");
    expect_route("GET", "/api/Spaces-2/things/all", "/api/{space}/things/all", "Spaces-2", "");
    expect_route("PUT", "/api/Spaces-2/things/all", "/api/{space}/things/{id}", "Spaces-2", "all");
}

TEST(spaces_may_be_written_with_a_prefix_or_left_out)
{
    start();
    expect_route("GET", "/api/spaces/Spaces-2", "/api/spaces/{id}", "", "Spaces-2");
    expect_route("GET", "/api/spaces/all", "/api/spaces/all", "", "");
    expect_route("GET", "/api/spaces/Spaces-2/things/7", "/api/{space}/things/{id}", "Spaces-2",
                 "7");
    expect_route("POST", "/api/spaces/Spaces-2/tasks/T-1/cancel", "/api/{space}/tasks/{id}/cancel",
                 "Spaces-2", "T-1");
    expect_route("GET", "/api/things/7", "/api/{space}/things/{id}", "Spaces-1", "7");
    expect_route("GET", "/api/tasks/T-1", "/api/tasks/{id}", "", "T-1");
    expect_route("POST", "/api/tasks/T-1/cancel", "/api/{space}/tasks/{id}/cancel", "Spaces-1",
                 "T-1");
    expect_route("GET", "/api/things/things", "/api/{space}/things/{id}", "Spaces-1", "things");
}

TEST(what_is_not_there_is_a_json_404_and_a_wrong_method_a_405_that_names_the_others)
{
    start();
    expect_failure("GET", "/api/nothing", ADMIN, NULL, 404, "space nothing");
    expect_failure("GET", "/api/Spaces-1/nothing", ADMIN, NULL, 404,
                   "'/api/Spaces-1/nothing' was not found");
    expect_failure("GET", "/api/Spaces-9/things", ADMIN, NULL, 404,
                   "'space Spaces-9' was not found");
    expect_failure("GET", "/", NULL, NULL, 404, "was not found");
    expect_failure("GET", "/api//things", ADMIN, NULL, 404, "was not found");
    expect_failure("GET", "/api/Spaces-1/things//", ADMIN, NULL, 404, "was not found");
    expect_failure("PATCH", "/api/Spaces-1/things/7", ADMIN, "{}", 405,
                   "GET, HEAD, PUT, DELETE, OPTIONS");
    expect_failure("BREW", "/api/Spaces-1/things/7", ADMIN, "{}", 405, "BREW");
    struct answer a = client_call(fd, "OPTIONS", "/api/Spaces-1/things", NULL, NULL);
    EXPECT_INT(a.status, 200);
    EXPECT_STR(answer_header(&a, "Allow"), "GET, HEAD, POST, OPTIONS");
    answer_done(&a);
}

TEST(head_is_answered_as_get)
{
    start();
    client_send(fd, "HEAD /api HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer a = client_head(fd);
    EXPECT_INT(a.status, 200);
    EXPECT(strtol(answer_header(&a, "Content-Length"), NULL, 10) > 10);
    answer_done(&a);
    expect_route("GET", "/api", "/api", "", "");
}

TEST(overridden_methods_reach_their_rows_and_delete_is_200)
{
    start();
    expect_member("POST", "/api/Spaces-1/things/7", ADMIN "X-HTTP-Method-Override: PUT\r\n", "{}",
                  200, "Method", "PUT");
    json_t *doc = call("POST", "/api/Spaces-1/things/7", ADMIN "X-HTTP-Method-Override: DELETE\r\n",
                       NULL, 200);
    EXPECT(json_is_object(doc) && json_object_size(doc) == 0);
    json_decref(doc);
    json_decref(call("DELETE", "/api/Spaces-1/things/7", ADMIN, NULL, 200));
}

TEST(every_row_is_behind_its_gate)
{
    start();
    expect_failure("GET", "/api/users/me", NULL, NULL, 401, "logged in");
    expect_failure("GET", "/api/users/me", "X-Octopus-ApiKey: \r\n", NULL, 401, "logged in");
    expect_failure("GET", "/api/users/me?apikey=API-ADMIN", NULL, NULL, 401,
                   "header X-Octopus-ApiKey");
    expect_failure("GET", "/api/users/me", "X-Octopus-ApiKey: API-NO\r\n", NULL, 401, "not known");
    expect_failure("GET", "/api", "X-Octopus-ApiKey: API-NO\r\n", NULL, 401, "not known");
    expect_failure("GET", "/api/Spaces-9/things", NULL, NULL, 401, "logged in");
    expect_failure("GET", "/api/users/me", "Cookie: a=b\r\n", NULL, 401, "logged in");
    expect_failure("GET", "/api/users/me", "Authorization: Basic API-ADMIN\r\n", NULL, 401,
                   "logged in");
    expect_failure("POST", "/api/Spaces-1/things", "X-Octopus-ApiKey: API-VIEW\r\n", "{}", 403,
                   "ProjectEdit");
    expect_failure("POST", "/api/Spaces-1/things", "X-Octopus-ApiKey: API-VIEW\r\n", "{not json",
                   403, "ProjectEdit");
    expect_member("GET", "/api/users/me", "x-octopus-apikey: API-VIEW\r\n", NULL, 200, "User",
                  "VIEW");
    expect_member("GET", "/api/users/me", "Authorization: bearer API-ADMIN\r\n", NULL, 200, "User",
                  "ADMIN");
    expect_member("GET", "/api", "X-Octopus-ApiKey: \r\n", NULL, 200, "User", "(null)");
    expect_member("GET", "/api", "Cookie: stale\r\n", NULL, 200, "User", "(null)");
    json_decref(call("GET", "/healthz", NULL, NULL, 200));
}

TEST(in_maintenance_only_administrators_change_something)
{
    const char *view = "X-Octopus-ApiKey: API-VIEW\r\n";

    start();
    json_decref(call("POST", "/api/Spaces-1/json", view, "{}", 200));
    maintenance = true;
    expect_failure("POST", "/api/Spaces-1/json", view, "{}", 503, "maintenance mode");
    json_decref(call("GET", "/api/Spaces-1/things/7", view, NULL, 200));
    json_decref(call("POST", "/api/users/login", NULL, "{}", 200));
    json_decref(call("POST", "/api/Spaces-1/json", ADMIN, "{}", 200));
    expect_failure("POST", "/api/Spaces-1/things", view, "{}", 403, "ProjectEdit");
}

TEST(a_session_without_its_csrf_token_changes_nothing_and_is_nobody_where_nobody_is_asked_for)
{
    start();
    expect_member("GET", "/api/users/me", "Cookie: session\r\n", NULL, 200, "User", "ADMIN");
    expect_member("PUT", "/api/things/a", "Cookie: session\r\nX-Octopus-Csrf-Token: x\r\n", "{}",
                  200, "User", "ADMIN");
    expect_failure("PUT", "/api/things/a", "Cookie: session\r\n", "{}", 403, "no csrf token");
    expect_failure("POST", "/api/things/a", "Cookie: session\r\nX-HTTP-Method-Override: PUT\r\n",
                   "{}", 403, "no csrf token");
    expect_failure("POST", "/api/users/login", "Cookie: stale\r\nX-Octopus-ApiKey: API-NO\r\n",
                   "{}", 401, "not known");
    json_decref(call("POST", "/api/users/login", "Cookie: session\r\n", "{}", 200));
}

TEST(bodies_bind_names_in_any_case_and_errors_name_the_member)
{
    start();
    expect_member("POST", "/api/things", ADMIN,
                  "{\"projectName\":\"p\",\"spacename\":null,\"unknown\":{}}", 201, "Got",
                  "p|-|0|7|0");
    expect_member("POST", "/api/things", ADMIN,
                  "{\"PROJECTNAME\":\"p\",\"environmentNames\":[\"a\",\"b\"],\"Number\":3,\"flag\":"
                  "true}",
                  201, "Got", "p|-|2|3|1");
    static const struct {
        const char *body, *part;
    } rows_[] = {
        {"{}", "ProjectName is required"},
        {"{\"projectName\":\" \"}", "ProjectName is required"},
        {"{\"projectName\":7}", "ProjectName is a number, want a text"},
        {"{\"ProjectName\":\"p\",\"EnvironmentNames\":\"Dev\"}",
         "EnvironmentNames is a text, want a list"},
        {"{\"ProjectName\":\"p\",\"EnvironmentNames\":[\"a\",1]}",
         "EnvironmentNames/1 is a number"},
        {"{\"ProjectName\":\"p\",\"Flag\":\"true\"}", "Flag is a text, want true or false"},
        {"{\"ProjectName\":\"p\",\"Number\":1.5}", "Number is a number, want a whole number"},
        {"[]", "want a JSON object, got a list"},
        {"", "want a JSON object, got none"},
        {"null", "got none"},
        {"{\"a\":", "line 1"},
        {"{\"a\":1,\"a\":2}", "line 1"},
        {"{\"a\":\"\xff\"}", "line 1"},
        {"{} x", "line 1"},
        {"{\"a\":\"\\u0000\"}", "line 1"},
        {"{\"a\":99999999999999999999}", "line 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows_); i++)
        expect_failure("POST", "/api/things", ADMIN, rows_[i].body, 400, rows_[i].part);
    char deep[200] = {0};
    memset(deep, '[', 199);
    expect_failure("POST", "/api/json", ADMIN, deep, 400, "64 levels");
}

TEST(bodies_may_be_missing_null_or_raw_where_the_row_says_so)
{
    start();
    json_decref(call("POST", "/api/json", ADMIN, NULL, 200));
    json_decref(call("POST", "/api/json", ADMIN, " \r\n ", 200));
    json_decref(call("POST", "/api/json", ADMIN, "\xEF\xBB\xBF{\"a\":[1]}", 200));
    json_decref(call("POST", "/api/maybe", ADMIN, "null", 200));
    expect_failure("POST", "/api/maybe", ADMIN, "[]", 400, "got a list");
    json_decref(call("GET", "/api/things/1", ADMIN, "{not read", 200));
    struct answer a = client_call(fd, "POST", "/api/raw", ADMIN, "{\"raw");
    EXPECT_STR(buf_str(&a.body), "{\"raw");
    answer_done(&a);
}

TEST(a_row_has_its_own_body_limit)
{
    start();
    char body[2500];
    memset(body, ' ', sizeof(body));
    body[2001] = '\0';
    expect_failure("POST", "/api/Spaces-1/things", ADMIN, body, 413, "2000 bytes");
    json_decref(call("POST", "/api/json", ADMIN, body, 200));
}

TEST(failures_look_as_clients_expect)
{
    start();
    json_t *doc = call("POST", "/api/fails/missing", ADMIN, NULL, 404);
    EXPECT_STR(jv_str(doc, "ErrorMessage", ""), "The resource 'release Releases-9' was not found.");
    EXPECT_INT(json_array_size(jv_get(doc, "Errors")),
               0); /* some clients lose the status otherwise */
    json_decref(doc);
    expect_failure("POST", "/api/fails/taken", ADMIN, NULL, 400,
                   "\"Errors\":[\"the name \\\"x\\\" is taken\"]");
    expect_failure("POST", "/api/fails/stale", ADMIN, NULL, 409,
                   "\"Errors\":[\"version 3 is not the stored version 4\"]");
    expect_failure("POST", "/api/fails/many", ADMIN, NULL, 400,
                   "\"Errors\":[\"first \\\"many\\\"\",\"second\"]");
    expect_failure("POST", "/api/fails/full", ADMIN, NULL, 507, "\"ErrorMessage\":\"disk full\"");
    expect_failure("POST", "/api/fails/busy", ADMIN, NULL, 503,
                   "\"ErrorMessage\":\"database is locked\"");
    doc = call("POST", "/api/fails/secret", ADMIN, NULL, 500);
    EXPECT(strstr(jv_str(doc, "ErrorMessage", ""), "password") == NULL);
    EXPECT(strstr(jv_str(doc, "ErrorMessage", ""), "reference"));
    json_decref(doc);
}

static const char *page_link(json_t *doc, const char *name)
{
    return jv_str(json_object_get(doc, "Links"), name, "");
}

TEST(a_page_links_to_the_others_and_keeps_the_filters)
{
    start();
    json_t *doc = call("GET", "/api/things?partialName=a%20b%26&skip=30&ids=&PartialName=c&x=1",
                       ADMIN, NULL, 200);
    EXPECT_STR(jv_str(doc, "ItemType", ""), "Thing");
    EXPECT_INT(jv_i64(doc, "TotalResults", 0), 70);
    EXPECT_INT(jv_i64(doc, "ItemsPerPage", 0), 30);
    EXPECT_INT(jv_i64(doc, "NumberOfPages", 0), 3);
    EXPECT_INT(jv_i64(doc, "LastPageNumber", 0), 2);
    EXPECT(json_is_false(jv_get(doc, "IsStale")));
    EXPECT_INT(json_integer_value(json_array_get(jv_get(doc, "Items"), 0)), 30);
#define FILTERS "&partialName=a%20b%26&PartialName=c&x=1"
    EXPECT_STR(page_link(doc, "Self"), "/api/Spaces-1/things?skip=30&take=30" FILTERS);
    EXPECT_STR(page_link(doc, "Template"), "/api/Spaces-1/things{?skip,take,ids,partialName}");
    EXPECT_STR(page_link(doc, "Page.All"), "/api/Spaces-1/things?skip=0&take=2147483647" FILTERS);
    EXPECT_STR(page_link(doc, "Page.Current"), "/api/Spaces-1/things?skip=30&take=30" FILTERS);
    EXPECT_STR(page_link(doc, "Page.Next"), "/api/Spaces-1/things?skip=60&take=30" FILTERS);
    EXPECT_STR(page_link(doc, "Page.Last"), "/api/Spaces-1/things?skip=60&take=30" FILTERS);
    char *next = xstrdup(page_link(doc, "Page.Next"));
    json_decref(doc);
    doc = call("GET", next, ADMIN, NULL, 200);
    EXPECT_INT(json_array_size(jv_get(doc, "Items")), 10);
    EXPECT(json_object_get(jv_get(doc, "Links"), "Page.Next") == NULL);
    json_decref(doc);
    free(next);
}

TEST(pages_take_what_clients_send)
{
    start();
    static const struct {
        const char *query;
        int items, pages;
        bool next;
    } rows_[] = {
        {"skip=0&take=2147483647", 70, 1, false},
        {"take=70", 70, 1, false},
        {"take=69", 69, 2, true},
        {"skip=1000", 0, 3, false},
        {"TAKE=1&Skip=69", 1, 70, false},
        {"take=0", 0, 1, false},
        {"skip=&take=", 30, 3, true},
        {"total=0", 0, 1, false},
        {"ids=a,b", 2, 1, false},
        {"ids=a%2Cb", 2, 1, false},
        {"ids=a&ids=b", 2, 1, false},
        {"ids=a,,%20b%20,&IDS=c", 3, 1, false},
        {"ids=", 30, 3, true},
        {"ids", 30, 3, true},
        {"?unknown=x", 30, 3, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows_); i++) {
        char target[200];
        snprintf(target, sizeof(target), "/api/Spaces-1/things?%s", rows_[i].query);
        json_t *doc = call("GET", target, ADMIN, NULL, 200);
        EXPECT_INT(json_array_size(jv_get(doc, "Items")), rows_[i].items);
        EXPECT_INT(jv_i64(doc, "NumberOfPages", 0), rows_[i].pages);
        EXPECT_INT(json_object_get(jv_get(doc, "Links"), "Page.Next") != NULL, rows_[i].next);
        json_decref(doc);
    }
    static const char *const bad[] = {"take=-1", "take=x", "skip=1.5", "take=2147483648",
                                      "skip=99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char target[200], name[5] = {0};
        snprintf(target, sizeof(target), "/api/Spaces-1/things?%s", bad[i]);
        memcpy(name, bad[i], 4);
        expect_failure("GET", target, ADMIN, NULL, 400, name);
    }
}

static void expect_bad_table(const struct route *bad, size_t n, const char *part)
{
    struct route_table t = {bad, n};
    const struct route_table *all[] = {&t};
    struct router_options o = {all, 1, NULL, authenticate, permit, NULL, space, NULL};
    struct error err = {0};
    struct router *r;

    EXPECT_FAILS(router_new(&o, &r, &err), ERR_INVALID);
    if (strstr(err.text, part) == NULL) EXPECT_STR(err.text, part);
}
#define EXPECT_BAD(part, ...)                        \
    do {                                             \
        const struct route bad[] = {__VA_ARGS__};    \
        expect_bad_table(bad, ARRAY_LEN(bad), part); \
    } while (0)

TEST(a_bad_table_does_not_start)
{
    EXPECT_BAD("GET /api/{space}/x/{b} is ambiguous",
               {"GET", "/api/{space}/x/{a}", show, "ProjectView", .doc = "d"},
               {"GET", "/api/{space}/x/{b}", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("ambiguous", {"GET", "/api/x", show, "ProjectView", .doc = "d"},
               {"GET", "/api/X", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("no doc", {"GET", "/api/x", show, "ProjectView", .doc = NULL});
    EXPECT_BAD("no permission", {"GET", "/api/x", show, "", .doc = "d"});
    EXPECT_BAD("there is no permission ThingView",
               {"GET", "/api/x", show, "ThingView", .doc = "d"});
    EXPECT_BAD("no handler", {"GET", "/api/x", NULL, "ProjectView", .doc = "d"});
    EXPECT_BAD("unknown method", {"get", "/api/x", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("bad template", {"GET", "/api//x", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("bad template", {"GET", "/api/x{id}", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("{space} stands", {"GET", "/x/{space}/y", show, "ProjectView", .doc = "d"});
    EXPECT_BAD("resource name must follow",
               {"GET", "/api/{space}/{id}", show, "ProjectView", .doc = "d"});
}

static json_t *schema_of(const struct field *t)
{
    json_t *v = json_object();
    jv_set_str(v, "title", (const char *)t);
    if (t == beside)
        jv_set(v, "properties", json_pack("{s:{s:s}}", "TotalPrice", "type", "integer"));
    return v;
}

TEST(the_openapi_document_tells_every_row)
{
    struct openapi_options o = {tables, 1, "Bobtail", "1.0", schema_of};
    json_auto_t *doc = openapi_document(&o);
    json_t *paths = jv_get(doc, "paths"), *ids = json_object();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *method = str_fold(rows[i].method);
        json_t *op = json_object_get(json_object_get(paths, rows[i].path), method);
        EXPECT_STR(jv_str(op, "summary", ""), rows[i].doc);
        EXPECT(json_object_get(ids, jv_str(op, "operationId", "")) == NULL);
        jv_set_bool(ids, jv_str(op, "operationId", ""), true);
        free(method);
    }
    json_decref(ids);
    json_t *op = json_object_get(json_object_get(paths, "/api/{space}/things"), "get");
    EXPECT_STR(jv_str(op, "operationId", ""), "getThings");
    EXPECT_STR(jv_str(op, "x-permission", ""), "ProjectView");
    EXPECT_INT(json_array_size(jv_get(op, "parameters")),
               5); /* space, skip, take, ids, partialName */
    CLEANUP(freep) char *text = jv_text(doc);
    EXPECT(strstr(text, "\"Thing\":{\"title\":\"a table\"}"));
    EXPECT(strstr(text, "\"TotalPrice\":{\"type\":\"integer\"}")); /* beside the envelope */
    EXPECT(strstr(text, "\"requestBody\":{\"required\":true,\"content\":{\"application/"
                        "json\":{\"schema\":{\"$ref\":"
                        "\"#/components/schemas/Thing\"}}}}"));
    json_auto_t *again = openapi_document(&o);
    EXPECT(json_equal(doc, again));
}
