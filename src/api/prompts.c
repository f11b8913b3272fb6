/* prompts.c - prompted variables: the values that a person gives when a deployment or run starts.
 *
 * They arrive by name (commands) or by the variable's id (forms) and are kept by name. The value of
 * a sensitive variable is sealed in SealedValues, a private member that no answer shows. See
 * executions.h. */
#include <string.h>

#include "api/executions.h"
#include "rules/scope.h"

static const char *text(const json_t *o, const char *name) { return jv_str(o, name, ""); }

static bool is_sensitive(const json_t *variable)
{
    return jv_bool(variable, "IsSensitive", false) ||
           strcmp(text(variable, "Type"), "Sensitive") == 0;
}

/* Does the variable count where this runs? */
static bool applies(const json_t *variable, const json_t *doc)
{
    struct scope_context where = {.environment = text(doc, "EnvironmentId"),
                                  .channel = jv_str(doc, "ChannelId", NULL),
                                  .project = text(doc, "ProjectId")};
    json_auto_t *scope = json_object();
    static const char *const known[] = {"Environment", "Channel"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        json_t *ids = jv_get(jv_get(variable, "Scope"), known[i]);
        if (ids) json_object_set(scope, known[i], ids);
    }
    return scope_weight(scope, &where) >= 0;
}

static bool has_own_value(const json_t *variable)
{
    const json_t *v = jv_get(variable, "Value");

    return json_is_object(v) || json_string_length(v) > 0;
}

/* Moves what was given for ${variable} to where it is kept; the text given, borrowed from ${values}
 * or ${sealed}. */
static bool take_value(struct call *c, const json_t *variable, json_t *values, json_t *sealed)
{
    const char *name = text(variable, "Name"), *id = text(variable, "Id"), *key;
    json_auto_t *given = NULL;
    json_t *v;
    void *next;

    json_object_foreach_safe(values, next, key, v)
    {
        if (!str_same(key, name) && strcmp(key, id) != 0) continue;
        json_decref(given);
        given = json_incref(v);
        json_object_del(values, key);
    }
    if (given == NULL) return json_object_get(sealed, name) != NULL;
    if (!is_sensitive(variable)) {
        json_object_set(values, name, given);
        return json_string_length(given) > 0;
    }
    const char *plain = json_string_value(given);
    if (str_blank(plain)) return false;
    CLEANUP(freep) char *cipher = seal_text(call_app(c)->key, plain, strlen(plain));
    jv_set_str(sealed, name, cipher);
    return true;
}

static int apply(struct call *c, const json_t *set, json_t *doc, struct error *e)
{
    json_t *values = jv_get(doc, "FormValues"), *sealed = jv_get(doc, "SealedValues"), *variable;
    size_t i;

    json_decref(c->errors);
    c->errors = NULL;
    if (!json_is_object(sealed)) jv_set(doc, "SealedValues", sealed = json_object());
    json_array_foreach (jv_get(set, "Variables"), i, variable) {
        const json_t *prompt = jv_get(variable, "Prompt");
        bool given = take_value(c, variable, values, sealed);
        if (given || !jv_bool(prompt, "Required", false) || has_own_value(variable) ||
            !applies(variable, doc))
            continue;
        call_problem(c, "variables: a value is required for the variable '%s'",
                     text(variable, "Name"));
    }
    return call_problems(c, e);
}

int prompts_apply(struct db_tx *tx, struct call *c, const char *variables_id, json_t *doc,
                  struct error *e)
{
    json_auto_t *set = NULL;
    struct document d;

    if (!json_is_object(jv_get(doc, "FormValues"))) jv_set(doc, "FormValues", json_object());
    if (str_blank(variables_id)) return 0;
    if (document_get(tx, variable_set_resource.kind, variables_id, c->arena, &d, e) < 0) return -1;
    /* most variables ask nothing, and then the set need not be read */
    if (json_object_size(jv_get(doc, "FormValues")) == 0 && strstr(d.body, "\"Prompt\":{") == NULL)
        return 0;
    if (document_json(&d, &set, e) < 0) return -1;
    return apply(c, set, doc, e);
}
