/* openapi.c - see openapi.h. Paths are the templates themselves; that /api/spaces/{id}/... and
 * /api/... also work is said in the description. Schemas with a name stand once under components.
 */
#include "api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/call.h"

static json_t *ref(const char *name)
{
    CLEANUP(buf_done) struct buf path = BUF_INIT(BUF_UNBOUNDED);
    json_t *v = json_object();

    buf_addf(&path, "#/components/schemas/%s", name);
    jv_set_str(v, "$ref", buf_str(&path));
    return v;
}

static json_t *type(const char *name)
{
    json_t *v = json_object();

    jv_set_str(v, "type", name);
    return v;
}

struct document {
    const struct openapi_options *o;
    json_t *schemas, *paths;
};

/* A named schema is made once and referred to. */
static json_t *schema(struct document *d, const struct field *table, const char *name)
{
    const struct openapi_options *o = d->o;

    if (name && json_object_get(d->schemas, name)) return ref(name);
    json_t *v = table && o->schema_of ? o->schema_of(table) : type("object");
    if (name == NULL) return v;
    jv_set(d->schemas, name, v);
    return ref(name);
}

static json_t *list_of(json_t *items)
{
    json_t *v = type("array");

    jv_set(v, "items", items);
    return v;
}

static json_t *page_of(struct document *d, json_t *items, const struct field *more)
{
    static const char *const numbers[] = {"TotalResults", "ItemsPerPage", "NumberOfPages",
                                          "LastPageNumber"};
    json_t *v = type("object"), *members = json_object();

    jv_set(members, "ItemType", type("string"));
    jv_set(members, "IsStale", type("boolean"));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) jv_set(members, numbers[i], type("integer"));
    jv_set(members, "Items", list_of(items));
    jv_set(members, "Links", ref("Links"));
    if (more) {
        json_auto_t *beside = schema(d, more, NULL);
        json_object_update(members, json_object_get(beside, "properties"));
    }
    jv_set(v, "properties", members);
    return v;
}

static json_t *content(const char *media_type, json_t *of)
{
    json_t *v = json_object(), *media = json_object();

    jv_set(media, "schema", of);
    jv_set(v, media_type, media);
    return v;
}

static json_t *answer_content(struct document *d, const struct route *r)
{
    switch (r->shape) {
    case ROUTE_TEXT: return content("text/plain", type("string"));
    case ROUTE_EVENTS: return content("text/event-stream", type("string"));
    case ROUTE_BYTES: {
        json_t *bytes = type("string");
        jv_set_str(bytes, "format", "binary");
        return content("application/octet-stream", bytes);
    }
    case ROUTE_ARRAY:
        return content("application/json",
                       list_of(r->out ? schema(d, r->out, r->out_name) : type("string")));
    case ROUTE_PAGE:
        return content("application/json", page_of(d, schema(d, r->out, r->out_name), r->page));
    case ROUTE_ONE: break;
    }
    return content("application/json", schema(d, r->out, r->out_name));
}

static json_t *responses(struct document *d, const struct route *r)
{
    json_t *v = json_object(), *ok = json_object(), *problem = json_object();
    char status[8];

    snprintf(status, sizeof(status), "%d", r->status ? r->status : 200);
    jv_set_str(ok, "description", "success");
    jv_set(ok, "content", answer_content(d, r));
    jv_set_str(problem, "description", "an error");
    jv_set(problem, "content", content("application/json", ref("Problem")));
    jv_set(v, status, ok);
    jv_set(v, "default", problem);
    return v;
}

static json_t *parameter(const char *name, size_t n, const char *in, json_t *of, const char *doc)
{
    json_t *v = json_object();

    jv_set(v, "name", json_stringn(name, n));
    jv_set_str(v, "in", in);
    if (strcmp(in, "path") == 0) jv_set_bool(v, "required", true);
    if (doc) jv_set_str(v, "description", doc);
    jv_set(v, "schema", of);
    return v;
}

static json_t *query_type(const struct route_query *q)
{
    switch (q->kind) {
    case QUERY_LIST: return list_of(type("string"));
    case QUERY_NUMBER: return type("integer");
    case QUERY_FLAG: return type("boolean");
    case QUERY_TEXT: break;
    }
    return type("string");
}

static json_t *parameters(const struct route *r)
{
    json_t *v = json_array();

    for (const char *p = r->path; (p = strchr(p, '{')) != NULL; p++)
        jv_push(v, parameter(p + 1, strcspn(p + 1, "}"), "path", type("string"), NULL));
    if (r->shape == ROUTE_PAGE) {
        jv_push(v, parameter("skip", 4, "query", type("integer"), "items to leave out, from 0"));
        jv_push(v,
                parameter("take", 4, "query", type("integer"), "items of a page, 30 unless given"));
    }
    for (const struct route_query *q = r->query; q && q->name; q++)
        jv_push(v, parameter(q->name, strlen(q->name), "query", query_type(q), q->doc));
    return v;
}

/* One file, in a field of any name. */
static json_t *form(void)
{
    json_t *v = type("object"), *members = json_object(), *file = type("string");

    jv_set_str(file, "format", "binary");
    jv_set(members, "fileToUpload", file);
    jv_set(v, "properties", members);
    return v;
}

