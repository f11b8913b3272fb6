/* artifacts.c - files that scripts asked to keep. Facts: rest.md 2.17. */
#include <string.h>

#include "api/download.h"
#include "api/paging.h"
#include "api/permit.h"
#include "api/upload.h"
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
    struct artifact_query q;
    struct artifact *list;
    size_t n;
    int64_t total;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct page *p = ctx;

    return artifact_list(tx, &p->q, p->c->arena, &p->list, &p->n, &p->total, e);
}

/* The artifacts asked for, as an array. */
static int read_page(struct page *p, const struct paging *paging, json_t **ret, struct error *e)
{
    struct call *c = p->c;
    struct http_strings ids = call_query_list(c, "ids");

    p->q = (struct artifact_query){.space_id = c->space_id,
                                   .regarding = call_query(c, "regarding"),
                                   .ids = ids.n ? ids.items : NULL,
                                   .n_ids = ids.n,
                                   .partial_name = call_query(c, "partialName"),
                                   .visible = permit_visible(c, c->space_id),
                                   .skip = paging->skip,
                                   .take = paging->take};
    if (db_read(call_app(c)->db, list_tx, p, e) < 0) return -1;
    *ret = json_array();
    for (size_t i = 0; i < p->n; i++) jv_push(*ret, document(c, &p->list[i]));
    return 0;
}

static int list(struct call *c, struct error *e)
{
    struct page p = {.c = c};
    struct paging paging;
    json_t *items;

    if (paging_read(c, &paging, e) < 0 || read_page(&p, &paging, &items, e) < 0) return -1;
    c->out = paging_envelope(c, &paging, artifact_resource.item_type, p.total, items);
    return 0;
}

static int all(struct call *c, struct error *e)
{
    static const struct paging everything = {0, INT64_MAX};
    struct page p = {.c = c};

    return read_page(&p, &everything, &c->out, e);
}

/* An artifact is about what its task is about. */
static int permit_artifact(struct db_tx *tx, const struct call *c, const char *task_id,
                           const char *asked, struct error *e)
{
    struct subject s = {.space_id = c->space_id};
    const char *environments[1];
    struct error why = {0};
    struct task task;

    if (task_id[0] && task_get(tx, task_id, c->arena, &task, &why) == 0) {
        environments[0] = task.environment_id;
        s.project_id = task.project_id;
        s.environments = (struct ids){environments, task.environment_id ? 1 : 0};
    } else if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    return permit_subject(tx, c, &s, asked, e);
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
    if (done == 0 && strcmp(x->artifact.space_id, x->c->space_id) == 0)
        return permit_artifact(tx, x->c, x->artifact.task_id, id, e);
    if (done == 0 || why.kind == ERR_NOT_FOUND) return call_not_found(e, id);
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

static int content(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    if (x.artifact.content == NULL)
        return fail(e, ERR_NOT_FOUND, "artifact %s has no content: %s", x.artifact.id,
                    x.artifact.failure ? x.artifact.failure : "it has not been collected yet");
    return download_reply(c, x.artifact.content, x.artifact.filename, e);
}

static int audit(struct db_tx *tx, struct call *c, const struct artifact *x, const char *category,
                 const char *verb, struct error *e)
{
    return resource_audit(tx, c, &artifact_resource, x->space_id, category, verb, x->id,
                          x->filename, x->task_id, e);
}

static int delete_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    if (get_tx(tx, ctx, e) < 0) return -1;
    if (artifact_delete(tx, x->artifact.id, e) < 0) return -1;
    return audit(tx, x->c, &x->artifact, "Deleted", "deleted", e);
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

    bool there = task_id[0] && task_get(tx, task_id, c->arena, &task, &why) == 0;
    if (!there && why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND) {
        *e = why;
        return -1;
    }
    if (task_id[0] && (!there || strcmp(task.space_id, c->space_id) != 0))
        return fail_at(e, "ServerTaskId", "ServerTaskId: there is no task '%s'", task_id);
    if (permit_artifact(tx, c, task_id, task_id[0] ? task_id : "an artifact of no task", e) < 0)
        return -1;
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
    if (artifact_insert(tx, &x->made, e) < 0) return -1;
    return audit(tx, c, &x->made, "Created", "created", e);
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

/* Only its name can change. */
static int rename_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;
    json_auto_t *stored = NULL, *doc = NULL;

    if (get_tx(tx, ctx, e) < 0) return -1;
    stored = document(x->c, &x->artifact);
    if (resource_decode(x->c, &artifact_resource, x->c->body, stored, &doc, e) < 0) return -1;
    x->artifact.filename = arena_strdup(x->c->arena, jv_str(doc, "Filename", ""));
    if (artifact_rename(tx, x->artifact.id, x->artifact.filename, e) < 0) return -1;
    return audit(tx, x->c, &x->artifact, "Modified", "renamed", e);
}

