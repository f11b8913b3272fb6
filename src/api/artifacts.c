/* artifacts.c - files that scripts asked to keep. Facts: rest.md 2.17. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/paging.h"
#include "api/resource.h"
#include "engine/blob.h"
#include "rules/tree.h"
#include "store/artifact.h"
#include "store/counter.h"
#include "store/task.h"

static json_t *document(struct call *c, const struct artifact *x)
{
    json_auto_t *o = json_object();

    jv_set_str(o, "Id", x->id);
    jv_set_str(o, "SpaceId", x->space_id);
    jv_set_str(o, "Filename", x->filename);
    jv_set_str(o, "Source", x->source);
    jv_set_str(o, "ServerTaskId", x->task_id[0] ? x->task_id : NULL);
    jv_set_str(o, "LogCorrelationId",
               x->task_id[0] ? tree_node_id(c->arena, x->task_id, x->node) : NULL);
    jv_set_time(o, "Created", x->created_at);
    jv_set_i64(o, "Length", x->size);
    jv_set_str(o, "Failure", x->failure);
    return resource_answer(&artifact_resource, o);
}

struct page {
    struct call *c;
    struct paging paging;
    struct http_strings ids;
    const char *task_id, *partial_name; /* NULL = any */
    bool nothing;                       /* what is asked about has no artifacts */
    struct artifact *list;
    size_t n;
    int64_t total;
};

/* Artifacts belong to tasks; of a deployment or run it is its task's. */
static int regarding(struct db_tx *tx, struct page *p, struct error *e)
{
    const char *id = call_query(p->c, "regarding");
    const struct resource *r = id && str_starts(id, "Deployments-")   ? &deployment_resource
                               : id && str_starts(id, "RunbookRuns-") ? &runbook_run_resource
                                                                      : NULL;
    json_auto_t *doc = NULL;
    struct error why = {0};

    p->task_id = id;
    if (r == NULL) return 0;
    if (resource_read(tx, p->c, r, NULL, id, &doc, &why) == 0) {
        p->task_id = arena_strdup(p->c->arena, jv_str(doc, "TaskId", ""));
        return 0;
    }
    p->nothing = why.kind == ERR_NOT_FOUND;
    if (!p->nothing) *e = why;
    return p->nothing ? 0 : -1;
}

static bool wanted(const struct page *p, const struct artifact *x)
{
    bool found = p->ids.n == 0;

    for (size_t i = 0; i < p->ids.n && !found; i++) found = str_same(p->ids.items[i], x->id);
    return found && (p->partial_name == NULL || strcasestr(x->filename, p->partial_name) != NULL);
}

/* Filters that the table does not know are applied to all rows of the space or task. */
static int filter_tx(struct db_tx *tx, struct page *p, struct error *e)
{
    struct artifact *all;
    int64_t total;
    size_t n;

    if (artifact_list(tx, p->c->space_id, p->task_id, 0, INT64_MAX, p->c->arena, &all, &n, &total,
                      e) < 0)
        return -1;
    p->list = ARENA_NEW(p->c->arena, struct artifact, n + 1);
    p->n = 0;
    p->total = 0;
    for (size_t i = 0; i < n; i++) {
        if (!wanted(p, &all[i])) continue;
        if (p->total >= p->paging.skip && p->total < p->paging.skip + p->paging.take)
            p->list[p->n++] = all[i];
        p->total++;
    }
    return 0;
}

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    if (regarding(tx, p, e) < 0) return -1;
    if (p->nothing) return 0;
    if (p->ids.n || p->partial_name) return filter_tx(tx, p, e);
    return artifact_list(tx, p->c->space_id, p->task_id, p->paging.skip, p->paging.take,
                         p->c->arena, &p->list, &p->n, &p->total, e);
}

static int list(struct call *c, struct error *e)
{
    struct page p = {
        .c = c, .ids = call_query_list(c, "ids"), .partial_name = call_query(c, "partialName")};

    if (paging_read(c, &p.paging, e) < 0 || db_read(call_app(c)->db, list_tx, &p, e) < 0) return -1;
    json_t *items = json_array();
    for (size_t i = 0; i < p.n; i++) jv_push(items, document(c, &p.list[i]));
    c->out = paging_envelope(c, &p.paging, artifact_resource.item_type, p.total, items);
    return 0;
}

struct one {
    struct call *c;
    struct artifact artifact;
    const char *content; /* new content: its hash */
    int64_t size;
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    const char *id = call_param(x->c, "id");

    struct error why = {0};

    int done = artifact_get(tx, id, x->c->arena, &x->artifact, &why);
    if (done == 0 && strcmp(x->artifact.space_id, x->c->space_id) == 0) return 0;
    if (done == 0 || why.kind == ERR_NOT_FOUND)
        return fail(e, ERR_NOT_FOUND, "The resource '%s' was not found.", id);
    *e = why;
    return -1;
}

static int get(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    c->out = document(c, &x.artifact);
    return 0;
}

/* The name as a quoted header text: what could end the quotes or the line becomes '_'. */
static const char *disposition(struct call *c, const char *filename)
{
    char *name = arena_strdup(c->arena, filename);

    for (char *p = name; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7E)
            *p = '_';
    return arena_fmt(c->arena, "attachment; filename=\"%s\"", name);
}

