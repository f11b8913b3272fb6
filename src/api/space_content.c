/* space_content.c - see space_content.h. Facts: rest.md 2.9. */
#include "api/space_content.h"

#include <string.h>

#include "api/resource.h"

int space_content_add(struct db_tx *tx, const struct resource *r, json_t *members,
                      const struct document_change *by, struct arena *a, const char **ret_id,
                      struct error *e)
{
    struct document_change change = *by;
    struct problems p = PROBLEMS_INIT(a);
    json_auto_t *in = members, *doc = NULL;
    struct references refs = REFERENCES_INIT(a);
    struct document stored;
    const char *name;
    json_t *value;

    change.noun = r->noun;
    if (schema_decode(r->fields, in, NULL, NULL, &doc, &p) < 0) return problems_fail(&p, e);
    json_object_foreach (in, name, value) json_object_set(doc, name, value);
    *ret_id = arena_strdup(a, jv_str(doc, "Id", ""));
    if (str_blank(*ret_id) && document_next_id(tx, r->kind, a, ret_id, e) < 0) return -1;
    jv_set_str(doc, "Id", *ret_id);
    resource_complete(r, doc);
    resource_references(r, doc, &refs);
    struct document_write w = resource_row(r, doc, &refs);
    return document_insert(tx, &w, &change, a, &stored, e);
}

static json_t *named(const char *name, const char *slug)
{
    json_t *o = json_object();

    jv_set_str(o, "Name", name);
    jv_set_str(o, "Slug", slug);
    return o;
}

static json_t *worker_pool(void)
{
    json_t *o = named("Default Worker Pool", "default-worker-pool");

    jv_set_bool(o, "IsDefault", true);
    jv_set_bool(o, "CanAddWorkers", true);
    jv_set_str(o, "WorkerPoolType", "StaticWorkerPool");
    return o;
}

static json_t *machine_policy(void)
{
    json_t *o = named("Default Machine Policy", "default-machine-policy");

    jv_set_bool(o, "IsDefault", true);
    return o;
}

static json_t *feed(const char *space_id)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_t *o = named("Bobtail Server (built-in)", "bobtail-server-built-in");

    jv_set_str(o, "Id", feed_builtin_id(&a, space_id));
    jv_set_str(o, "FeedType", "BuiltIn");
    return o;
}

int space_content(struct db_tx *tx, const char *space_id, const struct document_change *by,
                  struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const struct {
        const struct resource *r;
        json_t *members;
    } rows[] = {
        {&project_group_resource, named("Default Project Group", "default-project-group")},
        {&lifecycle_resource, named("Default Lifecycle", "default-lifecycle")},
        {&worker_pool_resource, worker_pool()},
        {&machine_policy_resource, machine_policy()},
        {&feed_resource, feed(space_id)},
    };
    const char *id;
    int r = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        jv_set_str(rows[i].members, "SpaceId", space_id);
        if (r < 0) json_decref(rows[i].members);
        else if ((r = space_content_add(tx, rows[i].r, rows[i].members, by, &a, &id, e)) < 0)
            fail_wrap(e, "%s of %s", rows[i].r->noun, space_id);
    }
    return r;
}