static int rename_one(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_write(call_app(c)->db, rename_tx, &x, e) < 0) return -1;
    c->out = document(c, &x.artifact);
    return 0;
}

static int content_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *x = ctx;

    if (get_tx(tx, ctx, e) < 0) return -1;
    x->artifact.content = x->content;
    x->artifact.size = x->size;
    x->artifact.failure = NULL;
    if (artifact_collected(tx, x->artifact.id, x->content, x->size, NULL, e) < 0) return -1;
    return audit(tx, x->c, &x->artifact, "Modified", "given its content", e);
}

static int take_content(struct call *c, struct error *e)
{
    struct one x = {.c = c};

    if (db_read(call_app(c)->db, get_tx, &x, e) < 0) return -1;
    return upload_take(c, NULL, e);
}

/* The content is kept under its hash before the row names it. */
static int put_content(struct call *c, struct error *e)
{
    struct one x = {.c = c};
    struct upload u;

    if (upload_finish(c, &u, e) < 0) return -1;
    x.content = u.content;
    x.size = u.size;
    if (db_write(call_app(c)->db, content_tx, &x, e) < 0) return -1;
    c->out = document(c, &x.artifact);
    return 0;
}

static const struct route_query list_query[] = {
    {"regarding", QUERY_TEXT,
     "id of a task, a deployment, a runbook run, or of what they point to, like a release"},
    {"ids", QUERY_LIST, "only those with these ids"},
    {"partialName", QUERY_TEXT, "part of the file name, in any case"},
    {NULL, 0, NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/artifacts", list, "ArtifactView", .out = artifact_fields,
     .query = list_query, .shape = ROUTE_PAGE, .out_name = "Artifact",
     .doc = "artifacts, newest first"},
    {"GET", "/api/{space}/artifacts/all", all, "ArtifactView", .out = artifact_fields,
     .query = list_query, .shape = ROUTE_ARRAY, .out_name = "Artifact", .doc = "all artifacts"},
    {"POST", "/api/{space}/artifacts", add, "ArtifactCreate", .in = artifact_fields,
     .out = artifact_fields, .status = 201, .in_name = "Artifact", .out_name = "Artifact",
     .doc = "adds an artifact, still without content"},
    {"GET", "/api/{space}/artifacts/{id}", get, "ArtifactView", .out = artifact_fields,
     .out_name = "Artifact", .doc = "one artifact"},
    {"PUT", "/api/{space}/artifacts/{id}", rename_one, "ArtifactEdit", .in = artifact_fields,
     .out = artifact_fields, .in_name = "Artifact", .out_name = "Artifact",
     .doc = "gives an artifact another name"},
    {"GET", "/api/{space}/artifacts/{id}/content", content, "ArtifactView", .shape = ROUTE_BYTES,
     .doc = "the file itself"},
    {"PUT", "/api/{space}/artifacts/{id}/content", put_content, "ArtifactEdit",
     .take_body = take_content, .flags = ROUTE_RAW_BODY, .out = artifact_fields,
     .out_name = "Artifact", .doc = "gives an artifact its content"},
    {"DELETE", "/api/{space}/artifacts/{id}", delete, "ArtifactDelete",
     .flags = ROUTE_OPTIONAL_BODY, .doc = "deletes an artifact"},
};
const struct route_table artifact_routes = {rows, ARRAY_LEN(rows)};