static void request_body(struct document *d, const struct route *r, json_t *operation)
{
    json_t *body = json_object();
    bool raw = r->flags & ROUTE_RAW_BODY, is_form = r->flags & ROUTE_FORM_BODY;

    if (!raw && !is_form && r->in == NULL) {
        json_decref(body);
        return;
    }
    jv_set_bool(body, "required", !(r->flags & ROUTE_OPTIONAL_BODY));
    jv_set(body, "content",
           is_form ? content("multipart/form-data", form())
           : raw   ? content("application/octet-stream", type("string"))
                   : content("application/json", schema(d, r->in, r->in_name)));
    jv_set(operation, "requestBody", body);
}

/* "GET /api/{space}/tasks/{id}/raw" is getTasksIdRaw. */
static void operation_id(const struct route *r, json_t *operation)
{
    CLEANUP(buf_done) struct buf id = BUF_INIT(BUF_UNBOUNDED);
    const char *p = str_starts(r->path, "/api/{space}") ? r->path + 12 : r->path;
    bool upper = true;

    for (const char *m = r->method; *m; m++) buf_addc(&id, (char)tolower((unsigned char)*m));
    if (p != r->path) buf_adds(&id, *p ? "" : "Space");
    else if (str_starts(p, "/api")) buf_adds(&id, "System"), p += 4;
    for (; *p; p++) {
        if (!isalnum((unsigned char)*p)) {
            upper = true;
            continue;
        }
        buf_addc(&id, upper ? (char)toupper((unsigned char)*p) : *p);
        upper = false;
    }
    jv_set_str(operation, "operationId", buf_str(&id));
}

/* The resource a route belongs to: its first literal segment behind the space. */
static void tags(const struct route *r, json_t *operation)
{
    const char *p = str_starts(r->path, "/api/{space}/") ? r->path + 13
                    : str_starts(r->path, "/api/")       ? r->path + 5
                                                         : "";
    size_t n = strcspn(p, "/");
    json_t *list = json_array();

    jv_push(list, n ? json_stringn(p, n) : jv_string("server"));
    jv_set(operation, "tags", list);
}

static void add_route(struct document *d, const struct route *r)
{
    json_t *path = json_object_get(d->paths, r->path), *operation = json_object();
    char method[8] = {0};

    for (size_t i = 0; i < 7 && r->method[i]; i++)
        method[i] = (char)tolower((unsigned char)r->method[i]);
    if (path == NULL) {
        path = json_object();
        jv_set(d->paths, r->path, path);
    }
    operation_id(r, operation);
    tags(r, operation);
    jv_set_str(operation, "summary", r->doc);
    jv_set_str(operation, "x-permission",
               r->permission[0] == '*' ? r->permission + 1 : r->permission);
    if (strcmp(r->permission, PERM_ANONYMOUS) == 0) jv_set(operation, "security", json_array());
    jv_set(operation, "parameters", parameters(r));
    request_body(d, r, operation);
    jv_set(operation, "responses", responses(d, r));
    jv_set(path, method, operation);
}

static void add_shared_schemas(struct document *d)
{
    json_t *links = type("object"), *problem = type("object"), *members = json_object();

    jv_set(links, "additionalProperties", type("string"));
    jv_set(d->schemas, "Links", links);
    jv_set(members, "ErrorMessage", type("string"));
    jv_set(members, "Errors", list_of(type("string")));
    jv_set(problem, "properties", members);
    jv_set(d->schemas, "Problem", problem);
}

static json_t *security_schemes(void)
{
    json_t *all = json_object(), *key = json_object(), *bearer = json_object();

    jv_set_str(key, "type", "apiKey");
    jv_set_str(key, "in", "header");
    jv_set_str(key, "name", "X-Octopus-ApiKey");
    jv_set(all, "ApiKey", key);
    jv_set_str(bearer, "type", "http");
    jv_set_str(bearer, "scheme", "bearer");
    jv_set(all, "Bearer", bearer);
    return all;
}

static json_t *security(void)
{
    json_t *list = json_array(), *key = json_object(), *bearer = json_object();

    jv_set(key, "ApiKey", json_array());
    jv_push(list, key);
    jv_set(bearer, "Bearer", json_array());
    jv_push(list, bearer);
    return list;
}

json_t *openapi_document(const struct openapi_options *o)
{
    struct document d = {o, json_object(), json_object()};
    json_t *v = json_object(), *info = json_object(), *components = json_object();

    add_shared_schemas(&d);
    for (size_t t = 0; t < o->n_tables; t++)
        for (size_t i = 0; i < o->tables[t]->n; i++) add_route(&d, &o->tables[t]->rows[i]);
    jv_set_str(info, "title", o->title);
    jv_set_str(info, "version", o->version);
    jv_set_str(info, "description",
               "{space} is a space's id or slug. /api/spaces/{space}/... is the same as "
               "/api/{space}/...; without a "
               "space, /api/... means the default space.");
    jv_set(components, "schemas", d.schemas);
    jv_set(components, "securitySchemes", security_schemes());
    jv_set_str(v, "openapi", "3.0.3");
    jv_set(v, "info", info);
    jv_set(v, "security", security());
    jv_set(v, "paths", d.paths);
    jv_set(v, "components", components);
    return v;
}
