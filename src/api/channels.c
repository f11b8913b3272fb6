/* channels.c - channels of projects. A project has one default channel at any time. Facts:
 * rest.md 2.11. */
#include <string.h>

#include "api/executions.h"
#include "model/command.h"
#include "rules/package_choice.h"

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

/* A rule that cannot be read would refuse every release. */
static int check_rules(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                       struct error *e)
{
    const json_t *rule;
    bool in_range, has_tag;
    size_t i;

    (void)tx, (void)stored;
    json_array_foreach (jv_get(doc, "Rules"), i, rule) {
        struct error why = {0};
        if (channel_rule_test("1.0", text(rule, "VersionRange"), text(rule, "Tag"), &in_range,
                              &has_tag, &why) < 0)
            call_problem(c, "/Rules/%zu: %s", i, why.text);
    }
    return call_problems(c, e);
}

static int check_changed(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e)
{
    if (keep_a_default(tx, c, doc, stored, e) < 0) return -1;
    return check_rules(tx, c, doc, stored, e);
}

static int create(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {check_rules, unset_others};

    return resource_create_with(c, &hooks, e);
}

static int update(struct call *c, struct error *e)
{
    static const struct resource_hooks hooks = {check_changed, unset_others};

    return resource_update_with(c, &hooks, e);
}

/* A value of the query, else of the body; NULL when there is none. */
static int asked(const struct call *c, const char *name, const char **ret, struct error *e)
{
    *ret = call_query(c, name);
    return *ret ? 0 : call_text(c, name, NULL, ret, e);
}

/* Does a version fit a rule? What is wrong with the one or the other is part of the answer. */
static int rule_test(struct call *c, struct error *e)
{
    const char *version, *range, *tag;
    bool in_range = false, has_tag = false;
    json_t *errors = json_array();
    struct error why = {0};

    c->out = json_object();
    jv_set(c->out, "Errors", errors);
    if (asked(c, "version", &version, e) < 0 || asked(c, "versionRange", &range, e) < 0 ||
        asked(c, "preReleaseTag", &tag, e) < 0)
        return -1;
    if (version == NULL) jv_push(errors, jv_string("version is missing"));
    else if (channel_rule_test(version, range ? range : "", tag, &in_range, &has_tag, &why) < 0)
        jv_push(errors, jv_string(why.text));
    jv_set_bool(c->out, "SatisfiesVersionRange", in_range);
    jv_set_bool(c->out, "SatisfiesPreReleaseTag", has_tag);
    jv_set_bool(c->out, "IsSatisfied", in_range && has_tag);
    return 0;
}

static const struct route_query rule_query[] = {
    {"version", QUERY_TEXT, "a version"},
    {"versionRange", QUERY_TEXT, "range that it should be in"},
    {"preReleaseTag", QUERY_TEXT, "expression that its pre-release tag should match"},
    {"feedType", QUERY_TEXT, "kind of feed; versions are compared alike in all"},
    {NULL, 0, NULL}};
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
    {"GET", "/api/{space}/channels/rule-test", rule_test, "ProcessView",
     .out = channel_rule_test_fields, .query = rule_query, .out_name = "ChannelRuleTest",
     .doc = "whether a version fits a rule of a channel"},
    {"POST", "/api/{space}/channels/rule-test", rule_test, "ProcessView",
     .flags = ROUTE_OPTIONAL_BODY, .out = channel_rule_test_fields, .query = rule_query,
     .out_name = "ChannelRuleTest", .doc = "the same, asked by the body"},
    {"GET", "/api/{space}/channels/all", resource_all, "ProcessView", .out = channel_fields,
     .query = resource_query, .shape = ROUTE_ARRAY, .out_name = "Channel", .doc = "all channels"},
};
const struct route_table channel_routes = {rows, ARRAY_LEN(rows)};
