/* retention_policies.c - what a space keeps where a lifecycle or runbook says Default: three
 * policies, kept as settings, that are there without being made. Facts: rest.md 2.17. */
#include <string.h>

#include "api/resource.h"
#include "model/command.h"
#include "store/retention.h"

#define KIND "SpaceDefaultRetentionPolicies"
#define PREFIX KIND "-"

static const struct {
    const char *type, *name;
} types[] = {{"LifecycleRelease", "Releases of lifecycles"},
             {"LifecycleTentacle", "Files of lifecycles on targets"},
             {"RunbookRetention", "Runs of runbooks"}};

static const char *type_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_same(types[i].type, name)) return types[i].type;
    return NULL;
}

static const char *words_for(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].type, type) == 0) return types[i].name;
    return "";
}

static void complete(struct call *c, const char *type, json_t *doc)
{
    jv_set_str(doc, "Id", arena_fmt(c->arena, PREFIX "%s-%s", type, c->space_id));
    jv_set_str(doc, "SpaceId", c->space_id);
    jv_set_str(doc, "Name", words_for(type));
    jv_set_str(doc, "RetentionType", type);
    jv_set(doc, "Links", links_of(retention_policy_links, doc));
}

struct one {
    struct call *c;
    const char *type;
    json_t *doc; /* read, or to write */
};

static int get_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;
    struct call *c = o->c;

    json_decref(o->doc);
    o->doc = NULL;
    return retention_default_get(tx, c->space_id, o->type, c->arena, &o->doc, e);
}

static int reply(struct call *c, const char *type, struct error *e)
{
    struct one o = {.c = c, .type = type};

    if (db_read(call_app(c)->db, get_tx, &o, e) < 0) return -1;
    complete(c, type, o.doc);
    c->out = o.doc;
    return 0;
}

/* Clients ask for one, by its type. */
static int get_by_type(struct call *c, struct error *e)
{
    const char *wanted = call_query(c, "RetentionType");
    const char *type = wanted ? type_named(wanted) : types[0].type;

    if (type) return reply(c, type, e);
    return fail_at(e, "RetentionType",
                   "RetentionType: \"%.50s\" is none of LifecycleRelease, LifecycleTentacle, "
                   "RunbookRetention",
                   wanted);
}

/* The type within "SpaceDefaultRetentionPolicies-<type>-<space>". */
static const char *type_of_id(struct call *c)
{
    const char *id = call_param(c, "id");

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_same(id, arena_fmt(c->arena, PREFIX "%s-%s", types[i].type, c->space_id)))
            return types[i].type;
    return NULL;
}

static int get(struct call *c, struct error *e)
{
    const char *type = type_of_id(c);

    return type ? reply(c, type, e) : call_not_found(e, call_param(c, "id"));
}

static int put_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct one *o = ctx;
    struct call *c = o->c;

    if (retention_default_put(tx, c->space_id, o->type, o->doc, e) < 0) return -1;
    return resource_audit(
        tx, c, &space_resource, c->space_id, "Modified",
        arena_fmt(c->arena, "given another default retention policy: %s", words_for(o->type)),
        c->space_id, c->space_id, NULL, e);
}

static int put(struct call *c, struct error *e)
{
    const char *type = type_of_id(c);
    struct problems p = PROBLEMS_INIT(c->arena);
    json_auto_t *doc = NULL;

    if (type == NULL) return call_not_found(e, call_param(c, "id"));
    if (schema_decode(retention_policy_fields, c->body, NULL, NULL, &doc, &p) < 0) {
        c->errors = problems_json(&p);
        return problems_fail(&p, e);
    }
    if (str_same(text(doc, "Strategy"), "Forever")) jv_set_i64(doc, "QuantityToKeep", 0);
    else if (jv_i64(doc, "QuantityToKeep", 0) < 1)
        return fail_at(e, "QuantityToKeep", "QuantityToKeep: must be at least 1 to count");
    struct one o = {.c = c, .type = type, .doc = doc};
    if (db_write(call_app(c)->db, put_tx, &o, e) < 0) return -1;
    return reply(c, type, e);
}

static const struct route_query query[] = {
    {"RetentionType", QUERY_TEXT, "LifecycleRelease, LifecycleTentacle or RunbookRetention"},
    {.name = NULL}};
static const struct route rows[] = {
    {"GET", "/api/{space}/retentionpolicies", get_by_type, "LifecycleView",
     .out = retention_policy_fields, .query = query, .out_name = "SpaceDefaultRetentionPolicy",
     .doc = "the default policy of a type"},
    {"GET", "/api/{space}/retentionpolicies/{id}", get, "LifecycleView",
     .out = retention_policy_fields, .out_name = "SpaceDefaultRetentionPolicy",
     .doc = "one default policy"},
    {"PUT", "/api/{space}/retentionpolicies/{id}", put, "LifecycleEdit",
     .in = retention_policy_fields, .out = retention_policy_fields,
     .in_name = "SpaceDefaultRetentionPolicy", .out_name = "SpaceDefaultRetentionPolicy",
     .doc = "changes a default policy"},
};
const struct route_table retention_policy_routes = {rows, ARRAY_LEN(rows)};
