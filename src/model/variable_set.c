/* variable_set.c - the variables of a project or of a library variable set: one document, replaced
 * as a whole.
 *
 * A sensitive variable is one with IsSensitive or of Type Sensitive; both are made to agree. Its
 * Value is kept sealed and shown as null; null on the way in keeps it. A variable of Type
 * WorkerPool refers to that pool. See resource.h. */
#include "base/id.h"
#include "base/str.h"
#include <string.h>

#include "model/resource.h"
#include "model/shape.h"

static const char *const types[] = {"String",
                                    "Sensitive",
                                    "Certificate",
                                    "WorkerPool",
                                    "AmazonWebServicesAccount",
                                    "AzureAccount",
                                    "GoogleCloudAccount",
                                    "UsernamePasswordAccount",
                                    "GenericOidcAccount",
                                    NULL};

static bool is_true(const json_t *v)
{
    return json_is_true(v) || (json_is_string(v) && str_same(json_string_value(v), "true"));
}

/* Asked of what clients send, so that every way to say it must count. */
static bool is_secret(const json_t *variable)
{
    return is_true(jv_get(variable, "IsSensitive")) ||
           str_same(jv_str(variable, "Type", ""), "Sensitive");
}

/* Only what is scoped by is in the document: other clients take an empty list for a scope. */
#define SCOPE(member, text, ...)                                                                 \
    {                                                                                            \
        member, FIELD_LIST, FIELD_NULLABLE | FIELD_OMIT_NULL, .item = FIELD_STRING, .doc = text, \
                                                              __VA_ARGS__                        \
    }
static const struct field scope_fields[] = {
    SCOPE("Environment", "environments", .ref_kind = "Environments"),
    SCOPE("Machine", "deployment targets", .ref_kind = NULL),
    SCOPE("Role", "roles of targets", .ref_kind = NULL),
    SCOPE("Action", "actions of the process", .ref_kind = NULL),
    SCOPE("Channel", "channels", .ref_kind = "Channels"),
    SCOPE("TenantTag", "tags of tenants", .ref_kind = NULL),
    SCOPE("ProcessOwner", "the project or its runbooks", .ref_kind = NULL),
    {.name = NULL},
};

static const struct field prompt_fields[] = {
    {"Label", FIELD_STRING, .doc = "the question"},
    {"Description", FIELD_STRING, .doc = "help for the question"},
    {"Required", FIELD_BOOL, .doc = "true: an answer is needed"},
    {"DisplaySettings", FIELD_ANY, .doc = "how it is asked"},
    {.name = NULL},
};

static const struct field variable_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .max = 1000, .doc = "name"},
    {"Value", FIELD_SENSITIVE, .secret = is_secret,
     .doc = "value; null when it is sensitive: send null to keep it"},
    {"Description", FIELD_STRING, .doc = "what it is for"},
    {"Scope", FIELD_OBJECT, .fields = scope_fields, .doc = "where it holds; empty: everywhere"},
    {"IsEditable", FIELD_BOOL, .fallback = "true", .doc = "false: people should not change it"},
    {"Prompt", FIELD_OBJECT, FIELD_NULLABLE, .fields = prompt_fields,
     .doc = "asks for its value when something starts"},
    {"Type", FIELD_STRING, .choices = types, .fallback = "\"String\"", .doc = "what its value is"},
    {"IsSensitive", FIELD_BOOL, .doc = "true: its value is a secret"},
    {.name = NULL},
};

static const struct field item_fields[] = {
    {"Id", FIELD_STRING, .doc = "identifier"},
    {"Name", FIELD_STRING, .doc = "name"},
    {.name = NULL},
};
static const struct field process_item_fields[] = {
    {"Id", FIELD_STRING, .doc = "identifier"},
    {"Name", FIELD_STRING, .doc = "name"},
    {"ProcessType", FIELD_STRING, .doc = "Deployment or Runbook"},
    {.name = NULL},
};

#define NAMED(member, text)                                                               \
    {                                                                                     \
        member, FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_OBJECT, .fields = item_fields, \
                                             .doc = text                                  \
    }
static const struct field scope_value_fields[] = {
    NAMED("Environments", "environments of the space"),
    NAMED("Machines", "deployment targets of the space"),
    NAMED("Actions", "actions of the process"),
    NAMED("Roles", "roles of targets"),
    NAMED("Channels", "channels of the project"),
    NAMED("TenantTags", "tags of tenants"),
    {"Processes", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_OBJECT, .fields = process_item_fields,
     .doc = "the deployment process and the runbooks"},
    {.name = NULL},
};

