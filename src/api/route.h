/* route.h - one row of the API: dispatch, permission gate, body limit, OpenAPI and docs come from
 * it.
 *
 *     static const struct route rows[] = {
 *         {"GET", "/api/{space}/projects", projects_list, "ProjectView",
 *          .query = project_query, .out = project_fields, .out_name = "Project",
 *          .shape = ROUTE_PAGE, .doc = "projects by name"},
 *         {"POST", "/api/{space}/projects", projects_create, "ProjectCreate",
 *          .in = project_fields, .in_name = "Project", .out = project_fields,
 *          .out_name = "Project", .status = 201, .doc = "creates a project"},
 *     };
 *     const struct route_table project_routes = {rows, ARRAY_LEN(rows)};
 *
 * Templates: literals match ignoring ASCII case; {name} takes one decoded segment. What starts with
 * /api/{space} is space-scoped: it also answers under /api/spaces/{id}/... and, for the default
 * space, under /api/... A resource name must follow {space}. */
#ifndef API_ROUTE_H
#define API_ROUTE_H
#include <stddef.h>

#include "base/error.h"

struct call;
struct field;

/** Permissions that are none of the catalogue; every row names one of these or a catalogue name
 * like "ProjectView". */
#define PERM_ANONYMOUS "*anonymous"         /* also without a key */
#define PERM_AUTHENTICATED "*authenticated" /* any user */

/** Does the work: sets c->out (or answers itself by http_reply*), or fails. Runs on a worker
 * thread, may block. */
typedef int route_handler(struct call *c, struct error *e);

enum route_query_kind { QUERY_TEXT, QUERY_LIST, QUERY_NUMBER, QUERY_FLAG };
struct route_query { /* a table ends with a row without name; skip and take of ROUTE_PAGE need no
                        rows */
    const char *name;
    enum route_query_kind kind;
    const char *doc;
};

enum route_shape {
    ROUTE_ONE,    /* one JSON document of the table .out (or any object when .out is NULL) */
    ROUTE_ARRAY,  /* bare JSON array of .out, of texts when that is NULL */
    ROUTE_PAGE,   /* paging envelope of .out; takes skip and take */
    ROUTE_TEXT,   /* text/plain */
    ROUTE_EVENTS, /* text/event-stream */
    ROUTE_BYTES,  /* application/octet-stream */
};
enum route_flag {
    ROUTE_RAW_BODY = 1,      /* the body is not JSON: read c->req->body */
    ROUTE_OPTIONAL_BODY = 2, /* with .in: body may be missing (c->body is NULL then) */
    ROUTE_FORM_BODY = 4,     /* the body is multipart/form-data with one file */
    ROUTE_QUICK = 64, /* answered by a thread of its own while others wait for the database: does
                         not touch it itself; credentials are not looked at */
};

struct route {
    const char *method; /* GET POST PUT DELETE PATCH; HEAD and OPTIONS are answered from the GET and
                           the table */
    const char *path;
    route_handler *handle;
    const char *permission;
    /** With it the body is taken piece by piece (http/body.h) instead of being held in memory:
     * called once the head is there and the caller may; takes the body, or fails. Only then is
     * anything sent; .handle runs when all of it has come. */
    route_handler *take_body;
    const struct field
        *in; /* the body's table: then a JSON object is required. NULL: any JSON or none */
    const struct field *out;
    const struct field *page;        /* members beside the envelope of a ROUTE_PAGE; NULL: none */
    const struct route_query *query; /* documented filters; also the Template link of pages */
    enum route_shape shape;
    unsigned flags;
    size_t max_body; /* bytes; 0: the server's default, one of its own with .take_body */
    int status;      /* of success; 0: 200 */
    const char *in_name,
        *out_name;   /* names of the schemas in OpenAPI, e.g. "Project"; NULL: written in place */
    const char *doc; /* one sentence, lower case */
};
struct route_table {
    const struct route *rows;
    size_t n;
};
#endif