static int content(struct call *c, struct error *e)
{
    struct one x = {.c = c};
    struct stat st;

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    if (x.artifact.content == NULL)
        return fail(e, ERR_NOT_FOUND, "artifact %s has no content: %s", x.artifact.id,
                    x.artifact.failure ? x.artifact.failure : "it has not been collected yet");
    int fd = blob_open(call_app(c)->blobs_path, x.artifact.content, e);
    if (fd < 0) return -1;
    if (fstat(fd, &st) < 0) {
        close(fd);
        return fail(e, ERR_INTERNAL, "artifact %s cannot be read", x.artifact.id);
    }
    http_header(c->res, "Content-Disposition", disposition(c, x.artifact.filename));
    http_reply_file(c->res, 200, "application/octet-stream", fd, 0, (uint64_t)st.st_size);
    return 0;
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    if (get_tx(tx, ctx, e) < 0) return -1;
    return artifact_delete(tx, x->artifact.id, e);
}

static int delete (struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_write(call_app(c)->db, delete_tx, &x, e) < 0) return -1;
    c->out = json_object();
    return 0;
}

/* ---- artifacts that a client adds: first the document, then the content ---- */

struct addition {
    struct call *c;
    json_t *asked;
    struct artifact made;
};

static int add_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct addition *x = ctx;
    struct call *c = x->c;
    const char *task_id = jv_str(x->asked, "ServerTaskId", "");
    struct error why = {0};
    struct task task;

    if (task_id[0] && task_get(tx, task_id, c->arena, &task, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND)
            return fail_at(e, "ServerTaskId", "ServerTaskId: there is no task '%s'", task_id);
        *e = why;
        return -1;
    }
    x->made = (struct artifact){.space_id = c->space_id,
                                .task_id = task_id,
                                .invocation = "",
                                .node = TREE_ROOT,
                                .path = "",
                                .filename = jv_str(x->asked, "Filename", ""),
                                .source = jv_str(x->asked, "Source", c->caller.name),
                                .created_at = clock_now(call_app(c)->clock)};
    if (counter_next(tx, artifact_resource.kind, &x->made.number, e) < 0) return -1;
    x->made.id = arena_fmt(c->arena, "%s-%lld", artifact_resource.kind, (long long)x->made.number);
    return artifact_insert(tx, &x->made, e);
}

static int add(struct call *c, struct error *e)
{
    json_auto_t *asked = NULL;

    if (resource_decode(c, &artifact_resource, c->body, NULL, &asked, e) < 0) return -1;
    struct addition x = {.c = c, .asked = asked};
    if (db_write(call_app(c)->db, add_tx, &x, e) < 0) return -1;
    c->out = document(c, &x.made);
    return 0;
}

static int content_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    if (get_tx(tx, ctx, e) < 0) return -1;
    x->artifact.content = x->content;
    x->artifact.size = x->size;
    x->artifact.failure = NULL;
    return artifact_collected(tx, x->artifact.id, x->content, x->size, NULL, e);
}

/* The content is kept under its hash before the row names it. */
static int put_content(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    if (blob_store(call_app(c)->blobs_path, c->req->body.p, c->req->body.n, c->arena, &x.content,
                   e) < 0)
        return -1;
    x.size = (int64_t)c->req->body.n;
    if (db_write(call_app(c)->db, content_tx, &x, e) < 0) return -1;
    c->out = document(c, &x.artifact);
    return 0;
}

static const struct route_query list_query[] = {
    {"regarding", QUERY_TEXT, "id of a task, a deployment or a runbook run"},
    {"ids", QUERY_LIST, "only those with these ids"},
    {"partialName", QUERY_TEXT, "part of the file name, in any case"},
    {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/artifacts", list, "ArtifactView", .out = artifact_fields,
     .query = list_query, .shape = ROUTE_PAGE, .out_name = "Artifact",
     .doc = "artifacts, newest first"},
    {"POST", "/api/{space}/artifacts", add, "ArtifactCreate", .in = artifact_fields,
     .out = artifact_fields, .status = 201, .in_name = "Artifact", .out_name = "Artifact",
     .doc = "adds an artifact, still without content"},
    {"GET", "/api/{space}/artifacts/{id}", get, "ArtifactView", .out = artifact_fields,
     .out_name = "Artifact", .doc = "one artifact"},
    {"GET", "/api/{space}/artifacts/{id}/content", content, "ArtifactView", .shape = ROUTE_BYTES,
     .doc = "the file itself"},
    {"PUT", "/api/{space}/artifacts/{id}/content", put_content, "ArtifactEdit",
     .flags = ROUTE_RAW_BODY, .out = artifact_fields, .out_name = "Artifact",
     .doc = "gives an artifact its content"},
    {"DELETE", "/api/{space}/artifacts/{id}", delete, "ArtifactDelete",
     .flags = ROUTE_OPTIONAL_BODY, .doc = "deletes an artifact"},
};
const struct route_table artifact_routes = {rows, ARRAY_LEN(rows)};