const struct field variable_set_fields[] = {
    ROW_ID,
    {"OwnerId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its project or library variable set"},
    ROW_SPACE,
    {"Version", FIELD_INT, FIELD_READ_ONLY, .fallback = "0",
     .doc = "rises with each change; send back the one you have read"},
    {"Variables", FIELD_LIST, .item = FIELD_OBJECT, .fields = variable_fields,
     .doc = "all of them"},
    {"ScopeValues", FIELD_OBJECT, FIELD_READ_ONLY, .fields = scope_value_fields,
     .doc = "what variables can be scoped to"},
    {"Warnings", FIELD_LIST, FIELD_READ_ONLY | FIELD_NULLABLE | FIELD_OMIT_NULL,
     .item = FIELD_STRING, .doc = "when it was saved: what may not be as it was meant"},
    ROW_LINKS,
    {.name = NULL},
};

/* Leaves out what is not scoped by. */
static void complete_scope(json_t *scope)
{
    const char *name;
    void *next;
    json_t *ids;

    json_object_foreach_safe(scope, next, name, ids) if (json_array_size(ids) == 0)
        json_object_del(scope, name);
}

static void complete(json_t *doc)
{
    json_t *v;
    size_t i;
    char id[UUID_SIZE];

    json_array_foreach (jv_get(doc, "Variables"), i, v) {
        if (str_blank(jv_str(v, "Id", NULL))) jv_set_str(v, "Id", id_uuid(id));
        complete_scope(jv_get(v, "Scope"));
        if (!is_secret(v)) continue;
        jv_set_bool(v, "IsSensitive", true);
        jv_set_str(v, "Type", "Sensitive");
    }
}

static void check(const json_t *doc, struct problems *p)
{
    const json_t *list = jv_get(doc, "Variables"), *v;
    json_auto_t *seen = json_object();
    size_t i;

    json_array_foreach (list, i, v) {
        const char *id = jv_str(v, "Id", "");
        if (id[0] && json_object_get(seen, id))
            problems_add(p, arena_fmt(p->arena, "/Variables/%zu/Id", i),
                         "the id \"%s\" is used twice", id);
        jv_set_bool(seen, id, true);
    }
}

/* What the value of a variable of some type names by its id. A pool may also be named by name or
 * slug, and all of them by an expression: those are resolved when a run is planned. */
static const struct {
    const char *type, *kind, *prefix;
} named[] = {{"WorkerPool", "WorkerPools", "WorkerPools-"},
             {"Certificate", "Certificates", "Certificates-"},
             {"AmazonWebServicesAccount", "Accounts", "Accounts-"},
             {"AzureAccount", "Accounts", "Accounts-"},
             {"GoogleCloudAccount", "Accounts", "Accounts-"},
             {"UsernamePasswordAccount", "Accounts", "Accounts-"},
             {"GenericOidcAccount", "Accounts", "Accounts-"}};

static void refer(const json_t *doc, struct references *out)
{
    const char *owner = jv_str(doc, "OwnerId", NULL);
    const json_t *v;
    size_t i;

    if (owner)
        references_add(out, (struct reference){.member = "OwnerId",
                                               .id = owner,
                                               .kind = variable_set_owner(owner)->kind,
                                               .pointer = "/OwnerId",
                                               .restricts = true});
    json_array_foreach (jv_get(doc, "Variables"), i, v) {
        const char *value = jv_str(v, "Value", ""), *type = jv_str(v, "Type", "");
        for (size_t k = 0; k < ARRAY_LEN(named); k++)
            if (strcmp(named[k].type, type) == 0 && str_starts(value, named[k].prefix))
                references_add(out, (struct reference){
                                        .member = "Variables.Value",
                                        .id = value,
                                        .kind = named[k].kind,
                                        .pointer = arena_fmt(out->arena, "/Variables/%zu/Value", i),
                                        .restricts = true});
    }
}

const struct resource *variable_set_owner(const char *owner_id)
{
    return str_starts(owner_id, "LibraryVariableSets-") ? &library_variable_set_resource
                                                        : &project_resource;
}

static const struct link_template links[] = {
    {"Self", "/api/{SpaceId}/variables/{Id}"},
    {NULL, NULL},
};

const struct resource variable_set_resource = {
    .kind = "variableset",
    .item_type = "VariableSet",
    .noun = "Variable set",
    .route = "variables",
    .fields = variable_set_fields,
    .links = links,
    .owner_member = "OwnerId",
    .order = ORDER_OLDEST,
    .complete = complete,
    .check = check,
    .refer = refer,
};
